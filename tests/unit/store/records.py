"""Records of the topics, made by hand: alerts with their revisions, commands, deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from alerts.command import Command, encode_command
from alerts.delivery_record import DeliveryRecord
from alerts.silence import Silence
from alerts.store.rows import Rows, Source
from alerts.store.store import Place, Store

BEGAN = 1_763_000_000.0
STATES = ("raised", "updated", "acknowledged", "updated", "resolved")
TIERS = ("yellow", "orange", "orange", "red", "red")


def instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def alert_event(alert_id: str, revision: int = 1, *, tenant: str = "acme", at: float | None = None, **more: Any) -> dict[str, Any]:
    """A revision of an alert as it lies on the alerts topic; `more` are fields of its data."""
    moment = instant(BEGAN + revision if at is None else at)
    scope = {"tenant_id": tenant, "queue_id": f"q-{alert_id[0]}"}
    data = {
        "alert_id": alert_id,
        "revision": revision,
        "alert_key": f"queue_length|queue=q-{alert_id[0]}",
        "state": STATES[min(revision, 5) - 1],
        "indicator": "queue_length",
        "dimension": "structure",
        "tier": TIERS[min(revision, 5) - 1],
        "previous_tier": TIERS[revision - 2] if 1 < revision <= 5 else None,
        "value": 312.0,
        "unit": "count",
        "threshold": 300.0,
        "scope": scope,
        "title": {"zh": f"{scope['queue_id']} 排队312人", "en": f"{scope['queue_id']}: 312 waiting"},
        "event_time": moment,
        "detected_at": moment,
        **more,
    }
    return {"specversion": "1.0", "id": f"{alert_id}:{revision}", "type": f"fenghuo.alert.{data['state']}.v1", "time": moment, "data": data}


def alert(alert_id: str, revision: int = 1, **more: Any) -> Source:
    return Source("alerts", json.dumps(alert_event(alert_id, revision, **more), ensure_ascii=False).encode(), BEGAN)


def command(command_id: str, kind: Any = "acknowledge", alert_id: str | None = "a1", *, at: float = 100.0, **more: Any) -> Source:
    given = Command(id=command_id, tenant="acme", kind=kind, by="li", at=BEGAN + at, alert_id=alert_id, **more)
    return Source("commands", encode_command(given), BEGAN + at)


def silence(silence_id: str, *, at: float, end: bool = False, until: float = 3600.0, queue: str = "q-a") -> Source:
    kept = Silence(
        id=silence_id, tenant="acme", match={"queue_id": queue}, starts=BEGAN + at, until=BEGAN + at + until, by="li", why="test"
    )
    kind = "silence_expire" if end else "silence_add"
    return command(f"{silence_id}-{at}-{end}", kind, None, at=at, silence=kept, comment="" if end else "test")


def delivery(
    alert_id: str, revision: int = 1, *, result: Any = "delivered", at: float = 5.0, attempt: int = 1, reason: str = "", step: str = ""
) -> Source:
    record = DeliveryRecord("ops", alert_id, revision, "acme", BEGAN + at, attempt, result, reason, step=step)
    return Source("deliveries", msgspec.json.encode(record), BEGAN + at)


def rows_of(sources: Iterable[Source]) -> Rows:
    rows = Rows()
    for source in sources:
        rows.add(source)
    return rows


async def put(store: Store, *sources: Source) -> None:
    """Take records in, behind what the store has."""
    place = Place("test", 0)
    at = (await store.offsets()).get(place, 0)
    await store.write(rows_of(sources), {place: (at, at + len(sources))})
