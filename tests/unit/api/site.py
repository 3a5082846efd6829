"""The API with a store in memory, a bus that keeps what it is given, and a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from alerts.command import Command
from alerts.route import RouteRule
from alerts.store.queries import Queries
from alerts.store.store import Store
from streams.api.bus import BusUnavailable
from streams.api.hub import Hub, Live
from streams.api.server import ApiParts, build_api
from streams.api.tokens import Tokens, new_token
from tests.unit.store.records import BEGAN, alert_event

BASE = "/api/v1"
NAMES = ("viewer", "operator", "admin")
MADE = {name: new_token(name, name) for name in NAMES}  # type: ignore[arg-type]
LOCAL = new_token("local", "operator", ["acme"])


class FakeBus:
    """Keeps commands; `down` makes it refuse, `gate` makes it wait."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.down = False
        self.gate: asyncio.Event | None = None

    async def send(self, command: Command) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise BusUnavailable("Kafka did not take the command")
        self.commands.append(command)


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Site:
    store: Store
    bus: FakeBus
    hub: Hub
    client: TestClient[Any, Any]
    clock: list[float] = field(default_factory=lambda: [BEGAN + 100])

    async def ask(self, method: str, path: str, who: str | None = "operator", body: Any = None, **headers: str) -> Answer:
        """A request with a token; header names are written with underscores."""
        response = await self.send(method, path, who, json_=body, headers={name.replace("_", "-"): text for name, text in headers.items()})
        text = await response.text()
        return Answer(response.status, json.loads(text) if text else None, response.headers)

    async def send(
        self,
        method: str,
        path: str,
        who: str | None = "operator",
        *,
        json_: Any = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> ClientResponse:
        known = {**{name: text for name, (text, _) in MADE.items()}, "local": LOCAL[0]}
        given = {"Authorization": f"Bearer {known.get(who, who)}"} if who is not None else {}
        extra = {"json": json_} if json_ is not None else {}
        return await self.client.request(method, f"{BASE}{path}", headers={**given, **(headers or {})}, **extra, **more)

    def publish(self, alert_id: str, revision: int = 1, **more: Any) -> None:
        event = alert_event(alert_id, revision, **more)
        self.hub.publish(Live(event["id"], event["data"], json.dumps(event).encode()))


@asynccontextmanager
async def site(routes: list[RouteRule] | None = None, **parts: Any) -> AsyncIterator[Site]:
    store, bus, hub, clock = Store("sqlite://"), FakeBus(), Hub(), [BEGAN + 100]
    await store.open()
    tokens = Tokens([*(entry for _, entry in MADE.values()), LOCAL[1]])
    app = build_api(ApiParts(tokens, Queries(store.reader), bus, hub, routes or [], wall=lambda: clock[0], **parts))
    async with TestClient(TestServer(app)) as client:
        try:
            yield Site(store, bus, hub, client, clock)
        finally:
            await store.close()


def played(scene: Callable[[Site], Awaitable[None]], **parts: Any) -> None:
    """Run a scene on a site of its own."""

    async def play() -> None:
        async with site(**parts) as made:
            await scene(made)

    asyncio.run(play())
