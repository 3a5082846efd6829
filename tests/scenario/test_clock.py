"""Timers fire when they should and only then: wrong timestamps, silence, empty partitions, nights, the end of a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from detectors.event import Event
from streams.wiring import Layout, partition_of
from tests.scenario.harness import Play, parsed

NIGHT = datetime.fromisoformat("2026-03-02T22:00:00+08:00").timestamp()
MORNING = NIGHT + 10 * 3600
HOUR, DAY = 3600.0, 86_400.0
ONLY = frozenset({"first_response_time", "queue_length", "agent_emotional_exposure"})
"""A timer, and two on the grid of the scopes: when they fire is asked here, not what else does."""


def event(kind: str, time: float, conversation: str, **data: Any) -> Event:
    """A CloudEvent of a chat, `time` in seconds."""
    shared = {"tenant_id": "acme", "conversation": {"id": conversation, "channel": "chat", "queue_id": "q-a"}, "customer": {"id": "u-1"}}
    head = {"specversion": "1.0", "id": f"{kind}/{conversation}/{time}", "source": "/tenants/acme/clock", "subject": conversation}
    stamp = datetime.fromtimestamp(time).astimezone().isoformat(timespec="milliseconds")
    return parsed({**head, "type": f"fenghuo.{kind}.v1", "time": stamp, "data": {**shared, **data}}, as_of=time)


def asks(time: float, conversation: str) -> Event:
    return event("message.created", time, conversation, sender={"role": "customer"}, message={"text": "在吗", "direction": "in"})


def answers(time: float, conversation: str) -> Event:
    data: dict[str, Any] = {"sender": {"role": "agent"}, "message": {"text": "您好，请讲", "direction": "out"}, "agent": {"id": "a-1"}}
    return event("message.created", time, conversation, **data)


def waiting(time: float, queue: str, number: int) -> Event:
    """A snapshot of a queue."""
    snapshot = event("queue.snapshot", time, queue, queue={"queue_id": queue, "waiting": number})
    snapshot.conversation = None
    return snapshot


def heartbeat(time: float) -> Event:
    return Event("stream.heartbeat", time, f"h{time}", "/fenghuo/clock", "", "")


def seen(alerts: list[dict[str, Any]], start: float = NIGHT) -> list[tuple[str, str, float, float]]:
    """Tier, state, and seconds from the start: of the event time, of the detection."""

    def after(name: str, alert: dict[str, Any]) -> float:
        return round(datetime.fromisoformat(alert[name]).timestamp() - start, 3)

    return [(alert["tier"], alert["state"], after("event_time", alert), after("detected_at", alert)) for alert in alerts]


def live(layout: Layout | None = None, *, durable: bool = False) -> Play:
    """A live stream at ten in the evening: an answered customer just now."""
    play = Play(layout, durable=durable, only=ONLY)
    play.feed(asks(NIGHT - 20, "c-0"), answers(NIGHT - 10, "c-0"), wall=NIGHT, caught_up=True)
    assert play.alerts == []
    return play


# -- one wrong timestamp


@pytest.mark.parametrize("first", [True, False], ids=["the very first event", "an event in the middle"])
def test_one_timestamp_a_day_ahead_makes_no_history_late_and_fires_nobodys_timers(first: bool) -> None:
    play = Play(only=ONLY)
    wrong = asks(NIGHT + DAY, "c-wrong")
    right = [event for at in range(20) for event in (asks(NIGHT + 60 * at, f"c-{at}"), answers(NIGHT + 60 * at + 5, f"c-{at}"))]
    play.feed(*([wrong, *right] if first else [*right[:20], wrong, *right[20:]]))
    play.feed(asks(NIGHT + 1300, "c-waits"), heartbeat(NIGHT + 1400))
    play.finish()
    assert {alert["scope"]["conversation_id"] for alert in play.alerts} <= {"c-waits"}
    assert [each[:3] for each in seen(play.alerts)] == [("blue", "raised", 1330), ("yellow", "updated", 1360)]
    assert play.pipeline.counts["late_events_total",] == 0


def test_one_timestamp_a_day_ahead_leaves_a_live_stream_live() -> None:
    play = live()
    play.feed(asks(NIGHT + DAY, "c-wrong"), wall=NIGHT + 1, caught_up=True)
    play.feed(asks(NIGHT + 2, "c-1"), wall=NIGHT + 2, caught_up=True)
    assert play.pipeline.counts["late_events_total",] == 0
    assert seen(play.tick(NIGHT + 40)) == [("blue", "raised", 32, 40)]
    assert {alert["scope"]["conversation_id"] for alert in play.alerts} == {"c-1"}


def test_a_clock_that_runs_four_minutes_ahead_makes_nobody_else_late() -> None:
    play = live()
    play.feed(asks(NIGHT + 240, "c-ahead"), answers(NIGHT + 241, "c-ahead"), wall=NIGHT + 1, caught_up=True)
    play.feed(asks(NIGHT + 2, "c-1"), answers(NIGHT + 4, "c-1"), wall=NIGHT + 5, caught_up=True)
    assert play.pipeline.counts["late_events_total",] == 0


def test_what_comes_late_in_a_live_stream_is_counted() -> None:
    play = live()
    play.feed(answers(NIGHT + 100, "c-1"), wall=NIGHT + 100, caught_up=True)
    play.feed(asks(NIGHT + 60, "c-2"), answers(NIGHT + 75, "c-2"), wall=NIGHT + 101, caught_up=True)
    assert play.pipeline.counts["late_events_total",] == 1


# -- silence


def test_a_silent_live_stream_fires_its_timers_by_the_wall_clock() -> None:
    play = live()
    play.feed(asks(NIGHT + 1, "c-1"), wall=NIGHT + 1, caught_up=True)
    told = [alert for second in range(2, 1000) for alert in play.tick(NIGHT + second)]
    assert seen(told) == [
        ("blue", "raised", 31, 31),
        ("yellow", "updated", 61, 61),
        ("orange", "updated", 181, 181),
        ("red", "updated", 901, 901),
    ]


def test_the_grid_of_the_scopes_goes_on_in_silence_too() -> None:
    play = live()
    play.feed(waiting(NIGHT + 1, "q-a", 120), wall=NIGHT + 1, caught_up=True)
    told = [alert for second in range(2, 2000, 5) for alert in play.tick(NIGHT + second)]
    assert [each[:2] for each in seen(play.alerts)] == [("yellow", "raised"), ("yellow", "resolved")]
    assert told, "a snapshot is believed for half an hour, then the fire goes out although nothing arrived"


# -- empty and uneven partitions


def two_keys(count: int) -> tuple[str, str]:
    """Two conversations of different partitions."""
    names = [f"c-{number}" for number in range(1, 20)]
    return next(name for name in names if part(name, count) == 0), next(name for name in names if part(name, count) == 1)


def part(conversation: str, count: int) -> int:
    return partition_of(f"acme/{conversation}", count)


def test_an_empty_partition_holds_nobody_once_it_has_been_read_to_its_end() -> None:
    play = Play(Layout(2, 1, 1), only=ONLY)
    here, _ = two_keys(2)
    queue = next(f"q-{number}" for number in range(20) if part(f"q-{number}", 2) == 0)
    for second in range(0, 120, 2):
        event_ = [asks(NIGHT, here), waiting(NIGHT, queue, 300)] if not second else []
        play.deliver(0, *event_, wall=NIGHT + second)
        play.deliver(1, wall=NIGHT + second, idle=second >= 2)
    assert [(alert["indicator"], alert["tier"]) for alert in play.alerts] == [
        ("queue_length", "red"),
        ("first_response_time", "blue"),
        ("first_response_time", "yellow"),
    ]


def test_a_partition_far_behind_is_waited_for_while_history_is_read() -> None:
    play = Play(Layout(2, 1, 1), only=ONLY)
    ahead, behind = two_keys(2)
    play.deliver(0, asks(NIGHT + 6 * HOUR, ahead), heartbeat(NIGHT + 7 * HOUR), wall=MORNING + DAY, caught_up=False)
    assert play.alerts == []
    play.deliver(1, asks(NIGHT, behind), heartbeat(NIGHT + 7 * HOUR), wall=MORNING + DAY, caught_up=False)
    play.finish()
    times = [each[2] for each in seen(play.alerts)]
    assert times == sorted(times)
    assert len(times) == 8


# -- a restart after a night


def asleep() -> Play:
    """Somebody asks at ten in the evening; the worker ends ten seconds later."""
    play = live(durable=True)
    play.feed(asks(NIGHT + 1, "c-1"), wall=NIGHT + 1, caught_up=True)
    play.tick(NIGHT + 10)
    play.restart()
    return play


def test_after_a_night_without_a_backlog_the_alerts_of_the_night_are_told_at_once() -> None:
    play = asleep()
    assert seen(play.tick(MORNING)) == [
        ("blue", "raised", 31, 36_000),
        ("yellow", "updated", 61, 36_000),
        ("orange", "updated", 181, 36_000),
        ("red", "updated", 901, 36_000),
    ]


@pytest.mark.parametrize("size", [1, 100], ids=["event by event", "in one batch"])
def test_an_answer_in_the_backlog_is_in_time(size: int) -> None:
    play = asleep()
    backlog = [answers(NIGHT + 15, "c-1"), *(answers(NIGHT + HOUR * hour, f"c-{10 * hour}") for hour in range(1, 10))]
    for first in range(0, len(backlog), size):
        play.feed(*backlog[first : first + size], wall=MORNING, caught_up=first + size >= len(backlog))
    play.tick(MORNING + 1)
    assert play.alerts == []
    assert play.pipeline.counts["late_events_total",] == 0


@pytest.mark.parametrize("size", [1, 100], ids=["event by event", "in one batch"])
def test_a_backlog_without_an_answer_fires_the_timers_at_their_own_times(size: int) -> None:
    play = asleep()
    backlog = [answers(NIGHT + 600 * step, f"c-{step + 9}") for step in range(1, 60)]
    for first in range(0, len(backlog), size):
        play.feed(*backlog[first : first + size], wall=MORNING, caught_up=False)
    play.feed(answers(MORNING - 1, "c-90"), wall=MORNING, caught_up=True)
    play.tick(MORNING + 1)
    assert seen(play.alerts) == [
        ("blue", "raised", 31, 31),
        ("yellow", "updated", 61, 61),
        ("orange", "updated", 181, 181),
        ("red", "updated", 901, 901),
    ]


def test_the_morning_after_a_backlog_is_live_again() -> None:
    play = asleep()
    play.feed(answers(NIGHT + 15, "c-1"), wall=MORNING, caught_up=False)
    play.feed(answers(MORNING - 10, "c-2"), wall=MORNING, caught_up=True)
    play.feed(asks(MORNING, "c-3"), wall=MORNING, caught_up=True)
    assert seen(play.tick(MORNING + 31), MORNING) == [("blue", "raised", 30, 31)]
    assert len(play.alerts) == 1


# -- the end of a file


def test_the_end_of_a_file_releases_what_is_held_and_no_timer_beyond_its_last_event() -> None:
    play = Play(only=ONLY)
    play.feed(asks(NIGHT, "c-1"), *(answers(NIGHT + 10 * step, f"c-{step}") for step in range(2, 11)))
    play.finish()
    assert [each[:3] for each in seen(play.alerts)] == [("blue", "raised", 30), ("yellow", "updated", 60)]
    assert play.finish() == []


def test_a_file_of_one_event_raises_nothing() -> None:
    play = Play(only=ONLY)
    play.feed(asks(NIGHT, "c-1"))
    assert play.finish() == []
