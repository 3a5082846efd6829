"""The console with a store in memory, and a worker that does what it is told at once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer

from alerts.command import Command, encode_command
from alerts.store.overviews import Overviews
from alerts.store.queries import Queries
from alerts.store.rows import Rows, Source
from alerts.store.store import Store
from config.loader import load_policy
from streams.api.bus import BusUnavailable
from streams.api.hub import Hub, Live
from streams.api.server import ApiParts, routes_of
from streams.api.tokens import Tokens, new_token
from streams.console.server import ConsoleParts, build_console
from tests.unit.store.records import BEGAN, alert_event, instant

NAMES = ("viewer", "operator", "admin")
MADE = {name: new_token(name, name) for name in NAMES}  # type: ignore[arg-type]
LOCAL = new_token("local", "operator", ["acme"])
KNOWN = {**{name: text for name, (text, _) in MADE.items()}, "local": LOCAL[0]}
POLICY = load_policy()

_AFTER = {"acknowledge": "acknowledged", "in_progress": "in_progress", "resolve": "resolved", "false_positive": "false_positive"}


class Worker:
    """A bus whose commands become the alert's next revision, in the store and live, as the alert stage would; `down` refuses."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self.store, self.hub = store, hub
        self.commands: list[Command] = []
        self.last: dict[str, dict[str, Any]] = {}
        self.down = self.asleep = False

    async def send(self, command: Command) -> None:
        if self.down:
            raise BusUnavailable("Kafka did not take the command")
        self.commands.append(command)
        rows = Rows()
        rows.add(Source("commands", encode_command(command), command.at))
        await self.store.write(rows, {})
        known = self.last.get(command.alert_id or "")
        if known is None or command.kind not in _AFTER or self.asleep:
            return
        held: dict[str, Any] = {"acknowledged": {"by": command.by, "at": instant(command.at), "in_progress": command.kind == "in_progress"}}
        if command.kind in {"resolve", "false_positive"}:
            held = {"closed_by": command.by}
        moment = {"detected_at": instant(command.at), "revision": known["revision"] + 1, "state": _AFTER[command.kind]}
        await self.light({**known, **moment, **held})

    async def light(self, *datas: Mapping[str, Any], live: bool = True) -> None:
        """Alerts, as the worker writes them."""
        rows = Rows()
        events = []
        for data in datas:
            event: dict[str, Any] = {"specversion": "1.0", "id": f"{data['alert_id']}:{data['revision']}", "type": "t", "data": dict(data)}
            text = json.dumps(event, ensure_ascii=False).encode()
            rows.add(Source("alerts", text, BEGAN))
            self.last[data["alert_id"]] = dict(data)
            events.append(Live(event["id"], dict(data), text))
        await self.store.write(rows, {})
        for each in events if live else ():
            self.hub.publish(each)


def made(alert_id: str, revision: int = 1, **more: Any) -> dict[str, Any]:
    """The data of an alert."""
    data: dict[str, Any] = alert_event(alert_id, revision, **more)["data"]
    return data


@dataclass
class Desk:
    parts: ConsoleParts
    worker: Worker
    client: TestClient[Any, Any]
    clock: list[float] = field(default_factory=list)

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        response = await self.send("GET", path, **headers)
        return response.status, await response.text()

    async def send(self, method: str, path: str, data: Any = None, **headers: str) -> ClientResponse:
        given = {"Accept-Language": "en", "Accept": "text/html", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.client.request(method, path, data=data, headers=given, allow_redirects=False)

    async def csrf(self, path: str = "/alerts") -> str:
        _, text = await self.get(path)
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', text)
        assert found is not None, text
        return found[1]

    async def login(self, who: str = "operator", **headers: str) -> ClientResponse:
        form = {"csrf": await self.csrf("/login"), "token": KNOWN.get(who, who)}
        return await self.send("POST", "/login", form, **headers)

    async def order(self, path: str, **form: str) -> ClientResponse:
        """A form of a page, as a script sends it."""
        return await self.send("POST", path, {"csrf": await self.csrf(), **form}, Accept="application/json")


@asynccontextmanager
async def desk(url: str = "sqlite://", **parts: Any) -> AsyncIterator[Desk]:
    store, hub, clock = Store(url), Hub(), [BEGAN + 100]
    worker = Worker(store, hub)
    tokens = Tokens([*(entry for _, entry in MADE.values()), LOCAL[1]])
    wall = parts.pop("wall", lambda: clock[0])
    api = ApiParts(tokens, Queries(store.reader), worker, hub, routes_of(POLICY.steps), wall=wall, **parts)
    made_of = ConsoleParts(api, Overviews(store.reader), POLICY.rules)
    try:
        await store.open()
        async with TestClient(TestServer(build_console(made_of)), cookie_jar=CookieJar(unsafe=True)) as client:
            yield Desk(made_of, worker, client, clock)
    finally:
        await store.close()


def played(scene: Callable[[Desk], Awaitable[None]], **parts: Any) -> None:
    """Run a scene on a desk of its own."""

    async def play() -> None:
        async with desk(**parts) as site:
            await scene(site)

    asyncio.run(play())
