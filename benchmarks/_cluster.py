"""Kafka's side of a run: fill the topic before the clock starts, and see when everything is committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from benchmarks._events import Record
from config.settings import KafkaSettings
from streams.kafka import administer, client_options, consumer, producer
from streams.topics import EVENTS, INTERNAL_EVENTS, STAGES, apply, declare, plan
from streams.wiring import Layout

__all__ = ["Watcher", "fill"]

POLL_S = 0.02
_INTERNAL = tuple(STAGES.values())

Offsets = Mapping[TopicPartition, int]


async def fill(bootstrap: str, records: Sequence[Record]) -> None:
    """Create all topics and write the records; returns when they are durable."""
    options = client_options(KafkaSettings(bootstrap=bootstrap))
    async with administer(options) as admin:
        await apply(admin, await plan(admin, declare(Layout())))
    writer = producer(options, linger_ms=5, max_batch_size=256 << 10)
    await writer.start()
    try:
        for record in records:
            await writer.send(EVENTS, record.value, record.key, record.partition)
        await writer.flush()
    finally:
        await writer.stop()


class Watcher:
    """Looks at committed offsets and ends, fifty times a second."""

    def __init__(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer) -> None:
        self._admin = admin
        self._reader = reader

    @classmethod
    async def wait(cls, bootstrap: str, group: str, stages: str | None, seconds: float) -> float:
        """When (monotonic s) `group` had committed the whole events topic, and `stages`, if any, all that came of it.

        Raises TimeoutError when that is not so within `seconds`.
        """
        options = client_options(KafkaSettings(bootstrap=bootstrap))
        reader = consumer(options)
        await reader.start()
        try:
            async with administer(options) as admin, asyncio.timeout(seconds):
                watcher = cls(admin, reader)
                at = await watcher._until(group, await watcher._ends(EVENTS))
                if stages is not None:
                    at = await watcher._drained(stages)
                return at
        finally:
            await reader.stop()

    async def _drained(self, group: str) -> float:
        """What the intake wrote is processed, and nothing that came of it is left."""
        await self._until(group, await self._ends(INTERNAL_EVENTS))
        while True:
            committed, at = await self._committed(group), time.monotonic()
            if _reached(committed, await self._ends(*_INTERNAL[1:])):
                return at
            await asyncio.sleep(POLL_S)

    async def _until(self, group: str, ends: Offsets) -> float:
        while True:
            committed, at = await self._committed(group), time.monotonic()
            if _reached(committed, ends):
                return at
            await asyncio.sleep(POLL_S)

    async def _committed(self, group: str) -> Offsets:
        try:
            found: dict[TopicPartition, Any] = await self._admin.list_consumer_group_offsets(group)
        except KafkaError:  # the first group makes the coordinator's topic
            return {}
        return {target: each.offset for target, each in found.items()}

    async def _ends(self, *topics: str) -> Offsets:
        targets = [
            TopicPartition(each.name, number) for each in declare(Layout()) if each.name in topics for number in range(each.partitions)
        ]
        return dict(await self._reader.end_offsets(targets))


def _reached(committed: Offsets, ends: Offsets) -> bool:
    """Whether all that there is was committed. An empty partition needs no commit.

    >>> here = TopicPartition("t", 0)
    >>> _reached({here: 3}, {here: 3}), _reached({here: 2}, {here: 3}), _reached({}, {here: 0})
    (True, False, True)
    """
    return bool(ends) and all(committed.get(target, 0) >= end for target, end in ends.items())
