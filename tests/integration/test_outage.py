from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from streams.broker import Broker
from streams.errors import Halt
from streams.topics import ALERTS
from tests.integration.fakes import LAYOUT
from tests.integration.harness import Cluster, by_key, until

pytestmark = pytest.mark.integration


def test_a_broker_that_is_gone_for_five_seconds_costs_nothing(tmp_path: Path) -> None:
    broker = Broker(data=tmp_path / "kafka")
    broker.start()
    cluster = Cluster(broker.bootstrap, tmp_path)

    async def outputs() -> set[str]:
        return {record.key.decode() for record in await cluster.read(ALERTS)}

    async def scenario() -> None:
        await cluster.reset()
        worker = cluster.worker()
        ids = await cluster.feed(2000, rate=2000)

        async def begun() -> bool:
            return len(await outputs()) > 100

        await until(begun, 90)
        broker.kill()
        gone = time.monotonic()

        async def long_enough() -> bool:
            return time.monotonic() - gone > 5

        await until(long_enough)
        await asyncio.to_thread(broker.start)
        ids += await cluster.feed(1000)

        async def complete() -> bool:
            nonlocal worker
            ended = worker.process.poll()
            if ended is not None:
                # Kafka's client may not recover: the worker says so by its exit code, and a supervisor starts the next one.
                assert ended == Halt.exit_code, worker.last_words()
                worker = cluster.worker()
            return await outputs() == set(ids)

        await until(complete, 150)
        assert worker.stop() == 0
        assert await cluster.worker("--until-idle", "1").wait() == 0
        assert await cluster.counts("conversations", LAYOUT.events) == by_key(ids)
        assert await cluster.counts("alerts", LAYOUT.alerts) == by_key(ids)

    try:
        asyncio.run(scenario())
    finally:
        cluster.close()
        broker.stop()
