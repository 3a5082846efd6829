"""How many checked conversations keep the rules."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import NO, YES, WindowedRate

__all__ = ["ComplianceRate"]


class ComplianceRate(WindowedRate):
    """Quality checks without a critical violation over all that say whether there was one, within 24 h, for each team.

    Where no team is known it is the tenant's. Slots are of 5 minutes. Memory: 290 slots (about 6 kB).

    >>> from detectors.base import Scope
    >>> detector = ComplianceRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 81), (NO, 19)):
    ...     detector.learn_one(state, Observation("compliance_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 600.0).value
    0.81
    """

    indicator = "compliance_rate"
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0
    empty = 1.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each quality check that says whether a violation was critical."""
        if turn.event.type != "qa.scored":
            return ()
        critical = (turn.event.data or {}).get("critical")
        if critical is None:
            return ()
        return (self.counted(turn, turn.scope(team_id=turn.context.team_id), NO if critical else YES),)
