"""Where records go: Kafka, asked to acknowledge each one from all replicas."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from streams.topics import EVENTS

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

__all__ = ["Bus", "KafkaBus", "Record"]

log = logging.getLogger(__name__)

REST_S = 1.0
PROBE_S = 1.0
Headers = Sequence[tuple[str, bytes]]
_Target = tuple[str, int]


class Record(msgspec.Struct, frozen=True):
    """A record to be written. Without a partition the key of an event decides; other topics are written to their first one."""

    topic: str
    value: bytes
    key: bytes | None = None
    partition: int | None = None
    headers: Headers = ()


class Bus(Protocol):
    """What the gateway needs of Kafka."""

    @property
    def partitions(self) -> Sequence[int]:
        """The partitions of the events topic."""

    @property
    def resting(self) -> float:
        """Seconds until it makes sense to write again; 0 as long as records are acknowledged."""

    async def write(self, records: Sequence[Record]) -> list[bool]:
        """Write records; for each whether it is known to be acknowledged. Records with the same key stay in order. Never raises."""

    async def ready(self) -> bool:
        """Whether Kafka answers."""


@dataclass
class _Group:
    """What one write has for one partition: acknowledged as a whole, or not."""

    done: asyncio.Future[bool]
    records: list[Record] = field(default_factory=list)
    begun: int = 0
    left: int = 0
    well: bool = True

    def landed(self, count: int, *, well: bool) -> None:
        """So many of the records were acknowledged, or not."""
        self.left -= count
        self.well &= well
        if self.left == 0 and not self.done.done():
            self.done.set_result(self.well)


class KafkaBus:
    """Kafka through one producer that was started (acks=all).

    Each partition has one batch on its way; what comes meanwhile, from any number of writes, makes the next one. So order holds, and
    many small writes cost little more than a large one. What is not acknowledged within `timeout_s` counts as not written, and then
    nothing is tried for a second: requests are refused at once instead of piling up. It may have been written nevertheless: whoever sends
    it again makes a duplicate, which is dropped.
    """

    def __init__(
        self,
        producer: AIOKafkaProducer,
        partitions: Sequence[int],
        timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.partitions = sorted(partitions)
        self._producer: Any = producer
        self._timeout_s = timeout_s
        self._clock = clock
        self._rest_until = 0.0
        self._failing = False
        self._probed: tuple[float, bool] = (-PROBE_S, True)
        self._queues: dict[_Target, deque[_Group]] = defaultdict(deque)
        self._senders: dict[_Target, asyncio.Task[None]] = {}
        choose = DefaultPartitioner()
        self._partition = lru_cache(1 << 16)(lambda key: int(choose(key, self.partitions, self.partitions)))

    @property
    def resting(self) -> float:
        """Seconds until it makes sense to write again."""
        return max(0.0, self._rest_until - self._clock())

    async def write(self, records: Sequence[Record]) -> list[bool]:
        """Write records; for each whether it is acknowledged."""
        groups: dict[_Target, _Group] = {}
        homes: list[_Group] = []
        loop = asyncio.get_running_loop()
        for record in records:
            target = record.topic, self._target(record)
            group = groups.get(target)
            if group is None:
                group = groups[target] = _Group(loop.create_future())
            group.records.append(record)
            homes.append(group)
        for target, group in groups.items():
            self._enqueue(target, group)
        pending = {group.done for group in groups.values()}
        if pending:
            _, late = await asyncio.wait(pending, timeout=self._timeout_s)
            for future in late:
                future.cancel()  # what is still in a queue is not sent any more
        acked = [group.done.done() and not group.done.cancelled() and group.done.result() for group in homes]
        self._note(well=all(acked))
        return acked

    async def ready(self) -> bool:
        """Whether a broker answers; asked at most once a second."""
        at, well = self._probed
        if self._clock() - at >= PROBE_S:
            well = await self._probe()
            self._probed = (self._clock(), well)
        return well

    async def _probe(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_S):
                return bool(await self._producer.client.force_metadata_update())
        except (KafkaError, TimeoutError):
            return False

    # -- one partition

    def _enqueue(self, target: _Target, group: _Group) -> None:
        group.left = len(group.records)
        self._queues[target].append(group)
        sender = self._senders.get(target)
        if sender is None or sender.done():
            self._senders[target] = asyncio.create_task(self._drain(target))

    async def _drain(self, target: _Target) -> None:
        """Send what is queued, batch by batch, each after the one before was acknowledged or given up."""
        queue = self._queues[target]
        while queue:
            batch, inside = self._fill(queue)
            if not inside:
                if queue:  # a record that no batch takes
                    refused = queue.popleft()
                    refused.landed(refused.left, well=False)
                continue
            batch.close()
            well = await self._send(target, batch)
            for group, count in inside:
                group.landed(count, well=well)

    def _fill(self, queue: deque[_Group]) -> tuple[Any, list[tuple[_Group, int]]]:
        """A batch of what is queued, as far as it goes, and how many records of which group are in it."""
        batch, inside = self._producer.create_batch(), []
        while queue:
            group = queue[0]
            start = group.begun
            if not group.done.done():
                while group.begun < len(group.records) and _append(batch, group.records[group.begun]):
                    group.begun += 1
                if group.begun > start:
                    inside.append((group, group.begun - start))
                if group.begun < len(group.records):
                    return batch, inside
            queue.popleft()
        return batch, inside

    async def _send(self, target: _Target, batch: Any) -> bool:
        topic, partition = target
        try:
            await (await self._producer.send_batch(batch, topic, partition=partition))
        except KafkaError as error:
            log.warning("gateway.unacknowledged topic=%s partition=%d error=%s", topic, partition, type(error).__name__)
            return False
        return True

    def _target(self, record: Record) -> int:
        if record.partition is not None:
            return record.partition
        return self._partition(record.key) if record.topic == EVENTS and record.key is not None else 0

    def _note(self, *, well: bool) -> None:
        if well == self._failing:
            log.warning("gateway.kafka %s", "acknowledges again" if well else "does not acknowledge")
        self._failing = not well
        self._rest_until = 0.0 if well else self._clock() + REST_S


def _append(batch: Any, record: Record) -> bool:
    """Put a record into a batch, if there is room."""
    headers = list(record.headers)
    return batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is not None
