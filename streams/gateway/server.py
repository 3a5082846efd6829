"""The gateway's HTTP side: who asks, how much, what for; and answers that say the next step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from config.settings import GatewaySettings
from streams.gateway.adapters.base import Adapter, Call
from streams.gateway.admission import Admission
from streams.gateway.bodies import binary_event, decoded, pieces
from streams.gateway.desk import Desk, Outcome
from streams.gateway.load import Load
from streams.gateway.meters import Meters
from streams.gateway.policy import GatewayPolicy
from streams.gateway.problem import Problem
from streams.gateway.remembered import Answer, Answers, digest
from streams.gateway.tokens import Token, given_secret

__all__ = ["Server", "build_web_app"]

READ_S: Final = 30.0
LARGE: Final = 64 << 10
ANY: Final = "application/octet-stream"
"""What aiohttp says where a request names no type."""

BATCH: Final = "application/cloudevents-batch+json"
LINES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines"})
MAX_KEY: Final = 255

Answered = tuple[int, bytes]
Work = Callable[[Load], Awaitable[Answered]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """Answers requests. `stopping` refuses new ones, those on their way are finished."""

    settings: GatewaySettings
    policy: GatewayPolicy
    desk: Desk
    meters: Meters
    answers: Answers = field(default_factory=Answers)
    stopping: bool = False
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.admission = Admission(self.settings.max_inflight_bytes)

    # -- routes

    async def events(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/events: one event, or with the batch content type many."""
        token = self._token(request)
        if request.content_type == BATCH or request.content_type in LINES:
            return await self._posted(request, token.tenant, lambda load: self._batch(token, request, load))
        return await self._posted(request, token.tenant, lambda load: self._one(token, request, load))

    async def batch(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/events:batch: a JSON array of events, or JSON lines."""
        token = self._token(request)
        return await self._posted(request, token.tenant, lambda load: self._batch(token, request, load))

    async def adapter(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/adapters/NAME: a vendor's webhook."""
        adapter = self.policy.adapters.get(request.match_info["name"])
        if adapter is None:
            # Who has no token learns nothing of the names there are.
            self._known(request)
            raise Problem("not_found")
        if not adapter.secrets:
            self._may_use(request, adapter)
        return await self._posted(request, adapter.params.tenant, lambda load: self._webhook(adapter, request, load))

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """GET /healthz: the process lives."""
        return web.json_response({"alive": True})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """GET /readyz: 200 when events would be taken."""
        well = not self.stopping and await self.desk.bus.ready()
        return web.json_response({"ready": well, "stopping": self.stopping}, status=200 if well else 503)

    async def metrics(self, _request: web.Request) -> web.StreamResponse:
        """GET /metrics, in Prometheus' text format."""
        self.meters.set("inflight_bytes", self.admission.used)
        self.meters.set("kafka_up", 0.0 if self.desk.bus.resting > 0 else 1.0)
        return web.Response(body=self.meters.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    # -- who

    def _known(self, request: web.Request) -> Token:
        secret = given_secret(request.headers.get("Authorization"))
        token = self.policy.tokens.find(secret) if secret is not None else None
        if token is None:
            raise Problem("unauthorized")
        return token

    def _token(self, request: web.Request) -> Token:
        token = self._known(request)
        if not token.events:
            raise Problem("forbidden")
        return token

    def _may_use(self, request: web.Request, adapter: Adapter) -> None:
        token = self._known(request)
        if adapter.params.name not in token.adapters or token.tenant != adapter.params.tenant:
            raise Problem("forbidden")

    # -- how much

    async def _posted(self, request: web.Request, tenant: str, work: Work) -> web.Response:
        """Read the body within bounds and work on it, at most once for an Idempotency-Key."""
        if self.stopping:
            raise Problem("stopping", retry_after_s=2)
        if self.desk.bus.resting > 0:
            raise Problem("unavailable", retry_after_s=2)
        load = Load(self.admission, self.settings.max_body_bytes)
        try:
            await self._read(request, load)
            return await self._once(request, tenant, load, work)
        finally:
            load.leave()

    async def _read(self, request: web.Request, load: Load) -> None:
        """The body, as far as there is room."""
        if (request.content_length or 0) > self.settings.max_body_bytes:
            raise Problem("too_large", {"limit": self.settings.max_body_bytes})
        try:
            async with asyncio.timeout(READ_S):
                while chunk := await request.content.readany():
                    load.take(chunk)
                    self.meters.add("body_bytes_total", number=len(chunk))
        except TimeoutError:
            raise Problem("too_slow") from None

    async def _once(self, request: web.Request, tenant: str, load: Load, work: Work) -> web.Response:
        """The stored answer where the same request was answered; else the work's, which is stored if it is a good one."""
        name = request.headers.get("Idempotency-Key")
        if name is None:
            return _answer(*await work(load))
        if not 0 < len(name) <= MAX_KEY:
            raise Problem("malformed", {"reason": "idempotency_key", "path": "Idempotency-Key"})
        key = digest(tenant.encode(), request.path.encode(), name.encode("utf-8", "surrogateescape"))
        content = digest(load.packed)
        known = self.answers.get(key)
        if known is not None:
            return _stored(known, content)
        self.answers.begin(key, content)
        done = False
        try:
            status, found = await work(load)
            self.answers.end(key, status, found)
            done = True
        finally:
            if not done:
                self.answers.drop(key)
        return _answer(status, found)

    # -- what for

    async def _one(self, token: Token, request: web.Request, load: Load) -> Answered:
        body = load.body(_encoding(request))
        if not (request.content_type.endswith(("/json", "+json")) or request.content_type == ANY):
            raise Problem("unsupported", {"reason": "content_type"})
        structured = request.content_type.startswith("application/cloudevents")
        value = body if structured else binary_event(body, request.headers) or body
        item = (await self.desk.take([value], token.tenant)).items[0]
        if item.status == "failed":
            raise Problem("unavailable", retry_after_s=2)
        if item.status == "rejected":
            kind = "reused" if item.reason == "id_reused" else "malformed"
            raise Problem(kind, {"reason": item.reason, "path": item.path, "problem": item.detail})
        return 202, msgspec.json.encode({"status": item.status, "id": item.id})

    async def _batch(self, token: Token, request: web.Request, load: Load) -> Answered:
        values = pieces(load.body(_encoding(request)), self.settings.max_events)
        return _many(await self.desk.take(values, token.tenant), 0)

    async def _webhook(self, adapter: Adapter, request: web.Request, load: Load) -> Answered:
        headers = {name.lower(): value for name, value in request.headers.items()}
        now = self.desk.wall()
        if adapter.secrets and not adapter.verify(load.packed, headers, now):
            raise Problem("bad_signature")
        body = load.body(_encoding(request))
        payload = decoded(body)
        call = Call(headers, adapter.params.tenant, now)
        # Many payloads in one post must not hold up everybody else's.
        found = await asyncio.to_thread(adapter.read, payload, call) if len(body) > LARGE else adapter.read(payload, call)
        if len(found.events) + len(found.rejects) > self.settings.max_events:
            raise Problem("too_large", {"max_events": self.settings.max_events})
        for each in found.ignored:
            self.meters.add("ignored_total", adapter.params.name, each.kind)
        values = [msgspec.json.encode(event) for event in found.events]
        outcome = await self.desk.take(values, adapter.params.tenant, strict=False, rejects=found.rejects)
        return _many(outcome, len(found.ignored))


def _encoding(request: web.Request) -> str:
    return request.headers.get("Content-Encoding", "")


def _many(outcome: Outcome, ignored: int) -> Answered:
    """The answer for many events: each one's fate; an error only where Kafka failed or nothing at all was of use."""
    told = {**outcome.counts(), "ignored": ignored, "items": outcome.items}
    if outcome.failed:
        raise Problem("unavailable", told, retry_after_s=2)
    if outcome.rejected and not (outcome.accepted or outcome.duplicate or ignored):
        raise Problem("rejected", told)
    return 202, msgspec.json.encode({"status": "accepted" if outcome.items else "ignored", **told})


def _stored(known: Answer, content: bytes) -> web.Response:
    """What was answered before to a request with this key."""
    if known.content != content:
        raise Problem("reused", {"path": "Idempotency-Key"})
    if known.body is None:
        raise Problem("in_progress", retry_after_s=1)
    return _answer(known.status, known.body, {"Idempotency-Replayed": "true"})


def _answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _refusal(problem: Problem) -> web.Response:
    headers = {} if problem.retry_after_s is None else {"Retry-After": str(problem.retry_after_s)}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="fenghuo"'
    body = msgspec.json.encode(problem.body())
    return web.Response(status=problem.status, body=body, content_type="application/problem+json", headers=headers)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The handler's answer, or the problem it met."""
    try:
        return await handler(request)
    except Problem as problem:
        return _refusal(problem)
    except web.HTTPMethodNotAllowed:
        return _refusal(Problem("method_not_allowed"))
    except web.HTTPNotFound:
        return _refusal(Problem("not_found"))


def build_web_app(server: Server) -> web.Application:
    """The application. Whoever runs it must give its runner `auto_decompress=False`: bodies are unpacked here, within bounds."""

    @web.middleware
    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        began, status = server.clock(), 500
        try:
            answer = await _answered(request, handler)
            status = answer.status
            return answer
        finally:
            resource = request.match_info.route.resource
            server.meters.add("requests_total", resource.canonical if resource is not None else "other", str(status))
            server.meters.observe("request_seconds", server.clock() - began)

    app = web.Application(middlewares=[answered])
    app.router.add_post("/v1/events", server.events)
    app.router.add_post("/v1/events:batch", server.batch)
    app.router.add_post("/v1/adapters/{name}", server.adapter)
    app.router.add_get("/healthz", server.health)
    app.router.add_get("/readyz", server.ready)
    app.router.add_get("/metrics", server.metrics)
    return app
