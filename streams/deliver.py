"""Takes pages from the outbox topic to one receiver, and never loses one.

Order, back-off and giving up are `alerts.outbox`; this is its owner on Kafka. A record is committed once its page was delivered, is in the
delivery dead-letter topic, or is for another receiver. A crash in between repeats a page; receivers drop doubles by its event id.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from alerts.delivery_record import record_of
from alerts.outbox import Attempt, Backoff, Outbox, Outcome
from alerts.page import Delivered, Delivery, Failed, Page, Retry
from alerts.refresh import Refresh
from streams.kafka import consumer, producer
from streams.topics import DELIVERIES, DELIVERY_DEAD_LETTERS, OUTBOX

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from streams.metrics import Metrics

__all__ = ["Deliverer", "Receiver", "Window"]

log = logging.getLogger(__name__)

WINDOW = 100
PARALLEL = 32
COMMIT_S = 0.2

_page = msgspec.json.Decoder(Page)


class Receiver(Protocol):
    """Who gets pages: a notifier. It raises nothing of the network, a failure is a Delivery."""

    async def send(self, page: Page, now: float) -> Delivery:
        """Try once."""


@dataclass
class Window:
    """Offsets of one partition: the lowest that is not finished may be committed.

    >>> window = Window(5)
    >>> for offset in (5, 6, 7): window.begin(offset)
    >>> window.finish(6); window.low
    5
    >>> window.finish(5); window.low
    7
    """

    low: int
    begun: int = 0
    high: int = -1
    finished: set[int] = field(default_factory=set)

    def begin(self, offset: int) -> None:
        """Take an offset in; they come in order, holes are no records."""
        if self.high < 0:
            self.low = offset
        else:
            self.finished.update(range(self.high, offset))
        self.high = offset + 1

    def finish(self, offset: int) -> None:
        """An offset needs nothing more."""
        self.finished.add(offset)
        while self.low in self.finished:
            self.finished.discard(self.low)
            self.low += 1

    @property
    def open(self) -> int:
        """How many offsets are in the window."""
        return max(0, self.high - self.low)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if revoked:
            await self._deliverer.release()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._deliverer.remember(assigned)


@dataclass(frozen=True)
class _Place:
    """Where a waiting page lies in the topic."""

    window: Window
    record: ConsumerRecord


class Deliverer:
    """The deliveries to one receiver, in one consumer group: any number of workers share them. `member` are the group's options."""

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        client: Mapping[str, Any],
        member: Mapping[str, Any],
        metrics: Metrics,
        *,
        backoff: Backoff | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.last = -1e9
        """When a page was last taken or settled (monotonic s)."""
        self._receiver = receiver
        self._metrics = metrics
        self._backoff = backoff
        self._wall = wall
        self._consumer = consumer(dict(client), **member)
        self._producer = producer(dict(client), client_id=member["client_id"])
        self._outbox = Outbox(backoff)
        every_s = getattr(receiver, "refresh_s", None)
        self._refresh = Refresh(every_s) if every_s else None
        self._known: dict[TopicPartition, int] = {}
        self._places: dict[str, _Place] = {}
        self._windows: dict[TopicPartition, Window] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None
        self._stopping = self._paused = False
        self._committed_at = 0.0

    async def start(self) -> None:
        """Connect and join the group."""
        await self._producer.start()
        self._consumer.subscribe([OUTBOX], listener=_Listener(self))
        await self._consumer.start()

    async def run(self) -> None:
        """Deliver until `stop`. Raises KafkaError when Kafka refuses for good, and what a broken notifier raises."""
        while not self._stopping:
            self._hold()
            records = await self._consumer.getmany(timeout_ms=50, max_records=WINDOW)
            for target, found in records.items():
                for record in found:
                    self._begin(target, record)
            self._send_again()
            for attempt in self._outbox.take(self._wall(), PARALLEL - len(self._tasks)):
                task = asyncio.create_task(self._try(attempt))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            if self._fault is not None:
                raise self._fault
            if time.monotonic() - self._committed_at >= COMMIT_S:
                await self._commit()

    async def stop(self) -> None:
        """Give up what is on its way (it comes again), commit what is done, and leave the group."""
        self._stopping = True
        await self.release()
        await self._consumer.stop()
        await self._producer.stop()

    async def release(self) -> None:
        """Cancel the attempts in progress, commit, and forget the partitions."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2.0)
        await self._commit()
        self._outbox = Outbox(self._backoff)
        for remembered in (self._places, self._windows, self._committed, self._known):
            remembered.clear()
        if self._refresh is not None:
            self._refresh.clear()

    async def remember(self, assigned: Iterable[TopicPartition]) -> None:
        """For a receiver that forgets: read what lies in the topic from its beginning, to know what burns and was told."""
        targets = list(assigned)
        if self._refresh is None or not targets:
            return
        begins = await self._consumer.beginning_offsets(targets)
        for target in targets:
            committed = await self._consumer.committed(target)
            if committed is not None and committed > begins[target]:
                self._known[target] = committed
                self._consumer.seek(target, begins[target])

    @property
    def pending(self) -> int:
        """Records of the outbox that are not finished and committed, in this worker's partitions; 1 while that is not known."""
        targets = self._consumer.assignment()
        if not targets:
            return 1
        total = 0
        for target in targets:
            end = self._consumer.highwater(target)
            if end is None:
                return 1
            window = self._windows.get(target)
            total += 0 if window is None else max(0, end - min(window.low, self._committed.get(target, window.begun)))
        return total

    # -- pages

    def _send_again(self) -> None:
        """Have pages sent again that a receiver would forget, unless a newer one of their alert waits."""
        if self._refresh is not None:
            for page in self._refresh.take(self._wall()):
                if not self._outbox.waits(page.lane):
                    self._outbox.add(page)

    def _was_told(self, target: TopicPartition, record: ConsumerRecord) -> bool:
        """Whether a record is one of those that were finished before this worker had the partition."""
        if record.offset >= self._known.get(target, 0) or self._refresh is None:
            return False
        try:
            page = _page.decode(record.value or b"")
        except msgspec.MsgspecError:
            return True
        if page.receiver == self.name:
            self._refresh.told(page, record.timestamp / 1000)
        return True

    def _begin(self, target: TopicPartition, record: ConsumerRecord) -> None:
        if self._was_told(target, record):
            return
        window = self._windows.setdefault(target, Window(record.offset, record.offset))
        if record.offset < window.high:
            return
        window.begin(record.offset)
        try:
            page = _page.decode(record.value or b"")
        except msgspec.MsgspecError:
            log.warning("delivery.no_page partition=%d offset=%d", record.partition, record.offset)
            window.finish(record.offset)
            return
        if page.receiver != self.name or page.event_id in self._places:
            window.finish(record.offset)
            return
        self.last = time.monotonic()
        self._places[page.event_id] = _Place(window, record)
        # A page is as old as its record: in a backlog the clock of an alert may be long past.
        self._outbox.add(msgspec.structs.replace(page, created=record.timestamp / 1000))

    async def _try(self, attempt: Attempt) -> None:
        page = attempt.page
        disabled = page.receiver in self._outbox.disabled
        outbox = self._outbox
        delivery = Failed("disabled") if disabled else await self._receiver.send(page, self._wall())
        outcome = outbox.settle(attempt, delivery, self._wall())
        if isinstance(delivery, Delivered) and self._refresh is not None:
            self._refresh.told(page, self._wall())
        place = self._places.get(page.event_id)
        if place is None:
            self._metrics.add("deliveries_total", self.name, "refreshed" if isinstance(delivery, Delivered) else _result(delivery))
            return
        self.last = time.monotonic()
        record = record_of(attempt, delivery, outcome, self._wall())
        await self._producer.send_and_wait(DELIVERIES, msgspec.json.encode(record), f"{page.tenant}/{page.alert_id}".encode())
        self._metrics.add("deliveries_total", self.name, _result(delivery))
        if outcome is not Outcome.WAITING:
            await self._finish(attempt, place, dead=outcome is Outcome.DEAD)

    async def _finish(self, attempt: Attempt, place: _Place, *, dead: bool) -> None:
        page = attempt.page
        if dead:
            log.error("delivery.dead receiver=%s page=%s reason=%s", self.name, page.event_id, attempt.reason)
            headers = [("fenghuo_receiver", self.name.encode()), ("fenghuo_reason", attempt.reason.encode())]
            await self._producer.send_and_wait(DELIVERY_DEAD_LETTERS, place.record.value, place.record.key, headers=headers)
        place.window.finish(place.record.offset)
        self._places.pop(page.event_id, None)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and self._fault is None:
            self._fault = task.exception()

    # -- offsets

    def _hold(self) -> None:
        """Read no further than the window; polling goes on so that the group keeps this member."""
        full = sum(window.open for window in self._windows.values()) >= WINDOW
        targets = self._consumer.assignment()
        if full != self._paused and targets:
            (self._consumer.pause if full else self._consumer.resume)(*targets)
            self._paused = full
        self._metrics.set("outbox_pending", self.pending if targets else 0, self.name)

    async def _commit(self) -> None:
        self._committed_at = time.monotonic()
        committed = self._committed
        offsets = {target: window.low for target, window in self._windows.items() if window.low != committed.get(target, window.begun)}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            log.info("delivery.commit_after_rebalance receiver=%s", self.name)
            return
        except KafkaError as error:
            log.warning("delivery.commit_failed receiver=%s error=%r", self.name, error)
            return
        self._committed.update(offsets)


def _result(delivery: Delivery) -> str:
    if isinstance(delivery, Delivered):
        return "delivered"
    return "retry" if isinstance(delivery, Retry) else "failed"
