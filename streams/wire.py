"""The wire schema: one pydantic model for the `data` of every input event type, and what becomes of it in an Event.

To add an event type, add a class below: it names its `types`, declares its fields, and says in `fill` or `carried` where they go.
Nothing else lists the types. Conventions for all of them:

- unknown fields are ignored; `null` and `""` mean unknown, as absence does (but not for a required id);
- no coercion: "5" is no number, true is no number, 5.0 is no integer;
- what drives logic is strict (roles, directions, transfer modes, states, commands); what names things is free text of at most 512
  characters (channel, stage, tiers, categories, priorities), so that a new channel of a vendor is no reject;
- counts and milliseconds are non-negative integers below 2^53, ratios 0..1, scores -1..1, times RFC 3339 with an offset.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from detectors import event as ev

__all__ = ["PREFIX", "SUFFIX", "TYPES", "Data", "Heartbeat", "field_names", "instant"]

PREFIX, SUFFIX = "fenghuo.", ".v1"

TYPES: dict[str, type[Data]] = {}
"""The model of each event type, by the type's short name (`message.created`). Filled by the classes below themselves."""

_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})").fullmatch


def instant(text: object) -> float:
    """Epoch seconds of an RFC 3339 time; digits beyond the microsecond are cut off.

    Raises ValueError for anything else, a time without an offset and one before 1970 included. A leap second (`:60`) is refused.

    >>> instant("2026-11-11T00:03:12.5+08:00") == instant("2026-11-10T16:03:12.500Z")
    True
    """
    if not isinstance(text, str) or _RFC3339(text) is None:
        raise ValueError("an RFC 3339 time with an offset is expected, such as 2026-11-11T00:03:12.481Z")
    try:
        seconds = datetime.fromisoformat(text if text[-1] != "z" else text.upper()).timestamp()
    except ValueError:
        raise ValueError("the date or the time of day does not exist") from None
    if seconds < 0:
        raise ValueError("the time is before 1970")
    return seconds


_LARGEST = 1e15

Code = Annotated[str, Field(max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=512)]
Codes = Annotated[list[Code], Field(max_length=256, fail_fast=True)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
Positive = Annotated[float, Field(ge=0, le=_LARGEST)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
Instant = Annotated[float, PlainValidator(instant)]
Status = Literal["new", "open", "pending", "on_hold", "escalated", "resolved", "closed", "reopened"]


class Wire(BaseModel):
    """Base of everything on the wire."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    def plain(self) -> dict[str, Any]:
        """The known fields as plain data, absent ones absent."""
        return {name: value for name, value in self.model_dump().items() if value is not None and value != ""}


class Conversation(Wire):
    id: Id
    channel: Code | None = None
    stage: Code | None = None
    queue_id: Code | None = None
    department_id: Code | None = None
    region: Code | None = None
    parent_id: Code | None = None
    language: Code | None = None
    campaign_id: Code | None = None

    def part(self) -> ev.Conversation:
        return ev.Conversation(
            self.id,
            self.channel or None,
            self.stage or None,
            self.queue_id or None,
            self.department_id or None,
            self.region or None,
            self.language or None,
            self.campaign_id or None,
            self.parent_id or None,
        )


class Customer(Wire):
    id: Id
    tier: Code | None = None
    tags: Codes | None = None
    value_band: Code | None = None
    lifetime_value: Number | None = None
    is_new: bool | None = None
    accessibility: Codes | None = None

    def part(self) -> ev.Customer:
        return ev.Customer(self.id, self.tier or None, tuple(self.tags or ()), self.value_band or None, self.lifetime_value, self.is_new)


class Agent(Wire):
    id: Id
    team_id: Code | None = None
    type: Literal["human", "bot"] | None = None
    skill: Codes | None = None

    def part(self) -> ev.Agent:
        return ev.Agent(self.id, self.type, self.team_id or None)


class Issue(Wire):
    category: Code | None = None
    intent: Code | None = None
    is_complaint: bool | None = None
    severity: Ratio | None = None
    confidence: Ratio | None = None
    product_id: Code | None = None
    order_id: Code | None = None
    labels: Codes | None = None

    def part(self) -> ev.Issue:
        return ev.Issue(
            self.category or None,
            self.intent or None,
            self.is_complaint,
            self.severity,
            self.confidence,
            self.product_id or None,
            self.order_id or None,
            tuple(self.labels or ()),
        )


class Sla(Wire):
    policy_id: Code | None = None
    kind: Literal["frt", "nrt", "rt"] | None = None
    target_s: Positive | None = None
    business_hours: bool | None = None


class Ticket(Wire):
    id: Code | None = None
    type: Code | None = None
    priority: Code | None = None

    def part(self) -> ev.Ticket:
        return ev.Ticket(self.id or None, self.type or None, self.priority or None)


class Data(Wire):
    """`data` of an event: the shared objects, and what each type adds in a subclass.

    `carried` names the fields that go into `Event.data` as they are; `texts` those of them that hold free text, which is masked
    (`mention.topic` is a field of a field). A `conversational` type is about a conversation: where the event has no conversation
    object, the event's subject is its id.
    """

    types: ClassVar[tuple[str, ...]] = ()
    carried: ClassVar[tuple[str, ...]] = ()
    texts: ClassVar[tuple[str, ...]] = ()
    conversational: ClassVar[bool] = False

    tenant_id: Id | None = None
    conversation: Conversation | None = None
    customer: Customer | None = None
    agent: Agent | None = None
    issue: Issue | None = None
    sla: Sla | None = None
    ticket: Ticket | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Make the class known by the types it names."""
        for name in cls.types:
            if name in TYPES:
                raise TypeError(f"{cls.__name__} and {TYPES[name].__name__} both claim the event type {name}")
            TYPES[name] = cls

    def about(self) -> str | None:
        """The id of what the event is about where it names neither a conversation nor a subject."""
        if self.ticket is not None and self.ticket.id:
            return self.ticket.id
        return self.customer.id if self.customer is not None else None

    def fill(self, event: ev.Event) -> None:
        """Set the event's parts that are not shared by all types."""
        if self.ticket is not None:
            event.ticket = self.ticket.part()
        rest = {name: _plain(value) for name in self.carried if (value := getattr(self, name)) is not None and value != ""}
        if self.sla is not None:
            rest["sla"] = self.sla.plain()
        if self.customer is not None and self.customer.accessibility:
            rest["accessibility"] = self.customer.accessibility
        if self.agent is not None and self.agent.skill:
            rest["skill"] = self.agent.skill
        event.data = rest or None


def _plain(value: Any) -> Any:
    return value.plain() if isinstance(value, Wire) else value


class ConversationOpened(Data):
    """A conversation begins: the volume counts it, the clock of the first response starts."""

    types = ("conversation.opened",)
    carried = ("entry", "position_in_queue")
    conversational = True

    entry: Code | None = None
    position_in_queue: Count | None = None


class ConversationWaited(Data):
    """A conversation enters a queue, leaves it for an agent, or is given up while it waits."""

    types = ("conversation.queued", "conversation.connected", "conversation.abandoned")
    carried = ("wait_ms", "reason")
    texts = ("reason",)
    conversational = True

    wait_ms: Count | None = None
    reason: Code | None = None


class ConversationAssigned(Data):
    """A conversation gets an agent, or another one."""

    types = ("conversation.assigned",)
    carried = ("previous_agent_id", "auto")
    conversational = True

    previous_agent_id: Code | None = None
    auto: bool | None = None


class Place(Wire):
    queue_id: Code | None = None
    department_id: Code | None = None
    agent_id: Code | None = None
    agent: Agent | None = None

    def part(self) -> ev.Place:
        agent_id = self.agent_id or (self.agent.id if self.agent is not None else None)
        return ev.Place(self.queue_id or None, self.department_id or None, agent_id)


class ConversationTransferred(Data):
    """A hand-over from one queue, department or agent to another. `from_agent_type` in the event's data tells a bot's hand-over."""

    types = ("conversation.transferred",)
    carried = ("reason",)
    texts = ("reason",)
    conversational = True

    origin: Place | None = Field(None, alias="from")
    target: Place | None = Field(None, alias="to")
    mode: Literal["cold", "warm", "consult"] | None = None
    reason: Code | None = None

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        origin, target = self.origin or Place(), self.target or Place()
        event.transfer = ev.Transfer(origin.part(), target.part(), self.mode)
        if origin.agent is not None and origin.agent.type is not None:
            event.data = {**(event.data or {}), "from_agent_type": origin.agent.type}


class Sender(Wire):
    role: Literal["customer", "agent", "bot", "system"] | None = None
    id: Code | None = None


class Sentiment(Wire):
    score: Score | None = None
    label: Code | None = None


class Emotion(Wire):
    type: Code | None = None
    score: Ratio | None = None


class Acoustic(Wire):
    emotion_score: Ratio | None = None
    pitch_var: Positive | None = None
    loudness_var: Positive | None = None
    speech_rate: Positive | None = None


class Visual(Wire):
    emotion_score: Ratio | None = None


class Nlu(Wire):
    intent: Code | None = None
    confidence: Ratio | None = None
    fallback: bool | None = None


class Attachment(Wire):
    type: Code | None = None
    labels: Codes | None = None

    def names(self) -> list[str]:
        """`image`, or `image:damage` for each label."""
        kind = self.type or "file"
        return [f"{kind}:{label}" for label in self.labels or ()] or [kind]


class Message(Wire):
    id: Code | None = None
    text: str | None = None
    direction: Literal["in", "out"] | None = None
    private: bool | None = None
    content_type: Code | None = None
    is_partial: bool | None = None
    begin_offset_ms: Count | None = None
    end_offset_ms: Count | None = None
    lang: Code | None = None
    dialect: Code | None = None
    sentiment: Sentiment | None = None
    emotion: Emotion | None = None
    acoustic: Acoustic | None = None
    visual: Visual | None = None
    nlu: Nlu | None = None
    attachments: Annotated[list[Attachment], Field(max_length=64, fail_fast=True)] | None = None
    entities: Annotated[list[Any], Field(max_length=1024)] | None = None

    def part(self) -> ev.Message:
        message = ev.Message(
            self.id or None,
            self.text or None,
            None,
            self.direction,
            self.private is True,
            self.is_partial is True,
            self.content_type or None,
            self.lang or None,
            self.dialect or None,
            begin_ms=self.begin_offset_ms,
            end_ms=self.end_offset_ms,
        )
        if self.sentiment is not None:
            message.sentiment = self.sentiment.score
        if self.emotion is not None:
            message.emotion, message.emotion_score = self.emotion.type or None, self.emotion.score
        if self.visual is not None:
            message.visual_emotion = self.visual.emotion_score
        if self.attachments:
            message.attachments = tuple(name for each in self.attachments for name in each.names())
        return message

    def enrich(self, event: ev.Event, message: ev.Message) -> None:
        """What goes partly into the message, partly beside it: the voice, what a bot understood, how many entities it found."""
        rest: dict[str, Any] = {}
        if self.acoustic is not None:
            message.acoustic_emotion = self.acoustic.emotion_score
            rest["acoustic"] = self.acoustic.plain()
        if self.nlu is not None:
            message.nlu_confidence, message.nlu_fallback = self.nlu.confidence, self.nlu.fallback
            rest["nlu_intent"] = self.nlu.intent
        if self.entities:
            rest["entity_count"] = len(self.entities)
        if rest:
            event.data = {**(event.data or {}), **{name: value for name, value in rest.items() if value}} or None


class MessageEvent(Data):
    """Somebody said something, or what was said is corrected.

    A missing role is the customer's where the direction is `in`; a missing direction follows from the role; a missing customer or
    agent object follows from the sender. Nothing that is there is overruled.
    """

    types = ("message.created", "message.updated")
    conversational = True

    message: Message
    sender: Sender | None = None

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        message = event.message = self.message.part()
        self.message.enrich(event, message)
        sender = self.sender
        message.role = sender.role if sender is not None else None
        if message.role is None and message.direction == "in":
            message.role = "customer"
        if message.direction is None and message.role in {"customer", "agent", "bot"}:
            message.direction = "in" if message.role == "customer" else "out"
        if sender is not None and sender.id:
            _name_sender(event, message.role, sender.id)


def _name_sender(event: ev.Event, role: str | None, sender: str) -> None:
    if role == "customer" and event.customer is None:
        event.customer = ev.Customer(sender)
    elif role in {"agent", "bot"} and event.agent is None:
        event.agent = ev.Agent(sender, "bot" if role == "bot" else "human")


class Call(Wire):
    duration_ms: Count | None = None
    talk_ms: Count | None = None
    hold_ms: Count | None = None
    silence_ms: Count | None = None
    overlap_ms: Count | None = None
    acw_ms: Count | None = None
    disconnected_by: Literal["customer", "agent", "system"] | None = None
    connected: bool | None = None


class CallEvent(Data):
    """A call begins or ends."""

    types = ("call.started", "call.ended")
    carried = ("resolved",)
    conversational = True

    call: Call | None = None
    resolved: bool | None = None

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        if self.call is not None:
            event.call = ev.Call(**self.call.plain())


class TicketCreated(Data):
    """A ticket begins. A ticket without a conversation is one of its own."""

    types = ("ticket.created",)
    conversational = True

    def about(self) -> str | None:
        return self.ticket.id if self.ticket is not None else None


class TicketStatusChanged(TicketCreated):
    """A ticket goes from one status to another."""

    types = ("ticket.status_changed",)

    previous: Status | None = None
    current: Status
    public_update: bool | None = None

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        ticket = event.ticket = event.ticket or ev.Ticket()
        ticket.previous, ticket.current, ticket.public_update = self.previous, self.current, self.public_update


class TicketEscalated(TicketCreated):
    """A ticket reaches somebody above or outside."""

    types = ("ticket.escalated",)

    to: Literal["supervisor", "regulator", "media", "legal"]

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        ticket = event.ticket = event.ticket or ev.Ticket()
        ticket.escalated_to = self.to


class ConversationResolved(Data):
    """A conversation is closed, as solved or not."""

    types = ("conversation.resolved",)
    carried = ("resolved", "resolution_code", "solution_id")
    conversational = True

    resolved: bool | None = None
    resolution_code: Code | None = None
    solution_id: Code | None = None


class Rated(Data):
    """A customer's judgement: `rating` of `scale_max`, `nps` 0..10, `ces` (effort) 0..10, a comment."""

    types = ("csat.rated", "survey.answered")
    carried = ("rating", "scale_max", "nps", "ces", "comment")
    texts = ("comment",)

    rating: Annotated[float, Field(ge=0, le=100)] | None = None
    scale_max: Annotated[float, Field(gt=0, le=100)] | None = None
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    ces: Annotated[float, Field(ge=0, le=10)] | None = None
    comment: str | None = None

    @model_validator(mode="after")
    def _within_scale(self) -> Self:
        if self.rating is not None and self.scale_max is not None and self.rating > self.scale_max:
            raise ValueError("rating is above scale_max")
        return self


class QaScored(Data):
    """A quality check of a conversation."""

    types = ("qa.scored",)
    carried = ("dimensions", "errors", "critical")
    texts = ("errors",)

    dimensions: Annotated[dict[Code, Number], Field(max_length=64)] | None = None
    errors: Codes | None = None
    critical: bool | None = None

    def about(self) -> str | None:
        return self.agent.id if self.agent is not None else super().about()


class AgentStateChanged(Data):
    """An agent becomes available or not. `since` is epoch seconds in the event's data."""

    types = ("agent.state_changed",)
    carried = ("state", "since")

    agent: Agent
    state: Literal["available", "busy", "break", "offline"]
    since: Instant | None = None

    def about(self) -> str | None:
        return self.agent.id


class Queue(Wire):
    queue_id: Id
    waiting: Count | None = None
    oldest_wait_s: Positive | None = None
    agents_available: Count | None = None
    agents_busy: Count | None = None
    service_level: Ratio | None = None


class QueueSnapshot(Data):
    """A queue as it is now."""

    types = ("queue.snapshot",)

    queue: Queue

    def about(self) -> str | None:
        return self.queue.queue_id

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        event.queue = ev.Queue(**self.queue.plain())


class Metric(Wire):
    name: Id
    product_id: Code | None = None
    window_s: Positive | None = None
    count: Number | None = None
    amount: Number | None = None
    denominator: Positive | None = None


class MetricPoint(Data):
    """A number a business system reports."""

    types = ("sale.metric", "refund.metric", "metric.point")

    metric: Metric

    def about(self) -> str | None:
        return self.metric.product_id or self.metric.name

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        event.metric = ev.Metric(**self.metric.plain())


class Order(Wire):
    id: Code | None = None
    product_id: Code | None = None
    status: Code | None = None
    amount: Number | None = None
    quantity: Count | None = None
    delay_s: Positive | None = None
    promised_at: Instant | None = None
    expected_at: Instant | None = None


class OrderEvent(Data):
    """An order is placed or runs late. Times are epoch seconds in the event's data."""

    types = ("order.placed", "order.delayed")
    carried = ("order",)

    order: Order

    def about(self) -> str | None:
        return self.order.id or super().about()


class Mention(Wire):
    topic: Code | None = None
    sentiment_score: Score | None = None
    reach: Count | None = None
    url_hash: Code | None = None
    platform: Code | None = None


class SocialMention(Data):
    """Somebody writes about the house in public."""

    types = ("social.mention",)
    carried = ("mention",)
    texts = ("mention.topic",)

    mention: Mention

    def about(self) -> str | None:
        return self.mention.topic or self.mention.platform


class Campaign(Wire):
    id: Id
    scope: Annotated[dict[Code, Code], Field(max_length=16)] | None = None
    start: Instant
    end: Instant
    expected_multiplier: Annotated[float, Field(gt=0, le=1000)]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end is not after start")
        return self


class CampaignScheduled(Data):
    """A campaign is declared: more volume than usual is expected, within its scope, while it lasts."""

    types = ("campaign.scheduled",)

    campaign: Campaign

    def about(self) -> str | None:
        return self.campaign.id

    def fill(self, event: ev.Event) -> None:
        super().fill(event)
        campaign = self.campaign
        event.campaign = ev.Campaign(
            campaign.id, campaign.start, campaign.end, campaign.expected_multiplier, dict(sorted((campaign.scope or {}).items()))
        )


class FeedbackGiven(Data):
    """A reviewer's command or verdict on an alert."""

    types = ("feedback.given",)
    carried = ("alert_id", "command", "verdict", "label", "reviewer", "note")
    texts = ("note",)

    alert_id: Id
    command: Literal["acknowledge", "in_progress", "resolve", "verdict"]
    verdict: Literal["true", "false_positive", "late", "missed"] | None = None
    label: Code | None = None
    reviewer: Code | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _has_verdict(self) -> Self:
        if self.command == "verdict" and self.verdict is None:
            raise ValueError("the command verdict needs a verdict")
        return self

    def about(self) -> str | None:
        return self.alert_id


class Heartbeat(Data):
    """How far event time has come where events are written: everything before `watermark` has been written to this partition."""

    types = ("stream.heartbeat",)

    watermark: Instant


def field_names() -> frozenset[str]:
    """Every field name of the schema, as it is written on the wire."""
    names: set[str] = set()
    pending: list[type[Wire]] = [Wire]
    while pending:
        model = pending.pop()
        names.update(field.alias or name for name, field in model.model_fields.items())
        pending.extend(model.__subclasses__())
    return frozenset(names)
