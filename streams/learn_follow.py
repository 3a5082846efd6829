"""Learns from Kafka as the events come, and writes versions; what was learnt is committed only with the version that holds it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streams.topics import ALERTS, EVENTS, FEEDBACK

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, TopicPartition

    from config.model_store import ModelVersion
    from streams.learner import Learner

__all__ = ["Follow", "FollowOptions"]

log = logging.getLogger(__name__)

RECORDS = 1000
WAIT_MS = 500
TOPICS = (EVENTS, FEEDBACK, ALERTS)


@dataclass(frozen=True)
class FollowOptions:
    """A version is written every `every_s` seconds when `least` labels have come since the last. `until_idle` seconds of silence end it."""

    every_s: float = 600.0
    least: int = 100
    until_idle: float | None = None


class Follow:
    """One run: `await run()` until `stop`. The group has one member: a second one would learn half and write over the other's versions.

    Offsets are committed after a version is written, so that after a crash what no version holds is read and learnt again. What was
    remembered of open conversations is lost then: of those only what comes later is learnt. A clean end learns what is known of them.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        learner: Learner,
        write: Callable[[], ModelVersion],
        options: FollowOptions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer = consumer
        self._learner = learner
        self._write = write
        self._options = options
        self._clock = clock
        self._stop = asyncio.Event()
        self._sources: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._learnt = self._labels()
        self.versions = 0

    def stop(self) -> None:
        """Ask for a clean end: what was learnt is written."""
        self._stop.set()

    async def run(self) -> None:
        """Read, learn, write. Raises ModelError where a version cannot be written, KafkaError where Kafka refuses for good."""
        written = last = self._clock()
        while not self._stop.is_set():
            found = await self._consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS)
            for target, records in found.items():
                self._take(target, records)
                last = self._clock() if records else last
            self._ends()
            now = self._clock()
            if now - written >= self._options.every_s:
                written = now
                await self._publish(self._options.least)
            if self._options.until_idle is not None and now - last >= self._options.until_idle:
                break
        self._learner.finish()
        await self._publish(1)

    def _take(self, target: TopicPartition, records: list[Any]) -> None:
        source = self._sources.setdefault(target, len(self._sources))
        for record in records:
            if target.topic == ALERTS:
                self._learner.take_alert(record.value)
            else:
                self._next[target] = record.offset + 1
                self._learner.take(record.value, headers=record.headers, record_time=record.timestamp / 1000, source=source)

    def _ends(self) -> None:
        """Say which partitions have nothing more for now: nobody waits for them."""
        assigned = self._consumer.assignment()
        for target, position in self._next.items():
            end = self._consumer.highwater(target) if target in assigned else position
            if end is not None and position >= end:
                self._learner.end(self._sources[target])

    async def _publish(self, least: int) -> None:
        labels = self._labels()
        if labels - self._learnt < least:
            return
        version = await asyncio.to_thread(self._write)
        self._learnt, self.versions = labels, self.versions + 1
        await self._consumer.commit()
        log.info("models.written version=%d labels=%d served=%s", version.number, version.examples, ",".join(version.served) or "none")

    def _labels(self) -> int:
        return self._learner.learning.model.labels
