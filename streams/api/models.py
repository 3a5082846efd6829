"""What goes in and out of the API: the one description that checks requests and makes the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerts.command import MAX_TEXT

__all__ = [
    "Accepted",
    "Acknowledgement",
    "Alert",
    "AlertDetail",
    "AlertList",
    "AlertQuery",
    "AuditList",
    "Comment",
    "Delivery",
    "EventsQuery",
    "Health",
    "History",
    "Me",
    "Missed",
    "NewSilence",
    "ProblemDetails",
    "RouteTest",
    "RouteTestResult",
    "RouteVerdict",
    "SilenceList",
    "SilenceQuery",
    "SilenceView",
    "TenantQuery",
    "Verdict",
]

TierName = Literal["blue", "yellow", "orange", "red"]
StateName = Literal["raised", "updated", "acknowledged", "in_progress", "resolved", "expired", "false_positive"]
LongText = Annotated[str, Field(max_length=MAX_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=512)]


def _split(value: object) -> object:
    """`red,orange` in a query stands for both."""
    texts = [value] if isinstance(value, str) else value
    return [part for text in texts for part in text.split(",") if part] if isinstance(texts, list) else texts


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


# -- in


class AlertQuery(_In):
    """Which alerts, and how many at once."""

    tier: Annotated[list[TierName], BeforeValidator(_split)] = Field(default=[], description="Tiers, separated by commas.")
    state: Annotated[list[StateName], BeforeValidator(_split)] = Field(default=[], description="States, separated by commas.")
    indicator: Annotated[list[Name], BeforeValidator(_split)] = Field(default=[], description="Indicators, separated by commas.")
    scope: Annotated[list[str], BeforeValidator(_split)] = Field(
        default=[], description="Keys of the scope, such as queue_id:q-logi, separated by commas; all must fit."
    )
    tenant: Name | None = Field(default=None, description="One tenant of those the token may see.")
    text: str = Field(default="", max_length=200, description="Words looked for in titles, keys and ids.")
    open: Literal["true", "false", "all"] = Field(default="true", description="Open alerts, ended ones, or both.")
    limit: int = Field(default=100, ge=1, le=500, description="Alerts on a page.")
    cursor: str | None = Field(default=None, max_length=2000, description="`next` of the page before.")

    @model_validator(mode="after")
    def _scoped(self) -> Self:
        for each in self.scope:
            name, colon, value = each.partition(":")
            if not (name and colon and value):
                raise ValueError("scope is key:value, such as queue_id:q-logi")
        return self


class EventsQuery(_In):
    """Which alerts to follow."""

    tier: Annotated[list[TierName], BeforeValidator(_split)] = Field(default=[], description="Changes to and from these tiers only.")
    indicator: Annotated[list[Name], BeforeValidator(_split)] = Field(default=[], description="These indicators only.")
    tenant: Name | None = Field(default=None, description="One tenant of those the token may see.")


class TenantQuery(_In):
    """Which tenant, where the token may see several."""

    tenant: Name | None = None


class SilenceQuery(TenantQuery):
    """Which silences."""

    all: bool = Field(default=False, description="Also those that are over.")


class Comment(_In):
    """A word about it, for people."""

    comment: LongText = ""


class Verdict(Comment):
    """What the alert was. `false_positive` also ends it."""

    verdict: Literal["true", "false_positive", "late"]


class Missed(Comment):
    """An alert that should have come."""

    tenant: Name | None = None
    alert_key: Name = Field(description="Indicator and scope, such as queue_length|queue=q-logi.")


class NewSilence(_In):
    """Alerts whose labels all match page nobody until then. Give `until` or `duration_s`."""

    tenant: Name | None = None
    match: dict[Name, Name] = Field(description="Labels with a value each; empty is everything of the tenant, for which one must be admin.")
    starts: AwareDatetime | None = None
    until: AwareDatetime | None = None
    duration_s: float | None = Field(default=None, gt=0, le=366 * 86_400)
    why: str = Field(min_length=1, max_length=MAX_TEXT)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.until is None) == (self.duration_s is None):
            raise ValueError("give until or duration_s, one of the two")
        return self


class RouteTest(_In):
    """An alert that might be: its labels and tier."""

    labels: dict[Name, Name]
    tier: TierName = "red"


# -- out


class Alert(BaseModel):
    """The last revision of an alert, as on fenghuo.alerts.v1 (fields may be added)."""

    model_config = ConfigDict(extra="allow")

    alert_id: str
    revision: int
    alert_key: str
    state: StateName
    indicator: str
    dimension: str
    tier: TierName
    previous_tier: TierName | None = None
    value: float | None = None
    unit: str | None = None
    threshold: float | None = None
    scope: dict[str, str]
    title: dict[Literal["zh", "en"], str]
    event_time: datetime
    detected_at: datetime


class AlertList(_Out):
    """A page of alerts: the highest tier first, then the latest change. `counts` are all open alerts by tier, whatever was asked for."""

    items: list[Alert]
    next: str | None
    counts: dict[TierName, int]


class Delivery(_Out):
    """What became of a page of this alert."""

    receiver: str
    revision: int
    step: str = Field(description="Empty; r2, r3, … of a repetition, e1, e2, … of an escalation.")
    result: Literal["delivered", "waiting", "dead"]
    attempt: int
    at: datetime
    due: datetime | None
    reason: str


class Acknowledgement(_Out):
    """What somebody said about it."""

    command_id: str
    kind: str
    by: str
    at: datetime
    comment: str


class AlertDetail(_Out):
    """An alert with what was done about it."""

    alert: Alert
    deliveries: list[Delivery]
    acknowledgements: list[Acknowledgement]
    feedback: list[Acknowledgement]


class History(_Out):
    """All revisions, the first one first."""

    items: list[Alert]


class AuditList(_Out):
    """The alert's hash chain, as CloudEvents."""

    items: list[dict[str, Any]]


class Accepted(_Out):
    """The command is durable; the alert's next revision tells what came of it."""

    command_id: str
    kind: str
    alert_id: str | None = None
    silence_id: str | None = None


class SilenceView(_Out):
    """A silence. `ended_at`: somebody ended it before its time."""

    silence_id: str
    tenant: str
    match: dict[str, str]
    starts: datetime
    until: datetime
    by: str
    why: str
    ended_at: datetime | None
    ended_by: str | None


class SilenceList(_Out):
    """Silences, those that end first, first."""

    items: list[SilenceView]


class RouteVerdict(_Out):
    """Whether one route fits, and why not."""

    route: int = Field(description="Place in the policy's list, from 0.")
    receivers: list[str]
    fits: bool
    why: list[str]


class RouteTestResult(_Out):
    """Who would get it, and what each route says to it."""

    receivers: list[str]
    routes: list[RouteVerdict]


class Me(_Out):
    """Who the token is."""

    name: str
    role: Literal["viewer", "operator", "admin"]
    tenants: list[str] | None


class Health(_Out):
    """Whether the store answers."""

    ready: bool


class ProblemDetails(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
