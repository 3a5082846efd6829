"""Topics as the commands read them: to their end, or as records come."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.cli._shared import settings
from streams.errors import TopicsError, UsageError
from streams.kafka import administer, client_options, consumer, require_broker
from streams.topics import ALERT_STATE, partition_counts

__all__ = ["TopicReader", "everything", "find", "states", "values"]

SHORTEST = 4


class TopicReader:
    """All partitions of a topic, without a group."""

    def __init__(self, bootstrap: str | None, topic: str) -> None:
        self._options = client_options(settings(bootstrap).kafka)
        self._topic = topic
        self._targets: list[TopicPartition] = []

    async def __aenter__(self) -> Self:
        await require_broker(self._options)
        async with administer(self._options) as admin:
            count = (await partition_counts(admin)).get(self._topic)
        if count is None:
            raise TopicsError(f"topic {self._topic} does not exist: run `fenghuo topics apply` or start a worker")
        self._targets = [TopicPartition(self._topic, partition) for partition in range(count)]
        self._consumer: AIOKafkaConsumer = consumer(self._options)
        await self._consumer.start()
        self._consumer.assign(self._targets)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def seek(self, *, from_start: bool) -> None:
        """Go to the first or behind the last record."""
        find = self._consumer.beginning_offsets if from_start else self._consumer.end_offsets
        for target, offset in (await find(self._targets)).items():
            self._consumer.seek(target, offset)

    async def take(self) -> list[Any]:
        """What has come; waits a little."""
        found = await self._consumer.getmany(timeout_ms=200)
        return [record for target in self._targets for record in found.get(target, [])]

    async def at_end(self) -> bool:
        """Whether everything there is now has been read."""
        ends = await self._consumer.end_offsets(self._targets)
        positions = await asyncio.gather(*(self._consumer.position(target) for target in self._targets))
        return all(position >= ends[target] for target, position in zip(self._targets, positions, strict=True))


async def everything(bootstrap: str | None, topic: str) -> AsyncIterator[Any]:
    """The records of a topic up to its end, each partition in its order."""
    async with TopicReader(bootstrap, topic) as reader:
        await reader.seek(from_start=True)
        while not await reader.at_end():
            for record in await reader.take():
                yield record


async def values(bootstrap: str | None, topic: str, *, from_start: bool, until_idle: float | None) -> AsyncIterator[bytes]:
    """The values of a topic as they come, until nothing came for `until_idle` seconds."""
    async with TopicReader(bootstrap, topic) as reader:
        await reader.seek(from_start=from_start)
        last = time.monotonic()
        while True:
            for record in await reader.take():
                last = time.monotonic()
                if record.value is not None:
                    yield record.value
            if until_idle is not None and time.monotonic() - last >= until_idle and await reader.at_end():
                return


async def states(bootstrap: str | None) -> list[dict[str, Any]]:
    """The last change of each alert, as CloudEvents."""
    latest: dict[bytes, bytes | None] = {}
    async for record in everything(bootstrap, ALERT_STATE):
        latest[record.key or b""] = record.value
    return [alert for value in latest.values() if value is not None and (alert := _parse(value)) is not None]


async def find(bootstrap: str | None, name: str) -> dict[str, Any]:
    """The data of the alert whose id this is, or begins so. Raises UsageError, saying what to do, when it is none or not the only one."""
    known = [event.get("data") for event in await states(bootstrap)]
    found = [data for data in known if isinstance(data, dict) and str(data.get("alert_id", "")).startswith(name)]
    if len(name) < SHORTEST:
        raise UsageError(f"{name!r} is too short for an id: give at least {SHORTEST} characters; `fenghuo alerts list --ids` shows them")
    if not found:
        raise UsageError(f"no alert's id begins with {name}: `fenghuo alerts list --all --ids` shows them")
    if len(found) > 1:
        ids = ", ".join(str(data["alert_id"]) for data in found[:5])
        raise UsageError(f"several alerts' ids begin with {name}: {ids}; give more of it")
    return found[0]


def _parse(value: bytes) -> dict[str, Any] | None:
    try:
        alert = json.loads(value)
    except ValueError:
        return None
    return alert if isinstance(alert, dict) else None
