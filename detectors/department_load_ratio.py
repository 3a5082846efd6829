"""Whether more comes in than gets done."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Reading, Turn
from detectors.places import hop_of
from detectors.windowed_rate import ALL, HIT, WindowedRate, WindowedRateState, just_closed

__all__ = ["DepartmentLoadRatio"]


class DepartmentLoadRatio(WindowedRate):
    """Arrivals over completions of a department and of a queue in 30 min, the smaller of the last two half hours: two in a row.

    Arrivals are conversations opened, tickets created and what is handed over to it; completions what ends there or is handed on.
    `n` is the smaller number of arrivals; no completion counts as one. Memory: 61 minutes of counts.

    >>> from detectors.base import Scope
    >>> detector = DepartmentLoadRatio()
    >>> state = detector.new()
    >>> for time, came, done in ((0.0, 40, 20), (1800.0, 26, 20)):
    ...     for way, count in ((HIT, came), (ALL, done)):
    ...         detector.learn_one(state, Observation("department_load_ratio", Scope("acme"), time, count, terms=way))
    >>> reading = detector.score_one(state, 3599.0)
    >>> reading.value, reading.n
    (1.3, 26.0)
    """

    indicator = "department_load_ratio"
    window_s = 1800.0
    spare_s = 1800.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What comes and what goes."""
        event, context = turn.event, turn.context
        if event.type in ("conversation.opened", "ticket.created"):
            return self.counted_for(turn, HIT, department_id=context.department_id, queue_id=context.queue_id)
        if event.transfer is not None and hop_of(event) is not None:
            origin, target = event.transfer.origin, event.transfer.target
            came = self.counted_for(turn, HIT, department_id=target.department_id, queue_id=target.queue_id)
            gone = self.counted_for(turn, ALL, department_id=origin.department_id, queue_id=origin.queue_id)
            return [*came, *gone]
        if just_closed(turn):
            return self.counted_for(turn, ALL, department_id=context.department_id, queue_id=context.queue_id)
        return ()

    def score_one(self, state: WindowedRateState, now: float) -> Reading | None:
        """The ratio; variables `arrivals` and `completions` of the last half hour."""
        if not state.slots:
            return None
        came, done = self.sums(state, now)
        came_before, done_before = self.sums(state, now - self.window_s - 1)
        return Reading(
            now,
            min(came / max(done, 1.0), came_before / max(done_before, 1.0)),
            n=min(came, came_before),
            start=now - 2 * self.window_s,
            end=now,
            variables={"arrivals": came, "completions": done},
        )

    def idle(self, state: WindowedRateState, now: float) -> bool:
        """Nothing in either half hour."""
        return super().idle(state, now - self.window_s)
