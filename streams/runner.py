"""Drives the stages on Kafka: process a record, send what it caused, write the state, and only then let it be acknowledged.

One runner serves all partitions of all stages of a worker. Faust's agents call `run`; whoever watches the assignment calls `assign`
and `revoke`. State is read from the changelog when a partition comes, and kept over a rebalance when nobody else has written since.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from streams.errors import Halt
from streams.topics import ALERTS, APP_ID, CHANGES, KPIS, OBSERVATIONS, internal

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from streams.changelog import Changelog
    from streams.metrics import Metrics
    from streams.stage import Effects, Stage

__all__ = ["AT_HEADER", "Build", "Pulse", "Runner"]

log = logging.getLogger(__name__)

AT_HEADER = "fenghuo-at"
"""Header of internal records: the record time (epoch ms) of the newest event behind them."""

_INTERNAL = frozenset({OBSERVATIONS, CHANGES})

Build = Callable[[str, int], "Stage"]


class Pulse:
    """Notices that the whole process stood still (suspended machine, SIGSTOP) for longer than the broker waits for a member.

    Its partitions may belong to another worker then: the state must not be written any more. A thread keeps the time, because a
    busy event loop alone loses nothing: the heartbeats to the broker come from a thread too.
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_s
        self._clock = clock
        self._last = clock()
        self._frozen = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="fenghuo-pulse", daemon=True)

    def start(self) -> None:
        """Begin to keep the time."""
        self._thread.start()

    def stop(self) -> None:
        """Stop keeping the time."""
        self._stop.set()

    def beat(self) -> None:
        """Take one stamp."""
        now = self._clock()
        self._frozen = self._frozen or now - self._last > self._limit
        self._last = now

    def check(self) -> None:
        """Raise Halt when the process stood still for too long since the start."""
        if self._frozen or self._clock() - self._last > self._limit:
            message = f"the process stood still for more than {self._limit:.0f} s and may have lost its partitions; restart the worker"
            raise Halt(message)

    def _beat(self) -> None:
        while not self._stop.wait(0.5):
            self.beat()


@dataclass
class _Slot:
    """One partition of one stage: the task that loads it, how far it is, and where its changelog ends."""

    loading: asyncio.Task[None] | None = None
    stage: Stage | None = None
    done: int = -1
    end: int = 0
    framed: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Runner:
    """Runs stages. `producers` has an idempotent producer for each stage's name, `changelogs` its changelog."""

    def __init__(
        self,
        build: Build,
        changelogs: Mapping[str, Changelog],
        producers: Mapping[str, AIOKafkaProducer],
        metrics: Metrics,
        pulse: Pulse,
        app_id: str = APP_ID,
    ) -> None:
        self._build = build
        self._changelogs = changelogs
        self._producers = producers
        self._metrics = metrics
        self._pulse = pulse
        self._app_id = app_id
        self._slots: dict[tuple[str, int], _Slot] = {}
        self._assigned: set[tuple[str, int]] = set()
        self.last_output = time.monotonic()
        """When something other than a record between the stages or a reading was last sent (monotonic s)."""

    # -- assignment

    def assign(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Begin to load the given (stage, partition)s and forget all others. Returns at once."""
        self._assigned = set(pairs)
        for pair in [pair for pair in self._slots if pair not in self._assigned]:
            del self._slots[pair]
            self._metrics.readings.clear()
        for pair in sorted(self._assigned):
            slot = self._slots.setdefault(pair, _Slot())
            slot.loading = asyncio.create_task(self._load(*pair, slot), name=f"load-{pair[0]}-{pair[1]}")
            slot.loading.add_done_callback(lambda _: self._count_restored())
        self._count_restored()

    async def revoke(self, timeout_s: float = 30.0) -> None:
        """Take no more records; returns when the records in progress are durable. The state stays until `assign` says who keeps it.

        Raises Halt when they are not durable in time: another worker must not get these partitions while a write may still follow.
        """
        self._assigned = set()
        for slot in self._slots.values():
            if slot.loading is not None:
                slot.loading.cancel()
        try:
            async with asyncio.timeout(timeout_s):
                for slot in list(self._slots.values()):
                    async with slot.lock:
                        pass
        except TimeoutError:
            message = f"a record could not be finished within {timeout_s:.0f} s of a rebalance; check the broker and restart the worker"
            raise Halt(message) from None

    @property
    def ready(self) -> bool:
        """Whether every assigned partition is loaded."""
        return bool(self._assigned) and all(_loaded(self._slots.get(pair)) for pair in self._assigned)

    def assigned(self) -> list[tuple[str, int]]:
        """The (stage, partition)s this worker has."""
        return sorted(self._assigned)

    def position(self, stage: str, partition: int) -> int | None:
        """The offset of the next record a stage will process; None before the first, or when it is not assigned here."""
        slot = self._slots.get((stage, partition))
        if slot is None or slot.done < 0 or (stage, partition) not in self._assigned:
            return None
        return slot.done + 1

    async def _load(self, name: str, partition: int, slot: _Slot) -> None:
        changelog = self._changelogs[name]
        if slot.stage is not None and await changelog.end(partition) == slot.end:
            return
        slot.stage, slot.done = None, -1
        started = time.monotonic()
        restored = await changelog.read(partition)
        stage = self._build(name, partition)
        stage.restore(restored.records.items())
        slot.stage, slot.end, slot.framed = stage, restored.end, restored.dangling
        keys = len(restored.records)
        log.info("stage.restored stage=%s partition=%d keys=%d seconds=%.3f", name, partition, keys, time.monotonic() - started)

    def _count_restored(self) -> None:
        for name in self._changelogs:
            loaded = sum(1 for pair in self._assigned if pair[0] == name and _loaded(self._slots.get(pair)))
            self._metrics.set("stages_restored", loaded, name)

    # -- records

    async def run(self, name: str, partition: int, value: bytes, offset: int, at: float | None = None) -> bool:
        """Process one record completely; True when it may be acknowledged, False when it was not for this worker or not yet its turn.

        `at` is the record time (epoch s) of the newest event behind it, if any. A record that this state has processed already is
        skipped. Raises Halt, KafkaError, and what a broken stage raises; the worker must stop then.
        """
        slot = self._slots.get((name, partition))
        if slot is None or not await self._loaded(slot):
            return False
        async with slot.lock:
            if (name, partition) not in self._assigned or slot.stage is None:
                return False
            if offset <= slot.done:
                return True
            if slot.done >= 0 and offset > slot.done + 1:
                log.warning("record.out_of_turn stage=%s partition=%d offset=%d expected=%d", name, partition, offset, slot.done + 1)
                return False
            started = time.perf_counter()
            await self._step(name, slot, slot.stage, value, at)
            slot.done = offset
        self._metrics.add("batches_total", name)
        self._metrics.observe("processing_seconds", time.perf_counter() - started, name)
        return True

    async def _loaded(self, slot: _Slot) -> bool:
        """Wait until a partition is loaded; False when it was revoked meanwhile. Raises what the loading raised."""
        if slot.loading is None:
            return False
        await asyncio.wait([slot.loading])
        if slot.loading.cancelled():
            return False
        slot.loading.result()
        return True

    async def _step(self, name: str, slot: _Slot, stage: Stage, value: bytes, at: float | None) -> None:
        effects = stage.process(value)
        changes = stage.changes()
        await self._send(name, effects, at)
        if changes:
            self._pulse.check()
            producer = self._producers[name]
            size, slot.end = await self._changelogs[name].write(producer, stage.partition, changes, framed=slot.framed)
            slot.framed = False
            self._metrics.add("changelog_bytes_total", name, number=size)
            self._metrics.add("changelog_records_total", name, number=len(changes))
        self._metrics.apply(effects.counts)
        self._metrics.readings.update(effects.readings)

    async def _send(self, name: str, effects: Effects, at: float | None) -> None:
        producer = self._producers[name]
        mark = [] if at is None else [(AT_HEADER, b"%d" % int(at * 1000))]
        pending = []
        alerts: list[bytes] = []
        for send in effects.sends:
            between = send.topic in _INTERNAL
            headers = [*send.headers, *mark] if between else list(send.headers)
            topic = internal(send.topic, self._app_id)
            pending.append(await producer.send(topic, send.value, send.key, send.partition, headers=headers))
            if not between and send.topic != KPIS:
                self.last_output = time.monotonic()
                alerts += [send.value] if send.topic == ALERTS and send.value else []
        if pending:
            await asyncio.gather(*pending)
        if at is not None:
            for alert in alerts:
                self._metrics.observe("end_to_end_seconds", max(0.0, time.time() - at), example={"alert": _name(alert)})


class _Named(msgspec.Struct):
    id: str


_named = msgspec.json.Decoder(_Named)


def _name(alert: bytes) -> str:
    """The id of an alert's event: what an exemplar leads to."""
    return _named.decode(alert).id[:64]


def _loaded(slot: _Slot | None) -> bool:
    return slot is not None and slot.stage is not None and slot.loading is not None and slot.loading.done()
