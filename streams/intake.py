"""Reads the events topic, parses and masks, and hands batches to the conversation stage: same partition, offsets in order.

A source offset is committed only after the batch and the dead letters that cover it are durable. A partition has at most one batch on
its way, so that none overtakes one that failed: on a failure the intake goes back to the last durable offset and reads again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from config.settings import Limits
from streams.batches import EventBatch, encode
from streams.errors import TopicsError
from streams.lane import Lane, ahead
from streams.runner import AT_HEADER
from streams.topics import EVENTS, INTERNAL_EVENTS

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

    from detectors.event import Event
    from streams.metrics import Metrics
    from streams.stage import Send

__all__ = ["Intake", "IntakePorts", "Rejected"]

log = logging.getLogger(__name__)

POLL_RECORDS = 2000
COMMIT_S = 0.5
STATUS_S = 1.0
STATUS_BUSY_S = 0.05
BUSY_S = 1.0
BACKLOG = 100
FAILURES = 5


@dataclass(frozen=True)
class Rejected:
    """A record that gives no event: why, and its dead letter."""

    reason: str
    letter: Send


@dataclass(frozen=True)
class IntakePorts:
    """What the intake is given: clients to make, a parser, and how far the conversation stage is (None: not here)."""

    make_consumer: Callable[[], AIOKafkaConsumer]
    make_producer: Callable[[], AIOKafkaProducer]
    parse: Callable[[ConsumerRecord], Event | Rejected]
    position: Callable[[int], int | None]
    metrics: Metrics
    limits: Limits = field(default_factory=Limits)
    topic: str = INTERNAL_EVENTS
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands rebalances to the intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called before partitions go; returning lets the rebalance go on."""
        if revoked:
            await self._intake.release()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called when partitions have come; they are opened before the next read."""


class Intake:
    """The reader of one worker. `run` returns after `stop`; what it raises must stop the worker."""

    def __init__(self, ports: IntakePorts) -> None:
        self._ports = ports
        self._flush_s = ports.limits.flush_ms / 1000
        self._consumer: Any = None
        self._producer: Any = None
        self._lanes: dict[int, Lane] = {}
        self._flights: dict[int, tuple[asyncio.Future[Any], int, bool]] = {}
        self._gate = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._committed_at = 0.0
        self._failures = 0
        self.last_event = -1e9
        """When an event was last read (monotonic s)."""

    # -- life

    async def start(self) -> None:
        """Connect and join the group."""
        self._producer = self._ports.make_producer()
        await self._producer.start()
        self._consumer = self._ports.make_consumer()
        self._consumer.subscribe([EVENTS], listener=_Listener(self))
        await self._consumer.start()

    async def run(self) -> None:
        """Read until `stop`.

        Raises TopicsError when the topic is not the one that was read before, KafkaError when sending keeps failing.
        """
        while not self._stopping.is_set():
            try:
                await self._open()
                await self._turn()
                self._failures = 0
            except KafkaError as error:
                await self._recover(error)

    async def stop(self) -> None:
        """Make durable and commit what was read, and leave the group. Safe to call when `start` has failed."""
        self._stopping.set()
        if self._consumer is not None:
            await self.release()
            await self._consumer.stop()
        if self._producer is not None:
            await self._producer.stop()

    async def release(self) -> None:
        """Finish and commit every partition, then forget them."""
        async with self._gate:
            try:
                for lane in self._lanes.values():
                    await self._flush(lane)
                for lane in self._lanes.values():
                    await self._land(lane)
                await self._commit()
            except KafkaError as error:
                log.warning("intake.release_failed error=%r", error)
            self._lanes.clear()
            self._flights.clear()

    @property
    def caught_up(self) -> bool:
        """Whether all partitions are assigned, read to their end, durable and committed."""
        return bool(self._lanes) and all(
            self._at_end(lane) and not lane.open and lane.next == lane.landed and lane.confirmed in {None, lane.committed}
            for lane in self._lanes.values()
        )

    @property
    def settled(self) -> bool:
        """Whether it has caught up, and the stage has been told durably that every partition is idle."""
        return self.caught_up and all(lane.idle_told for lane in self._lanes.values())

    def lags(self) -> dict[int, int]:
        """Records not read yet, by partition; without those whose end is not known."""
        ends = {lane.partition: self._highwater(lane) for lane in self._lanes.values()}
        return {partition: max(0, end - self._lanes[partition].next) for partition, end in ends.items() if end is not None}

    def watermarks(self) -> Mapping[int, float]:
        """Event time reached, by partition."""
        return {lane.partition: lane.mark.value for lane in self._lanes.values() if lane.mark.value is not None}

    # -- partitions

    async def _open(self) -> None:
        """Open the partitions that were assigned: go to the committed offset, or to the first that is still there."""
        fresh = [target for target in self._consumer.assignment() if target.partition not in self._lanes]
        if not fresh:
            return
        try:
            begins = await self._consumer.beginning_offsets(fresh)
            ends = await self._consumer.end_offsets(fresh)
            for target in fresh:
                committed = await self._consumer.committed(target)
                async with self._gate:
                    if target in self._consumer.assignment():
                        self._lanes[target.partition] = self._lane(target, committed, begins[target], ends[target])
        except (IllegalStateError, CommitFailedError):
            log.info("intake.open_interrupted partitions=%d", len(fresh))

    def _lane(self, target: TopicPartition, committed: int | None, begin: int, end: int) -> Lane:
        if committed is not None and committed > end:
            message = (
                f"{EVENTS}/{target.partition} ends at {end} but {committed} was read before: the topic was made anew;"
                " delete the fenghuo.internal.* topics and the consumer groups, or use another --app-id"
            )
            raise TopicsError(message)
        start = begin if committed is None else max(committed, begin)
        if committed is not None and committed < begin:
            self._lost(target.partition, committed, begin)
        self._consumer.seek(target, start)
        log.info("intake.open partition=%d offset=%d", target.partition, start)
        gone = begin > (committed or 0)
        return Lane(target.partition, first=start, gap=gone and start == begin, committed=committed)

    def _lost(self, partition: int, since: int, begin: int) -> None:
        self._ports.metrics.add("input_gap_offsets_total", number=begin - since)
        log.error("intake.gap partition=%d from=%d to=%d", partition, since, begin)

    # -- one turn of the loop

    async def _turn(self) -> None:
        self._pause_and_resume()
        records = await self._consumer.getmany(timeout_ms=self._patience(), max_records=POLL_RECORDS)
        async with self._gate:
            for target, found in records.items():
                lane = self._lanes.get(target.partition)
                if lane is not None:
                    await self._read(lane, found)
            await self._send_due()
            if self._ports.clock() - self._committed_at >= COMMIT_S:
                await self._commit()

    def _patience(self) -> int:
        """Milliseconds to wait for records: until the next batch or status is due."""
        return int(1000 * (self._flush_s if any(lane.open for lane in self._lanes.values()) or self._flights else STATUS_BUSY_S))

    async def _read(self, lane: Lane, records: Iterable[ConsumerRecord]) -> None:
        ports = self._ports
        for record in records:
            if record.offset < lane.next:
                continue
            if record.offset > lane.next:
                await self._hole(lane)
            parsed = ports.parse(record)
            now = ports.clock()
            self.last_event = now
            if isinstance(parsed, Rejected):
                lane.reject(record.offset, now)
                await self._bury(lane, parsed)
            else:
                lane.take(parsed, len(record.value or b""), record.timestamp / 1000, now=now, wall=ports.wall(), offset=record.offset)
            if len(lane.events) >= ports.limits.batch_events or lane.size >= ports.limits.batch_bytes:
                await self._flush(lane)
                await asyncio.sleep(0)

    async def _hole(self, lane: Lane) -> None:
        """Offsets are missing before the next record: markers of transactions, which do not matter, or records that are gone."""
        target = TopicPartition(EVENTS, lane.partition)
        begin = (await self._consumer.beginning_offsets([target]))[target]
        if begin > lane.next:
            await self._flush(lane)
            self._lost(lane.partition, lane.next, begin)
            lane.jump(begin)

    async def _bury(self, lane: Lane, rejected: Rejected) -> None:
        self._ports.metrics.add("rejects_total", rejected.reason)
        letter = rejected.letter
        future = await self._producer.send(letter.topic, letter.value, letter.key, letter.partition, headers=list(letter.headers))
        lane.letters.append(future)

    # -- sending

    async def _send_due(self) -> None:
        now = self._ports.clock()
        for lane in self._lanes.values():
            caught_up = self._at_end(lane)
            lane.notice_end(now, caught_up=caught_up)
            flight = self._flights.get(lane.partition)
            if flight is not None and flight[0].done():
                await self._land(lane)
            if lane.opened is not None and now - lane.opened >= self._flush_s:
                await self._flush(lane)
        await self._send_statuses(now)

    async def _send_statuses(self, now: float) -> None:
        cadence = STATUS_BUSY_S if now - self.last_event < BUSY_S else STATUS_S
        marks = [lane.mark.value for lane in self._lanes.values() if lane.mark.confirmed and lane.mark.value is not None]
        all_idle = all(lane.idle(now) for lane in self._lanes.values())
        watermark = max(marks, default=0.0) if all_idle else None
        for lane in self._lanes.values():
            if lane.open or lane.partition in self._flights or now - lane.sent_at < cadence:
                continue
            caught_up = self._at_end(lane)
            batch = lane.status(wall=self._ports.wall(), caught_up=caught_up, idle=lane.idle(now), watermark=watermark)
            await self._launch(lane, batch, None)

    async def _flush(self, lane: Lane) -> None:
        """Send the open batch, after the one before it has landed."""
        await self._land(lane)
        if lane.open:
            at = lane.at
            await self._launch(lane, lane.cut(wall=self._ports.wall(), caught_up=self._at_end(lane)), at)

    async def _launch(self, lane: Lane, batch: EventBatch, at: float | None) -> None:
        headers = [] if at is None else [(AT_HEADER, b"%d" % int(at * 1000))]
        letters, lane.letters = lane.letters, []
        future = await self._producer.send(self._ports.topic, encode(batch), partition=lane.partition, headers=headers)
        self._flights[lane.partition] = (asyncio.gather(future, *letters), batch.next, batch.idle)
        lane.sent_at = self._ports.clock()

    async def _land(self, lane: Lane) -> None:
        """Wait until the batch on its way is durable. Raises KafkaError when it is not."""
        flight = self._flights.get(lane.partition)
        if flight is None:
            return
        future, upto, idle = flight
        metadata, *_ = await future
        del self._flights[lane.partition]
        lane.sent_offset = metadata.offset
        lane.idle_told = idle and upto == lane.next
        if upto > lane.landed:
            lane.landed = lane.confirmed = upto

    async def _commit(self) -> None:
        offsets = {
            TopicPartition(EVENTS, lane.partition): lane.confirmed
            for lane in self._lanes.values()
            if lane.confirmed is not None and lane.confirmed != lane.committed
        }
        self._committed_at = self._ports.clock()
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            log.info("intake.commit_after_rebalance partitions=%d", len(offsets))
            return
        for target, offset in offsets.items():
            if target.partition in self._lanes:
                self._lanes[target.partition].committed = offset

    async def _recover(self, error: KafkaError) -> None:
        """Go back to the last durable offsets with a new producer. Raises the error when that keeps failing."""
        self._failures += 1
        log.warning("intake.failed attempt=%d error=%r", self._failures, error)
        if self._failures > FAILURES:
            raise error
        self._ports.metrics.add("send_retries_total")
        async with self._gate:
            self._lanes.clear()
            for future, *_ in self._flights.values():
                future.cancel()
            self._flights.clear()
            await _stop(self._producer)
            self._producer = self._ports.make_producer()
            await self._producer.start()
        await asyncio.sleep(min(5.0, 0.2 * 2**self._failures))

    # -- pace

    def _highwater(self, lane: Lane) -> int | None:
        target = TopicPartition(EVENTS, lane.partition)
        return self._consumer.highwater(target) if target in self._consumer.assignment() else None

    def _at_end(self, lane: Lane) -> bool:
        end = self._highwater(lane)
        return end is not None and lane.next >= end

    def _pause_and_resume(self) -> None:
        """Hold partitions that are far ahead in event time, and those whose stage has fallen behind."""
        lanes = list(self._lanes.values())
        held = ahead(lanes, {lane.partition for lane in lanes if not self._at_end(lane)})
        assignment = self._consumer.assignment()
        for lane in lanes:
            target = TopicPartition(EVENTS, lane.partition)
            pause = lane.partition in held or self._backlog(lane) > (BACKLOG // 2 if lane.paused else BACKLOG)
            if pause != lane.paused and target in assignment:
                (self._consumer.pause if pause else self._consumer.resume)(target)
                lane.paused = pause

    def _backlog(self, lane: Lane) -> int:
        position = self._ports.position(lane.partition)
        return 0 if position is None or lane.sent_offset is None else lane.sent_offset + 1 - position


async def _stop(producer: AIOKafkaProducer, timeout_s: float = 5.0) -> None:
    """Stop a producer that may never get rid of what it holds: it is read and sent again."""
    try:
        async with asyncio.timeout(timeout_s):
            await producer.stop()
    except TimeoutError:
        log.warning("intake.producer_abandoned after=%.0f", timeout_s)
