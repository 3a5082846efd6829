"""The topics: their names, what each must look like on the cluster, and the difference between the two.

State is made for one partition count: a worker refuses to start on topics with another (`verify`). What is declared here is what
`fenghuo topics plan|apply` shows and does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from alerts.tier import Tier
from streams.errors import TopicsError

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.wiring import Layout

__all__ = [
    "ACTIONS",
    "ALERTS",
    "ALERT_STATE",
    "APP_ID",
    "AUDIT",
    "CHANGES",
    "DEAD_LETTERS",
    "DELIVERIES",
    "DELIVERY_DEAD_LETTERS",
    "EVENTS",
    "FEEDBACK",
    "INTERNAL_EVENTS",
    "KPIS",
    "MAX_BATCH_BYTES",
    "MAX_EVENT_BYTES",
    "OBSERVATIONS",
    "OUTBOX",
    "RULES",
    "STAGES",
    "Difference",
    "Topic",
    "apply",
    "changelog_of",
    "declare",
    "internal",
    "leader_of",
    "partition_counts",
    "plan",
    "stages_of",
    "tier_topic",
    "verify",
]

EVENTS = "fenghuo.events.v1"
DEAD_LETTERS = "fenghuo.deadletter.v1"
INTERNAL_EVENTS = "fenghuo.internal.events.v1"
OBSERVATIONS = "fenghuo.internal.observations.v1"
CHANGES = "fenghuo.internal.changes.v1"
ALERTS = "fenghuo.alerts.v1"
ALERT_STATE = "fenghuo.alerts.state.v1"
ACTIONS = "fenghuo.actions.v1"
OUTBOX = "fenghuo.outbox.v1"
DELIVERY_DEAD_LETTERS = "fenghuo.delivery.dlq.v1"
DELIVERIES = "fenghuo.deliveries.v1"
FEEDBACK = "fenghuo.feedback.v1"
KPIS = "fenghuo.kpi.v1"
AUDIT = "fenghuo.audit.v1"
RULES = "fenghuo.rules.v1"

APP_ID = "fenghuo"
_INTERNAL = "fenghuo.internal."

STAGES: Mapping[str, str] = {"conversations": INTERNAL_EVENTS, "scopes": OBSERVATIONS, "alerts": CHANGES}
"""The topic each stage reads (`stages_of` for another application than fenghuo)."""

MAX_EVENT_BYTES = 1 << 20
MAX_BATCH_BYTES = 16 << 20

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


def internal(topic: str, app_id: str = APP_ID) -> str:
    """The name an internal topic has for an application: each has its own, so that two on one cluster share input and alerts only.

    >>> internal(OBSERVATIONS), internal(OBSERVATIONS, "trial"), internal(ALERTS, "trial")
    ('fenghuo.internal.observations.v1', 'trial.internal.observations.v1', 'fenghuo.alerts.v1')
    """
    return topic.replace(_INTERNAL, f"{app_id}.internal.", 1) if topic.startswith(_INTERNAL) else topic


def stages_of(app_id: str = APP_ID) -> dict[str, str]:
    """The topic each stage of an application reads, by the stage's name."""
    return {stage: internal(topic, app_id) for stage, topic in STAGES.items()}


def changelog_of(stage: str, app_id: str = APP_ID) -> str:
    """The changelog topic of a stage.

    >>> changelog_of("scopes")
    'fenghuo.internal.scopes.changelog.v1'
    """
    return internal(f"{_INTERNAL}{stage}.changelog.v1", app_id)


def tier_topic(tier: str) -> str:
    """The topic that gets every change to and from one tier.

    >>> tier_topic("red")
    'fenghuo.alerts.red.v1'
    """
    return f"fenghuo.alerts.{tier}.v1"


def leader_of(app_id: str) -> str:
    """The topic Faust elects a leader by; it must exist before the first join, or the join fails.

    Our app elects none and nobody reads it: `fenghuo doctor` lets the broker stamp its time on a record there.
    """
    return f"{app_id}-__assignor-__leader"


@dataclass(frozen=True)
class Topic:
    """What a topic must be: `config` holds what matters to us, all else is the cluster's."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One topic against the cluster. `kind` is ok, create, partitions or config; `detail` says what in words."""

    topic: Topic
    kind: str
    detail: str = ""


def declare(layout: Layout, app_id: str = APP_ID) -> list[Topic]:
    """Every topic of an application, in the order in which they are made."""
    week = _kept(7 * _DAY_MS)
    batches = {**week, "max.message.bytes": str(MAX_BATCH_BYTES), "segment.bytes": str(64 << 20)}
    topics = [
        # More than an event may have: what is too large is to arrive, so that it becomes a dead letter.
        Topic(EVENTS, layout.events, {**week, "max.message.bytes": str(MAX_BATCH_BYTES)}),
        Topic(DEAD_LETTERS, 1, week),
        Topic(internal(INTERNAL_EVENTS, app_id), layout.events, batches),
        Topic(internal(OBSERVATIONS, app_id), layout.scopes, batches),
        Topic(internal(CHANGES, app_id), layout.alerts, batches),
        Topic(changelog_of("conversations", app_id), layout.events, _compacted(MAX_BATCH_BYTES)),
        Topic(changelog_of("scopes", app_id), layout.scopes, _compacted(MAX_BATCH_BYTES)),
        Topic(changelog_of("alerts", app_id), layout.alerts, _compacted(MAX_BATCH_BYTES)),
        Topic(ALERTS, layout.alerts, _kept(30 * _DAY_MS)),
        Topic(ALERT_STATE, layout.alerts, _compacted(MAX_EVENT_BYTES)),
    ]
    topics += [Topic(tier_topic(tier.label), layout.alerts, _kept(30 * _DAY_MS)) for tier in Tier if tier]
    return [
        *topics,
        Topic(ACTIONS, layout.alerts, week),
        Topic(OUTBOX, layout.alerts, week),
        Topic(DELIVERY_DEAD_LETTERS, 1, _kept(30 * _DAY_MS)),
        Topic(DELIVERIES, layout.alerts, _kept(30 * _DAY_MS)),
        Topic(FEEDBACK, layout.alerts, _kept(30 * _DAY_MS)),
        Topic(KPIS, layout.alerts, week),
        # Whoever must keep less sets another retention: what is missing at the beginning of a chain is then found by every verification.
        Topic(AUDIT, layout.alerts, {"cleanup.policy": "delete", "retention.ms": "-1"}),
        Topic(RULES, 1, _compacted(MAX_EVENT_BYTES)),
        Topic(leader_of(app_id), 1, {**week, "message.timestamp.type": "LogAppendTime"}),
    ]


async def plan(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> list[Difference]:
    """Compare the declared topics with those of the cluster. Nothing is changed."""
    wanted = list(topics)
    counts = await partition_counts(admin)
    configs = await _configs(admin, [topic.name for topic in wanted if topic.name in counts])
    return [_difference(topic, counts.get(topic.name), configs.get(topic.name, {})) for topic in wanted]


async def apply(admin: AIOKafkaAdminClient, differences: Iterable[Difference], *, replication: int = -1) -> list[Difference]:
    """Create what is missing and set what differs; returns what was done. Partition counts are never changed.

    `replication` -1 leaves the factor to the cluster. Raises TopicsError when the cluster refuses.
    """
    pending = [difference for difference in differences if difference.kind in {"create", "config"}]
    missing = [difference.topic for difference in pending if difference.kind == "create"]
    if missing:
        await _create(admin, missing, replication)
    differing = [difference.topic for difference in pending if difference.kind == "config"]
    if differing:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.config)) for topic in differing])
    return pending


def verify(differences: Iterable[Difference], *, may_create: bool) -> None:
    """Refuse what a worker cannot run on.

    Raises TopicsError for another partition count, and for a missing topic unless `may_create`.
    """
    for difference in differences:
        if difference.kind == "partitions":
            message = (
                f"topic {difference.topic.name} {difference.detail}, and state is made for one partition count: set the count in the"
                " settings (topics) to what the cluster has, or give another --app-id: it reads the input again with a state of its own"
            )
            raise TopicsError(message)
        if difference.kind == "create" and not may_create:
            message = f"topic {difference.topic.name} is missing: run `fenghuo topics apply`, or start the worker with --create-topics"
            raise TopicsError(message)


def _kept(milliseconds: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}


def _compacted(max_bytes: int) -> dict[str, str]:
    """Compact only: with retention by time the live state would be deleted. Small segments, so that compaction happens at all."""
    return {
        "cleanup.policy": "compact",
        "max.message.bytes": str(max_bytes),
        "segment.bytes": str(32 << 20),
        "segment.ms": str(10 * 60_000),
        "min.cleanable.dirty.ratio": "0.2",
        "max.compaction.lag.ms": str(_HOUR_MS),
        "delete.retention.ms": str(_HOUR_MS),
    }


def _difference(topic: Topic, partitions: int | None, config: Mapping[str, str]) -> Difference:
    if partitions is None:
        return Difference(topic, "create", f"is missing ({topic.partitions} partitions)")
    if partitions != topic.partitions:
        return Difference(topic, "partitions", f"has {partitions} partitions, {topic.partitions} are expected")
    other = [f"{key}={config.get(key)} (expected {value})" for key, value in topic.config.items() if config and config.get(key) != value]
    return Difference(topic, "config", ", ".join(other)) if other else Difference(topic, "ok")


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Partition counts by topic. All topics are asked for: naming one that is missing could create it."""
    described: list[dict[str, Any]] = await admin.describe_topics()
    return {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, str]] = {}
    for response in responses:
        for _code, _message, _type, name, entries in response.resources:
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic], replication: int) -> None:
    # NewTopic takes -1 for "the cluster's default" only together with an (empty) assignment.
    assignment: dict[int, list[int]] | None = {} if replication == -1 else None
    new = [NewTopic(topic.name, topic.partitions, replication, assignment, dict(topic.config)) for topic in topics]
    try:
        response = await admin.create_topics(new)
    except KafkaError as error:
        message = f"the cluster did not create the topics: {error!r}; check the broker and run `fenghuo topics apply` again"
        raise TopicsError(message) from error
    for name, code, *detail in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            message = f"topic {name} cannot be created: {for_code(code).__name__} {' '.join(map(str, detail))}; create it by hand"
            raise TopicsError(message)
