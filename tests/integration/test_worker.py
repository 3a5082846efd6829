from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from streams.topics import ALERTS, DEAD_LETTERS, EVENTS, INTERNAL_EVENTS, internal
from tests.integration.fakes import LAYOUT
from tests.integration.harness import Cluster, by_key, until

pytestmark = pytest.mark.integration


async def _assert_exactly_once(cluster: Cluster, ids: list[str], rejects: int = 0) -> None:
    """Every event is counted once in the state of every stage, and every output is there, doubles having the same id."""
    expected = by_key(ids) + Counter({"reject": rejects})
    assert await cluster.counts("conversations", LAYOUT.events) == expected
    assert await cluster.counts("scopes", LAYOUT.scopes) == expected
    assert await cluster.counts("alerts", LAYOUT.alerts) == expected
    outputs = {record.key.decode() for record in await cluster.read(ALERTS)}
    assert outputs - {"reject/r"} == set(ids)
    assert await cluster.committed(f"{cluster.app_id}-intake", EVENTS) == await cluster.ends(EVENTS)


def test_an_undisturbed_worker_processes_everything_and_ends_when_idle(cluster: Cluster) -> None:
    async def scenario() -> None:
        ids = await cluster.feed(5000, bad_every=50)
        worker = cluster.worker("--until-idle", "1")
        assert await worker.wait() == 0
        await _assert_exactly_once(cluster, ids, rejects=100)
        assert {record.value for record in await cluster.read(DEAD_LETTERS)} == {b"not an event"}
        assert len(await cluster.read(DEAD_LETTERS)) == 100

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_moments_neither_lose_nor_repeat(cluster: Cluster, seed: int) -> None:
    chance = random.Random(seed)

    async def scenario() -> None:
        feeding = asyncio.create_task(cluster.feed(20_000, rate=4000, bad_every=1000))
        for _ in range(3):
            worker = cluster.worker("--instance-id", "one")
            ends = sum((await cluster.ends(ALERTS)).values()) + chance.randrange(1, 3000)

            async def far_enough(ends: int = ends) -> bool:
                return sum((await cluster.ends(ALERTS)).values()) >= ends

            await until(far_enough)
            worker.kill()
        ids = await feeding
        assert await cluster.worker("--until-idle", "1", "--instance-id", "one").wait(90) == 0
        await _assert_exactly_once(cluster, ids, rejects=20)

    asyncio.run(scenario())


def test_a_restart_reads_less_than_five_seconds_again_and_does_without_what_is_deleted(cluster: Cluster) -> None:
    async def scenario() -> None:
        worker = cluster.worker("--instance-id", "one")
        await worker.wait_for_log("worker.started")
        ids = await cluster.feed(500, rate=500)
        fed_early = await cluster.ends(EVENTS)
        ids += await cluster.feed(2200, rate=500)
        worker.kill()
        committed = await cluster.committed(f"{cluster.app_id}-intake", EVENTS)
        assert all(committed[target] >= offset for target, offset in fed_early.items())
        await cluster.delete_before(committed)
        ids += await cluster.feed(500)
        assert await cluster.worker("--until-idle", "1", "--instance-id", "one").wait() == 0
        await _assert_exactly_once(cluster, ids)

    asyncio.run(scenario())


def test_a_second_worker_takes_over_partitions_and_gives_them_back(cluster: Cluster) -> None:
    async def scenario() -> None:
        feeding = asyncio.create_task(cluster.feed(25_000, rate=2000))
        first = cluster.worker()
        await first.wait_for_log("worker.started")
        second = cluster.worker()
        await second.wait_for_log("stage.restored")
        await first.wait_for_log("stages.revoked")
        first.kill()
        third = cluster.worker()
        await third.wait_for_log("stage.restored", 60)
        assert second.stop() == 0
        ids = await feeding
        assert third.stop() == 0
        assert await cluster.worker("--until-idle", "1").wait() == 0
        await _assert_exactly_once(cluster, ids)

    asyncio.run(scenario())


def test_a_signal_ends_a_busy_worker_within_ten_seconds(cluster: Cluster) -> None:
    async def scenario() -> None:
        feeding = asyncio.create_task(cluster.feed(20_000, rate=5000))
        worker = cluster.worker()
        await worker.wait_for_log("worker.started")
        assert worker.stop(10) == 0
        ids = await feeding
        assert await cluster.worker("--until-idle", "1").wait() == 0
        await _assert_exactly_once(cluster, ids)

    asyncio.run(scenario())


def test_input_deleted_before_it_was_read_is_reported_and_does_not_stop_the_stages(cluster: Cluster) -> None:
    async def scenario() -> None:
        ids = await cluster.feed(1000)
        assert await cluster.worker("--until-idle", "1").wait() == 0
        lost = await cluster.feed(1000)
        await cluster.delete_before(await cluster.ends(EVENTS))
        ids += await cluster.feed(1000)
        worker = cluster.worker("--until-idle", "1")
        await worker.wait()
        assert "intake.gap" in worker.log.read_text()
        outputs = {record.key.decode() for record in await cluster.read(ALERTS)}
        assert not outputs & set(lost)

    asyncio.run(scenario())


def test_statuses_come_every_second_when_nothing_arrives(cluster: Cluster) -> None:
    async def scenario() -> None:
        worker = cluster.worker()
        await worker.wait_for_log("worker.started")

        async def several() -> bool:
            return all(end >= 3 for end in (await cluster.ends(internal(INTERNAL_EVENTS, cluster.app_id))).values())

        await until(several)
        assert worker.stop() == 0

    asyncio.run(scenario())


def test_no_broker_is_one_clear_line(cluster: Cluster) -> None:
    cluster.bootstrap = "127.0.0.1:1"

    async def scenario() -> None:
        worker = cluster.worker()
        assert await worker.wait(20) == 3
        assert "no Kafka answers at 127.0.0.1:1" in worker.log.read_text().splitlines()[-1]

    asyncio.run(scenario())
