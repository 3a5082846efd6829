"""How many first answers come within 30 seconds."""

from __future__ import annotations

from pydantic import Field

from detectors.base import Params, Turn
from detectors.windowed_rate import WindowedWaits

__all__ = ["ResponseWithin30sRate"]


class ResponseWithin30sRateParams(Params):
    """How soon an answer must come (s)."""

    limit_s: float = Field(default=30.0, gt=0)


class ResponseWithin30sRate(WindowedWaits):
    """First answers within 30 s over all conversations of a queue that needed one, within 15 min; tickets and email left out.

    Counted is a wait that ended in the window, and one still on that has become longer than 30 s. Memory: 16 minutes of counts, 1,000
    waiting and 256 answered conversations.

    >>> from detectors.base import Observation, Scope
    >>> detector = ResponseWithin30sRate()
    >>> state = detector.new()
    >>> for who, time, way in (("a", 0.0, "asked"), ("b", 0.0, "asked"), ("a", 30.0, "answered")):
    ...     detector.learn_one(state, Observation("", Scope("acme"), time, conversation_id=who, terms=(way,), extra=(30.0,)))
    >>> [(reading.value, reading.n) for reading in (detector.score_one(state, 30.0), detector.score_one(state, 31.0))]
    [(1.0, 1.0), (0.5, 2.0)]
    """

    indicator = "response_within_30s_rate"
    Params = ResponseWithin30sRateParams
    late = False
    empty = 1.0

    def limit(self, turn: Turn) -> float:
        """The same for everybody."""
        return float(self.params.limit_s)
