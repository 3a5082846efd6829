"""How a customer feels at present."""

from __future__ import annotations

from typing import Final

from detectors.base import ConversationDetector, Evidence, Reading, State, Turn
from detectors.emotion_intensity import customer_message

__all__ = ["SentimentScore", "sentiment_of"]

_EXCERPT: Final = 48


def sentiment_of(turn: Turn) -> float | None:
    """The sentiment of a customer's utterance, -1..1: what came with it, else the lexicons'; None where nothing tells."""
    message = customer_message(turn)
    if message is None:
        return None
    return message.sentiment if message.sentiment is not None or turn.words is None else turn.words.sentiment


class SentimentScoreState(State):
    """The mean after the last utterance; how many utterances had a sentiment; the last one that was negative."""

    mean: float | None = None
    utterances: int = 0
    start: float | None = None
    last: Evidence | None = None


class SentimentScore(ConversationDetector[SentimentScoreState]):
    """The exponentially weighted mean of the customer's sentiment, -1..1, half-life 3 utterances (River's EWMean, `Context.sentiment`).

    `n` is the number of utterances with a sentiment. Evaluated at each of them. Memory: two numbers and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = SentimentScore()
    >>> state = detector.new()
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", text="太差了", sentiment=-0.8))
    >>> detector.learn_one(state, Turn(said, Context("c", sentiment=-0.8), None, 1.0)), detector.score_one(state, 1.0).value
    (True, -0.8)
    """

    indicator = "sentiment_score"
    State = SentimentScoreState

    def learn_one(self, state: SentimentScoreState, turn: Turn) -> bool:
        """Take the mean after a customer's utterance."""
        score = sentiment_of(turn)
        if score is None or turn.context.sentiment is None:
            return False
        state.mean = turn.context.sentiment
        state.utterances += 1
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        if score < 0 and turn.words is not None:
            state.last = turn.evidence(turn.words.text[:_EXCERPT])
        return True

    def score_one(self, state: SentimentScoreState, now: float) -> Reading | None:
        """The mean."""
        if state.mean is None:
            return None
        evidence = (state.last,) if state.last is not None else ()
        return Reading(now, round(state.mean, 4), n=state.utterances, start=state.start, end=now, evidence=evidence)
