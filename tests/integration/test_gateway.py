"""The real gateway before a real Kafka: what it acknowledges is there, whatever dies."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from streams.broker import Broker
from streams.gateway.adapters import kinds
from streams.heartbeat import TYPE
from streams.topics import DEAD_LETTERS, EVENTS
from tests.integration.driver import Site
from tests.integration.harness import WorkerProcess, until
from tests.unit.gateway.examples import FOLDER

pytestmark = pytest.mark.integration

TOKEN = "0123456789abcdef-integration"
POSTERS = 4


def event(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/tenants/acme/crm",
        "type": "fenghuo.message.created.v1",
        "time": "2026-10-01T08:00:00Z",
        "data": {"conversation": {"id": f"c-{name}"}, "sender": {"role": "customer"}, "message": {"text": "在吗"}},
    } | changes


class Door:
    """A gateway process and its address."""

    def __init__(self, site: Site, *arguments: str, **settings: str) -> None:
        own = {"FENGHUO_GATEWAY__TENANT": "acme", "FENGHUO_GATEWAY__TOKEN": TOKEN, "FENGHUO_GATEWAY__ACK_TIMEOUT_S": "3"}
        site.settings |= own | {f"FENGHUO_GATEWAY__{name.upper()}": value for name, value in settings.items()}
        self.process: WorkerProcess = site.start("gateway", "--port", "0", *arguments)
        self.address = ""

    async def open(self) -> str:
        await self.process.wait_for_log("gateway.listening")
        said = next(line for line in self.process.log.read_text(encoding="utf-8").splitlines() if "gateway.listening" in line)
        self.address = f"http://127.0.0.1:{said.rsplit('port=', 1)[1]}"
        return self.address

    async def post(self, session: ClientSession, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.post(self.address + path, json=body, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())


async def ids_on(site: Site, topic: str = EVENTS) -> list[str]:
    found = [json.loads(record.value) for record in await site.read(topic)]
    return [each["id"] for each in found if each.get("type") != TYPE]


async def keep_posting(door: Door, name: str, acknowledged: set[str], stop: asyncio.Event) -> None:
    """Post batches one after the other, and write down what was acknowledged; go on after every failure."""
    number = 0
    async with ClientSession(timeout=ClientTimeout(total=15)) as session:
        while not stop.is_set():
            number += 1
            batch = [event(f"{name}-{number}-{index}") for index in range(20)]
            try:
                _, found = await door.post(session, "/v1/events:batch", batch)
            except (ClientError, TimeoutError, ConnectionError):
                if door.process.process.poll() is not None:
                    return
                continue
            acknowledged.update(item["id"] for item in found.get("items", []) if item["status"] in {"accepted", "duplicate"})


async def while_posting(door: Door, act: Callable[[set[str]], Awaitable[None]]) -> set[str]:
    """What was acknowledged to several who post while something happens."""
    acknowledged: set[str] = set()
    stop = asyncio.Event()
    posters = [asyncio.create_task(keep_posting(door, f"p{number}", acknowledged, stop)) for number in range(POSTERS)]
    await act(acknowledged)
    stop.set()
    await asyncio.gather(*posters)
    return acknowledged


async def enough(acknowledged: set[str], count: int) -> None:
    async def there() -> bool:
        return len(acknowledged) >= count

    await until(there, 60)


def test_what_is_posted_lies_on_the_topic_with_a_heartbeat_on_every_partition(site: Site) -> None:
    async def scenario() -> None:
        door = Door(site)
        await door.open()
        async with ClientSession() as session:
            batch = [*(event(f"e{number}") for number in range(100)), event("bad", time="never")]
            status, found = await door.post(session, "/v1/events:batch", batch)
            assert (status, found["accepted"], found["rejected"]) == (202, 100, 1)
            assert (await door.post(session, "/v1/events", event("single")))[0] == 202
            async with session.get(f"{door.address}/readyz") as answer:
                assert answer.status == 200

        async def beaten() -> bool:
            heard = [record.partition for record in await site.read(EVENTS) if json.loads(record.value)["type"] == TYPE]
            return set(heard) == set(range(site.layout.events))

        await until(beaten)
        assert sorted(await ids_on(site)) == sorted([*(f"e{number}" for number in range(100)), "single"])
        assert await ids_on(site, DEAD_LETTERS) == ["bad"]
        for record in await site.read(EVENTS):
            if json.loads(record.value)["type"] != TYPE:
                assert record.key == f"acme/c-{json.loads(record.value)['id']}".encode()
        assert door.process.stop() == 0

    asyncio.run(scenario())


def test_nothing_acknowledged_is_lost_when_the_gateway_is_killed(site: Site) -> None:
    async def scenario() -> None:
        door = Door(site)
        await door.open()

        async def kill(acknowledged: set[str]) -> None:
            await enough(acknowledged, 2000)
            door.process.process.send_signal(signal.SIGKILL)
            await door.process.wait()

        acknowledged = await while_posting(door, kill)
        assert len(acknowledged) >= 2000
        assert acknowledged <= set(await ids_on(site))

    asyncio.run(scenario())


def test_a_gateway_that_is_stopped_answers_what_is_on_its_way_and_ends_well(site: Site) -> None:
    async def scenario() -> None:
        door = Door(site)
        await door.open()

        async def stop(acknowledged: set[str]) -> None:
            await enough(acknowledged, 500)
            assert await asyncio.to_thread(door.process.stop, 20.0) == 0

        assert await while_posting(door, stop) <= set(await ids_on(site))

    asyncio.run(scenario())


def test_nothing_acknowledged_is_lost_when_kafka_is_killed(tmp_path: Path) -> None:
    broker = Broker(data=tmp_path / "kafka")
    broker.start()
    site = Site(broker.bootstrap, tmp_path)

    async def scenario() -> None:
        await site.reset()
        door = Door(site)
        await door.open()

        async def kill(acknowledged: set[str]) -> None:
            await enough(acknowledged, 1000)
            broker.kill()
            async with ClientSession() as session:

                async def refused() -> bool:
                    status, found = await door.post(session, "/v1/events", event("while-down"))
                    return status == 503 and found["type"].endswith((":unavailable", ":busy"))

                await until(refused)
                async with session.get(f"{door.address}/readyz") as answer:
                    assert answer.status == 503
            await asyncio.to_thread(broker.start)
            await enough(acknowledged, len(acknowledged) + 1000)

        acknowledged = await while_posting(door, kill)
        assert acknowledged <= set(await ids_on(site))
        assert door.process.stop(20.0) == 0

    try:
        asyncio.run(scenario())
    finally:
        site.close()
        broker.stop()


def test_vendors_payloads_reach_the_worker_as_events_it_takes(site: Site, tmp_path: Path) -> None:
    stanzas = {kind: json.loads((FOLDER / f"{kind}.json").read_text("utf-8")) for kind in kinds()}
    adapters = [stanza["params"] for stanza in stanzas.values()]
    names = [params["name"] for params in adapters]
    config = tmp_path / "gateway.yaml"
    token = {"name": "vendors", "tenant": "acme", "secret_env": ["FENGHUO_GATEWAY__TOKEN"], "adapters": names}
    config.write_text(json.dumps({"tokens": [token], "adapters": adapters}), encoding="utf-8")

    async def scenario() -> None:
        door = Door(site, "--config", str(config))
        await door.open()
        accepted = 0
        async with ClientSession() as session:
            for stanza in stanzas.values():
                for payload in stanza["examples"].values():
                    payload = json.loads(json.dumps(payload).replace("2026-11-11", "2025-11-11").replace("17943", "17628"))  # noqa: PLW2901
                    status, found = await door.post(session, f"/v1/adapters/{stanza['params']['name']}", payload)
                    assert (status, found["rejected"], found["failed"]) == (202, 0, 0)
                    accepted += found["accepted"]
        assert door.process.stop() == 0
        await site.work()
        assert await site.read(DEAD_LETTERS) == []
        assert accepted == len(await ids_on(site)) > 50

    asyncio.run(scenario())
