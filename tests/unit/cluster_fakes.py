"""A cluster in memory: topics as lists, consumers that are assigned everything, producers that append."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndTimestamp


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


class Logs:
    """All topics. `sends` is how many more sends succeed, None for all of them; `breaks` is what another raises."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = partitions
        self.records: dict[TopicPartition, list[Record]] = defaultdict(list)
        self.begins: dict[TopicPartition, int] = defaultdict(int)
        self.sends: int | None = None
        self.breaks: Exception = KafkaError("the broker is gone")
        self.wrote = asyncio.Event()

    def write(self, topic: str, value: bytes | None, key: bytes | None = None, partition: int = 0, at: float = 0.0) -> Record:
        target = TopicPartition(topic, partition)
        record = Record(topic, partition, self.end(target), value, key, round(at * 1000))
        self.records[target].append(record)
        return record

    def end(self, target: TopicPartition) -> int:
        records = self.records[target]
        return records[-1].offset + 1 if records else self.begins[target]

    def values(self, topic: str) -> list[bytes]:
        return [record.value or b"" for partition in range(self.partitions) for record in self.records[TopicPartition(topic, partition)]]

    def consumer(self, _options: Any = None, *_topics: str, **_more: Any) -> Any:
        return Consumer(self)

    def producer(self, _options: Any = None, **_more: Any) -> Any:
        return Producer(self)


class Consumer:
    """A member that has all partitions of what it subscribes to."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._positions: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def subscribe(self, topics: list[str], listener: Any = None) -> None:
        self.assign([TopicPartition(topic, partition) for topic in topics for partition in range(self._logs.partitions)])

    def assign(self, targets: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(targets, 0)

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    def seek(self, target: TopicPartition, offset: int) -> None:
        self._positions[target] = offset

    async def position(self, target: TopicPartition) -> int:
        return self._positions[target]

    def highwater(self, target: TopicPartition) -> int:
        return self._logs.end(target)

    async def beginning_offsets(self, targets: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {target: self._logs.begins[target] for target in targets}

    async def end_offsets(self, targets: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {target: self._logs.end(target) for target in targets}

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        found = {}
        for target, moment in times.items():
            later = [OffsetAndTimestamp(each.offset, each.timestamp) for each in self._logs.records[target] if each.timestamp >= moment]
            found[target] = later[0] if later else None
        return found

    async def getmany(self, *, timeout_ms: int = 0, max_records: int = 500) -> dict[TopicPartition, list[Record]]:
        await asyncio.sleep(0)
        found, left = {}, max_records
        for target, position in self._positions.items():
            fresh = [record for record in self._logs.records[target] if record.offset >= position][:left]
            if fresh:
                found[target] = fresh
                self._positions[target] = fresh[-1].offset + 1
                left -= len(fresh)
        if not found:
            await asyncio.sleep(0.001)
        return found


class Producer:
    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, topic: str, value: bytes | None = None, key: bytes | None = None, partition: int | None = None) -> Any:
        if self._logs.sends == 0:
            raise self._logs.breaks
        if self._logs.sends is not None:
            self._logs.sends -= 1
        done: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        done.set_result(self._logs.write(topic, value, key, partition or 0))
        return done

    async def send_and_wait(self, topic: str, value: bytes | None = None, key: bytes | None = None, partition: int | None = None) -> Any:
        return await (await self.send(topic, value, key, partition))
