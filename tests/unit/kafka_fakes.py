"""A consumer and a producer without a broker: lists of records in, lists of records out, failures on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError


async def spin(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Let the loop run until something is true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - fakes have no event to wait for
            await asyncio.sleep(0)


class Record(NamedTuple):
    partition: int
    offset: int
    value: bytes | None
    timestamp: int = 1_000_000
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class Sent(NamedTuple):
    topic: str
    value: bytes | None
    key: bytes | None
    partition: int | None
    headers: list[tuple[str, bytes]]


class Metadata(NamedTuple):
    offset: int


class Batch:
    """What `create_batch` gives: appends until it is full."""

    def __init__(self, limit: int) -> None:
        self.records: list[tuple[bytes, bytes | None]] = []
        self._left = limit

    def append(self, *, key: bytes, value: bytes | None, timestamp: Any) -> object | None:
        self._left -= len(key) + len(value or b"")
        if self._left < 0:
            return None
        self.records.append((key, value))
        return object()


class FakeProducer:
    """Keeps what is sent; `fail` makes the next so many sends fail, `hold` keeps acknowledgements back until `release`."""

    def __init__(self, *, fail: int = 0, hold: bool = False, limit: int = 1 << 24) -> None:
        self.sent: list[Sent] = []
        self.batches: list[list[tuple[bytes, bytes | None]]] = []
        self.fail = fail
        self.hold = hold
        self.limit = limit
        self._offset = 0
        self._held: list[asyncio.Future[Metadata]] = []

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def flush(self) -> None:
        pass

    async def partitions_for(self, topic: str) -> set[int]:
        return {0, 1}

    async def send(
        self, topic: str, value: bytes | None = None, key: bytes | None = None, partition: int | None = None, headers: Any = None
    ) -> asyncio.Future[Metadata]:
        future: asyncio.Future[Metadata] = asyncio.get_running_loop().create_future()
        if self.fail:
            self.fail -= 1
            future.set_exception(KafkaError("no"))
            return future
        self.sent.append(Sent(topic, value, key, partition, list(headers or ())))
        if self.hold:
            self._held.append(future)
        else:
            future.set_result(self._next())
        return future

    def release(self) -> None:
        self.hold = False
        for future in self._held:
            future.set_result(self._next())
        self._held.clear()

    def create_batch(self) -> Batch:
        return Batch(self.limit)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Metadata]:
        future: asyncio.Future[Metadata] = asyncio.get_running_loop().create_future()
        if self.fail:
            self.fail -= 1
            future.set_exception(KafkaError("no"))
            return future
        offset = sum(map(len, self.batches))
        self.batches.append(batch.records)
        future.set_result(Metadata(offset))
        return future

    def _next(self) -> Metadata:
        self._offset += 1
        return Metadata(self._offset - 1)


class FakeConsumer:
    """One topic in memory: `log` by partition, `begins` where it begins now."""

    def __init__(self, topic: str, log: Mapping[int, list[Record]], *, committed: Mapping[int, int] | None = None) -> None:
        self.topic = topic
        self.log = {partition: list(records) for partition, records in log.items()}
        self.begins: dict[int, int] = defaultdict(int)
        self.offsets = dict(committed or {})
        self.positions: dict[int, int] = {}
        self.paused: set[int] = set()

    def subscribe(self, topics: list[str], listener: Any) -> None:
        pass

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(self.topic, partition) for partition in self.log}

    def end(self, partition: int) -> int:
        records = self.log[partition]
        return records[-1].offset + 1 if records else self.begins[partition]

    def highwater(self, target: TopicPartition) -> int:
        return self.end(target.partition)

    async def beginning_offsets(self, targets: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {target: self.begins[target.partition] for target in targets}

    async def end_offsets(self, targets: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {target: self.end(target.partition) for target in targets}

    async def committed(self, target: TopicPartition) -> int | None:
        return self.offsets.get(target.partition)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.offsets.update({target.partition: offset for target, offset in offsets.items()})

    def seek(self, target: TopicPartition, offset: int) -> None:
        self.positions[target.partition] = offset

    def pause(self, *targets: TopicPartition) -> None:
        self.paused |= {target.partition for target in targets}

    def resume(self, *targets: TopicPartition) -> None:
        self.paused -= {target.partition for target in targets}

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Record]]:
        await asyncio.sleep(0)
        found = {}
        for partition, records in self.log.items():
            fresh = [record for record in records if record.offset >= self.positions.get(partition, 0)]
            if fresh and partition not in self.paused:
                found[TopicPartition(self.topic, partition)] = fresh[:max_records]
                self.positions[partition] = fresh[:max_records][-1].offset + 1
        return found
