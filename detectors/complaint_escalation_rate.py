"""How many complaints go above or outside."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import ALL, HIT, WindowedRate, just_closed

__all__ = ["ComplaintEscalationRate"]


class ComplaintEscalationRate(WindowedRate):
    """Tickets escalated (supervisor, regulator, media, legal) over complaints of a queue, within 24 h.

    A complaint is a complaint ticket when it is created, or a conversation that ends as a complaint. Slots are of 5 minutes.
    Memory: 290 slots (about 6 kB).

    >>> from detectors.base import Scope
    >>> detector = ComplaintEscalationRate()
    >>> state = detector.new()
    >>> for way, count in ((ALL, 40), (HIT, 6)):
    ...     detector.learn_one(state, Observation("complaint_escalation_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 600.0).value
    0.15
    """

    indicator = "complaint_escalation_rate"
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Complaints and escalations."""
        event, context = turn.event, turn.context
        if event.type == "ticket.escalated":
            return self.counted_for(turn, HIT, queue_id=context.queue_id)
        if event.type == "ticket.created" and event.ticket is not None and event.ticket.type == "complaint":
            return self.counted_for(turn, ALL, queue_id=context.queue_id)
        if event.type in ("conversation.resolved", "conversation.abandoned") and just_closed(turn) and context.is_complaint:
            return self.counted_for(turn, ALL, queue_id=context.queue_id)
        return ()
