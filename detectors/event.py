"""The event as detectors see it: flat, masked, versioned, absent where unknown.

The wire schema (CloudEvents, pydantic) lives in `streams/records.py` and is turned into this form once, when a record is
read. Internal records carry it between stages, so **fields are only ever appended**, each with a default.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "Agent",
    "Call",
    "Campaign",
    "Conversation",
    "Customer",
    "Event",
    "Issue",
    "Message",
    "Metric",
    "Place",
    "Queue",
    "Ticket",
    "Transfer",
]


class _Part(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """Base of the event's parts: encoded as an array, so the order of fields is the format."""


class Conversation(_Part):
    """Where a conversation stands, as the producer said it in this event.

    `channel` is one of chat, voice, email, ticket, app, mini_program, social, video; `stage` one of presale, in_sale,
    aftersale.
    """

    id: str
    channel: str | None = None
    stage: str | None = None
    queue_id: str | None = None
    department_id: str | None = None
    region: str | None = None
    language: str | None = None
    campaign_id: str | None = None
    parent_id: str | None = None


class Customer(_Part):
    """The customer, by pseudonym. `tier` is one of normal, vip, svip."""

    id: str
    tier: str | None = None
    tags: tuple[str, ...] = ()
    value_band: str | None = None
    lifetime_value: float | None = None
    is_new: bool | None = None


class Agent(_Part):
    """Who answers. `type` is human or bot."""

    id: str
    type: str | None = None
    team_id: str | None = None


class Issue(_Part):
    """What it is about: `severity` and `confidence` in 0..1."""

    category: str | None = None
    intent: str | None = None
    is_complaint: bool | None = None
    severity: float | None = None
    confidence: float | None = None
    product_id: str | None = None
    order_id: str | None = None
    labels: tuple[str, ...] = ()


class Message(_Part):
    """One utterance, text already masked. `sentiment` in -1..1, emotion and acoustic scores in 0..1."""

    id: str | None = None
    text: str | None = None
    role: str | None = None
    direction: str | None = None
    private: bool = False
    partial: bool = False
    content_type: str | None = None
    lang: str | None = None
    dialect: str | None = None
    sentiment: float | None = None
    emotion: str | None = None
    emotion_score: float | None = None
    acoustic_emotion: float | None = None
    visual_emotion: float | None = None
    nlu_confidence: float | None = None
    nlu_fallback: bool | None = None
    begin_ms: int | None = None
    end_ms: int | None = None
    attachments: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()


class Place(_Part):
    """One end of a transfer."""

    queue_id: str | None = None
    department_id: str | None = None
    agent_id: str | None = None


class Transfer(_Part):
    """A hand-over; `mode` is cold, warm or consult."""

    origin: Place = msgspec.field(default_factory=Place)
    target: Place = msgspec.field(default_factory=Place)
    mode: str | None = None


class Queue(_Part):
    """A real-time snapshot of one queue: people, seconds, ratio 0..1."""

    queue_id: str
    waiting: int | None = None
    oldest_wait_s: float | None = None
    agents_available: int | None = None
    agents_busy: int | None = None
    service_level: float | None = None


class Call(_Part):
    """Times of a call in milliseconds; `disconnected_by` is customer, agent or system."""

    duration_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int | None = None
    silence_ms: int | None = None
    overlap_ms: int | None = None
    acw_ms: int | None = None
    disconnected_by: str | None = None
    connected: bool | None = None


class Ticket(_Part):
    """A ticket's change of status; `escalated_to` is supervisor, regulator, media or legal."""

    id: str | None = None
    type: str | None = None
    priority: str | None = None
    previous: str | None = None
    current: str | None = None
    public_update: bool | None = None
    escalated_to: str | None = None


class Metric(_Part):
    """A number a business system reported for a window that ends at the event's time."""

    name: str
    product_id: str | None = None
    window_s: float | None = None
    count: float | None = None
    amount: float | None = None
    denominator: float | None = None


class Campaign(_Part):
    """A declared campaign: between `start` and `end` (epoch seconds) the volume of `scope` is expected `multiplier` times."""

    id: str
    start: float
    end: float
    multiplier: float
    scope: dict[str, str] = msgspec.field(default_factory=dict)


class Event(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One accepted event.

    `type` is the CloudEvents type without prefix and version (`message.created`); `time` the event time in epoch seconds;
    `subject` the key of the conversation stage (the conversation's id, or the queue's, product's … the event is about);
    `offset` the position in its source partition, -1 where there is none; `data` holds what only few indicators read
    (ratings, QA scores, mentions, orders, states), plain and validated, absent keys absent.
    """

    type: str
    time: float
    id: str
    source: str
    tenant: str
    subject: str
    offset: int = -1
    conversation: Conversation | None = None
    customer: Customer | None = None
    agent: Agent | None = None
    issue: Issue | None = None
    message: Message | None = None
    transfer: Transfer | None = None
    queue: Queue | None = None
    call: Call | None = None
    ticket: Ticket | None = None
    metric: Metric | None = None
    campaign: Campaign | None = None
    data: dict[str, Any] | None = None
    late: bool = False
    """Set when the event is released: it came later than the lateness allowed."""
