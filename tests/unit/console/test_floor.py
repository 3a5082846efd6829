from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.tier import Tier
from streams.console.floor import FACTS_S, MOST, READING_S, Floor, Place
from streams.console.topic_tail import BACK_RECORDS, TopicTail
from streams.kpis import AGENT, QUEUE, READINGS
from streams.topics import KPIS
from tests.unit.cluster_fakes import Logs

BEGAN = 1_763_000_000.0


def told(kind: str, at: float = 0.0, **data: Any) -> dict[str, Any]:
    return {"type": kind, "time": datetime.fromtimestamp(BEGAN + at, UTC).isoformat(), "data": {"tenant_id": "acme", **data}}


def reading(
    indicator: str, value: float | None, at: float = 0.0, *, tier: str = "none", scope: str = "queue", key: str = "q-1"
) -> dict[str, Any]:
    return told(READINGS, at, readings=[{"indicator": indicator, "scope": scope, "key": key, "value": value, "n": 7, "tier": tier}])


def floor_of(*events: object) -> Floor:
    floor = Floor()
    for event in events:
        floor.take(event)
    return floor


def only(floor: Floor, kind: str = "queue") -> Place:
    [place] = floor.places(kind, None)
    return place


def test_a_queue_has_its_last_snapshot_its_readings_and_the_trend_of_an_hour() -> None:
    snapshots = [told(QUEUE, 300.0 * at, queue_id="q-1", waiting=at, agents_busy=2) for at in range(20)]
    floor = floor_of(*snapshots, reading("abandonment_rate", 0.2, 5700.0, tier="orange"))
    place = only(floor)
    assert place.facts == {"waiting": 19, "agents_busy": 2}
    assert (place.tier, place.readings["abandonment_rate"].n) == (Tier.ORANGE, 7)
    assert [waiting for _, waiting in floor.trend(place)] == list(range(7, 20))


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    floor = floor_of(
        told(QUEUE, 60, queue_id="q-1", waiting=9),
        told(QUEUE, 0, queue_id="q-1", waiting=1),
        reading("fcr", 0.5, 60, tier="red"),
        reading("fcr", 0.9, 0),
    )
    place = only(floor)
    assert (place.facts["waiting"], place.tier, [waiting for _, waiting in floor.trend(place)]) == (9, Tier.RED, [9])


def test_a_withdrawn_reading_burns_no_more() -> None:
    floor = floor_of(told(QUEUE, queue_id="q-1", waiting=1), reading("fcr", 0.5, 1, tier="red"), reading("fcr", None, 2))
    assert only(floor).tier is Tier.NONE


@pytest.mark.parametrize(("after", "known"), [(-1.0, True), (1.0, False)])
def test_what_was_not_heard_of_for_too_long_is_not_shown(after: float, known: bool) -> None:
    clock = told(AGENT, FACTS_S["queue"] + after, agent_id="a-9", state="busy")
    floor = floor_of(told(QUEUE, queue_id="q-1", waiting=4), clock)
    assert bool(list(floor.places("queue", None))) is known
    clock = told(AGENT, READING_S + after, agent_id="a-9", state="busy")
    assert bool(list(floor_of(reading("fcr", 0.5), clock).places("queue", None))) is known


def test_tenants_see_their_own_places_and_their_own_now() -> None:
    other = told(QUEUE, 500, queue_id="q-2", waiting=1)
    other["data"]["tenant_id"] = "other"
    floor = floor_of(told(QUEUE, queue_id="q-1", waiting=1), other)
    assert [place.id for place in floor.places("queue", ["acme"])] == ["q-1"]
    assert (floor.now(["acme"]), floor.now(None), floor.now(["nobody"])) == (BEGAN, BEGAN + 500, None)


def test_no_more_places_are_kept_than_there_is_room_for_and_the_silent_ones_go_first() -> None:
    floor = floor_of(*(told(QUEUE, queue_id=f"q-{at}", waiting=1) for at in range(MOST)), told(QUEUE, 1, queue_id="q-0", waiting=2))
    floor.take(told(QUEUE, 2, queue_id="q-new", waiting=1))
    names = {place.id for place in floor.places("queue", None)}
    assert len(names) == MOST
    assert {"q-0", "q-new"} <= names
    assert "q-1" not in names


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda each: st.lists(each) | st.dictionaries(st.text(max_size=8), each),
        max_leaves=8,
    )
)
def test_nothing_that_may_lie_on_the_topic_breaks_the_floor(data: Any) -> None:
    floor = Floor()
    for event in (
        data,
        {"type": READINGS, "time": "2026-11-11T00:00:00Z", "data": data},
        told(READINGS, readings=data),
        told(QUEUE, queue_id=data),
    ):
        floor.take(event)
    for value in (None, b"", b"{", b"\xff", b"[" * 100_000):
        floor.feed(value)
    assert list(floor.places("agent", None)) == []


def test_the_tail_begins_with_what_was_written_of_late_and_says_when_it_has_it() -> None:
    async def scene() -> None:
        logs, floor, ready, new = Logs(partitions=2), Floor(), asyncio.Event(), asyncio.Event()

        def feed(value: bytes | None) -> None:
            floor.feed(value)
            if b"q-new" in (value or b""):
                new.set()

        for at, partition in ((0, 0), (7200, 0), (7300, 1)):
            event = told(QUEUE, at, queue_id=f"q-{at}", waiting=1)
            logs.write(KPIS, json.dumps(event).encode(), partition=partition, at=BEGAN + at)
        tail = TopicTail(KPIS, 2, {}, feed, back_s=3600.0, ready=ready.set, wall=lambda: BEGAN + 7300, make_consumer=logs.consumer)
        await tail.start()
        running = asyncio.create_task(tail.run())
        async with asyncio.timeout(5):
            await ready.wait()
            assert sorted(place.id for place in floor.places("queue", None)) == ["q-7200", "q-7300"]
            logs.write(KPIS, json.dumps(told(QUEUE, 7400, queue_id="q-new", waiting=1)).encode(), at=BEGAN + 7400)
            await new.wait()
        assert "q-new" in {place.id for place in floor.places("queue", None)}
        await tail.stop()
        await running

    asyncio.run(scene())


def test_the_tail_reads_no_more_of_the_past_than_it_may() -> None:
    async def scene() -> None:
        logs = Logs()
        for _ in range(BACK_RECORDS + 5):
            logs.write(KPIS, b"{}")
        seen: list[bytes | None] = []
        done = asyncio.Event()
        tail = TopicTail(KPIS, 1, {}, seen.append, ready=done.set, make_consumer=logs.consumer)
        await tail.start()
        running = asyncio.create_task(tail.run())
        async with asyncio.timeout(10):
            await done.wait()
        await tail.stop()
        await running
        assert len(seen) == BACK_RECORDS

    asyncio.run(scene())
