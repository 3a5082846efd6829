"""The console as an aiohttp application: the API with pages beside it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from aiohttp import hdrs, web
from sqlalchemy.exc import DBAPIError

from alerts.rule import Rule
from alerts.store.overviews import Overviews
from streams.api.guard import Guard
from streams.api.problem import Problem
from streams.api.routes import BASE
from streams.api.server import ApiParts, build_api
from streams.api.tokens import Role
from streams.console.assets import Assets
from streams.console.changes import Changes
from streams.console.entrance import Entrance
from streams.console.floor import Floor
from streams.console.history import HistoryPage
from streams.console.issues import IssuesPage
from streams.console.now import NowPage
from streams.console.orders import Orders
from streams.console.pages import Pages
from streams.console.session import Sessions, Tickets
from streams.console.visit import Templates, Visit

__all__ = ["ConsoleParts", "build_console"]

log = logging.getLogger(__name__)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Page = Callable[[web.Request, Visit], Awaitable[web.StreamResponse]]
_Route = tuple[str, str, Page]


@dataclass(frozen=True)
class ConsoleParts:
    """What the console is made of.

    What the API is, counts over its store, the policy's rules for names and units, the floor, what was in force, the zone in which weeks
    are counted, and who has logged in.
    """

    api: ApiParts
    overviews: Overviews
    rules: Mapping[str, Rule] = field(default_factory=dict)
    floor: Floor = field(default_factory=Floor)
    changes: Changes = field(default_factory=Changes)
    zone: tzinfo = UTC
    sessions: Sessions = field(default_factory=Sessions)
    tickets: Tickets = field(default_factory=Tickets)


def build_console(parts: ConsoleParts) -> web.Application:
    """The application: what `build_api` serves under /api/v1, the pages beside it. Host and Origin are checked as for the API."""
    app = build_api(parts.api)
    assets = Assets()
    templates = Templates(assets, parts.sessions)
    gate = _Gate(parts, templates)
    entrance = Entrance(parts.sessions, parts.tickets, templates, Guard(parts.api.tokens, (), (), parts.api.wall), parts.api.wall)
    for role, routes in (
        (None, _public(entrance)),
        (Role.VIEWER, _viewers(Pages(parts.api, parts.rules, templates, parts.sessions), entrance)),
        (Role.VIEWER, _overviews(parts, templates)),
        (Role.OPERATOR, _operators(Orders(parts.api, templates))),
    ):
        for method, path, page in routes:
            app.router.add_route(method, path, gate.guarded(page, role))
    app.router.add_get("/static/{version}/{name:.+}", assets.serve)
    app.router.add_get("/favicon.ico", assets.icon)
    app.router.add_get(f"/{{path:(?!{BASE[1:].split('/', maxsplit=1)[0]}/).*}}", gate.guarded(_nothing, None))

    async def secure(request: web.Request, response: web.StreamResponse) -> None:
        """Headers of everything that is not the API's, streams too."""
        if not request.path.startswith(f"{BASE}/"):
            response.headers.update(_HEADERS)
            response.headers[hdrs.CACHE_CONTROL] = assets.caching(request.path)

    app.on_response_prepare.append(secure)
    return app


def _public(entrance: Entrance) -> list[_Route]:
    return [("GET", "/login", entrance.show), ("POST", "/login", entrance.enter), ("GET", "/preferences", entrance.prefer)]


def _viewers(pages: Pages, entrance: Entrance) -> list[_Route]:
    return [
        ("GET", "/", pages.home),
        ("POST", "/logout", entrance.leave),
        ("GET", "/alerts", pages.alerts),
        ("GET", "/alerts/rows", pages.rows),
        ("GET", "/alerts/counts", pages.counts),
        ("GET", "/live", pages.live),
        ("GET", "/alerts/{id}", pages.alert),
        ("GET", "/alerts/{id}/body", pages.alert_body),
        ("GET", "/silences", pages.silences),
        ("GET", "/incidents", pages.incidents),
        ("GET", "/incidents/body", pages.incidents_body),
    ]


def _overviews(parts: ConsoleParts, templates: Templates) -> list[_Route]:
    now = NowPage(parts.api, parts.rules, parts.floor, templates)
    issues = IssuesPage(parts.api, parts.overviews, parts.rules, parts.floor, templates)
    history = HistoryPage(parts.api, parts.overviews, parts.rules, parts.changes, parts.zone, templates)
    return [
        ("GET", "/now", now.show),
        ("GET", "/now/body", now.body),
        ("GET", "/issues", issues.show),
        ("GET", "/issues/body", issues.body),
        ("GET", "/history", history.show),
    ]


def _operators(orders: Orders) -> list[_Route]:
    return [
        ("POST", "/alerts/{id}/{verb:acknowledge|start|resolve|feedback}", orders.command),
        ("POST", "/silences", orders.add_silence),
        ("POST", "/silences/{id}/expire", orders.expire_silence),
    ]


async def _nothing(_request: web.Request, _visit: Visit) -> web.StreamResponse:
    raise Problem(404, "there is no such page")


class _Gate:
    """Before every page: who is it, may they, and is the form ours. After it: whatever went wrong, told in the visitor's language."""

    def __init__(self, parts: ConsoleParts, templates: Templates) -> None:
        self._parts, self._templates = parts, templates

    def guarded(self, page: Page, role: Role | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler of a page that needs this role, or none."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = Visit.of(request, self._parts.sessions, self._parts.api.wall())
            try:
                if role is not None and visit.session is None:
                    return self._ask(request, visit)
                if role is not None:
                    _require(visit, role)
                if request.method == hdrs.METH_POST and page.__name__ != "enter":
                    await self._check_form(request, visit)
                return await page(request, visit)
            except Problem as problem:
                return self._tell(request, visit, problem)
            except (DBAPIError, OSError) as error:
                log.warning("console.store_unavailable error=%s", type(getattr(error, "orig", None) or error).__name__)
                return self._tell(request, visit, Problem(503, "the store does not answer", headers={"Retry-After": "5"}))

        return handler

    async def _check_form(self, request: web.Request, visit: Visit) -> None:
        form = await request.post()
        if not self._parts.sessions.same(visit.anchor, str(form.get("csrf", ""))):
            raise Problem(400, "the form is none of this session's: reload the page")

    def _ask(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Send somebody to the login, and to where they wanted afterwards.

        A link from a chat comes without the session's cookie, which is for this site only: the page asks for itself once more.
        """
        if request.method != hdrs.METH_GET or _machine(request):
            raise Problem(401, "log in first")
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            return self._templates.page("again.html", visit, path=request.path_qs)
        target = str(request.rel_url.with_path("/login").with_query(next=request.path_qs))
        return web.Response(status=303, headers={hdrs.LOCATION: target})

    def _tell(self, request: web.Request, visit: Visit, problem: Problem) -> web.StreamResponse:
        text = visit.texts.found.get(f"problem.{problem.status}") or visit.texts("problem.500")
        if _machine(request):
            body = {"status": problem.status, "message": text, "detail": problem.detail}
            return web.json_response(body, status=problem.status, headers=problem.headers)
        values = {"message": text, "detail": problem.detail, "code": problem.status}
        return self._templates.page("problem.html", visit, status=problem.status, headers=problem.headers, **values)


def _require(visit: Visit, role: Role) -> None:
    if not visit.may(role):
        raise Problem(403, f"this needs the role {role.name.lower()}; the token is {visit.token.role}")


def _machine(request: web.Request) -> bool:
    """Whether a script asks, not a person."""
    accepted = request.headers.get(hdrs.ACCEPT, "")
    return "text/html" not in accepted and ("application/json" in accepted or "text/event-stream" in accepted)
