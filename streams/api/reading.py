"""The operations that only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from alerts.explain import explain, receivers_of
from alerts.route import RouteRule
from alerts.store.queries import BadCursor, Filter, Queries
from alerts.store.rows import Row
from alerts.tier import Tier
from streams.api import models
from streams.api.call import Answer, Call, find_alert, tenants_of
from streams.api.problem import Problem

__all__ = ["Reading"]


class Reading:
    """Answers from the store, and from the policy's routes. `wall` is the clock."""

    def __init__(self, queries: Queries, routes: Sequence[RouteRule], wall: Callable[[], float]) -> None:
        self._queries, self._routes, self._wall = queries, routes, wall

    async def list_alerts(self, call: Call) -> Answer:
        """A page of alerts, and how many are open."""
        query: models.AlertQuery = call.query
        tenants = tenants_of(call.token, query.tenant)
        wanted = Filter(
            tenants=tenants,
            open={"true": True, "false": False, "all": None}[query.open],
            tiers=query.tier,
            states=query.state,
            indicators=query.indicator,
            scope=dict(each.split(":", 1) for each in query.scope),
            text=query.text,
        )
        try:
            page = await self._queries.alerts(wanted, limit=query.limit, cursor=query.cursor)
        except BadCursor as error:
            raise Problem(422, str(error), errors=[{"path": "cursor", "problem": "is none of this list's"}]) from None
        counts = await self._queries.counts(tenants)
        return Answer({"items": [event["data"] for event in page.items], "next": page.next, "counts": counts})

    async def show_alert(self, call: Call) -> Answer:
        """An alert with what was done about it."""
        data = await find_alert(self._queries, call.token, call.id)
        place = (data["scope"]["tenant_id"], data["alert_id"])
        body = {
            "alert": data,
            "deliveries": [_delivery(row) for row in await self._queries.deliveries(*place)],
            "acknowledgements": [_said(row) for row in await self._queries.acknowledgements(*place)],
            "feedback": [_said(row) for row in await self._queries.feedback(*place)],
        }
        return Answer(body, data["revision"])

    async def show_history(self, call: Call) -> Answer:
        """All revisions."""
        data = await find_alert(self._queries, call.token, call.id)
        events = await self._queries.history(data["scope"]["tenant_id"], data["alert_id"])
        return Answer({"items": [event["data"] for event in events]})

    async def show_audit(self, call: Call) -> Answer:
        """The chain of an alert."""
        data = await find_alert(self._queries, call.token, call.id)
        return Answer({"items": await self._queries.audit(data["scope"]["tenant_id"], data["alert_id"])})

    async def list_silences(self, call: Call) -> Answer:
        """The silences that hold or will hold, or all."""
        query: models.SilenceQuery = call.query
        rows = await self._queries.silences(self._wall(), tenants_of(call.token, query.tenant), everything=query.all)
        return Answer({"items": [_silence(row) for row in rows]})

    async def test_routes(self, call: Call) -> Answer:
        """Who would get an alert."""
        body: models.RouteTest = call.body
        says = explain(self._routes, body.labels, Tier.named(body.tier))
        routes = [{"route": each.index, "receivers": list(each.receivers), "fits": each.fits, "why": list(each.why)} for each in says]
        return Answer({"receivers": list(receivers_of(says)), "routes": routes})

    async def show_me(self, call: Call) -> Answer:
        """Who asks."""
        token = call.token
        return Answer({"name": token.name, "role": token.role, "tenants": None if token.tenants is None else list(token.tenants)})

    async def show_health(self, _call: Call) -> Answer:
        """Whether the store answers. Raises Problem when it does not."""
        try:
            await self._queries.counts()
        except (DBAPIError, OSError) as error:
            raise Problem(503, "the store does not answer", headers={"Retry-After": "5"}) from error
        return Answer({"ready": True})


def _time(at: float | None) -> str | None:
    return None if not at else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _delivery(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("receiver", "revision", "step", "result", "attempt", "reason")}
    return named | {"at": _time(row["at"]), "due": _time(row["due"])}


def _said(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("command_id", "kind", "by", "comment")} | {"at": _time(row["at"])}


def _silence(row: Row) -> dict[str, Any]:
    ended = row["ended_at"] >= row["at"]
    return {name: row[name] for name in ("silence_id", "tenant", "match", "by", "why")} | {
        "starts": _time(row["starts"]),
        "until": _time(row["until"]),
        "ended_at": _time(row["ended_at"]) if ended else None,
        "ended_by": row["ended_by"] if ended else None,
    }
