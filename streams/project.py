"""Fills the store from the topics, and writes the audit.

Records become rows, and offsets move, in one transaction of the store: each record counts once, whatever crashes. The audit is written
after that: entries are chained in the same transaction, then sent. What was sent before a crash is found on the audit topic and not
sent again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from sqlalchemy.exc import DBAPIError

from alerts.audit import parse
from alerts.store.rows import Rows, Source
from alerts.store.store import Fenced, Place, Store, StoreError
from streams.errors import TopicsError
from streams.kafka import consumer, producer
from streams.topics import ALERTS, AUDIT, DELIVERIES, FEEDBACK
from streams.wiring import partition_of

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

    from streams.metrics import Metrics

__all__ = ["Projector"]

log = logging.getLogger(__name__)

KINDS: Final[Mapping[str, str]] = {ALERTS: "alerts", FEEDBACK: "commands", DELIVERIES: "deliveries"}
BATCH: Final = 500
PRUNE_S: Final = 600.0
AUDIT_S: Final = 30.0
LAG_S: Final = 1.0
BACKOFF_S: Final = (0.5, 30.0)
DAY_S: Final = 86_400.0

Reads = dict[Place, tuple[int, int]]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, projector: Projector) -> None:
        self._projector = projector

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._projector.moved()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._projector.moved()


class Projector:
    """One reader of the topics for a store; any number of them share the partitions, in a group that bears the store's name.

    `client` are the connection options, `partitions` how many the audit has. Whoever has the first partition of the alerts also keeps the
    retention and writes the audit, unless `audit` is False: one store of a cluster writes it, others only read it. While the database
    or Kafka does not answer nothing is lost: it is tried again, the topics wait.
    """

    def __init__(
        self,
        store: Store,
        client: Mapping[str, Any],
        metrics: Metrics,
        *,
        partitions: int,
        retention_days: float = 90.0,
        audit: bool = True,
        strict: bool = True,
        wall: Callable[[], float] = time.time,
        make_consumer: Callable[..., AIOKafkaConsumer] = consumer,
        make_producer: Callable[..., AIOKafkaProducer] = producer,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._partitions = partitions
        self._audit = audit
        self._strict = strict
        self._retention_s = retention_days * DAY_S
        self._wall = wall
        self._client = dict(client)
        self._make_consumer = make_consumer
        self._producer = make_producer(self._client, client_id="fenghuo-store")
        self._consumer: AIOKafkaConsumer | None = None
        self._stopping = False
        self._lock = asyncio.Lock()
        self._moved = True
        self._failures = 0
        self._pruned_at = self._lagged_at = self._audited_at = -1e9

    def moved(self) -> None:
        """The assignment is another: positions come from the store before anything more is read."""
        self._moved = True

    async def start(self) -> None:
        """Connect to Kafka. The store is opened with the first step, so that a database that is down stops nobody else."""
        await self._producer.start()

    async def stop(self, seconds: float = 3.0) -> None:
        """Take in what is there, as far as the seconds go, and leave the group. What was not written is read again by the next."""
        self._stopping = True
        try:
            if self._consumer is not None and not self._failures and seconds > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while await self.behind():
                            await self.step()
        finally:
            if self._consumer is not None:
                await self._consumer.stop()
            await self._producer.stop()

    async def run(self) -> None:
        """Project until `stop`. Raises TopicsError when a topic is not the one the store was filled from.

        Not `strict` it says so in the log and ends instead: who runs it beside something else goes on without the store.
        """
        try:
            while not self._stopping:
                await self.step()
        except TopicsError as error:
            if self._strict:
                raise
            log.error("store.stopped reason=%s", error)  # noqa: TRY400 - the line says all there is

    async def step(self) -> int:
        """Take in what has come, at most 500 records; how many they were. Waits up to 0.2 s for some."""
        async with self._lock:
            return await self._step()

    async def _step(self) -> int:
        try:
            if self._consumer is None:
                self._consumer = await self._join()
            if self._moved:
                await self._resume(self._consumer)
            found = await self._consumer.getmany(timeout_ms=200, max_records=BATCH)
            if self._moved:
                return 0
            count = await self._take(found)
            await self._tend(self._consumer)
        except (Fenced, IllegalStateError) as overtaken:
            log.info("store.overtaken reason=%s", overtaken)
            self._moved = True
            await asyncio.sleep(BACKOFF_S[0])
            return 0
        except (DBAPIError, OSError, StoreError, KafkaError) as error:
            await self._pause(error)
            return 0
        self._failures = 0
        return count

    async def behind(self, *, everywhere: bool = False) -> int:
        """Records that the store does not have, of this reader's partitions or of all; 1 while that is not known."""
        if self._consumer is None or self._moved:
            return 1
        every = [TopicPartition(topic, partition) for topic in KINDS for partition in range(self._partitions)]
        targets = every if everywhere else list(self._consumer.assignment())
        if not targets:
            return 1
        ends, begins = await self._consumer.end_offsets(targets), await self._consumer.beginning_offsets(targets)
        offsets = await self._store.offsets()
        return sum(max(0, end - max(offsets.get(Place(*target), 0), begins[target])) for target, end in ends.items())

    # -- positions

    async def _join(self) -> AIOKafkaConsumer:
        """Open the store, and join its group."""
        await self._store.open()
        group = f"fenghuo-store-{self._store.name}"
        joined = self._make_consumer(self._client, group_id=group, client_id=group)
        joined.subscribe(list(KINDS), listener=_Listener(self))
        try:
            await joined.start()
        except KafkaError:
            await joined.stop()
            raise
        return joined

    async def _resume(self, reader: AIOKafkaConsumer) -> None:
        """Go to where the store is, once it has all of the audit topic."""
        targets = list(reader.assignment())
        self._moved = False
        if not targets:
            return
        await self._read_audit()
        for target, offset in (await self._positions(reader, targets)).items():
            reader.seek(target, offset)

    async def _positions(self, reader: AIOKafkaConsumer, targets: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where to read on: where the store is, or where the topic begins now."""
        offsets = await self._store.offsets()
        begins, ends = await reader.beginning_offsets(targets), await reader.end_offsets(targets)
        positions = {}
        for target in targets:
            known = offsets.get(Place(*target))
            if known is not None and known > ends[target]:
                message = (
                    f"the store has read {target.topic}/{target.partition} to {known}, but it ends at {ends[target]}: the topic was made"
                    " anew; run `fenghuo store rebuild`, or give FENGHUO_STORE__URL the store of this cluster"
                )
                raise TopicsError(message)
            if known is not None and known < begins[target]:
                log.warning("store.gap topic=%s partition=%d records=%d", target.topic, target.partition, begins[target] - known)
            positions[target] = max(known or 0, begins[target])
        return positions

    async def _read_audit(self) -> None:
        """Take in what the audit topic has and the store does not know of: chains go on from there, and nothing is sent twice."""
        reader = self._make_consumer(self._client)
        await reader.start()
        try:
            targets = [TopicPartition(AUDIT, partition) for partition in range(self._partitions)]
            reader.assign(targets)
            places = await self._positions(reader, targets)
            ends = await reader.end_offsets(targets)
            for target, offset in places.items():
                reader.seek(target, offset)
            while any(places[target] < ends[target] for target in targets):
                found = await reader.getmany(timeout_ms=500, max_records=BATCH)
                await self._adopt(found)
                for target in targets:
                    places[target] = await reader.position(target)
        finally:
            await reader.stop()
        self._audited_at = time.monotonic()

    async def _adopt(self, found: Mapping[TopicPartition, list[ConsumerRecord]]) -> None:
        records = [parse(record.value or b"") for part in found.values() for record in part]
        for false in await self._store.adopt([record for record in records if record is not None], _reads(found)):
            log.error("store.audit_contradicts tenant=%s subject=%s seq=%d", false.entry.tenant, false.entry.subject, false.seq)

    # -- records

    async def _take(self, found: Mapping[TopicPartition, list[ConsumerRecord]]) -> int:
        rows, count = Rows(), 0
        for target, records in found.items():
            before = rows.rejects
            for record in records:
                rows.add(Source(KINDS[target.topic], record.value, record.timestamp / 1000))
            count += len(records)
            self._metrics.add("store_records_total", target.topic, number=len(records))
            if rows.rejects > before:
                log.warning("store.unreadable topic=%s partition=%d records=%d", *target, rows.rejects - before)
                self._metrics.add("store_rejects_total", target.topic, number=rows.rejects - before)
        if not self._audit:
            rows.entries.clear()
        if count:
            await self._store.write(rows, _reads(found))
        return count

    async def _tend(self, reader: AIOKafkaConsumer) -> None:
        """Send the audit and keep the retention, if that is this reader's part; look how far behind it is."""
        now = time.monotonic()
        if TopicPartition(ALERTS, 0) in reader.assignment():
            if self._audit:
                while await self._publish():
                    pass
            elif now - self._audited_at >= AUDIT_S:
                await self._read_audit()
            if now - self._pruned_at >= PRUNE_S:
                self._pruned_at = now
                pruned = await self._store.prune(self._wall() - self._retention_s)
                log.log(logging.INFO if pruned else logging.DEBUG, "store.pruned alerts=%d", pruned)
        if now - self._lagged_at >= LAG_S:
            self._lagged_at = now
            for target in reader.assignment():
                end = reader.highwater(target)
                if end is not None:
                    lag = max(0, end - await reader.position(target))
                    self._metrics.set("store_lag_records", lag, target.topic, str(target.partition))

    async def _publish(self) -> bool:
        """Send some audit records and note that they are there; False when there is nothing more."""
        waiting = await self._store.unpublished()
        if not waiting:
            return False
        sent = []
        for each in waiting:
            partition = partition_of(each.tenant, self._partitions)
            sent.append(await self._producer.send(AUDIT, each.value, f"{each.tenant}/{each.subject}".encode(), partition))
        reads: Reads = {}
        for future in sent:
            at = await future
            place = Place(AUDIT, at.partition)
            reads[place] = (reads[place][0] if place in reads else at.offset, at.offset + 1)
        # What others wrote in between is still to be read.
        known = await self._store.offsets()
        next_ones = {place: read for place, read in reads.items() if read[0] <= known.get(place, 0)}
        await self._store.published([each.position for each in waiting], next_ones)
        return True

    async def _pause(self, error: BaseException) -> None:
        """The database or Kafka does not answer: say so once, wait, and go on from where the store is."""
        self._failures += 1
        self._moved = True
        self._metrics.add("store_retries_total")
        if self._failures == 1:
            said = error if isinstance(error, StoreError) else type(getattr(error, "orig", None) or error).__name__
            where = "kafka" if isinstance(error, KafkaError) else self._store.shown
            log.warning("store.unavailable at=%s error=%s", where, said)
        await asyncio.sleep(min(BACKOFF_S[1], BACKOFF_S[0] * 2 ** min(self._failures - 1, 10)))


def _reads(found: Mapping[TopicPartition, list[ConsumerRecord]]) -> Reads:
    """From which offset to which one was read."""
    return {Place(*target): (records[0].offset, records[-1].offset + 1) for target, records in found.items() if records}
