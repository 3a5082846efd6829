"""What many alerts say together: counted by the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, case, distinct, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from alerts.store.tables import ALERT_SCOPES, ALERTS, FEEDBACK
from alerts.tier import Tier

__all__ = ["Issue", "Overviews", "Verdicts"]

PLACES: Final = ("issue_category", "product_id")
"""What an issue is named by: the category, or the product where an alert has no category."""
MOST_ALERTS: Final = 1000

Tenants = Sequence[str] | None


class Issue(msgspec.Struct, frozen=True):
    """The alerts about one issue of a tenant: `name` and `value` of the scope's key, how many there were, how many of them lately.

    `open` of them burn still, the highest of these at `tier`; `last` is the time (epoch s) of the latest reading.
    """

    tenant: str
    name: str
    value: str
    alerts: int
    lately: int
    open: int
    tier: Tier
    last: float


class Verdicts(msgspec.Struct, frozen=True):
    """How often people judged an indicator's alerts so (`kind`), within the span that is the `span`-th."""

    indicator: str
    span: int
    kind: str
    n: int


class Overviews:
    """Counts over one store, each within one transaction that only reads."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def issues(self, since: float, lately: float, tenants: Tenants = None, *, limit: int = 100) -> list[Issue]:
        """Issues with alerts that are open or were read after `since`, the highest fire first, then the most alerts, then the latest.

        An alert counts with its category, else with its product; alerts about one conversation count nowhere. `lately` (epoch s) is from
        when on alerts are counted apart.
        """
        burning = func.max(case((ALERTS.c.open, ALERTS.c.tier), else_=0))
        count, last = func.count(distinct(ALERTS.c.alert_id)), func.max(ALERTS.c.event_time)
        recent = func.sum(case((ALERTS.c.event_time >= lately, 1), else_=0))
        columns = (ALERT_SCOPES.c.tenant, ALERT_SCOPES.c.name, ALERT_SCOPES.c.value)
        query = select(*columns, count, recent, func.sum(case((ALERTS.c.open, 1), else_=0)), burning, last).join(ALERTS, _SAME)
        query = query.where(*_about(since, tenants)).group_by(*columns)
        query = query.order_by(burning.desc(), count.desc(), last.desc(), *columns).limit(limit)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [Issue(row[0], row[1], row[2], row[3], row[4], row[5], Tier(row[6]), row[7]) for row in rows]

    async def issue_alerts(self, issues: Sequence[Issue], since: float) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """The data of the alerts of some issues, by tenant and value, the open ones first, then the latest; 1,000 in all."""
        keys = [(issue.tenant, issue.name, issue.value) for issue in issues]
        if not keys:
            return {}
        mine = tuple_(ALERT_SCOPES.c.tenant, ALERT_SCOPES.c.name, ALERT_SCOPES.c.value).in_(keys)
        query = select(ALERT_SCOPES.c.tenant, ALERT_SCOPES.c.value, ALERTS.c.event).join(ALERTS, _SAME).where(mine, *_about(since, None))
        query = query.order_by(ALERTS.c.open.desc(), ALERTS.c.tier.desc(), ALERTS.c.event_time.desc()).limit(MOST_ALERTS)
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        async with self._engine.connect() as connection:
            for row in await connection.execute(query):
                found.setdefault((row.tenant, row.value), []).append(json.loads(row.event)["data"])
        return found

    async def bursts(self, indicator: str, since: float, tenants: Tenants = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """The data of an indicator's alerts about no issue that are open or were read after `since`, the latest first."""
        placed = exists().where(_SAME, ALERT_SCOPES.c.name.in_(PLACES))
        query = select(ALERTS.c.event).where(*_mine(tenants), ALERTS.c.indicator == indicator, _lately(since), ~placed)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(ALERTS.c.open.desc(), ALERTS.c.event_time.desc()).limit(limit))
            return [json.loads(row.event)["data"] for row in rows]

    async def verdicts(self, spans: Sequence[float], tenants: Tenants = None) -> list[Verdicts]:
        """How people judged alerts, by indicator and span. `spans` are where the spans begin (epoch s), the latest first."""
        span = case(*((FEEDBACK.c.at >= begin, at) for at, begin in enumerate(spans)), else_=len(spans))
        same = (FEEDBACK.c.tenant == ALERTS.c.tenant) & (FEEDBACK.c.alert_id == ALERTS.c.alert_id)
        columns = (ALERTS.c.indicator, span.label("span"), FEEDBACK.c.kind)
        query = select(*columns, func.count(distinct(FEEDBACK.c.alert_id))).join(ALERTS, same)
        query = query.where(*_mine(tenants), FEEDBACK.c.at >= min(spans)).group_by(ALERTS.c.indicator, "span", FEEDBACK.c.kind)
        async with self._engine.connect() as connection:
            return [Verdicts(*row) for row in (await connection.execute(query)).all()]


_SAME: Final = (ALERT_SCOPES.c.tenant == ALERTS.c.tenant) & (ALERT_SCOPES.c.alert_id == ALERTS.c.alert_id)


def _mine(tenants: Tenants) -> list[ColumnElement[bool]]:
    return [] if tenants is None else [ALERTS.c.tenant.in_(list(tenants))]


def _lately(since: float) -> ColumnElement[bool]:
    return or_(ALERTS.c.open.is_(True), ALERTS.c.event_time >= since)


def _about(since: float, tenants: Tenants) -> list[ColumnElement[bool]]:
    """Rows of scopes that name an issue, of alerts that count."""
    other = ALERT_SCOPES.alias()
    own = (other.c.tenant == ALERTS.c.tenant) & (other.c.alert_id == ALERTS.c.alert_id)
    category, single = exists().where(own, other.c.name == PLACES[0]), exists().where(own, other.c.name == "conversation_id")
    named = or_(ALERT_SCOPES.c.name == PLACES[0], (ALERT_SCOPES.c.name == PLACES[1]) & ~category)
    return [*_mine(tenants), named, ~single, _lately(since)]
