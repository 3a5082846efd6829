"""A sentiment classifier that keeps learning: hashed words and character pairs, one pass, constant memory.

It learns from what people say a message was (ratings, reviewers' labels, feedback) and starts from what SnowNLP's prior and the
lexicons say of it.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from river import base, compose

from detectors.text.hashed_logistic import HashedLogistic, Slots, places, slot_of
from detectors.text.segment import is_chinese
from detectors.text.sentiment import SentimentPrior
from detectors.text.words import Words

__all__ = ["NOTHING", "HashedText", "sentiment_learner"]

# Odd numbers (those of xxHash), so that one code as a character, in a pair, as a word and in two words has four slots.
_PAIR: Final = np.uint32(2_246_822_519)
_WORD: Final = np.uint32(3_266_489_917)
_WORDS: Final = np.uint32(668_265_263)
_READ: Final = 2_000
_USUAL: Final = 50.0
_SHORTER: Final = -0.6
_ODDS: Final = 4.0
_SCORE: Final = 2.0
_DENSE: Final = np.array([slot_of(name) for name in ("bias", "prior", "score")], np.intp)
NOTHING: Final = Slots(_DENSE, np.array((1.0, 0.0, 0.0), np.float32))
"""The features of a text of which neither a word is known nor prior or lexicons say anything."""


def sentiment_learner(prior: SentimentPrior | None = None) -> Any:
    """A River pipeline from `Words` to P(positive): `learn_one(words, True)`, `predict_proba_one(words)[True]`.

    >>> model = sentiment_learner()
    >>> good, bad = (Words(text="", lang="zh-CN", tokens=tokens) for tokens in (("很", "满意"), ("太", "失望")))
    >>> for _ in range(5):
    ...     model.learn_one(good, True)
    ...     model.learn_one(bad, False)
    >>> model.predict_proba_one(good)[True] > 0.9, model.predict_one(bad)
    (True, False)
    """
    # Any: River's annotations know no samples but mappings, though its own text steps take strings.
    return compose.Pipeline(HashedText(prior), HashedLogistic())


class HashedText(base.Transformer):
    """Turns `Words` into the slots of its characters, character pairs, words and word pairs.

    Parameters
    ----------
    prior
        SnowNLP's table; its log odds over the root of the token count, within -4..4, is a feature of Chinese texts, and so is the
        score of the lexicons (`Words.sentiment`): they carry a learner that has seen little. None: no such feature.

    All n hashed features of a text have the value (n / 50)^-0.6, so that a long text does not count more than a short one. The first
    2,000 tokens are read. The same text falls into the same slots in every process.
    """

    def __init__(self, prior: SentimentPrior | None = None) -> None:
        self.prior = prior
        self._last: tuple[Words, Slots] | None = None

    def transform_one(self, x: Any) -> Any:
        """The `Slots` of one text (`x` is `Words`); a pipeline asks twice, to predict and to learn, and the second time is free."""
        if self._last is not None and self._last[0] is x:
            return self._last[1]
        slots = self._read(x)
        self._last = (x, slots)
        return slots

    def _read(self, words: Words) -> Slots:
        tokens = words.tokens[:_READ]
        found = places(_hashes(tokens))
        count, dense = len(found), len(_DENSE)
        slots: NDArray[np.intp] = np.empty(count + dense, np.intp)
        slots[:dense] = _DENSE
        slots[dense:] = found
        values: NDArray[np.float32] = np.empty(count + dense, np.float32)
        values.fill((max(count, 1) / _USUAL) ** _SHORTER)
        values[:dense] = (1.0, self._odds(words.lang, tokens), _SCORE * (words.sentiment or 0.0))
        return Slots(slots, values)

    def _odds(self, lang: str | None, tokens: tuple[str, ...]) -> float:
        if self.prior is None or not tokens or (lang is not None and not is_chinese(lang)):
            return 0.0
        return max(-_ODDS, min(_ODDS, self.prior.log_odds(tokens) / sqrt(len(tokens))))


def _hashes(tokens: tuple[str, ...]) -> NDArray[np.uint32]:
    """A 32-bit hash of each character, pair of characters, word and pair of words."""
    codes = np.frombuffer("".join(tokens).encode("utf-32-le", "surrogatepass"), np.uint32)
    words = np.fromiter([crc32(token.encode("utf-8", "surrogatepass")) for token in tokens], np.uint32, len(tokens))
    return np.concatenate((codes, codes[:-1] * _PAIR + codes[1:], words * _WORD, words[:-1] * _WORDS + words[1:]))
