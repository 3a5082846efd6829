"""The pages: alerts, one alert, silences, incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from alerts.rule import Rule
from alerts.store.queries import BadCursor, Filter, Page
from streams.api.call import find_alert, tenants_of
from streams.api.models import AlertQuery
from streams.api.problem import Problem
from streams.api.server import ApiParts
from streams.console.filters import query_of, url_of, wanted_of
from streams.console.incidents import incidents_of
from streams.console.live import follow
from streams.console.session import Sessions
from streams.console.views import Viewer
from streams.console.visit import Templates, Visit, common

__all__ = ["Pages"]

ROWS: Final = 50
GATHERED: Final = 2000
REVISION_S: Final = 2.0
STATES: Final = ("raised", "updated", "acknowledged", "in_progress", "resolved", "expired", "false_positive")
TIERS: Final = ("red", "orange", "yellow", "blue")
NOTES: Final = ("sent",)


class Pages:
    """Answers of GET, from the store. What a visitor's token may not see is not there for them."""

    def __init__(self, parts: ApiParts, rules: Mapping[str, Rule], templates: Templates, sessions: Sessions) -> None:
        self._parts, self._rules, self._templates, self._sessions = parts, rules, templates, sessions
        self._queries = parts.queries

    async def home(self, _request: web.Request, _visit: Visit) -> web.StreamResponse:
        """The alerts."""
        return web.Response(status=303, headers={"Location": "/alerts"})

    # -- alerts

    async def alerts(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The list with its filters, the first rows already in it."""
        query, wrong = _asked(request)
        tenants = tenants_of(visit.token, query.tenant)
        page = await self._page(query, tenants)
        viewer = self._viewer(visit)
        values: dict[str, Any] = {
            "alerts": [viewer.alert(event["data"]) for event in page.items],
            "next": self._more(query, page),
            "counts": await self._queries.counts(tenants),
            "query": query,
            "wrong": wrong,
            "tiers": [(tier, _toggled(query, tier)) for tier in TIERS],
            "states": STATES,
            "indicators": sorted((getattr(rule.name, visit.texts.language), name) for name, rule in self._rules.items()),
            "filtered": url_of("/alerts", query) != "/alerts",
            "tenants": visit.token.tenants or (),
            "note": _note(request),
        }
        return self._templates.page("alerts.html", visit, **common(request, visit), **values)

    async def rows(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The list alone, of a filter or after a cursor."""
        query, _ = _asked(request)
        page = await self._page(query, tenants_of(visit.token, query.tenant))
        viewer = self._viewer(visit)
        values: dict[str, Any] = {"alerts": [viewer.alert(event["data"]) for event in page.items], "next": self._more(query, page)}
        filtered = url_of("/alerts", query) != "/alerts"
        return self._templates.page("_rows.html", visit, query=query, filtered=filtered, **values)

    async def counts(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Open alerts by tier."""
        query, _ = _asked(request)
        return web.json_response(await self._queries.counts(tenants_of(visit.token, query.tenant)))

    async def live(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Alerts as they come; those that the URL's filter wants with their rows, unless it says `rows=no`."""
        query, _ = _asked(request)
        viewer, bare = self._viewer(visit), request.query.get("rows") == "no"
        return await follow(
            request,
            self._parts.hub,
            wanted_of(query, tenants_of(visit.token, query.tenant)),
            lambda data: None if bare else self._templates.text("_row.html", visit, a=viewer.alert(data)),
            alert=request.query.get("alert", ""),
            until=lambda: self._sessions.find(visit.anchor, self._parts.wall()) is not None,
            beat_s=self._parts.beat_s,
        )

    async def _page(self, query: AlertQuery, tenants: Sequence[str] | None) -> Page:
        try:
            return await self._queries.alerts(wanted_of(query, tenants), limit=ROWS, cursor=query.cursor)
        except BadCursor as error:
            raise Problem(422, str(error)) from None

    @staticmethod
    def _more(query: AlertQuery, page: Page) -> str | None:
        return url_of("/alerts/rows", query, cursor=page.next) if page.next else None

    # -- one alert

    async def alert(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """All about one alert."""
        values = await self._alert(request, visit)
        return self._templates.page("alert.html", visit, **common(request, visit), **values, note=_note(request))

    async def alert_body(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The part of the page that changes, once the store has `revision`."""
        values = await self._alert(request, visit, int(text) if (text := request.query.get("revision", "")).isdecimal() else 0)
        return self._templates.page("_alert.html", visit, **values)

    async def _alert(self, request: web.Request, visit: Visit, revision: int = 0) -> dict[str, Any]:
        name = request.match_info["id"]
        data = await find_alert(self._queries, visit.token, name)
        deadline = asyncio.get_running_loop().time() + REVISION_S
        # The live event may be here before the store has it.
        while data["revision"] < revision and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
            data = await find_alert(self._queries, visit.token, name)
        tenant, alert_id = data["scope"]["tenant_id"], data["alert_id"]
        history = [event["data"] for event in await self._queries.history(tenant, alert_id)]
        now, viewer = self._parts.wall(), self._viewer(visit)
        said = [*await self._queries.acknowledgements(tenant, alert_id), *await self._queries.feedback(tenant, alert_id)]
        return {
            "a": viewer.alert(data),
            "actions": viewer.actions(data),
            "sample": viewer.sample(data),
            "steps": viewer.steps(history),
            "drivers": [each for each in data.get("drivers") or () if isinstance(each, Mapping)],
            "evidence": [each for each in data.get("evidence") or () if isinstance(each, Mapping) and each.get("excerpt_masked")],
            "deliveries": await self._queries.deliveries(tenant, alert_id),
            "said": sorted(said, key=lambda row: row["at"]),
            "told": viewer.told(data, await self._queries.silences(now, (tenant,)), now),
        }

    # -- silences and incidents

    async def silences(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The silences that hold or will."""
        now = self._parts.wall()
        rows = await self._queries.silences(now, visit.token.tenants)
        values: dict[str, Any] = {"silences": rows, "now": now, "tenants": visit.token.tenants or (), "note": _note(request)}
        return self._templates.page("silences.html", visit, **common(request, visit), **values)

    async def incidents(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Open alerts that belong together."""
        return self._templates.page("incidents.html", visit, **common(request, visit), **await self._incidents(visit))

    async def incidents_body(self, _request: web.Request, visit: Visit) -> web.StreamResponse:
        """The part of the page that changes."""
        return self._templates.page("_incidents.html", visit, **await self._incidents(visit))

    async def _incidents(self, visit: Visit) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(found) < GATHERED:
            page = await self._queries.alerts(Filter(tenants=visit.token.tenants), limit=500, cursor=cursor)
            found += [event["data"] for event in page.items]
            cursor = page.next
            if cursor is None:
                break
        incidents = incidents_of(found, self._viewer(visit))
        return {"incidents": incidents, "cut": GATHERED if cursor is not None else None}

    # -- what they share

    def _viewer(self, visit: Visit) -> Viewer:
        return Viewer(visit.texts, self._rules, self._parts.routes)


def _asked(request: web.Request) -> tuple[AlertQuery, list[str]]:
    return query_of({name: values[0] if len(values := request.query.getall(name)) == 1 else values for name in request.query})


def _toggled(query: AlertQuery, tier: str) -> str:
    """The page's URL with a tier switched on or off."""
    tiers = [each for each in TIERS if (each in query.tier) != (each == tier)]
    return url_of("/alerts", query, tier=tiers)


def _note(request: web.Request) -> str:
    note = request.query.get("note", "")
    return note if note in NOTES else ""
