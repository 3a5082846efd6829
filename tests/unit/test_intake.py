from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from config.settings import Limits
from detectors.event import Event
from streams.batches import EventBatch, decode_events
from streams.errors import TopicsError
from streams.intake import Intake, IntakePorts, Rejected
from streams.metrics import Metrics
from streams.stage import Send
from streams.topics import DEAD_LETTERS, EVENTS, INTERNAL_EVENTS
from tests.unit.kafka_fakes import FakeConsumer, FakeProducer, Record, spin


def _records(partition: int, count: int, start: int = 0, time: float = 100.0) -> list[Record]:
    return [Record(partition, start + number, b"%f" % (time + number)) for number in range(count)]


def _parse(record: Any) -> Event | Rejected:
    try:
        return Event("message.created", float(record.value), f"{record.partition}-{record.offset}", "s", "acme", "c", record.offset)
    except ValueError:
        return Rejected("bad", Send(DEAD_LETTERS, record.value))


class Rig:
    """An intake on fakes with a clock of its own that moves 30 ms a turn."""

    def __init__(self, consumer: FakeConsumer, *producers: FakeProducer, position: int | None = None, limits: Limits | None = None) -> None:
        self.consumer = consumer
        self.producers = list(producers) or [FakeProducer()]
        self.now = 0.0
        made = itertools.chain(self.producers, itertools.repeat(self.producers[-1]))
        self.metrics = Metrics()
        ports = IntakePorts(
            make_consumer=lambda: consumer,
            make_producer=lambda: next(made),
            parse=_parse,
            position=lambda _: position,
            metrics=self.metrics,
            limits=limits or Limits(),
            clock=self._clock,
            wall=lambda: 5000.0 + self.now,
        )
        self.intake = Intake(ports)

    def _clock(self) -> float:
        self.now += 0.01
        return self.now

    def run(self, until: Callable[[], Any]) -> None:
        async def work() -> None:
            await self.intake.start()
            running = asyncio.create_task(self.intake.run())
            await spin(lambda: until() or running.done())
            await self.intake.stop()
            await running

        asyncio.run(work())

    def sent(self, partition: int = 0) -> list[EventBatch]:
        records = [sent for producer in self.producers for sent in producer.sent]
        return [decode_events(sent.value or b"") for sent in records if sent.topic == INTERNAL_EVENTS and sent.partition == partition]

    def batches(self, partition: int = 0) -> list[EventBatch]:
        return [batch for batch in self.sent(partition) if batch.next > batch.first]

    def statuses(self, partition: int = 0) -> list[EventBatch]:
        return [batch for batch in self.sent(partition) if batch.next == batch.first]


def _covered(batches: list[EventBatch]) -> list[int]:
    return [offset for batch in batches for offset in range(batch.first, batch.next)]


def test_batches_cover_every_offset_once_and_go_to_the_same_partition() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 1200), 1: _records(1, 3)}))
    rig.run(lambda: rig.intake.caught_up)
    assert _covered(rig.batches(0)) == list(range(1200))
    assert _covered(rig.batches(1)) == [0, 1, 2]
    assert max(len(batch.events) for batch in rig.batches(0)) == 500
    assert rig.consumer.offsets == {0: 1200, 1: 3}


def test_batches_are_bounded_by_bytes() -> None:
    records = [Record(0, number, b"%0600d" % number) for number in range(10)]
    rig = Rig(FakeConsumer(EVENTS, {0: records}), limits=Limits(batch_bytes=1024))
    rig.run(lambda: rig.intake.caught_up)
    assert [len(batch.events) for batch in rig.batches()] == [2, 2, 2, 2, 2]


def test_rejects_go_to_the_dead_letters_and_are_covered() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: [Record(0, 0, b"1"), Record(0, 1, b"x"), Record(0, 2, b"y")]}))
    rig.run(lambda: rig.intake.caught_up)
    assert _covered(rig.batches()) == [0, 1, 2]
    assert [sent.value for sent in rig.producers[0].sent if sent.topic == DEAD_LETTERS] == [b"x", b"y"]
    assert rig.metrics.value("rejects_total", "bad") == 2


def test_nothing_is_committed_before_it_is_durable() -> None:
    producer = FakeProducer(hold=True)
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 3)}), producer)
    seen: list[Mapping[int, int]] = []

    def until() -> bool:
        seen.append(dict(rig.consumer.offsets))
        if producer.hold and len(seen) > 50:
            producer.release()
        return rig.intake.caught_up

    rig.run(until)
    assert seen[50] == {}
    assert rig.consumer.offsets == {0: 3}


def test_one_batch_of_a_partition_is_on_its_way_at_a_time() -> None:
    producer = FakeProducer(hold=True)
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 1500)}), producer)
    turns = itertools.count()

    def until() -> bool:
        if next(turns) == 50:
            assert len(rig.batches()) == 1
            producer.release()
        return rig.intake.caught_up

    rig.run(until)
    assert _covered(rig.batches()) == list(range(1500))


def test_after_a_failed_send_everything_after_it_is_read_again_in_order() -> None:
    failing, second = FakeProducer(fail=2), FakeProducer()
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 700)}), failing, second)
    rig.run(lambda: rig.intake.caught_up)
    assert rig.metrics.value("send_retries_total") >= 1
    assert _covered(rig.batches()) == list(range(700))


def test_a_status_tells_the_end_and_after_two_seconds_that_it_is_idle() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: [*_records(0, 3)], 1: []}))
    rig.run(lambda: rig.intake.settled)
    assert all(status.caught_up for status in rig.statuses(1))
    assert not rig.statuses(1)[0].idle
    assert rig.statuses(0)[-1].idle
    assert rig.statuses(0)[-1].first == 3


def test_a_time_that_one_conversation_alone_claims_is_no_watermark() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 3)}))
    rig.run(lambda: rig.intake.settled)
    assert rig.statuses(0)[-1].watermark == 0.0


def test_the_watermark_of_a_status_is_that_of_the_furthest_partition() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: [], 1: _records(1, 3, time=5000.0)}))
    rig.run(lambda: rig.intake.settled)
    assert rig.statuses(0)[-1].watermark == 5002.0


def test_deleted_input_is_counted_and_marked_as_a_gap() -> None:
    consumer = FakeConsumer(EVENTS, {0: _records(0, 5, start=20)}, committed={0: 10})
    consumer.begins[0] = 20
    rig = Rig(consumer)
    rig.run(lambda: rig.intake.caught_up)
    assert rig.metrics.value("input_gap_offsets_total") == 10
    assert rig.batches()[0].gap
    assert rig.batches()[0].first == 20


def test_a_gap_is_not_forgotten_before_a_batch_has_told_it() -> None:
    consumer = FakeConsumer(EVENTS, {0: []}, committed={0: 10})
    consumer.begins[0] = 20
    rig = Rig(consumer)
    rig.run(lambda: rig.intake.settled)
    assert consumer.offsets == {0: 10}


def test_holes_that_transactions_leave_are_covered_and_are_no_gap() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: [Record(0, 0, b"1"), Record(0, 2, b"2")]}))
    rig.run(lambda: rig.intake.caught_up)
    assert _covered(rig.batches()) == [0, 1, 2]
    assert not any(batch.gap for batch in rig.batches())
    assert rig.metrics.value("input_gap_offsets_total") == 0


def test_a_topic_that_was_made_anew_is_refused() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 3)}, committed={0: 1000}))
    with pytest.raises(TopicsError, match="made anew"):
        rig.run(lambda: False)


def test_reading_waits_while_the_stage_is_far_behind() -> None:
    limits = Limits(batch_events=1)
    consumer = FakeConsumer(EVENTS, {0: _records(0, 5000)})
    rig = Rig(consumer, position=0, limits=limits)
    rig.run(lambda: 0 in consumer.paused)
    assert consumer.positions[0] < 5000


def test_a_partition_far_ahead_in_event_time_waits_for_the_slow_one() -> None:
    slow = [Record(0, number, b"%d" % (number * 10)) for number in range(3000)]
    fast = [Record(1, number, b"%d" % (90_000 + number)) for number in range(5000)]
    consumer = FakeConsumer(EVENTS, {0: slow, 1: fast})
    rig = Rig(consumer)
    held: list[bool] = []

    def until() -> bool:
        held.append(1 in consumer.paused)
        return rig.intake.caught_up

    rig.run(until)
    assert any(held)
    assert _covered(rig.batches(1)) == list(range(5000))


def test_stopping_makes_durable_and_commits_what_was_read() -> None:
    rig = Rig(FakeConsumer(EVENTS, {0: _records(0, 100)}))
    rig.run(lambda: rig.consumer.positions.get(0) == 100)
    assert rig.consumer.offsets == {0: 100}
    assert _covered(rig.batches()) == list(range(100))
