"""From a topic to what the console remembers of it: what was written of late, then what comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition

from streams.kafka import consumer

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

__all__ = ["TopicTail"]

BACK_RECORDS: Final = 20_000
"""At most so many records of each partition are read before what is new."""
BATCH: Final = 500


class TopicTail:
    """Follows all `partitions` of a topic, in no group: every console has its own memory.

    Begins with the records of the last `back_s` seconds (None: all there are), at most 20,000 of each partition. `feed` gets each value,
    `ready` is called once all was read that was there in the beginning. `wall` is the clock of Kafka's records.
    """

    def __init__(
        self,
        topic: str,
        partitions: int,
        client: Mapping[str, Any],
        feed: Callable[[bytes | None], object],
        *,
        back_s: float | None = None,
        ready: Callable[[], object] = lambda: None,
        wall: Callable[[], float] = time.time,
        make_consumer: Callable[..., AIOKafkaConsumer] = consumer,
    ) -> None:
        self._feed, self._back_s, self._ready, self._wall = feed, back_s, ready, wall
        self._consumer = make_consumer(dict(client))
        self._targets = [TopicPartition(topic, partition) for partition in range(partitions)]
        self._ends: dict[TopicPartition, int] = {}
        self._stopping = False

    async def start(self) -> None:
        """Connect, and go back to where the reading begins."""
        await self._consumer.start()
        self._consumer.assign(self._targets)
        self._ends = dict(await self._consumer.end_offsets(self._targets))
        for target, begin in (await self._begins()).items():
            self._consumer.seek(target, max(begin, self._ends[target] - BACK_RECORDS))

    async def run(self) -> None:
        """Read until `stop`. Raises KafkaError when Kafka refuses for good."""
        while not self._stopping:
            found = await self._consumer.getmany(timeout_ms=200, max_records=BATCH)
            for records in found.values():
                for record in records:
                    self._feed(record.value)
            if self._ends and await self._caught_up():
                self._ends = {}
                self._ready()

    async def stop(self) -> None:
        """Disconnect."""
        self._stopping = True
        await self._consumer.stop()

    async def _begins(self) -> dict[TopicPartition, int]:
        first = dict(await self._consumer.beginning_offsets(self._targets))
        if self._back_s is None:
            return first
        moment = int((self._wall() - self._back_s) * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._targets, moment))
        return {target: place.offset if (place := found.get(target)) is not None else self._ends[target] for target in self._targets}

    async def _caught_up(self) -> bool:
        for target, end in self._ends.items():
            if await self._consumer.position(target) < end:
                return False
        return True
