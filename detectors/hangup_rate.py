"""How many callers hang up without a solution."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import NO, YES, WindowedRate

__all__ = ["HangupRate"]


class HangupRate(WindowedRate):
    """Calls the customer ended unsolved over all connected calls that ended within 30 min, for each queue and each agent.

    Only a `call.ended` that says who ended it and whether it was solved is counted; one that was never connected belongs to
    abandonment_rate. Memory: 31 minutes of counts.

    >>> from detectors.base import Scope
    >>> detector = HangupRate()
    >>> state = detector.new()
    >>> for way, calls in ((YES, 3), (NO, 7)):
    ...     detector.learn_one(state, Observation("hangup_rate", Scope("acme"), 60.0, calls, terms=way))
    >>> reading = detector.score_one(state, 120.0)
    >>> reading.value, reading.n, reading.rate
    (0.3, 10.0, True)
    """

    indicator = "hangup_rate"
    window_s = 1800.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each connected call that ended."""
        event = turn.event
        if event.type != "call.ended" or event.call is None:
            return ()
        by, resolved = event.call.disconnected_by, (event.data or {}).get("resolved")
        if by is None or resolved is None or event.call.connected is False:
            return ()
        way = YES if by == "customer" and not resolved else NO
        return self.counted_for(turn, way, queue_id=turn.context.queue_id, agent_id=turn.context.agent_id)
