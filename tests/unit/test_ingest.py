from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from aiokafka.errors import KafkaError

from streams.errors import FenghuoError, UsageError
from streams.files import Line
from streams.ingest import Ingest
from streams.topics import DEAD_LETTERS, EVENTS, MAX_EVENT_BYTES
from tests.unit.kafka_fakes import FakeProducer


def _line(number: int, time: float, conversation: str = "c-1") -> Line:
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/tenants/acme/x",
        "type": "fenghuo.message.created.v1",
        "time": datetime.fromtimestamp(time, UTC).isoformat(),
        "data": {"tenant_id": "acme", "conversation": {"id": conversation}},
    }
    return Line(json.dumps(event).encode(), number, "f.jsonl")


def _ingest(lines: Iterable[Line], producer: FakeProducer) -> Ingest:
    run = Ingest(producer)
    asyncio.run(run.run(iter(lines)))
    return run


def _heartbeats(producer: FakeProducer) -> list[tuple[int | None, str]]:
    events = [
        (sent.partition, json.loads(sent.value or b"")) for sent in producer.sent if sent.topic == EVENTS and sent.partition is not None
    ]
    return [(partition, event["time"]) for partition, event in events]


def test_lines_are_written_as_they_are_under_the_conversations_key() -> None:
    producer = FakeProducer()
    line = _line(1, 1000.0)
    _ingest([line, Line(b"not json", 2, "f.jsonl")], producer)
    assert producer.sent[0].value == line.data
    assert producer.sent[0].key == b"acme/c-1"
    assert producer.sent[1].value == b"not json"
    assert producer.sent[1].key is None


def test_the_last_heartbeat_goes_to_every_partition_with_the_confirmed_watermark() -> None:
    producer = FakeProducer()
    report = _ingest([_line(number, 1000.0 + number, f"c-{number}") for number in range(5)], producer).report
    assert report.watermark == 1004.0
    assert _heartbeats(producer) == [(0, "1970-01-01T00:16:44+00:00"), (1, "1970-01-01T00:16:44+00:00")]
    assert report.heartbeats == 2


def test_a_time_nobody_confirms_makes_no_heartbeat() -> None:
    producer = FakeProducer()
    _ingest([_line(1, 1000.0)], producer)
    assert _heartbeats(producer) == []


def test_times_in_the_future_make_no_heartbeat_though_many_agree() -> None:
    producer = FakeProducer()
    future = datetime(2199, 1, 1, tzinfo=UTC).timestamp()
    early = [_line(number, 1000.0 + number, f"c-{number}") for number in range(5)]
    _ingest([*early, *(_line(number, future, f"d-{number}") for number in range(5))], producer)
    assert {time for _, time in _heartbeats(producer)} == {"1970-01-01T00:16:44+00:00"}


def test_what_nests_too_deep_is_written_for_the_reader_to_reject() -> None:
    producer = FakeProducer()
    _ingest([Line(b"[" * 100_000 + b"]" * 100_000, 1, "f.jsonl")], producer)
    assert [sent.key for sent in producer.sent] == [None]


def test_heartbeats_come_at_least_every_thousand_lines() -> None:
    producer = FakeProducer()
    _ingest([_line(number, 1000.0 + number, f"c-{number}") for number in range(3000)], producer)
    assert len(_heartbeats(producer)) >= 2 * 2


def test_a_line_that_is_too_large_is_a_dead_letter_with_the_whole_lines_size() -> None:
    producer = FakeProducer()
    line = Line(b"x" * 100, 7, "f.jsonl", MAX_EVENT_BYTES + 1, "ab" * 32)
    report = _ingest([line], producer).report
    assert report.oversized == 1
    assert producer.sent[0].topic == DEAD_LETTERS
    headers = dict(producer.sent[0].headers)
    assert headers["fenghuo_reason"] == b"too_large"
    assert headers["fenghuo_size"] == b"%d" % (MAX_EVENT_BYTES + 1)
    assert headers["fenghuo_sha256"] == b"ab" * 32


def test_what_kafka_refuses_is_one_clear_error() -> None:
    with pytest.raises(FenghuoError, match="Kafka refused") as caught:
        _ingest([_line(1, 1000.0)], FakeProducer(fail=1))
    assert isinstance(caught.value.__cause__, KafkaError)


def test_a_damaged_file_is_told_after_its_good_lines_are_written() -> None:
    producer = FakeProducer()

    def lines() -> Iterable[Line]:
        yield _line(1, 1000.0)
        raise UsageError("f.jsonl is cut off")

    with pytest.raises(UsageError, match="cut off"):
        _ingest(lines(), producer)
    assert len(producer.sent) == 1


def test_a_rate_is_kept() -> None:
    producer = FakeProducer()
    now = [0.0]

    def clock() -> float:
        now[0] += 0.2
        return now[0]

    run = Ingest(producer, rate=1000.0, clock=clock)
    asyncio.run(run.run(iter([_line(1, 1000.0)])))
    assert run.report.lines == 1
