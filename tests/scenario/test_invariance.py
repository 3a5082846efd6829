"""The same events give the same alerts: whatever the partitions, the batches, the order of arrival, doubles and crashes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random

import pytest

from detectors.event import Event
from streams.batches import EventBatch, encode
from streams.pipeline import Pipeline
from streams.stage import Send, Stage
from streams.stages import build_stage
from streams.topics import ALERTS, CHANGES, OBSERVATIONS
from streams.wiring import Layout, partition_of
from tests.scenario.harness import policy, wiring
from tests.scenario.slices import arrivals, history

DAYS, RATE, SEED = 2, 0.1, 11

Records = list[tuple[int, bytes]]


@cache
def events() -> list[Event]:
    return history(seed=SEED, days=DAYS, rate=RATE)


def alerts_among(sends: Iterable[Send]) -> set[bytes]:
    """The alert CloudEvents as they were written, every byte of them."""
    return {send.value for send in sends if send.topic == ALERTS and send.value is not None}


def batches(arrived: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [arrived[first : first + size] for first in range(0, len(arrived), size)]


def run(layout: Layout, arrived: Sequence[Event], size: int) -> set[bytes]:
    pipeline = Pipeline(wiring(layout))
    sends = [send for batch in batches(arrived, size) for send in pipeline.feed(batch)]
    return alerts_among([*sends, *pipeline.finish()])


@cache
def expected() -> set[bytes]:
    """The alerts of the plain run: one partition, in order, nothing twice."""
    return run(Layout(1, 1, 1), arrivals(events()), 500)


def test_the_slice_has_alerts_of_most_indicators_raised_updated_and_resolved() -> None:
    text = b"\n".join(expected()).decode()
    fired = [indicator for indicator in policy().rules if f'"indicator":"{indicator}"' in text]
    assert len(fired) >= 8
    assert all(f'"state":"{state}"' in text for state in ("raised", "updated", "resolved"))


@pytest.mark.parametrize(("conversations", "scopes", "size"), [(1, 1, 50), (1, 3, 500), (2, 3, 50), (4, 1, 500), (4, 3, 50), (7, 3, 500)])
def test_partitions_batches_and_the_order_of_arrival_change_nothing(conversations: int, scopes: int, size: int) -> None:
    random = Random(f"{conversations}/{scopes}/{size}")
    assert run(Layout(conversations, scopes, 1), arrivals(events(), random), size) == expected()


@pytest.mark.parametrize("layout", [Layout(1, 1, 1), Layout(4, 3, 1)], ids=["1-1", "4-3"])
def test_event_by_event_is_as_in_batches(layout: Layout) -> None:
    assert run(layout, arrivals(events(), Random(1)), 1) == expected()


def test_several_alert_partitions_change_nothing() -> None:
    assert run(Layout(2, 2, 3), arrivals(events(), Random(2)), 500) == expected()


def test_the_clock_of_detection_is_event_time() -> None:
    """The same history a year of wall clock later: nothing of the wall gets into an alert."""
    pipeline = Pipeline(wiring(Layout(2, 1, 1)))
    wall = events()[-1].time + 365 * 86_400
    sends = [send for batch in batches(arrivals(events()), 500) for send in pipeline.feed(batch, wall=wall)]
    assert alerts_among([*sends, *pipeline.finish()]) == expected()


class TinyKafka:
    """Topics as lists, consumers at positions, changelogs as dictionaries; whoever consumes next, and who crashes when, is drawn.

    A crash comes where it hurts most: the outputs of a record are sent, or some of them, its state is not written; or its state is,
    and it is not acknowledged.
    """

    def __init__(self, layout: Layout, random: Random, crashes: float) -> None:
        self.wiring, self.random, self.crashes = wiring(layout, durable=True), random, crashes
        self.topics: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.logs: dict[tuple[str, int], dict[bytes, bytes]] = defaultdict(dict)
        self.positions: dict[tuple[str, int], int] = defaultdict(int)
        self.sent: list[Send] = []
        self.restarts = 0
        sizes = {"conversations": layout.events, "scopes": layout.scopes, "alerts": layout.alerts}
        self.stages = {(name, part): build_stage(name, part, self.wiring) for name, count in sizes.items() for part in range(count)}

    def write(self, records: Records) -> None:
        """Put records into the topic of events."""
        for partition, record in records:
            self.topics["events", partition].append(record)

    def consume_all(self) -> None:
        """Until every record of every topic is consumed."""
        while ready := [key for key in self.stages if self.positions[key] < len(self._input(key))]:
            self._consume(self.random.choice(ready))

    def _consume(self, key: tuple[str, int]) -> None:
        stage = self.stages[key]
        sends = stage.process(self._input(key)[self.positions[key]]).sends
        if self.random.random() < self.crashes:
            self._send(sends[: self.random.randint(0, len(sends))])
            self.stages[key] = self._restarted(key)
            return
        self._send(sends)
        for name, value in stage.changes():
            if value is None:
                self.logs[key].pop(name, None)
            else:
                self.logs[key][name] = value
        if self.random.random() < self.crashes:
            self.stages[key] = self._restarted(key)
            return
        self.positions[key] += 1

    def _restarted(self, key: tuple[str, int]) -> Stage:
        self.restarts += 1
        stage = build_stage(*key, self.wiring)
        records = list(self.logs[key].items())
        self.random.shuffle(records)
        stage.restore(records)
        return stage

    def _send(self, sends: Sequence[Send]) -> None:
        for send in sends:
            if send.topic in (OBSERVATIONS, CHANGES):
                self.topics[send.topic, send.partition or 0].append(send.value or b"")
            else:
                self.sent.append(send)

    def _input(self, key: tuple[str, int]) -> list[bytes]:
        name, partition = key
        return self.topics[{"conversations": "events", "scopes": OBSERVATIONS, "alerts": CHANGES}[name], partition]


def records_of(arrived: Sequence[Event], count: int, size: int) -> tuple[Records, Records]:
    """What intake would write, (partition, batch): the events; and the status, repeated while nothing comes, that all are at their end."""
    parts: list[list[Event]] = [[] for _ in range(count)]
    out: Records = []
    offsets = [0] * count
    for batch in batches(arrived, size):
        for event in batch:
            parts[partition_of(f"{event.tenant}/{event.subject}", count)].append(event)
        for partition, part in enumerate(parts):
            for offset, event in enumerate(part, offsets[partition]):
                event.offset = offset
            after = offsets[partition] + len(part)
            out.append((partition, encode(EventBatch(partition, offsets[partition], after, 0.0, events=part))))
            offsets[partition], parts[partition] = after, []
    last = max(event.time for event in arrived)
    return out, [(partition, encode(EventBatch(partition, at, at, 0.0, True, True, last))) for partition, at in enumerate(offsets)]


@pytest.mark.parametrize(("layout", "crashes"), [(Layout(1, 1, 1), 0.1), (Layout(4, 3, 1), 0.05)], ids=["1-1", "4-3"])
def test_crashes_anywhere_and_any_interleaving_of_consumers_change_nothing(layout: Layout, crashes: float) -> None:
    random = Random(f"crash/{layout.events}")
    kafka = TinyKafka(layout, random, crashes)
    batches_, statuses = records_of(arrivals(events(), random), layout.events, 200)
    kafka.write([*batches_, *statuses])
    kafka.consume_all()
    assert kafka.restarts > 5
    kafka.crashes = 0.0
    kafka.write(statuses)
    kafka.consume_all()
    assert alerts_among(kafka.sent) == expected()
