"""How far a customer's mood has moved from the beginning of the conversation to the present."""

from __future__ import annotations

from bisect import insort_right
from operator import itemgetter
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn
from detectors.sentiment_score import sentiment_of

__all__ = ["SentimentShift"]

KEPT: Final = 16
"""Utterances kept of each end: their thirds are exact up to 48; in a longer conversation the first and the last 16 stand for them."""

_EXCERPT: Final = 48


class SentimentShiftParams(Params):
    """Nothing has got worse while the present mood is not below `mood`; `end` utterances are the least of a third, or chance decides."""

    mood: float = Field(default=-0.2, ge=-1, le=1)
    end: int = Field(default=3, ge=1, le=KEPT)


class SentimentShiftState(State):
    """The first and the last utterances in order of time, each (event time in s, sentiment in thousandths), and how many there were."""

    spoken: list[tuple[int, int]] = msgspec.field(default_factory=list)
    utterances: int = 0
    mood: float = 0.0
    last: Evidence | None = None


class SentimentShift(ConversationDetector[SentimentShiftState]):
    """The mean sentiment of the last third of the customer's utterances less that of the first third, -2..2.

    A third is at least 3 utterances. The value is 0 while the customer's present mood (half-life 3 utterances) is not below -0.2: who
    is content has not been lost. `n` is the number of utterances with a sentiment. Evaluated at each from the sixth on; late ones
    are put where their time says. Memory: 32 pairs of 9 bytes and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = SentimentShift()
    >>> state = detector.new()
    >>> for at, score in enumerate((0.25, 0.25, 0.25, 0.0, -0.5, -1.0)):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="customer", text="嗯", sentiment=score))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c", sentiment=-0.4), None, at))
    >>> evaluated, detector.score_one(state, 5.0).value
    (True, -0.75)
    """

    indicator = "sentiment_shift"
    version = 2
    State = SentimentShiftState
    Params = SentimentShiftParams

    def learn_one(self, state: SentimentShiftState, turn: Turn) -> bool:
        """Take a customer's utterance in."""
        score = sentiment_of(turn)
        if score is None or turn.context.sentiment is None:
            return False
        insort_right(state.spoken, (int(turn.event.time), round(1000 * score)), key=itemgetter(0))
        del state.spoken[KEPT:-KEPT]
        state.utterances += 1
        state.mood = turn.context.sentiment
        if score < 0 and turn.words is not None:
            state.last = turn.evidence(turn.words.text[:_EXCERPT])
        return state.utterances >= 2 * int(self.params.end)

    def score_one(self, state: SentimentShiftState, now: float) -> Reading | None:
        """The shift; variables `from`, `to` (means of the thirds)."""
        if state.utterances < 2 * self.params.end:
            return None
        third = min(max(state.utterances // 3, self.params.end), KEPT)
        before = sum(score for _, score in state.spoken[:third]) / third / 1000
        after = sum(score for _, score in state.spoken[-third:]) / third / 1000
        return Reading(
            now,
            round(after - before, 4) if state.mood < self.params.mood else 0.0,
            n=state.utterances,
            start=min(now, float(state.spoken[0][0])),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables={"from": round(before, 2), "to": round(after, 2)},
        )
