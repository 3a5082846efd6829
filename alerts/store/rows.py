"""Records of the topics as rows of the store. Pure: the same records give the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Table

from alerts.audit import Entry
from alerts.command import Command, CommandReject, decode_command
from alerts.delivery_record import DeliveryRecord
from alerts.store.tables import ACKNOWLEDGEMENTS, ALERT_HISTORY, ALERT_SCOPES, ALERTS, DELIVERIES, FEEDBACK, SILENCES
from alerts.tier import Tier
from detectors.text.pii import mask

__all__ = ["CLOSED", "NEWER_DELIVERY", "Row", "Rows", "Source"]

CLOSED: Final = frozenset({"resolved", "expired", "false_positive"})
"""States of an alert that is over."""

LONGEST: Final = 512
"""Characters of a key."""

NEWER_DELIVERY: Final = ("standing", "at")
"""What makes one attempt's row stand for all of its page."""

_STANDING: Final = {"waiting": 0, "dead": 1, "delivered": 2}
_ACKS: Final = frozenset({"acknowledge", "in_progress", "resolve"})

Row = dict[str, Any]
Key = tuple[Any, ...]


class Source(NamedTuple):
    """Which kind of topic a record is from, its value, and when it was written (epoch s)."""

    kind: str
    value: bytes | None
    at: float


class _Title(msgspec.Struct, frozen=True):
    zh: str = ""
    en: str = ""


class _AlertData(msgspec.Struct):
    alert_id: str
    revision: int
    alert_key: str
    state: str
    indicator: str
    tier: str
    scope: dict[str, str]
    event_time: datetime
    detected_at: datetime
    previous_tier: str | None = None
    dimension: str = ""
    value: float | None = None
    title: _Title = _Title()


class _AlertEvent(msgspec.Struct):
    data: _AlertData


_alert: Final = msgspec.json.Decoder(_AlertEvent)
_delivery: Final = msgspec.json.Decoder(DeliveryRecord)


class Rows:
    """What some records, taken in order, come to: rows by table and key, and entries for the audit.

    Of several rows of one key the newest stays, as `Store.write` does with what is there already; so it does not matter how the records
    are cut into batches, nor whether a beginning of them comes again.
    """

    def __init__(self) -> None:
        self.tables: dict[Table, dict[Key, Row]] = {}
        self.entries: list[Entry] = []
        self.rejects = 0

    def add(self, source: Source) -> None:
        """Take in a record of `alerts`, `commands` or `deliveries`. One that cannot be read is counted in `rejects`."""
        taken = {"alerts": self._alert, "commands": self._command, "deliveries": self._delivery}[source.kind](source)
        self.rejects += not taken

    # -- alerts

    def _alert(self, source: Source) -> bool:
        try:
            value = (source.value or b"").decode()
            data = _alert.decode(value).data
            tier, tenant = Tier.named(data.tier), data.scope["tenant_id"]
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
            return False
        texts = (tenant, data.alert_id, data.alert_key, data.state, data.indicator, data.dimension, *data.scope, *data.scope.values())
        if data.event_time.tzinfo is None or data.detected_at.tzinfo is None or not _fits(data.revision, *texts):
            return False
        changed = data.detected_at.timestamp()
        row = {"tenant": tenant, "alert_id": data.alert_id, "revision": data.revision, "state": data.state, "tier": int(tier)}
        self._put(ALERT_HISTORY, {**row, "changed_at": changed, "event": value})
        full = {
            **row,
            "alert_key": data.alert_key,
            "open": data.state not in CLOSED,
            "indicator": data.indicator,
            "dimension": data.dimension,
            "event_time": data.event_time.timestamp(),
            "first_at": changed,
            "changed_at": changed,
            "words": _words(data),
            "event": value,
        }
        known = self.tables.get(ALERTS, {}).get((tenant, data.alert_id), full)
        self._put(ALERTS, {**full, "first_at": known["first_at"]}, guard=("revision",))
        for name, text in data.scope.items():
            self._put(ALERT_SCOPES, {"tenant": tenant, "alert_id": data.alert_id, "name": name, "value": text})
        self._record(tenant, data.alert_id, "alert", str(data.revision), data.detected_at, "", _told(data), source)
        return True

    # -- commands

    def _command(self, source: Source) -> bool:
        command = decode_command(source.value, record_time=source.at)
        if isinstance(command, CommandReject):
            return False
        # Other senders than ours may leave private data in a note, and the audit keeps it for ever.
        command = msgspec.structs.replace(command, comment=mask(command.comment).text)
        if command.silence is not None:
            self._silence(command)
            subject = f"silence/{command.silence.id}"
        else:
            row = {
                "tenant": command.tenant,
                "command_id": command.id,
                "kind": command.kind,
                "alert_id": command.alert_id or "",
                "alert_key": command.alert_key or "",
                "by": command.by,
                "at": command.at,
                "comment": command.comment,
            }
            self._put(ACKNOWLEDGEMENTS if command.kind in _ACKS else FEEDBACK, row)
            subject = command.alert_id or f"key/{command.alert_key}"
        what: dict[str, str | int] = {"command": command.kind, "comment": command.comment}
        moment = datetime.fromtimestamp(command.at, UTC)
        self._record(command.tenant, subject, "command", command.id, moment, command.by, what, source)
        return True

    def _silence(self, command: Command) -> None:
        silence = command.silence
        assert silence is not None  # noqa: S101 - the caller has looked
        ended = command.kind == "silence_expire"
        row = {
            "tenant": command.tenant,
            "silence_id": silence.id,
            "match": json.dumps(silence.match, sort_keys=True, ensure_ascii=False),
            "starts": silence.starts,
            "until": silence.until,
            "by": command.by,
            "why": command.comment,
            "at": 0.0 if ended else command.at,
            "ended_by": command.by if ended else "",
            "ended_at": command.at if ended else 0.0,
        }
        key = (command.tenant, silence.id)
        known = self.tables.setdefault(SILENCES, {}).get(key)
        self.tables[SILENCES][key] = row if known is None else _merged(row, known)

    # -- deliveries

    def _delivery(self, source: Source) -> bool:
        try:
            record = _delivery.decode(source.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        if not _fits(record.revision, record.tenant, record.alert_id, record.receiver, record.reason, record.step):
            return False
        row = msgspec.structs.asdict(record)
        self._put(DELIVERIES, {**row, "standing": _STANDING[record.result]}, guard=NEWER_DELIVERY)
        if record.result != "waiting":
            ref = f"{record.revision}/{record.step}/{record.receiver}/{record.result}"
            what: dict[str, str | int] = {"receiver": record.receiver, "revision": record.revision, "result": record.result}
            what |= {"step": record.step} if record.step else {}
            what |= {"reason": record.reason} if record.reason else {}
            self._record(record.tenant, record.alert_id, "delivery", ref, datetime.fromtimestamp(record.at, UTC), "", what, source)
        return True

    # -- keeping

    def _put(self, table: Table, row: Row, guard: tuple[str, ...] = ()) -> None:
        """Keep a row unless a newer one of its key is there; without a guard the first stays."""
        rows = self.tables.setdefault(table, {})
        key = tuple(row[column.name] for column in table.primary_key)
        known = rows.get(key)
        if known is None or (guard and tuple(row[name] for name in guard) > tuple(known[name] for name in guard)):
            rows[key] = row

    def _record(
        self, tenant: str, subject: str, kind: str, ref: str, at: datetime, by: str, what: Mapping[str, str | int], source: Source
    ) -> None:
        digest = hashlib.sha256(source.value or b"").hexdigest()
        moment = at.astimezone(UTC).isoformat(timespec="milliseconds")
        self.entries.append(Entry(tenant, subject, kind, ref, moment, by, dict(what), digest))


def _merged(one: Row, other: Row) -> Row:
    """What two commands about a silence come to, in any order: the later definition, and the later end."""
    defined = one if one["at"] > other["at"] else other
    ended = one if one["ended_at"] > other["ended_at"] else other
    return {**defined, "ended_by": ended["ended_by"], "ended_at": ended["ended_at"]}


def _fits(revision: int, *texts: str) -> bool:
    """Whether a database takes these as keys."""
    return 0 < revision < 1 << 31 and all(len(text) <= LONGEST and "\0" not in text for text in texts)


def _told(data: _AlertData) -> dict[str, str | int]:
    told: dict[str, str | int] = {"state": data.state, "tier": data.tier, "indicator": data.indicator, "alert_key": data.alert_key}
    if data.previous_tier is not None:
        told["previous_tier"] = data.previous_tier
    if data.value is not None:
        told["value"] = str(data.value)
    return told


def _words(data: _AlertData) -> str:
    return "\n".join((data.title.zh, data.title.en, data.alert_key, data.alert_id, *data.scope.values())).lower().replace("\0", " ")
