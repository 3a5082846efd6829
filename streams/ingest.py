"""Writes lines to the events topic as they are, with the heartbeats that tell readers how far event time has come."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.dead_letter import dead_letter
from streams.errors import FenghuoError
from streams.heartbeat import heartbeat
from streams.records import FUTURE_S, Reject, partition_key
from streams.topics import EVENTS, MAX_EVENT_BYTES
from streams.watermark import Watermark

if TYPE_CHECKING:
    from streams.files import Line

__all__ = ["Ingest", "Ingested"]

CHUNK = 500
HEARTBEAT_LINES = 1000
HEARTBEAT_S = 0.5
ROOM = 8192
"""Bytes of a record batch that are not the value: key, headers, the batch itself."""


@dataclass
class Ingested:
    """What was written: lines as events, lines too large for the topic (dead letters), heartbeats; seconds taken."""

    lines: int = 0
    oversized: int = 0
    heartbeats: int = 0
    seconds: float = 0.0
    watermark: float | None = None


class _Timed(msgspec.Struct):
    time: str = ""


@dataclass
class _Record:
    """A line as `dead_letter` wants it: its file is its topic, its number its offset."""

    topic: str
    offset: int
    timestamp: int
    value: bytes
    key: bytes | None = None
    partition: int = -1
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)


class Ingest:
    """One run. `rate` limits lines a second, `speed` paces by event time (60: an hour in a minute); both None is as fast as it goes."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        *,
        rate: float | None = None,
        speed: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.report = Ingested()
        self._producer = producer
        self._rate = rate
        self._speed = speed
        self._clock = clock
        self._wall = wall
        self._mark = Watermark()
        self._decode = msgspec.json.Decoder(_Timed).decode
        self._began = clock()
        self._first_time: float | None = None
        self._told: float | None = None
        self._told_at = clock()
        self._told_lines = 0
        self._error: BaseException | None = None
        self._partitions: list[int] = []

    async def run(self, lines: Iterator[Line]) -> Ingested:
        """Write all lines, then the last heartbeat; returns when everything is durable. Raises FenghuoError when Kafka refuses."""
        self._partitions = sorted(await self._producer.partitions_for(EVENTS))
        async for chunk in _chunks(lines):
            for line in chunk:
                await self._write(line)
            await self._beat(due=self._due())
            self._check()
        await self._beat(due=True)
        await self._producer.flush()
        await asyncio.sleep(0)  # the callbacks of the last acknowledgements
        self._check()
        self.report.seconds = self._clock() - self._began
        self.report.watermark = self._told
        return self.report

    async def _write(self, line: Line) -> None:
        if line.size > MAX_EVENT_BYTES - ROOM:
            await self._bury(line)
            return
        key = partition_key(line.data)
        moment = None if key is None else self._time(line.data)
        await self._pace(moment)
        self._watch(await self._producer.send(EVENTS, line.data, key))
        self.report.lines += 1
        if moment is not None and key is not None and moment <= self._wall() + FUTURE_S:
            self._mark.observe(moment, key.decode())

    def _time(self, data: bytes) -> float | None:
        try:
            return datetime.fromisoformat(self._decode(data).time).timestamp()
        except (msgspec.MsgspecError, ValueError, OverflowError, UnicodeDecodeError):
            return None

    async def _pace(self, moment: float | None) -> None:
        waits = [0.0]
        now = self._clock() - self._began
        if self._rate is not None:
            waits.append(self.report.lines / self._rate - now)
        if self._speed is not None and moment is not None:
            self._first_time = moment if self._first_time is None else self._first_time
            waits.append((min(moment, self._mark.value or moment) - self._first_time) / self._speed - now)
        while (wait := max(waits)) > 0.001:
            step = min(wait, HEARTBEAT_S)
            await asyncio.sleep(step)
            waits = [wait - step]
            await self._beat(due=self._due())

    async def _bury(self, line: Line) -> None:
        reject = Reject("too_large", "", f"the line has {line.size} bytes, the topic takes {MAX_EVENT_BYTES - ROOM}")
        letter = dead_letter(_Record(line.path, line.number, int(time.time() * 1000), line.data), reject)
        whole = {"fenghuo_size": str(line.size).encode(), "fenghuo_sha256": line.sha256.encode()}
        headers = [(name, whole.get(name, value)) for name, value in letter.headers]
        self._watch(await self._producer.send(letter.topic, letter.value, letter.key, headers=headers))
        self.report.oversized += 1

    # -- heartbeats

    def _due(self) -> bool:
        return self._clock() - self._told_at >= HEARTBEAT_S or self.report.lines - self._told_lines >= HEARTBEAT_LINES

    async def _beat(self, *, due: bool) -> None:
        mark = self._mark.value if self._mark.confirmed else None
        if not due:
            return
        self._told_at, self._told_lines = self._clock(), self.report.lines
        if mark is None or mark == self._told:
            return
        self._told = mark
        for partition in self._partitions:
            self._watch(await self._producer.send(EVENTS, heartbeat(mark, partition), partition=partition))
            self.report.heartbeats += 1

    # -- errors

    def _watch(self, future: asyncio.Future[Any]) -> None:
        future.add_done_callback(self._done)

    def _done(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is not None and self._error is None:
            self._error = future.exception()

    def _check(self) -> None:
        if isinstance(self._error, KafkaError):
            raise FenghuoError(f"Kafka refused an event: {self._error!r}; check {EVENTS} (`fenghuo topics plan`)") from self._error
        if self._error is not None:
            raise self._error


async def _chunks(lines: Iterator[Line]) -> AsyncIterator[list[Line]]:
    """Lines as they come, at least every half second a chunk, empty when there is nothing: standard input may pause."""
    found: queue.Queue[Line | BaseException | None] = queue.Queue(maxsize=20 * CHUNK)
    stopped = threading.Event()
    threading.Thread(target=_feed, args=(lines, found, stopped), name="fenghuo-lines", daemon=True).start()
    try:
        while True:
            items = _take(found) or await asyncio.to_thread(_wait, found)
            last = items[-1] if items else ()
            if isinstance(last, BaseException):
                yield [item for item in items[:-1] if item is not None and not isinstance(item, BaseException)]
                raise last
            yield [item for item in items if item is not None and not isinstance(item, BaseException)]
            if last is None:
                return
    finally:
        stopped.set()


def _feed(lines: Iterator[Line], found: queue.Queue[Line | BaseException | None], stopped: threading.Event) -> None:
    end: BaseException | None = None
    try:
        for line in lines:
            while not stopped.is_set():
                try:
                    found.put(line, timeout=0.5)
                    break
                except queue.Full:
                    continue
            if stopped.is_set():
                return
    except FenghuoError as error:
        end = error
    found.put(end)


def _take(found: queue.Queue[Line | BaseException | None]) -> list[Line | BaseException | None]:
    items: list[Line | BaseException | None] = []
    while len(items) < CHUNK:
        try:
            items.append(found.get_nowait())
        except queue.Empty:
            break
        if items[-1] is None or isinstance(items[-1], BaseException):
            break
    return items


def _wait(found: queue.Queue[Line | BaseException | None]) -> list[Line | BaseException | None]:
    try:
        return [found.get(timeout=HEARTBEAT_S)]
    except queue.Empty:
        return []
