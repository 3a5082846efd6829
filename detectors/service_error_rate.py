"""How many checked conversations gave a wrong answer."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import NO, YES, WindowedRate

__all__ = ["ServiceErrorRate"]


class ServiceErrorRate(WindowedRate):
    """Quality checks with at least one error over all that list errors (an empty list included), within 24 h.

    For each agent and team. Slots are of 5 minutes. Memory: 290 slots (about 6 kB).

    >>> from detectors.base import Scope
    >>> detector = ServiceErrorRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 3), (NO, 147)):
    ...     detector.learn_one(state, Observation("service_error_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 600.0).value
    0.02
    """

    indicator = "service_error_rate"
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each quality check that lists errors."""
        if turn.event.type != "qa.scored":
            return ()
        errors = (turn.event.data or {}).get("errors")
        if errors is None:
            return ()
        return self.counted_for(turn, YES if errors else NO, agent_id=turn.context.agent_id, team_id=turn.context.team_id)
