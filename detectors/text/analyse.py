"""The one pass over a message: normalise, cut once, match all lexicons once, count negations, score the sentiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

from detectors.text.lexicon import Hit, Lexicons, Matcher, by_name, covered_by_offer
from detectors.text.negation import FIXED, Negation
from detectors.text.normalise import normalise
from detectors.text.segment import Segmenter, guess_language, is_chinese, is_english, is_word
from detectors.text.sentiment import SentimentParams, SentimentPrior, evidence, polarity
from detectors.text.words import Words

__all__ = ["MAX_CHARACTERS", "TextAnalyser"]

MAX_CHARACTERS: Final = 8_000
"""Of a longer text only the beginning is read."""

_WORD_LISTS: Final = ("negators", "negators.inverters", "negators.commands", "negators.bridge", "segmentation.join", "segmentation.split")
_NEGATIVE: Final = frozenset(("negative", "anger", "disappointment", "anxiety"))
_TURNABLE: Final = _NEGATIVE | {"positive"}
_COMMANDED: Final = frozenset(("anxiety", "positive"))
_PROMISE: Final = "false_promise"
_COMPLAINT: Final = "complaint"


class TextAnalyser:
    """Turns a masked message into `Words`.

    Parameters
    ----------
    lexicons
        All lexicons; any lexicon in it appears in `Words.hits` under its name, also one nothing here knows.
    prior
        The cold-start sentiment model, read for Chinese only.
    params
        How hits and prior become a score.
    offers
        Texts of approved offers: a promise they contain is no hit of `false_promise`.
    traditional
        Characters that exist in traditional script only -> simplified. Such a text is read as if it were simplified, and where one
        in eight of its Chinese characters is one the guess says `zh-TW`. Empty: no such reading.

    Of a text in neither Chinese nor English there are tokens and hits, but no sentiment. Reading takes time linear in the
    text and at most that of 8,000 characters. The object is read-only after construction and holds about 40 MB.
    """

    def __init__(
        self,
        lexicons: Lexicons,
        prior: SentimentPrior,
        params: SentimentParams | None = None,
        offers: Iterable[str] = (),
        traditional: Mapping[str, str] | None = None,
    ) -> None:
        self._segment = Segmenter(lexicons.phrases("segmentation.join"), lexicons.phrases("segmentation.split"))
        self._match = Matcher(lexicons, skip=_WORD_LISTS, whole=(FIXED,))
        self._negation = Negation(lexicons)
        self._prior = prior
        self._params = params or SentimentParams()
        self._offers = tuple(offers)
        self._simple = dict(traditional or {})
        self._traditional = frozenset(self._simple)

    def __call__(self, text: str, lang: str | None = None) -> Words:
        """What one pass found. `text` is already masked; `lang` is the event's own tag, which wins over the guess."""
        clean = normalise(text[:MAX_CHARACTERS])
        language = lang or guess_language(clean)
        if not self._traditional.isdisjoint(clean):
            traditional = _is_traditional(clean, self._traditional)
            language = "zh-TW" if traditional and lang is None and language == "zh-CN" else language
            clean = "".join([self._simple.get(mark, mark) for mark in clean])
        pieces = self._segment(clean, language) if clean else []
        # Most pieces begin with a letter: that is seen without a call.
        tokens = tuple([piece for piece in pieces if piece[0].isalnum() or is_word(piece)])
        if not tokens:
            return Words(text=text, lang=language, tokens=())
        starts = [0, *accumulate(map(len, pieces))]
        hits = self._match(clean, starts)
        if hits:
            hits = _outside_fixed(hits)
        places = self._negation.find(pieces, starts, clean, hits)
        judged = self._judge(hits, pieces, starts, places)
        return Words(
            text=text,
            lang=language,
            tokens=tokens,
            negations=self._negation.count(pieces, places),
            negatives=_count_negatives(judged),
            sentiment=self._sentiment(judged, tokens, language),
            hits=by_name([hit for hit in hits if self._is_reported(hit)]) if hits else {},
            complains=_complains(hits) if is_chinese(language) or is_english(language) else None,
        )

    def _judge(self, hits: list[Hit], pieces: Sequence[str], starts: Sequence[int], places: Sequence[int]) -> list[tuple[Hit, bool]]:
        """Each hit with whether a negator turns it round."""
        if not places or not hits:
            return [(hit, False) for hit in hits]
        index = {start: position for position, start in enumerate(starts)}
        return [
            (
                hit,
                hit.name in _TURNABLE
                and hit.start in index
                and self._negation.turned(pieces, places, index[hit.start], by_commands=hit.name in _COMMANDED),
            )
            for hit in hits
        ]

    def _sentiment(self, judged: list[tuple[Hit, bool]], tokens: Sequence[str], language: str | None) -> float | None:
        """The score, or None where the language is not one we can judge."""
        if is_chinese(language):
            prior, known = self._prior.judge(tokens)
        elif is_english(language):
            prior, known = 0.5, 0
        else:
            return None
        return polarity(evidence(judged, self._params) if judged else 0.0, prior, known, self._params)

    def _is_reported(self, hit: Hit) -> bool:
        """Fixed phrases are machinery, and an approved offer is no false promise."""
        if hit.name == FIXED:
            return False
        return hit.name != _PROMISE or not self._offers or not covered_by_offer(hit.phrase, self._offers)


def _is_traditional(clean: str, traditional: frozenset[str]) -> bool:
    """Whether one in eight of the Chinese characters exists in traditional script only; a name in a simplified text is no script."""
    return 8 * sum(mark in traditional for mark in clean) >= sum("\u3400" <= mark <= "\u9fff" for mark in clean)


def _outside_fixed(hits: list[Hit]) -> list[Hit]:
    """The hits without the negative words that are part of a fixed phrase (`着急` of `不着急` worries nobody)."""
    fixed = [(hit.start, hit.end) for hit in hits if hit.name == FIXED]
    if not fixed:
        return hits
    return [hit for hit in hits if hit.name not in _NEGATIVE or not any(start <= hit.start and hit.end <= end for start, end in fixed)]


def _complains(hits: Sequence[Hit]) -> bool:
    """Whether the phrases that mark a complaint weigh one together; a phrase said twice counts once."""
    if not hits:
        return False
    return sum({hit.phrase: hit.weight for hit in hits if hit.name == _COMPLAINT}.values()) >= 1.0


def _count_negatives(judged: Iterable[tuple[Hit, bool]]) -> int:
    """How many negative-emotion words stand there un-negated; a word in two lexicons counts once."""
    total, end = 0, 0
    for hit, turned in judged:
        if hit.name in _NEGATIVE and not turned and hit.start >= end:
            total += 1
            end = hit.end
    return total
