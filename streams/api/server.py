"""The API as an aiohttp application."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError

from alerts.route import Route, RouteRule
from alerts.stage import AlertStageStep
from alerts.store.queries import Queries
from streams.api.bus import Bus
from streams.api.call import Answer, Call, tenants_of
from streams.api.commanding import Commanding
from streams.api.guard import Guard
from streams.api.hub import Hub, Live, TooManyReaders
from streams.api.meters import Meters, may_read
from streams.api.openapi import openapi
from streams.api.problem import Problem
from streams.api.reading import Reading
from streams.api.routes import ROUTES, Endpoint
from streams.api.tokens import Token, Tokens

__all__ = ["ApiParts", "build_api", "routes_of"]

log = logging.getLogger(__name__)

MAX_BODY: Final = 64 << 10
MAX_KEY: Final = 200
NOBODY: Final = Token(name="nobody", role="viewer", sha256="0" * 64, tenants=())
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

Operation = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class ApiParts:
    """What the API is made of. `hosts` and `origins` as in the settings, `routes` the policy's; `wall` is the clock."""

    tokens: Tokens
    queries: Queries
    bus: Bus
    hub: Hub
    routes: Sequence[RouteRule] = ()
    hosts: Sequence[str] = ()
    origins: Sequence[str] = ()
    wall: Callable[[], float] = time.time
    beat_s: float = 15.0
    document: dict[str, Any] = field(default_factory=openapi)


def build_api(parts: ApiParts) -> web.Application:
    """The application; it ends all live readers when it shuts down."""
    api = _Api(parts)
    app = web.Application(client_max_size=MAX_BODY, middlewares=[api.meters.middleware, api.shield])
    for endpoint in ROUTES:
        app.router.add_route(endpoint.method, endpoint.full, api.serve(endpoint))
    app.router.add_get("/metrics", api.metrics)

    async def close(_app: web.Application) -> None:
        parts.hub.close()

    app.on_shutdown.append(close)
    return app


def routes_of(steps: Iterable[AlertStageStep]) -> list[RouteRule]:
    """The routes among a policy's steps."""
    return [rule for step in steps if isinstance(step, Route) for rule in step.params.routes]


class _Api:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._guard = Guard(parts.tokens, parts.hosts, parts.origins, parts.wall)
        self.meters = Meters()
        reading = Reading(parts.queries, parts.routes, parts.wall)
        commanding = Commanding(parts.queries, parts.bus, parts.wall)
        alone = ("report_missed", "add_silence", "expire_silence")
        self._operations: dict[str, Operation] = {
            endpoint.name: getattr(commanding, endpoint.name if endpoint.name in alone else "command_alert")
            if endpoint.commands
            else getattr(reading, endpoint.name, self._document)
            for endpoint in ROUTES
        }

    @property
    def shield(self) -> Middleware:
        """Names and origins are checked, headers set, and whatever goes wrong becomes a problem."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            origin = None
            try:
                origin = self._guard.origin(request)
                response = _preflight(request, origin) or await handler(request)
            except Problem as problem:
                response = problem.response()
            except web.HTTPException as error:
                response = _problem_of(error).response()
            except (DBAPIError, OSError) as error:
                log.warning("api.store_unavailable error=%s", type(getattr(error, "orig", None) or error).__name__)
                response = Problem(503, "the store does not answer", headers={"Retry-After": "5"}).response()
            if not response.prepared:
                response.headers.update(_HEADERS)
                response.headers.update(_allowed(origin))
            return response

        return middleware

    def serve(self, endpoint: Endpoint) -> Handler:
        """The handler of one operation."""

        async def handler(request: web.Request) -> web.StreamResponse:
            token = NOBODY if endpoint.role is None else self._guard.token(request, endpoint.role)
            call = Call(
                token=token,
                operation=endpoint.name,
                id=request.match_info.get("id", ""),
                query=_query(endpoint.query, request),
                body=await _body(endpoint.body, request) if endpoint.body is not None else None,
                revisions=_revisions(request),
                key=_key(request),
            )
            if endpoint.media == "text/event-stream":
                return await self._follow(request, call)
            answer = await self._operations[endpoint.name](call)
            return _response(endpoint, call, answer)

        return handler

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics: for who asks from this machine or has a token."""
        may_read(request, self._guard)
        body, content_type = await self.meters.render(self._parts.hub, self._parts.queries, request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def _document(self, _call: Call) -> Answer:
        return Answer(self._parts.document)

    async def _follow(self, request: web.Request, call: Call) -> web.StreamResponse:
        """Server-sent events until the reader goes or the server stops."""
        headers = {**_HEADERS, **_allowed(self._guard.origin(request)), "Content-Type": "text/event-stream; charset=utf-8"}
        response = web.StreamResponse(headers={**headers, "X-Accel-Buffering": "no"})
        try:
            with self._parts.hub.follow(_chooser(call), last=request.headers.get("Last-Event-ID")) as reader:
                await response.prepare(request)
                await response.write(b": connected\n\n")
                async for live in reader.read(self._parts.beat_s):
                    await response.write(_sse(live))
        except TooManyReaders:
            raise Problem(503, "too many live readers", headers={"Retry-After": "30"}) from None
        except ConnectionResetError:
            log.debug("api.reader_left")
        return response


# -- requests


def _query(model: type[BaseModel] | None, request: web.Request) -> BaseModel | None:
    if model is None:
        return None
    given: dict[str, Any] = {}
    for name in request.query:
        values = request.query.getall(name)
        given[name] = values[0] if len(values) == 1 else values
    return _checked(model, given)


async def _body(model: type[BaseModel], request: web.Request) -> BaseModel:
    if not request.can_read_body:
        return _checked(model, {})
    if request.content_type != "application/json":
        raise Problem(415, "the body is JSON: Content-Type: application/json")
    try:
        data = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not JSON in UTF-8") from None
    return _checked(model, data)


def _checked(model: type[BaseModel], data: object) -> BaseModel:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[:20]
        errors = [{"path": ".".join(map(str, each["loc"])), "problem": each["msg"].removeprefix("Value error, ")} for each in found]
        raise Problem(422, f"{errors[0]['path'] or 'the request'}: {errors[0]['problem']}", errors=errors) from None


def _revisions(request: web.Request) -> tuple[str, ...]:
    """The revisions of If-Match, or of If-None-Match where one reads."""
    text = request.headers.get(hdrs.IF_NONE_MATCH if request.method == hdrs.METH_GET else hdrs.IF_MATCH, "")
    return tuple(part.strip().removeprefix("W/").strip('"') for part in text.split(",") if part.strip())


def _key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > MAX_KEY:
        raise Problem(400, f"an Idempotency-Key has at most {MAX_KEY} characters")
    return key


def _preflight(request: web.Request, origin: str | None) -> web.StreamResponse | None:
    """What a browser asks before a script of another origin may send its request."""
    if origin is None or request.method != hdrs.METH_OPTIONS:
        return None
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID",
        "Access-Control-Max-Age": "600",
    }
    return web.Response(status=204, headers=headers)


# -- answers


def _response(endpoint: Endpoint, call: Call, answer: Answer) -> web.Response:
    headers = {} if answer.revision is None else {"ETag": f'"{answer.revision}"'}
    if endpoint.status == 200 and answer.revision is not None and {str(answer.revision), "*"} & set(call.revisions):
        return web.Response(status=304, headers=headers)
    return web.json_response(answer.body, status=endpoint.status, headers=headers, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _allowed(origin: str | None) -> dict[str, str]:
    if origin is None:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "ETag, Retry-After", "Vary": "Origin"}


def _problem_of(error: web.HTTPException) -> Problem:
    details = {404: "there is nothing here; GET /api/v1/openapi.json says what there is", 413: f"a body has at most {MAX_BODY} bytes"}
    headers = {"Allow": error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
    return Problem(error.status, details.get(error.status, error.reason), headers=headers)


def _chooser(call: Call) -> Callable[[Live], bool]:
    """Which live alerts a reader may see and wants."""
    tenants, query = tenants_of(call.token, call.query.tenant), call.query

    def wants(live: Live) -> bool:
        data = live.data
        if tenants is not None and data.get("scope", {}).get("tenant_id") not in tenants:
            return False
        if query.tier and not {data.get("tier"), data.get("previous_tier")} & set(query.tier):
            return False
        return not query.indicator or data.get("indicator") in query.indicator

    return wants


def _sse(live: Live | None) -> bytes:
    """A message as the protocol writes it; JSON has no line feed of its own."""
    if live is None:
        return b": still here\n\n"
    if not live.id:
        return b"event: missed\ndata: {}\n\n"
    return b"id: " + live.id.encode() + b"\nevent: alert\ndata: " + live.body + b"\n\n"
