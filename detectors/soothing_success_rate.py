"""How many upset customers leave calm."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Params, Reading, Turn
from detectors.context import UPSET
from detectors.windowed_rate import NO, YES, WindowedRate, WindowedRateState, just_closed

__all__ = ["SoothingSuccessRate"]


class SoothingSuccessRateParams(Params):
    """A customer whose mood was once at or below `upset` is soothed when it ends at `calm` or above; fewer than `least` say nothing."""

    upset: float = Field(default=UPSET, ge=-1, le=1)
    calm: float = Field(default=-0.1, ge=-1, le=1)
    least: int = Field(default=10, ge=1)


class SoothingSuccessRate(WindowedRate):
    """Conversations that ended within 24 h with a calm customer, over those whose customer was upset at some time.

    For each agent (who had it at the end) and queue. Mood is `Context.sentiment`; a conversation without one is not counted, nor one that
    is still open or fell silent. One that is reopened and ends again is counted again. The guard asks for ten. Slots are of 5 minutes.
    Memory: 290 slots (about 6 kB).

    >>> from detectors.base import Scope
    >>> detector = SoothingSuccessRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 8), (NO, 17)):
    ...     detector.learn_one(state, Observation("soothing_success_rate", Scope("acme"), 60.0, count, terms=way))
    >>> reading = detector.score_one(state, 600.0)
    >>> reading.value, reading.n, reading.guard
    (0.32, 25.0, True)
    """

    indicator = "soothing_success_rate"
    types = frozenset({"conversation.resolved", "conversation.abandoned", "ticket.status_changed"})
    Params = SoothingSuccessRateParams
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0
    empty = 1.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each conversation with an upset customer, at its end."""
        context = turn.context
        if not just_closed(turn) or context.lowest is None or context.sentiment is None or context.lowest > self.params.upset:
            return ()
        way = YES if context.sentiment >= self.params.calm else NO
        return self.counted_for(turn, way, agent_id=context.agent_id, queue_id=context.queue_id)

    def score_one(self, state: WindowedRateState, now: float) -> Reading | None:
        """The share that was soothed; variables `count`, `total`."""
        reading = super().score_one(state, now)
        if reading is not None:
            reading.guard = reading.n >= self.params.least
        return reading
