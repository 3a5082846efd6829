"""A bus without Kafka, a gateway over it, and someone who posts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from config.settings import GatewaySettings, Settings
from streams.gateway.bus import Record
from streams.gateway.gateway import build_server
from streams.gateway.http_log import http_logger
from streams.gateway.policy import GatewayPolicy, load_gateway
from streams.gateway.server import Server, build_web_app
from streams.topics import DEAD_LETTERS, EVENTS

__all__ = ["OTHER", "TOKEN", "FakeBus", "event", "gateway", "policy_of", "posted", "told"]

TOKEN = "0123456789abcdef-crm"
OTHER = "0123456789abcdef-other"


class FakeBus:
    """Keeps what is written. `lost` records of a write are not acknowledged, `gate` keeps writes waiting, a `fault` is raised by them."""

    def __init__(self) -> None:
        self.partitions = [0, 1]
        self.written: list[Record] = []
        self.lost: set[int] = set()
        self.down = False
        self.resting = 0.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.fault: Exception | None = None

    async def write(self, records: Sequence[Record]) -> list[bool]:
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        if self.fault is not None:
            raise self.fault
        acked = [not self.down and index not in self.lost for index in range(len(records))]
        self.written += [record for record, well in zip(records, acked, strict=True) if well]
        return acked

    async def ready(self) -> bool:
        return not self.down

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in self.written if record.topic == EVENTS and record.partition is None]

    def letters(self) -> list[Record]:
        return [record for record in self.written if record.topic == DEAD_LETTERS]


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A message of a customer of acme."""
    return {
        "specversion": "1.0",
        "id": f"m-{number}",
        "source": "/tenants/acme/crm",
        "type": "fenghuo.message.created.v1",
        "time": "2026-10-01T08:00:00Z",
        "data": {"conversation": {"id": f"c-{number}"}, "sender": {"role": "customer"}, "message": {"text": "在吗"}},
    } | changes


def policy_of(settings: GatewaySettings, folder: Any = None, text: str = "") -> GatewayPolicy:
    """The policy of a file with this text, or of the settings alone."""
    if folder is None:
        return load_gateway(None, settings, {})
    path = folder / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return load_gateway(path, settings, {"CRM": TOKEN, "OTHER": OTHER, "ZEN": "zendesk-secret", "OLD": "zendesk-secret-of-last-year"})


class Client:
    """Posts to a gateway with a token."""

    def __init__(self, client: TestClient[Any, Any], server: Server, bus: FakeBus) -> None:
        self.http = client
        self.server = server
        self.bus = bus

    async def post(self, path: str, body: Any, *, token: str | None = TOKEN, **headers: str) -> ClientResponse:
        """Post JSON, or bytes as they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named.setdefault("Authorization", f"Bearer {token}")
        named.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self.http.post(path, data=data, headers=named)


@asynccontextmanager
async def gateway(policy: GatewayPolicy | None = None, **limits: Any) -> AsyncIterator[Client]:
    """A gateway that listens on loopback, over a fake bus."""
    settings = Settings(gateway=GatewaySettings(**{"tenant": "acme", "token": TOKEN, **limits}))
    bus = FakeBus()
    server = build_server(settings, policy or policy_of(settings.gateway), bus)
    test_server = TestServer(build_web_app(server))
    await test_server.start_server(auto_decompress=False, access_log=None, logger=http_logger())
    async with TestClient(test_server) as client:
        yield Client(client, server, bus)


async def told(response: ClientResponse) -> tuple[int, dict[str, Any]]:
    """Status and body of an answer."""
    found: dict[str, Any] = json.loads(await response.read())
    return response.status, found


def posted(path: str, body: Any, **headers: Any) -> tuple[int, dict[str, Any], FakeBus]:
    """What one post to a fresh gateway is answered, and what is on the bus then."""

    async def run() -> tuple[int, dict[str, Any], FakeBus]:
        async with gateway() as client:
            status, found = await told(await client.post(path, body, **headers))
            return status, found, client.bus

    return asyncio.run(run())
