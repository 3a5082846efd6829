"""How many customers wait longer for a first answer than was promised."""

from __future__ import annotations

from pydantic import Field

from detectors.base import Params, Turn
from detectors.windowed_rate import WindowedWaits

__all__ = ["ResponseTimeoutRate"]


class ResponseTimeoutRateParams(Params):
    """What is promised where an event names no target (`sla.target_s` of kind frt): on voice and elsewhere (s)."""

    voice_s: float = Field(default=60.0, gt=0)
    target_s: float = Field(default=180.0, gt=0)


class ResponseTimeoutRate(WindowedWaits):
    """Waits for a first answer beyond their target over all waits of a queue, within 15 min; tickets and email left out.

    Counted is a wait that ended in the window, and one still on that is beyond its target. Memory: 16 minutes of counts, 1,000
    waiting and 256 answered conversations.

    >>> from detectors.base import Observation, Scope
    >>> detector = ResponseTimeoutRate()
    >>> state = detector.new()
    >>> for who, time, way in (("a", 0.0, "asked"), ("b", 0.0, "asked"), ("a", 30.0, "answered")):
    ...     detector.learn_one(state, Observation("", Scope("acme"), time, conversation_id=who, terms=(way,), extra=(60.0,)))
    >>> [(reading.value, reading.n) for reading in (detector.score_one(state, 60.0), detector.score_one(state, 61.0))]
    [(0.0, 1.0), (0.5, 2.0)]
    """

    indicator = "response_timeout_rate"
    Params = ResponseTimeoutRateParams
    late = True

    def limit(self, turn: Turn) -> float:
        """The target of the service level agreement, else the default of the channel."""
        sla = (turn.event.data or {}).get("sla") or {}
        if sla.get("target_s") and sla.get("kind", "frt") == "frt":
            return float(sla["target_s"])
        return float(self.params.voice_s if turn.context.channel == "voice" else self.params.target_s)
