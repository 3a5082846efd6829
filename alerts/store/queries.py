"""Questions to the store. Every one is asked for some tenants, or for all."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Table, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from alerts.store.rows import Row
from alerts.store.tables import ACKNOWLEDGEMENTS, ALERT_HISTORY, ALERT_SCOPES, ALERTS, AUDIT, DELIVERIES, FEEDBACK, OFFSETS, SILENCES
from alerts.tier import Tier

__all__ = ["BadCursor", "Filter", "Page", "Queries"]

MAX_LIMIT: Final = 500
Tenants = Sequence[str] | None


class BadCursor(ValueError):
    """The cursor is none of this list's."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts: each part that is given must hold. `scope` are keys with a value each; `text` is looked for in titles, keys and ids."""

    tenants: Sequence[str] | None = None
    open: bool | None = True
    tiers: Sequence[str] = ()
    states: Sequence[str] = ()
    indicators: Sequence[str] = ()
    scope: Mapping[str, str] = {}
    text: str = ""


class Page(msgspec.Struct, frozen=True):
    """Some alerts in order, each its CloudEvent, and the cursor of what follows; None at the end."""

    items: list[dict[str, Any]]
    next: str | None


class Queries:
    """Reads of one store. Each is one transaction; the database is open to nobody but readers during it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def alerts(self, wanted: Filter, *, limit: int = 100, cursor: str | None = None) -> Page:
        """Alerts by tier, the highest first, then by their last change, the newest first.

        At most 500 at a time. An alert that changes while pages are read may be on two of them or none: follow the events for that.
        Raises BadCursor.
        """
        order = (ALERTS.c.tier, ALERTS.c.changed_at, ALERTS.c.tenant, ALERTS.c.alert_id)
        query = select(ALERTS.c.event, *order).where(*_conditions(wanted)).order_by(*(column.desc() for column in order))
        if cursor is not None:
            query = query.where(tuple_(*order) < tuple_(*_place(cursor)))
        limit = max(1, min(limit, MAX_LIMIT))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        more = len(rows) > limit
        return Page([json.loads(row.event) for row in rows[:limit]], _cursor(rows[limit - 1][1:]) if more else None)

    async def counts(self, tenants: Tenants = None) -> dict[str, int]:
        """Open alerts by tier."""
        query = select(ALERTS.c.tier, func.count()).where(*_of(ALERTS, tenants), ALERTS.c.open.is_(True)).group_by(ALERTS.c.tier)
        async with self._engine.connect() as connection:
            found: dict[int, int] = dict(map(tuple, (await connection.execute(query)).all()))
        return {tier.label: found.get(int(tier), 0) for tier in reversed(Tier) if tier}

    async def find(self, prefix: str, tenants: Tenants = None, *, limit: int = 5) -> list[dict[str, Any]]:
        """The CloudEvents of alerts whose id begins so, the newest first."""
        query = select(ALERTS.c.event).where(*_of(ALERTS, tenants), ALERTS.c.alert_id.startswith(prefix, autoescape=True))
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(ALERTS.c.changed_at.desc()).limit(limit))
            return [json.loads(row.event) for row in rows]

    async def alert(self, alert_id: str, tenants: Tenants = None) -> dict[str, Any] | None:
        """The last revision of an alert, None where there is none."""
        query = select(ALERTS.c.event).where(*_of(ALERTS, tenants), ALERTS.c.alert_id == alert_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else json.loads(row.event)

    async def history(self, tenant: str, alert_id: str) -> list[dict[str, Any]]:
        """All revisions of an alert, the first one first."""
        query = select(ALERT_HISTORY.c.event).where(ALERT_HISTORY.c.tenant == tenant, ALERT_HISTORY.c.alert_id == alert_id)
        async with self._engine.connect() as connection:
            return [json.loads(row.event) for row in await connection.execute(query.order_by(ALERT_HISTORY.c.revision))]

    async def positions(self, topic: str) -> dict[int, int]:
        """The next offset of each partition of a topic that the store does not have."""
        query = select(OFFSETS.c.partition, OFFSETS.c.next).where(OFFSETS.c.topic == topic)
        async with self._engine.connect() as connection:
            return {row.partition: row.next for row in await connection.execute(query)}

    async def deliveries(self, tenant: str, alert_id: str) -> list[Row]:
        """What became of an alert's pages."""
        return await self._about(DELIVERIES, tenant, alert_id)

    async def acknowledgements(self, tenant: str, alert_id: str) -> list[Row]:
        """Who acknowledged, started or resolved an alert, by its id."""
        return await self._about(ACKNOWLEDGEMENTS, tenant, alert_id)

    async def feedback(self, tenant: str, alert_id: str) -> list[Row]:
        """The verdicts about an alert."""
        return await self._about(FEEDBACK, tenant, alert_id)

    async def audit(self, tenant: str, subject: str) -> list[dict[str, Any]]:
        """A chain of the audit, as CloudEvents."""
        query = select(AUDIT.c.record).where(AUDIT.c.tenant == tenant, AUDIT.c.subject == subject).order_by(AUDIT.c.seq)
        async with self._engine.connect() as connection:
            return [json.loads(row.record) for row in await connection.execute(query)]

    async def heads(self) -> dict[tuple[str, str], tuple[int, str]]:
        """How long each chain of the audit is, and the hash it ends with. Memory: all chains."""
        last = select(AUDIT.c.tenant, AUDIT.c.subject, func.max(AUDIT.c.seq).label("seq")).where(AUDIT.c.published.is_(True))
        last = last.group_by(AUDIT.c.tenant, AUDIT.c.subject)
        top = last.subquery()
        same = (AUDIT.c.tenant == top.c.tenant) & (AUDIT.c.subject == top.c.subject) & (AUDIT.c.seq == top.c.seq)
        query = select(AUDIT.c.tenant, AUDIT.c.subject, AUDIT.c.seq, AUDIT.c.hash).join(top, same)
        async with self._engine.connect() as connection:
            return {(row.tenant, row.subject): (row.seq, row.hash) for row in await connection.execute(query)}

    async def silences(self, now: float, tenants: Tenants = None, *, everything: bool = False) -> list[Row]:
        """The silences that hold or will hold, or all that are known; those that end first, first."""
        live = () if everything else (SILENCES.c.until > now, SILENCES.c.ended_at < SILENCES.c.at)
        query = select(SILENCES).where(*_of(SILENCES, tenants), SILENCES.c.at > 0, *live)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(SILENCES.c.until, SILENCES.c.silence_id).limit(10_000))
            return [{**row, "match": json.loads(row["match"])} for row in rows.mappings()]

    async def _about(self, table: Table, tenant: str, alert_id: str) -> list[Row]:
        query = select(table).where(table.c.tenant == tenant, table.c.alert_id == alert_id).order_by(table.c.at)
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]


def _of(table: Table, tenants: Tenants) -> list[Any]:
    return [] if tenants is None else [table.c.tenant.in_(list(tenants))]


def _conditions(wanted: Filter) -> list[Any]:
    conditions = _of(ALERTS, wanted.tenants)
    if wanted.open is not None:
        conditions.append(ALERTS.c.open.is_(wanted.open))
    if wanted.tiers:
        conditions.append(ALERTS.c.tier.in_([int(Tier.named(tier)) for tier in wanted.tiers]))
    if wanted.states:
        conditions.append(ALERTS.c.state.in_(list(wanted.states)))
    if wanted.indicators:
        conditions.append(ALERTS.c.indicator.in_(list(wanted.indicators)))
    for name, value in wanted.scope.items():
        own = (ALERT_SCOPES.c.tenant == ALERTS.c.tenant) & (ALERT_SCOPES.c.alert_id == ALERTS.c.alert_id)
        conditions.append(exists().where(own, ALERT_SCOPES.c.name == name, ALERT_SCOPES.c.value == value))
    words = wanted.text.lower().split()
    return [*conditions, *(ALERTS.c.words.contains(word, autoescape=True) for word in words)]


def _cursor(place: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(place), separators=(",", ":")).encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[int, float, str, str]:
    try:
        tier, changed, tenant, alert_id = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if isinstance(tenant, str) and isinstance(alert_id, str):
            return int(tier), float(changed), tenant, alert_id
    except (binascii.Error, ValueError, TypeError, OverflowError):
        pass
    raise BadCursor("the cursor is none that this list has given; begin without one")
