"""What a conversation is known to be, merged from its events."""

from __future__ import annotations

from river import stats

from detectors.base import Context
from detectors.event import Event

__all__ = ["UPSET", "advance", "mood"]

UPSET = -0.5
"""A customer whose mean sentiment is at or below this is upset (catalogue: agent_emotional_exposure, soothing_success_rate)."""

HALF_LIFE = 3
_FADING = 1 - 0.5 ** (1 / HALF_LIFE)

_CLOSING = frozenset({"conversation.resolved", "conversation.abandoned"})
_REOPENING = frozenset({"message.created", "ticket.status_changed", "conversation.opened", "conversation.assigned"})
_TICKET_DONE = frozenset({"resolved", "closed"})


def mood(mean: float | None, score: float) -> float:
    """The exponentially weighted mean of a customer's sentiment (River's EWMean, half-life 3 utterances) after one more score.

    >>> mood(None, -0.8), round(mood(-0.8, 0.4), 4)
    (-0.8, -0.5524)
    """
    estimator = stats.EWMean(fading_factor=_FADING)
    if mean is not None:
        estimator.update(mean)
    estimator.update(score)
    return float(estimator.get())


def advance(context: Context, event: Event, sentiment: float | None, complains: bool | None = None) -> None:
    """Merge one event into what is known: later knowledge replaces earlier, unknown replaces nothing.

    `sentiment` is the score of a customer's utterance in -1..1 where it has one. `complains` is whether its words are a complaint: as long
    as no event says what the conversation is, one such utterance makes it a complaint, and others make it none. An event that comes
    late changes neither the state (open, closed) nor who has the conversation.
    """
    department = context.department_id
    _who(context, event)
    if not event.late:
        _state(context, event)
        _department(context, event, department)
    message = event.message
    if message is not None and not message.partial and not message.private and event.type == "message.created":
        if message.role == "customer":
            context.customer_turns += 1
            if complains is not None and not context.complaint_stated:
                context.is_complaint = complains or bool(context.is_complaint)
            if sentiment is not None:
                context.sentiment = mood(context.sentiment, sentiment)
                context.lowest = context.sentiment if context.lowest is None else min(context.lowest, context.sentiment)
        elif message.role in ("agent", "bot"):
            context.agent_turns += 1
    context.last = max(context.last, event.time)


def _who(context: Context, event: Event) -> None:
    conversation, customer, issue = event.conversation, event.customer, event.issue
    if conversation is not None:
        context.conversation_id = conversation.id
        for name in ("channel", "stage", "queue_id", "department_id", "region", "language"):
            value = getattr(conversation, name)
            if value is not None:
                setattr(context, name, value)
    if customer is not None:
        context.customer_id = customer.id
        context.customer_tier = customer.tier or context.customer_tier
    if issue is not None:
        context.category = issue.category or context.category
        context.intent = issue.intent or context.intent
        context.product_id = issue.product_id or context.product_id
        if issue.is_complaint is not None:
            context.is_complaint, context.complaint_stated = issue.is_complaint, True


def _department(context: Context, event: Event, before: str | None) -> None:
    """Whose it is now and since when: a hand-over or a ticket begins a stay, other events only name the department."""
    transfer = event.transfer
    target = transfer.target.department_id if transfer is not None and transfer.mode != "consult" else None
    if target is not None:
        context.department_id = target
    begins = target is not None or (event.type == "ticket.created" and context.department_since is None)
    moved = context.department_since is not None and before not in (None, context.department_id)
    if (begins or moved) and context.department_id is not None:
        context.department_since = event.time


def _state(context: Context, event: Event) -> None:
    agent, kind = event.agent, event.type
    if agent is not None:
        context.agent_id, context.agent_type = agent.id, agent.type or context.agent_type
        context.team_id = agent.team_id or context.team_id
    if context.opened is None and event.conversation is not None:
        context.opened = event.time
    if kind in _CLOSING or (kind == "ticket.status_changed" and event.ticket is not None and event.ticket.current in _TICKET_DONE):
        context.closed = event.time
    elif context.closed is not None and kind in _REOPENING:
        message = event.message
        if message is None or message.role == "customer":
            context.closed = None
