"""How much more of the conversations are complaints than usual."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from pydantic import Field

from detectors.base import Observation, Params, Reading, Turn
from detectors.windowed_rate import NO, YES, UsualState, WindowedRatio, just_closed

__all__ = ["ComplaintRate"]


class ComplaintRateParams(Params):
    """`min_hours` with conversations before a rate is usual; an excess of `sigmas` standard deviations."""

    min_hours: int = Field(default=24, ge=1)
    sigmas: float = Field(default=3.0, gt=0)


class ComplaintRate(WindowedRatio):
    """Complaints over conversations that ended within 3 h, as a multiple of the usual rate of the queue or product.

    The usual rate is River's mean of 7 days, learnt two hours after an hour has left the window, which then counts at most half as much
    again as usual; `baseline` tells it. The guard asks for 24 such hours and an excess above three standard deviations; `n` is the
    number of conversations. Memory: 7 h in slots of 5 minutes (about 2 kB).

    >>> from detectors.base import Scope
    >>> detector = ComplaintRate()
    >>> state = detector.new()
    >>> def learn(hour, way, count):
    ...     detector.learn_one(state, Observation("complaint_rate", Scope("acme"), hour * 3600.0, count, terms=way))
    >>> for hour in range(60):
    ...     learn(hour, YES, 2)
    ...     learn(hour, NO, 18)
    >>> learn(63, YES, 20)
    >>> learn(63, NO, 80)
    >>> reading = detector.score_one(state, 63.5 * 3600)
    >>> round(reading.value, 2), reading.n, round(reading.baseline, 2), reading.guard
    (2.0, 100.0, 0.1, True)
    """

    indicator = "complaint_rate"
    Params = ComplaintRateParams
    window_s = 10_800.0
    slot_s = 300.0
    step_s = 300.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each conversation at its end, when it is known whether it was a complaint."""
        context = turn.context
        if not just_closed(turn) or context.is_complaint is None:
            return ()
        return self.counted_for(turn, YES if context.is_complaint else NO, queue_id=context.queue_id, product_id=context.product_id)

    def score_one(self, state: UsualState, now: float) -> Reading | None:
        """The multiple; 0 without guard before anything is usual. Variables `complaints`, `share`."""
        if not state.slots:
            return None
        complaints, ended = self.sums(state, now)
        usual = self.usual(state)
        if not usual:
            return Reading(now, 0.0, n=ended, guard=False)
        known = state.trials[0] >= self.params.min_hours
        excess = complaints - usual * ended
        return Reading(
            now,
            complaints / (usual * ended) if ended else 0.0,
            n=ended,
            start=now - self.window_s,
            end=now,
            baseline=usual,
            guard=known and excess > self.params.sigmas * sqrt(max(1.0, usual * ended)),
            variables={"complaints": complaints, "share": f"{100 * complaints / ended:.1f}%"} if ended else {},
        )
