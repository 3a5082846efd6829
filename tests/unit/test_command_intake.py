"""The feedback topic on its way into the alert stage: partition, fence, dead letters, commits."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import TopicPartition

from alerts.command import Command, encode_command
from alerts.silence import Silence
from streams.batches import decode_items
from streams.command_intake import CommandIntake, CommandPorts
from streams.metrics import Metrics
from streams.topics import CHANGES, DEAD_LETTERS, FEEDBACK
from streams.wiring import partition_of
from tests.unit.kafka_fakes import FakeConsumer, FakeProducer, Record, spin


def given(number: int, tenant: str = "acme", **more: Any) -> bytes:
    return encode_command(Command(id=f"c-{number}", tenant=tenant, kind="acknowledge", by="li", at=900.0, alert_id="a", **more))


class FeedbackRecord(Record):
    """A record that knows its topic, as aiokafka's does."""

    topic = FEEDBACK


class Bench:
    def __init__(self, log: dict[int, list[Record]]) -> None:
        self.consumer, self.producer, self.metrics = FakeConsumer(FEEDBACK, log), FakeProducer(), Metrics()
        ports = CommandPorts(lambda: self.consumer, lambda: self.producer, self.metrics, 4, "trial")
        self.intake = CommandIntake(ports)

    def drain(self) -> None:
        """Run until everything there is was committed."""
        asyncio.run(self._drain())

    async def _drain(self) -> None:
        await self.intake.start()
        task = asyncio.create_task(self.intake.run())
        ends = {partition: self.consumer.end(partition) for partition in self.consumer.log}
        await spin(lambda: task.done() or self.consumer.offsets == ends)
        await self.intake.stop()
        await task


def test_each_command_goes_to_the_partition_of_its_tenant_with_its_own_offset() -> None:
    bench = Bench({0: [FeedbackRecord(0, 7, given(1)), FeedbackRecord(0, 9, given(2, "globex"))]})
    bench.drain()
    batches = [decode_items(sent.value or b"") for sent in bench.producer.sent]
    assert [(batch.origin, batch.seq) for batch in batches] == [("feedback/0", 7), ("feedback/0", 9)]
    assert [sent.partition for sent in bench.producer.sent] == [partition_of("acme", 4), partition_of("globex", 4)]
    assert {sent.topic for sent in bench.producer.sent} == {"trial.internal.changes.v1"}
    assert CHANGES == "fenghuo.internal.changes.v1"
    assert bench.consumer.offsets == {0: 10}
    assert bench.intake.pending == 0


def test_what_is_no_command_is_a_dead_letter_with_its_reason() -> None:
    bench = Bench({0: [FeedbackRecord(0, 0, b"{}"), FeedbackRecord(0, 1, None)]})
    bench.drain()
    letters = [dict(sent.headers) for sent in bench.producer.sent]
    assert {sent.topic for sent in bench.producer.sent} == {DEAD_LETTERS}
    assert [letter["fenghuo_reason"] for letter in letters] == [b"invalid_data", b"empty"]
    assert bench.metrics.value("rejects_total", "empty") == 1


def test_private_data_in_comments_is_masked_before_it_is_written_anywhere() -> None:
    silence = Silence(id="s", tenant="acme", starts=900.0, until=960.0, why="电话13800138000")
    told = Command(id="c", tenant="acme", kind="silence_add", by="li", at=900.0, silence=silence, comment="电话13800138000")
    bench = Bench({0: [FeedbackRecord(0, 0, given(1, comment="打13800138000")), FeedbackRecord(0, 1, encode_command(told))]})
    bench.drain()
    assert len(bench.producer.sent) == 2
    assert all(b"13800138000" not in (sent.value or b"") for sent in bench.producer.sent)


def test_what_is_not_taken_yet_is_pending() -> None:
    bench = Bench({0: [FeedbackRecord(0, 0, given(1))]})
    bench.drain()
    bench.consumer.log[0].append(FeedbackRecord(0, 1, given(2)))
    assert bench.intake.pending == 1
    assert bench.consumer.assignment() == {TopicPartition(FEEDBACK, 0)}
