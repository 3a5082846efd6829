from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from streams.changelog import Changelog, Restored, fold
from streams.errors import Halt
from streams.metrics import Metrics
from streams.runner import AT_HEADER, Pulse, Runner
from streams.stage import Effects, Send
from streams.topics import ALERTS, CHANGES
from tests.unit.kafka_fakes import FakeProducer, spin


class Recorder:
    """A stage that sends what it gets and remembers it."""

    def __init__(self, partition: int, log: list[str]) -> None:
        self.partition = partition
        self.log = log
        self.restored: dict[bytes, bytes] = {}
        self._changes: list[tuple[bytes, bytes | None]] = []

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        self.restored = dict(records)

    def process(self, value: bytes) -> Effects:
        if value == b"broken":
            raise Halt("a gap")
        self.log.append(f"process {value.decode()}")
        self._changes.append((value, b"1"))
        effects = Effects([Send(CHANGES, value, partition=0), Send(ALERTS, b'{"id":"%b:1"}' % value, key=b"k")])
        effects.readings = {("queue_length", "acme", "queue", "q-1"): 120.0}
        effects.counts["alerts_total", "i", "red", "raised"] += 1
        effects.counts["open_alerts", "red", "i"] = 7
        return effects

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        taken, self._changes = self._changes, []
        return taken


class MemoryChangelog(Changelog):
    """A changelog that keeps what a fake producer wrote."""

    def __init__(self, producer: FakeProducer, log: list[str]) -> None:
        super().__init__("changelog", {})
        self.producer = producer
        self.log = log
        self.reads = 0
        self.foreign = 0

    async def read(self, partition: int) -> Restored:
        self.reads += 1
        state, dangling = fold(record for batch in self.producer.batches for record in batch)
        return Restored(state, await self.end(partition), dangling)

    async def end(self, partition: int) -> int:
        return sum(map(len, self.producer.batches)) + self.foreign

    async def write(self, producer: Any, partition: int, changes: Any, *, framed: bool = False) -> tuple[int, int]:
        self.log.append(f"write {len(producer.sent)} sent before")
        return await super().write(producer, partition, changes, framed=framed)


class Rig:
    def __init__(self, *, pulse: Pulse | None = None, **options: Any) -> None:
        self.log: list[str] = []
        self.producer = FakeProducer(**options)
        self.changelog = MemoryChangelog(self.producer, self.log)
        self.metrics = Metrics()
        self.built: list[Recorder] = []
        names = {"alerts": self.changelog}
        self.runner = Runner(self._build, names, {"alerts": self.producer}, self.metrics, pulse or Pulse(10.0))

    def _build(self, name: str, partition: int) -> Recorder:
        self.built.append(Recorder(partition, self.log))
        return self.built[-1]

    async def feed(self, *values: tuple[int, bytes]) -> list[bool]:
        return [await self.runner.run("alerts", 0, value, offset, 1.0) for offset, value in values]


def test_outputs_are_durable_before_the_state_is_written() -> None:
    async def scenario() -> None:
        rig = Rig(hold=True)
        rig.runner.assign([("alerts", 0)])
        running = asyncio.create_task(rig.runner.run("alerts", 0, b"a", 0))
        await spin(lambda: len(rig.producer.sent) == 2)
        assert rig.log == ["process a"]
        rig.producer.release()
        assert await running
        assert rig.log == ["process a", "write 2 sent before"]

    asyncio.run(scenario())


def test_a_record_is_not_acknowledged_when_its_outputs_or_its_state_are_not_durable() -> None:
    async def scenario() -> None:
        rig = Rig(fail=1)
        rig.runner.assign([("alerts", 0)])
        with pytest.raises(Exception, match="no"):
            await rig.feed((0, b"a"))
        assert rig.producer.batches == []
        assert rig.runner.position("alerts", 0) is None

    asyncio.run(scenario())


def test_what_a_stage_raises_goes_on_to_the_caller() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        with pytest.raises(Halt):
            await rig.feed((0, b"broken"))

    asyncio.run(scenario())


def test_a_record_that_comes_again_is_acknowledged_and_not_processed() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        assert await rig.feed((4, b"a"), (4, b"a"), (3, b"z"), (5, b"b")) == [True, True, True, True]
        assert [line for line in rig.log if line.startswith("process")] == ["process a", "process b"]

    asyncio.run(scenario())


def test_a_record_out_of_turn_is_left_for_later() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        assert await rig.feed((4, b"a"), (6, b"c"), (5, b"b"), (6, b"c")) == [True, False, True, True]

    asyncio.run(scenario())


def test_a_partition_that_is_not_assigned_here_is_not_processed() -> None:
    async def scenario() -> None:
        rig = Rig()
        assert await rig.feed((0, b"a")) == [False]
        rig.runner.assign([("alerts", 0)])
        assert await rig.feed((0, b"a")) == [True]
        await rig.runner.revoke()
        assert await rig.feed((1, b"b")) == [False]

    asyncio.run(scenario())


def test_state_is_kept_over_a_rebalance_when_nobody_else_wrote() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        await rig.feed((0, b"a"))
        await rig.runner.revoke()
        rig.runner.assign([("alerts", 0)])
        assert await rig.feed((0, b"a"), (1, b"b")) == [True, True]
        assert rig.changelog.reads == 1

    asyncio.run(scenario())


def test_state_is_read_again_when_another_worker_wrote() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        await rig.feed((0, b"a"))
        await rig.runner.revoke()
        rig.changelog.foreign = 1
        rig.runner.assign([("alerts", 0)])
        await rig.feed((1, b"b"))
        assert rig.changelog.reads == 2
        assert rig.built[-1].restored == {b"a": b"1"}

    asyncio.run(scenario())


def test_a_revocation_waits_for_the_record_in_progress_and_gives_up_in_time() -> None:
    async def scenario() -> None:
        rig = Rig(hold=True)
        rig.runner.assign([("alerts", 0)])
        running = asyncio.create_task(rig.runner.run("alerts", 0, b"a", 0))
        await spin(lambda: rig.producer.sent)
        with pytest.raises(Halt, match="could not be finished"):
            await rig.runner.revoke(0.01)
        rig.producer.release()
        assert await running

    asyncio.run(scenario())


def test_counts_reach_the_metrics_and_the_record_time_goes_on_inside_only() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.runner.assign([("alerts", 0)])
        await rig.feed((0, b"a"))
        assert rig.metrics.value("alerts_total", "i", "red", "raised") == 1
        assert rig.metrics.value("open_alerts", "red", "i") == 7
        inside, outside = rig.producer.sent
        assert (AT_HEADER, b"1000") in inside.headers
        assert outside.headers == []
        page, _ = rig.metrics.render("application/openmetrics-text; version=1.0.0")
        assert b"fenghuo_end_to_end_seconds_count 1.0" in page
        assert b'# {alert="a:1"}' in page
        assert b'fenghuo_reading{indicator="queue_length",key="q-1",scope="queue",tenant="acme"} 120.0' in page
        assert rig.metrics.value("stages_restored", "alerts") == 1

    asyncio.run(scenario())


def test_after_a_frame_that_was_never_closed_the_next_write_is_framed() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.producer.batches.append([(b"\x00open", b"1"), (b"x", b"half")])
        rig.runner.assign([("alerts", 0)])
        await rig.feed((0, b"a"), (1, b"b"))
        assert rig.built[0].restored == {}
        assert rig.producer.batches[1:] == [[(b"\x00open", b"1"), (b"a", b"1"), (b"\x00close", b"1")], [(b"b", b"1")]]

    asyncio.run(scenario())


def test_a_process_that_stood_still_writes_no_state() -> None:
    now = [0.0]
    pulse = Pulse(10.0, lambda: now[0])

    async def scenario() -> None:
        rig = Rig(pulse=pulse)
        rig.runner.assign([("alerts", 0)])
        await rig.feed((0, b"a"))
        now[0] = 11.0
        with pytest.raises(Halt, match="stood still"):
            await rig.feed((1, b"b"))
        pulse.beat()
        with pytest.raises(Halt, match="stood still"):
            pulse.check()

    asyncio.run(scenario())
