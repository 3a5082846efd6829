from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaError, KafkaTimeoutError

from streams.gateway.bus import KafkaBus, Record
from streams.topics import DEAD_LETTERS, EVENTS

ROOM = 3


class Batch:
    """What `create_batch` gives: takes three records."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes]] = []
        self.closed = False

    def append(self, *, key: bytes | None, value: bytes, timestamp: None, headers: list[Any]) -> object | None:
        if len(self.records) == ROOM:
            return None
        self.records.append((key, value))
        return object()

    def close(self) -> None:
        self.closed = True


class Client:
    def __init__(self) -> None:
        self.well = True

    async def force_metadata_update(self) -> bool:
        if not self.well:
            raise KafkaError("gone")
        return True


class Producer:
    """Acknowledges; `failing` and `silent` batches (by their first value) it does not. `gate` keeps acknowledgements back."""

    def __init__(self) -> None:
        self.client = Client()
        self.sent: list[tuple[str, int, list[tuple[bytes | None, bytes]]]] = []
        self.failing = False
        self.silent = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting: dict[int, int] = {}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[None]:
        assert batch.closed
        assert batch.records
        self.sent.append((topic, partition, batch.records))
        self.waiting[partition] = self.waiting.get(partition, 0) + 1
        assert self.waiting[partition] == 1, "one batch of a partition is on its way at a time"
        return asyncio.ensure_future(self._acknowledge(partition))

    async def _acknowledge(self, partition: int) -> None:
        await (asyncio.Event() if self.silent else self.gate).wait()
        self.waiting[partition] -= 1
        if self.failing:
            raise KafkaTimeoutError("late")


def bus_over(producer: Producer, clock: Callable[[], float] = lambda: 0.0) -> KafkaBus:
    return KafkaBus(producer, [1, 0], 0.05, clock)


def write(records: list[Record], producer: Producer, clock: Callable[[], float] = lambda: 0.0) -> tuple[list[bool], KafkaBus]:
    async def run() -> tuple[list[bool], KafkaBus]:
        bus = bus_over(producer, clock)
        return await bus.write(records), bus

    return asyncio.run(run())


def records(count: int, keys: int = 5, first: int = 0) -> list[Record]:
    return [Record(EVENTS, b"%d" % number, b"acme/c-%d" % (number % keys)) for number in range(first, first + count)]


def values(producer: Producer) -> dict[bytes | None, list[int]]:
    """The values of each key as they were sent."""
    found: dict[bytes | None, list[int]] = {}
    for _, _, batch in producer.sent:
        for key, value in batch:
            found.setdefault(key, []).append(int(value))
    return found


@pytest.mark.parametrize("count", [1, 2, 40])
def test_records_are_sent_in_batches_that_keep_the_order_of_a_key(count: int) -> None:
    producer = Producer()
    assert write(records(count), producer)[0] == [True] * count
    found = values(producer)
    assert all(numbers == sorted(numbers) for numbers in found.values())
    assert sum(map(len, found.values())) == count


def test_a_key_has_one_partition_whatever_it_is_written_with() -> None:
    one, many = Producer(), Producer()
    write(records(5), one)
    write(records(40), many)
    homes = [{key: partition for _, partition, batch in producer.sent for key, _ in batch} for producer in (one, many)]
    assert homes[0] == homes[1]


def test_writes_that_come_while_a_batch_is_on_its_way_share_the_next() -> None:
    async def run() -> None:
        producer = Producer()
        bus = KafkaBus(producer, [0], 5.0)
        producer.gate.clear()
        tasks = [asyncio.create_task(bus.write(records(1, first=number))) for number in range(4)]
        while len(producer.sent) < 1:  # noqa: ASYNC110 - the fake has no event to wait for
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(producer.sent) == 1
        producer.gate.set()
        assert [await task for task in tasks] == [[True]] * 4
        assert len(producer.sent) == 2

    asyncio.run(run())


def test_a_hundred_writes_at_once_are_all_acknowledged() -> None:
    async def run() -> None:
        producer = Producer()
        bus = KafkaBus(producer, [0, 1], 5.0)
        acked = await asyncio.gather(*(bus.write(records(7, first=7 * number)) for number in range(100)))
        assert acked == [[True] * 7] * 100
        assert sum(map(len, values(producer).values())) == 700

    asyncio.run(run())


def test_letters_go_to_the_first_partition_and_heartbeats_to_their_own() -> None:
    producer = Producer()
    write([Record(DEAD_LETTERS, b"1"), Record(EVENTS, b"2", None, 1)], producer)
    assert [(topic, partition) for topic, partition, _ in producer.sent] == [(DEAD_LETTERS, 0), (EVENTS, 1)]


def test_nothing_to_write_is_written_at_once() -> None:
    assert write([], Producer())[0] == []


def test_what_kafka_refuses_is_not_acknowledged_and_then_it_rests() -> None:
    producer, now = Producer(), [0.0]
    producer.failing = True
    acked, bus = write(records(9), producer, lambda: now[0])
    assert acked == [False] * 9
    assert bus.resting == 1.0
    now[0] = 1.5
    assert bus.resting == 0.0


def test_what_is_not_acknowledged_in_time_counts_as_not_written_and_is_not_sent_later() -> None:
    async def run() -> None:
        producer = Producer()
        bus = bus_over(producer)
        producer.gate.clear()
        acked = await asyncio.gather(*(bus.write([Record(EVENTS, b"%d" % number, b"k")] * ROOM) for number in range(3)))
        assert acked == [[False] * ROOM] * 3
        assert bus.resting > 0
        producer.gate.set()
        assert await bus.write([Record(EVENTS, b"9", b"k")]) == [True]
        assert [value for _, _, batch in producer.sent for _, value in batch] == [b"0"] * ROOM + [b"9"]
        assert bus.resting == 0

    asyncio.run(run())


def test_silence_does_not_hold_a_request_longer_than_its_time() -> None:
    producer = Producer()
    producer.silent = True
    assert write(records(2), producer)[0] == [False, False]


def test_it_is_ready_as_long_as_a_broker_answers() -> None:
    producer, now = Producer(), [10.0]

    async def run() -> None:
        bus = bus_over(producer, lambda: now[0])
        assert await bus.ready()
        producer.client.well = False
        assert await bus.ready(), "asked at most once a second"
        now[0] += 1.1
        assert not await bus.ready()

    asyncio.run(run())
