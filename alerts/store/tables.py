"""The tables of the store: a view of the topics that can be asked, made anew from them at any time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

__all__ = [
    "ACKNOWLEDGEMENTS",
    "ALERTS",
    "ALERT_HISTORY",
    "ALERT_SCOPES",
    "AUDIT",
    "DELIVERIES",
    "FEEDBACK",
    "METADATA",
    "OFFSETS",
    "PROPERTIES",
    "SCHEMA",
    "SILENCES",
    "VIEWS",
]

SCHEMA: Final = "1"
"""Version of the tables; a store of another one is rebuilt."""

METADATA: Final = MetaData()
_ID: Final = String(512)
# SQLite numbers rows by itself only where the key is exactly an INTEGER.
_SERIAL: Final = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str) -> Column[str]:
    return Column(name, _ID, primary_key=True)


ALERTS: Final = Table(
    "alerts",
    METADATA,
    _key("tenant"),
    _key("alert_id"),
    Column("alert_key", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("indicator", _ID, nullable=False),
    Column("dimension", String(32), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("event_time", Double, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("words", Text, nullable=False),
    Column("event", Text, nullable=False),
    Index("alerts_by_tier", "open", "tier", "changed_at"),
    Index("alerts_by_indicator", "tenant", "indicator"),
    Index("alerts_by_change", "changed_at"),
    Index("alerts_by_id", "alert_id"),
)
"""The last revision of each alert. Times are epoch seconds: `event_time` of the reading, `first_at` and `changed_at` of the clock (of the
first revision known and of the last). `tier` is 1 to 4; `words` what a search for text looks through, in small letters; `event` the
CloudEvent."""

ALERT_SCOPES: Final = Table(
    "alert_scopes",
    METADATA,
    _key("tenant"),
    _key("alert_id"),
    _key("name"),
    Column("value", _ID, nullable=False),
    Index("alert_scopes_by_value", "name", "value"),
)
"""The keys of each alert's scope, by which alerts are found."""

ALERT_HISTORY: Final = Table(
    "alert_history",
    METADATA,
    _key("tenant"),
    _key("alert_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("state", String(32), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("event", Text, nullable=False),
)
"""Every revision of each alert."""

DELIVERIES: Final = Table(
    "deliveries",
    METADATA,
    _key("tenant"),
    _key("alert_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _key("step"),
    _key("receiver"),
    Column("result", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("due", Double),
    Column("reason", Text, nullable=False),
    Column("standing", Integer, nullable=False),
)
"""What became of each page: its best result, and of equal ones the latest. `standing` orders them: 0 waiting, 1 dead, 2 delivered."""

ACKNOWLEDGEMENTS: Final = Table(
    "acknowledgements",
    METADATA,
    _key("tenant"),
    _key("command_id"),
    Column("kind", String(32), nullable=False),
    Column("alert_id", _ID, nullable=False),
    Column("alert_key", Text, nullable=False),
    Column("by", _ID, nullable=False),
    Column("at", Double, nullable=False),
    Column("comment", Text, nullable=False),
    Index("acknowledgements_by_alert", "tenant", "alert_id"),
)
"""Commands about alerts: acknowledge, in_progress, resolve."""

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    _key("tenant"),
    _key("command_id"),
    Column("kind", String(32), nullable=False),
    Column("alert_id", _ID, nullable=False),
    Column("alert_key", Text, nullable=False),
    Column("by", _ID, nullable=False),
    Column("at", Double, nullable=False),
    Column("comment", Text, nullable=False),
    Index("feedback_by_alert", "tenant", "alert_id"),
)
"""Verdicts about alerts: true_positive, false_positive, late, missed."""

SILENCES: Final = Table(
    "silences",
    METADATA,
    _key("tenant"),
    _key("silence_id"),
    Column("match", Text, nullable=False),
    Column("starts", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("by", _ID, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("ended_by", _ID, nullable=False),
    Column("ended_at", Double, nullable=False),
    Index("silences_by_until", "until"),
)
"""Silences; `match` is a JSON object. `at` is when it was last defined, `ended_at` when somebody last ended it (0: never): it is over early
when `ended_at` is not before `at`."""

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("position", _SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", _ID, nullable=False),
    Column("subject", _ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("ref", _ID, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("record", Text, nullable=False),
    Column("published", Boolean, nullable=False),
    UniqueConstraint("tenant", "subject", "seq", name="audit_by_seq"),
    UniqueConstraint("tenant", "subject", "kind", "ref", name="audit_by_ref"),
    Index("audit_unpublished", "published", "position"),
)
"""The hash chains (`alerts/audit.py`). `record` is the CloudEvent; not `published` is what the audit topic does not have yet."""

OFFSETS: Final = Table(
    "offsets",
    METADATA,
    _key("topic"),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)
"""How far each partition of each topic was read: what a transaction writes and how far it read change together."""

PROPERTIES: Final = Table("properties", METADATA, _key("name"), Column("value", Text, nullable=False))
"""The version of the tables, and the store's own name."""

VIEWS: Final = (ALERTS, ALERT_SCOPES, ALERT_HISTORY, DELIVERIES, ACKNOWLEDGEMENTS, FEEDBACK, SILENCES)
"""The tables that retention and a rebuild empty. The audit is kept: it is the proof."""
