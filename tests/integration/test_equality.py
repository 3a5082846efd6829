"""The same events give the same alerts: by replay of a file, and through Kafka whatever the partitions and their pace."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.records import partition_key
from streams.topics import DEAD_LETTERS, EVENTS
from streams.wiring import Layout
from tests.integration.driver import Recording, Site, assert_same, partition_of

pytestmark = pytest.mark.integration

ONE = Layout(events=1, scopes=1, alerts=1)
FOUR = Layout(events=4, scopes=4, alerts=1)


def test_the_recording_is_worth_comparing(recording: Recording) -> None:
    assert recording.summary["late"] == 0
    assert recording.summary["duplicates"] > 0
    assert sum(recording.summary["rejects"].values()) == 3
    assert {tier for _, tier, _ in recording.said.changes} == {"blue", "yellow", "orange", "red"}
    assert {state for _, _, state in recording.said.changes} == {"raised", "updated", "resolved"}
    assert len(recording.said.indicators()) >= 8


@pytest.mark.parametrize("layout", [ONE, FOUR], ids=["1-partition", "4-partitions"])
def test_kafka_gives_what_replay_gives(site: Site, recording: Recording, layout: Layout) -> None:
    async def scenario() -> None:
        here = await site.with_layout(layout)
        await here.command("ingest", str(recording.path))
        await here.work(idle=3)
        assert_same(recording.said, await here.tail())
        assert len(await here.read(DEAD_LETTERS)) == 3

    asyncio.run(scenario())


def test_a_partition_without_any_record_holds_nothing_back(site: Site, recording: Recording) -> None:
    async def scenario() -> None:
        parts = recording.by_partition(3)
        await site.produce((partition, line) for partition, part in enumerate(parts) for line in part)
        await site.work()
        assert {target.partition for target, end in (await site.ends(EVENTS)).items() if end} == {0, 1, 2}
        assert_same(recording.said, await site.alerts())

    asyncio.run(scenario())


def test_a_worker_that_had_nothing_to_do_takes_a_whole_file_at_once_though_a_partition_gets_heartbeats_only(
    site: Site, recording: Recording, tmp_path: Path
) -> None:
    async def scenario() -> None:
        file = tmp_path / "three.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in _rekeyed(recording, partitions=3)))
        worker = site.worker()
        await site.wait_until_told_idle()
        await site.command("ingest", str(file))
        types = {json.loads(record.value)["type"] for record in await site.read(EVENTS) if record.partition == 3}
        assert types == {"fenghuo.stream.heartbeat.v1"}
        await site.read_by(await site.ends(EVENTS))
        assert worker.stop() == 0
        await site.work()
        assert_same(recording.said, await site.alerts())

    asyncio.run(scenario())


def _rekeyed(recording: Recording, partitions: int) -> Iterator[bytes]:
    """The events, each with a `partitionkey` that leads it to one of the first partitions of four."""
    names = (f"key-{number}" for number in itertools.count())
    leading = {partition_of(name.encode(), 4): name for name in itertools.islice(names, 100)}
    for line in recording.lines:
        key = partition_key(line)
        if key is not None:
            yield json.dumps({**json.loads(line), "partitionkey": leading[partition_of(key, partitions)]}).encode()


def test_a_partition_that_is_days_ahead_waits_for_the_others(site: Site, recording: Recording) -> None:
    async def scenario() -> None:
        first, *others = recording.by_partition(4)
        worker = site.worker()
        await worker.wait_for_log("worker.started")
        slow = asyncio.create_task(_trickle(site, [part[:30] for part in others]))
        await site.produce((0, line) for line in first)
        await site.read_by({target: end for target, end in (await site.ends(EVENTS)).items() if target.partition == 0})
        await site.wait_until_told_idle(0)
        await slow
        await site.produce((number, line) for number, part in enumerate(others, 1) for line in part[30:])
        await site.read_by(await site.ends(EVENTS))
        assert worker.stop() == 0
        await site.work()
        assert_same(recording.said, await site.alerts())

    asyncio.run(scenario())


async def _trickle(site: Site, parts: list[list[bytes]]) -> None:
    """Write the parts to the partitions after the first, a few lines at a time, so slowly that none is ever done for long."""
    for step in itertools.zip_longest(*parts):
        await site.produce((number, line) for number, line in enumerate(step, 1) if line is not None)
        await asyncio.sleep(0.2)
