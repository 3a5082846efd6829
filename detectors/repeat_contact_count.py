"""How often a customer had to come back about the same issue."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.windowed_rate import just_closed

__all__ = ["RepeatContactCount", "contact_of"]


class RepeatContactCountParams(Params):
    """How far to look back."""

    window_s: float = Field(default=72 * 3600.0, gt=0)


class RepeatContactCountState(State):
    """By conversation, when it began to be about the issue."""

    contacts: dict[str, float] = msgspec.field(default_factory=dict)


class RepeatContactCount(ScopeDetector[RepeatContactCountState]):
    """Conversations and tickets of one customer about one issue category within 72 h.

    What grew out of a conversation that counts (its `parent_id`) is the same contact. Fewer than two are not spoken of. Memory: the
    last 16 conversations.

    >>> from detectors.base import Scope
    >>> detector = RepeatContactCount()
    >>> state = detector.new()
    >>> for hour, conversation in enumerate(("c-1", "c-2", "c-2", "c-3")):
    ...     detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, conversation_id=conversation))
    >>> detector.score_one(state, 4 * 3600.0).value
    3
    """

    indicator = "repeat_contact_count"
    State = RepeatContactCountState
    Params = RepeatContactCountParams
    step_s = 3600.0
    at_once = True
    contacts_kept = 16

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each conversation once its issue is known."""
        if not contact_of(turn):
            return ()
        context = turn.context
        scope = turn.scope(customer_id=context.customer_id, issue_category=context.category)
        return (Observation(name_of(type(self)), scope, turn.event.time, conversation_id=context.conversation_id),)

    def learn_one(self, state: RepeatContactCountState, observation: Observation) -> None:
        """Note a conversation at its first time."""
        who = observation.conversation_id or ""
        state.contacts[who] = min(observation.time, state.contacts.get(who, observation.time))
        if len(state.contacts) > self.contacts_kept:
            del state.contacts[min(state.contacts, key=lambda key: (state.contacts[key], key))]

    def score_one(self, state: RepeatContactCountState, now: float) -> Reading | None:
        """How many; variable `contacts`."""
        count = sum(1 for time in state.contacts.values() if now - self.params.window_s < time <= now)
        if count < 2:
            return None
        return Reading(now, count, n=count, start=now - self.params.window_s, end=now, variables={"contacts": count})

    def idle(self, state: RepeatContactCountState, now: float) -> bool:
        """Too few to speak of."""
        return sum(1 for time in state.contacts.values() if now - self.params.window_s < time) < 2

    def expired(self, state: RepeatContactCountState, now: float) -> bool:
        """None is in the window."""
        return all(time <= now - self.params.window_s for time in state.contacts.values())


def contact_of(turn: Turn) -> bool:
    """Whether an event tells of a contact: its customer and issue are known, and it begins or ends or is one of the first messages."""
    event, context = turn.event, turn.context
    if context.customer_id is None or context.category is None:
        return False
    if event.conversation is not None and event.conversation.parent_id is not None:
        return False
    if event.type == "message.created":
        message = event.message
        return message is not None and message.role == "customer" and event.issue is not None and context.customer_turns <= 2
    return event.type in ("conversation.opened", "ticket.created") or just_closed(turn)
