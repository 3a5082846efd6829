from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from typing import Any, Self

import msgspec
import pytest
from aiohttp import web
from aiokafka import AIOKafkaProducer

from alerts.page import Page
from streams.topics import DELIVERY_DEAD_LETTERS, OUTBOX
from tests.integration.harness import Cluster, until

pytestmark = pytest.mark.integration


class Endpoint:
    """A webhook on loopback; `status` is what it answers, `refused` are ids it never takes."""

    def __init__(self) -> None:
        self.status = 200
        self.refused: set[str] = set()
        self.got: list[dict[str, Any]] = []
        self.asked = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        alert = await request.json()
        if alert["id"] in self.refused:
            return web.Response(status=400)
        if self.status == 200:
            self.got.append(alert)
        return web.Response(status=self.status)

    def ids(self) -> set[str]:
        return {alert["id"] for alert in self.got}


async def _page(cluster: Cluster, count: int, receiver: str = "hook") -> set[str]:
    producer = AIOKafkaProducer(**cluster.client)
    await producer.start()
    ids = set()
    for number in range(count):
        name = f"a{number % 5}"
        body = json.dumps({"id": f"{name}:{number}"}).encode()
        page = Page(receiver, name, number, "acme", "red", "updated", time.time(), body)
        await producer.send(OUTBOX, msgspec.json.encode(page))
        ids.add(page.event_id)
    await producer.stop()
    return ids


def test_pages_are_delivered_after_an_outage_and_a_kill_in_order_for_each_alert(cluster: Cluster) -> None:
    async def scenario() -> None:
        async with Endpoint() as endpoint:
            endpoint.status = 503
            worker = cluster.worker("--instance-id", "one", "--hook", str(endpoint.port))
            expected = await _page(cluster, 100)

            async def asked() -> bool:
                return endpoint.asked >= 10

            await until(asked)
            worker.kill()
            cluster.worker("--instance-id", "one", "--hook", str(endpoint.port))
            endpoint.status = 200

            async def all_there() -> bool:
                return endpoint.ids() == expected

            await until(all_there)
            numbers: dict[str, list[int]] = defaultdict(list)
            for alert in endpoint.got:
                name, number = alert["id"].split(":")
                numbers[name].append(int(number))
            assert all(found == sorted(found) for found in numbers.values())

    asyncio.run(scenario())


def test_what_a_receiver_refuses_goes_to_the_dead_letters_and_holds_nothing_up(cluster: Cluster) -> None:
    async def scenario() -> None:
        async with Endpoint() as endpoint:
            expected = await _page(cluster, 20)
            await _page(cluster, 5, receiver="another")
            endpoint.refused = {"a1:1", "a2:7"}
            worker = cluster.worker("--hook", str(endpoint.port), "--until-idle", "1")
            assert await worker.wait() == 0
            assert endpoint.ids() == expected - endpoint.refused
            letters = await cluster.read(DELIVERY_DEAD_LETTERS)
            assert {msgspec.json.decode(letter.value, type=Page).event_id for letter in letters} == endpoint.refused
            assert await cluster.committed(f"{cluster.app_id}-deliver-hook", OUTBOX) == await cluster.ends(OUTBOX)

    asyncio.run(scenario())


def test_a_burning_alert_is_sent_again_to_a_receiver_that_forgets_also_after_a_kill(cluster: Cluster) -> None:
    async def send(state: str, revision: int) -> None:
        producer = AIOKafkaProducer(**cluster.client)
        await producer.start()
        body = json.dumps({"id": f"a:{revision}", "state": state}).encode()
        await producer.send_and_wait(OUTBOX, msgspec.json.encode(Page("hook", "a", revision, "acme", "red", state, time.time(), body)))
        await producer.stop()

    async def scenario() -> list[str]:
        async with Endpoint() as endpoint:

            async def again(times: int) -> None:
                target = endpoint.asked + times

                async def asked() -> bool:
                    return endpoint.asked >= target

                await until(asked)

            options = ("--instance-id", "one", "--hook", str(endpoint.port), "--refresh", "0.3")
            worker = cluster.worker(*options)
            await send("raised", 1)
            await again(3)
            worker.kill()
            cluster.worker(*options)
            await again(3)
            await send("resolved", 2)

            async def over() -> bool:
                return any(alert["state"] == "resolved" for alert in endpoint.got)

            await until(over)
            await again(2)
            return [alert["state"] for alert in endpoint.got]

    states = asyncio.run(scenario())
    assert states == sorted(states)
    assert states.count("raised") >= 5
    assert states.count("resolved") >= 3
