"""How many of a customer's words are words of negative emotion."""

from __future__ import annotations

from bisect import insort_right
from operator import itemgetter
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn

__all__ = ["NegativeWordRate"]

_EXCERPT: Final = 48
_MOST: Final = 40


class NegativeWordRateParams(Params):
    """The last `utterances`, or all of the last `window_s` where those are more; at least `least` such words must be among them."""

    utterances: int = Field(default=10, ge=1, le=_MOST)
    window_s: float = Field(default=300.0, gt=0)
    least: int = Field(default=3, ge=1)


class NegativeWordRateState(State):
    """The last utterances in order of time, each (event time in s, tokens, negative words), and the last one that holds such a word."""

    pool: list[tuple[int, int, int]] = msgspec.field(default_factory=list)
    last: Evidence | None = None


class NegativeWordRate(ConversationDetector[NegativeWordRateState]):
    """Words of negative emotion, not negated, over all words of the customer's last 10 utterances or last 5 minutes; 0..1.

    `n` is the number of tokens. The reading is a rate: its Wilson bound is compared, or its value twice in a row. The guard asks for
    three such words: two among twenty-five come by chance. Evaluated at each utterance of the customer;
    late ones are put where their time says. Memory: 40 triples (of more within 5 minutes the last) and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = NegativeWordRate()
    >>> state = detector.new()
    >>> for at, words in enumerate((("太", "失望", "了"), ("垃圾", "服务"), ("骗子",))):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="customer", text="".join(words)))
    ...     _ = detector.learn_one(state, Turn(said, Context("c"), Words("".join(words), "zh", words, negatives=1), at))
    >>> detector.score_one(state, 2.0).value, detector.score_one(state, 2.0).n, detector.score_one(state, 2.0).guard
    (0.5, 6, True)
    """

    indicator = "negative_word_rate"
    version = 2
    State = NegativeWordRateState
    Params = NegativeWordRateParams

    def learn_one(self, state: NegativeWordRateState, turn: Turn) -> bool:
        """Take a customer's utterance in."""
        words = turn.customer_words
        if words is None or not words.tokens or turn.event.type != "message.created":
            return False
        insort_right(state.pool, (int(turn.event.time), len(words.tokens), words.negatives), key=itemgetter(0))
        begin = state.pool[-1][0] - self.params.window_s
        within = sum(1 for time, *_ in state.pool if time > begin)
        del state.pool[: -min(_MOST, max(self.params.utterances, within))]
        if words.negatives:
            state.last = turn.evidence(words.text[:_EXCERPT])
        return True

    def score_one(self, state: NegativeWordRateState, now: float) -> Reading | None:
        """The rate."""
        if not state.pool:
            return None
        tokens = sum(size for _, size, _ in state.pool)
        negatives = sum(min(count, size) for _, size, count in state.pool)
        affected = sum(1 for *_, count in state.pool if count)
        return Reading(
            now,
            negatives / tokens,
            n=tokens,
            start=min(now, float(state.pool[0][0])),
            end=now,
            guard=negatives >= self.params.least,
            rate=True,
            evidence=(state.last,) if state.last is not None else (),
            variables={"negatives": negatives, "tokens": tokens},
            sample={"utterances": len(state.pool), "affected": affected},
        )
