"""How many conversations could be listened to at all."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import NO, YES, WindowedRate, just_closed

__all__ = ["CoverageRate"]


class CoverageRate(WindowedRate):
    """Conversations solved within 1 h in which the customer's words were seen, over all that were solved: the tenant's coverage.

    One without any utterance of the customer (a call without transcript) was scored by nothing. Conversations that were given up, and
    tickets, need no words. Memory: 61 minutes of counts.

    >>> from detectors.base import Scope
    >>> detector = CoverageRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 99), (NO, 1)):
    ...     detector.learn_one(state, Observation("coverage_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 120.0).value
    0.99
    """

    indicator = "coverage_rate"
    window_s = 3600.0
    empty = 1.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each conversation that was solved."""
        if turn.event.type != "conversation.resolved" or not just_closed(turn):
            return ()
        return (self.counted(turn, turn.scope(), YES if turn.context.customer_turns else NO),)
