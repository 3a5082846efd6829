"""How long a customer who complained has heard nothing about it."""

from __future__ import annotations

from typing import Final

from detectors.base import ConversationDetector, Reading, State, Turn
from detectors.event import Event

__all__ = ["UpdateSilence"]

_HOUR_S: Final = 3600.0
_COMPLAINT: Final = "complaint"
_OPENED: Final = frozenset({"ticket.created", "conversation.opened"})


class UpdateSilenceState(State):
    """Whether there is a ticket, and whether it is a complaint; the last thing the customer could see; the end."""

    ticket: bool = False
    complaint: bool = False
    since: float | None = None
    until: float | None = None
    case: str = ""
    broken: float | None = None
    """Hours of the silence that the last sign ended."""


class UpdateSilence(ConversationDetector[UpdateSilenceState]):
    """Hours since the customer could last see that something is done about a ticket which is an open complaint.

    A ticket is a conversation on the channel `ticket`, or one with ticket events; a complaint is one whose issue says so, or whose
    ticket's type is `complaint`. The customer sees its creation, changes of status that are not marked as internal
    (`public_update` false) and messages of agents or bots that are neither private nor partial nor automatic; not what they say
    themselves. Each of these ends a silence (a closed reading), and the next begins; the end of the ticket ends the last one. Evaluated
    at each, and by a timer (`due_at`). Memory: six values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Ticket
    >>> detector = UpdateSilence()
    >>> state = detector.new()
    >>> made = Event("ticket.created", 0.0, "e1", "s", "t", "t-1", ticket=Ticket("t-1", type="complaint"))
    >>> detector.learn_one(state, Turn(made, Context("t-1", channel="ticket"), None, 0.0)), detector.due_at(state, 4.0)
    (True, 14400.0)
    >>> detector.score_one(state, 43_200.0).value
    12.0
    """

    indicator = "update_silence"
    State = UpdateSilenceState

    def learn_one(self, state: UpdateSilenceState, turn: Turn) -> bool:
        """Begin, set back or end the silence."""
        event, context, time = turn.event, turn.context, turn.event.time
        ticket = event.ticket
        state.ticket = state.ticket or context.channel == "ticket" or (ticket is not None and event.type.startswith("ticket."))
        if not state.ticket:
            return False
        known = state.complaint
        state.complaint = state.complaint or bool(context.is_complaint) or (ticket is not None and ticket.type == _COMPLAINT)
        state.case = (ticket.id if ticket is not None else None) or state.case or context.conversation_id
        if context.closed is not None:
            fresh = state.until is None and state.since is not None
            state.until = context.closed if fresh else state.until
            return fresh and state.complaint
        seen = _is_seen(event)
        if state.until is not None:
            if not turn.closed_before and not seen:
                return False
            state.since = state.until = state.broken = None
        first = state.since is None
        if seen or first:
            state.broken = None if state.since is None or time <= state.since else (time - state.since) / _HOUR_S
            state.since = time if state.since is None else max(time, state.since)
        return state.complaint and (seen or first or not known)

    def score_one(self, state: UpdateSilenceState, now: float) -> Reading | None:
        """The hours so far; variables `case`, `silent_h`."""
        if not state.complaint or state.since is None:
            return None
        end = max(state.since, now if state.until is None else state.until)
        broken = state.broken if now == state.since and state.until is None else None
        hours = (end - state.since) / _HOUR_S if broken is None else broken
        variables: dict[str, str | float] = {"silent_h": round(hours, 1)}
        if state.case:
            variables["case"] = state.case
        start, over = min(state.since, now), state.until is not None or broken is not None
        return Reading(now, hours, start=start, end=min(end, now), closed=over, variables=variables)

    def due_at(self, state: UpdateSilenceState, level: float) -> float | None:
        """When `level` hours have gone by, if nothing is heard."""
        running = state.complaint and state.since is not None and state.until is None
        return state.since + level * _HOUR_S if running and state.since is not None else None


def _is_seen(event: Event) -> bool:
    """Whether the customer can see that something was done."""
    message, ticket = event.message, event.ticket
    if event.type == "message.created" and message is not None:
        return message.role in ("agent", "bot") and not message.private and not message.partial and message.content_type != "auto"
    if event.type == "ticket.status_changed":
        return ticket is None or ticket.public_update is not False
    return event.type in _OPENED
