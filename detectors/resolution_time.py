"""How long a customer's issue has been open."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

from detectors.base import ConversationDetector, Params, Reading, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.event import Event

__all__ = ["ResolutionTime", "business_due", "is_opening"]

_OPENINGS: Final = frozenset({"conversation.opened", "conversation.queued", "call.started", "ticket.created"})
_DONE: Final = frozenset({"resolved", "closed"})
_LONGEST_S: Final = 400 * 86_400.0
_EXACT_S: Final = 0.001


def is_opening(event: Event) -> bool:
    """Whether an issue is open from this event on: it is opened, or opened again."""
    ticket = event.ticket
    changed = event.type == "ticket.status_changed" and ticket is not None and ticket.current is not None
    return event.type in _OPENINGS or (changed and ticket is not None and ticket.current not in _DONE)


def business_due(calendar: Calendar, since: float, seconds: float) -> float | None:
    """When so many open seconds have gone by since a moment, to the millisecond; None when that takes more than 400 days.

    >>> calendar = Calendar(CalendarParams(opening_hours={"workday": ["09:00-18:00"], "weekend": []}, time_zone="UTC"))
    >>> friday = 1_772_809_200.0  # 2026-03-06 15:00, three hours before closing
    >>> round(business_due(calendar, friday, 4 * 3600.0) - friday) / 3600  # Monday 10:00
    67.0
    """
    low = span = float(seconds)
    while calendar.business_seconds(since, since + span) < seconds:
        low, span = span, span * 2 + 3600
        if span > _LONGEST_S:
            return None
    while span - low > _EXACT_S:
        middle = (low + span) / 2
        if calendar.business_seconds(since, since + middle) < seconds:
            low = middle
        else:
            span = middle
    return since + span


class ResolutionTimeParams(Params):
    """With `business_hours`, only the time in which the centre is open counts (`calendar`, of the policy)."""

    business_hours: bool = False
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class ResolutionTimeState(State):
    """When the issue was opened and when it was closed."""

    since: float | None = None
    until: float | None = None
    issue: str = ""


class ResolutionTime(ConversationDetector[ResolutionTimeState]):
    """Seconds from the opening of a conversation or ticket to its end, growing while it is open.

    It is opened by `conversation.opened` or `queued`, `call.started`, `ticket.created`, or the first message where none of these
    came; it ends when it is resolved, abandoned or closed. What is opened again later counts anew; a customer who merely
    says something after the end opens nothing. Evaluated at the opening, the customer's messages and the end, and by a timer
    (`due_at`). Memory: three values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event
    >>> detector = ResolutionTime()
    >>> state = detector.new()
    >>> detector.learn_one(state, Turn(Event("conversation.opened", 100.0, "e1", "s", "t", "c"), Context("c"), None, 100.0))
    True
    >>> detector.due_at(state, 270.0), detector.score_one(state, 370.0).value
    (370.0, 270.0)
    """

    indicator = "resolution_time"
    State = ResolutionTimeState
    Params = ResolutionTimeParams

    def __init__(self, params: BaseModel | None = None) -> None:
        super().__init__(params)
        self._calendar = Calendar(self.params.calendar)

    def learn_one(self, state: ResolutionTimeState, turn: Turn) -> bool:
        """Open or close the issue."""
        event, context, time = turn.event, turn.context, turn.event.time
        state.issue = context.category or state.issue
        if context.closed is not None:
            if state.since is None or state.until is not None:
                return False
            state.until = max(state.since, context.closed)
            return True
        message = event.message
        said = event.type == "message.created" and message is not None and message.role == "customer"
        if not is_opening(event) and not (said and state.until is None):
            return False
        if state.until is not None:
            state.since, state.until = time, None
        state.since = time if state.since is None else min(state.since, time)
        return True

    def score_one(self, state: ResolutionTimeState, now: float) -> Reading | None:
        """The time so far, or the whole of it; variable `issue`."""
        if state.since is None:
            return None
        end = max(state.since, now if state.until is None else state.until)
        lasted = self._calendar.business_seconds(state.since, end) if self.params.business_hours else end - state.since
        variables: dict[str, str | float] = {"issue": state.issue} if state.issue else {}
        start = min(state.since, now)
        return Reading(now, lasted, start=start, end=min(end, now), closed=state.until is not None, variables=variables)

    def due_at(self, state: ResolutionTimeState, level: float) -> float | None:
        """When the time reaches `level` seconds, if nothing ends it."""
        if state.since is None or state.until is not None:
            return None
        return business_due(self._calendar, state.since, level) if self.params.business_hours else state.since + level
