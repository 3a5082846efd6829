from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.event import Queue
from detectors.queue_length import QueueLength
from tests.contract.detector_driver import HOUR, Run, Talk


def snapshot(at: float, waiting: int, **more: int) -> Turn:
    return Talk("x", queue=None)("queue.snapshot", at, conversation=None, queue=Queue("q-1", waiting=waiting, **more))


def waiting(run: Run, now: float) -> float:
    return run.at(now, queue_id="q-1").value


def test_a_snapshot_says_how_many_wait() -> None:
    run = Run(QueueLength()).turns([snapshot(0.0, 78, oldest_wait_s=90, agents_available=0), snapshot(600.0, 310, oldest_wait_s=300)])
    reading = run.at(601.0, queue_id="q-1")
    assert reading.value == 310
    assert reading.variables == {"queue": "q-1", "queue_id": "q-1", "waiting": 310, "oldest_wait_s": 300}


def test_an_older_snapshot_that_comes_late_changes_nothing() -> None:
    assert waiting(Run(QueueLength()).turns([snapshot(600.0, 10), snapshot(0.0, 310)]), 601.0) == 10


@pytest.mark.parametrize(("later", "length"), [(1800.0, 310), (1801.0, 0)])
def test_a_snapshot_is_believed_for_half_an_hour(later: float, length: int) -> None:
    assert waiting(Run(QueueLength()).turns([snapshot(0.0, 310)]), later) == length


def test_without_snapshots_entries_and_departures_are_counted() -> None:
    talks = [Talk(f"c-{n}") for n in range(4)]
    run = Run(QueueLength()).turns(talk("conversation.queued", 1.0) for talk in talks)
    assert waiting(run, 2.0) == 4
    kinds = ("conversation.connected", "conversation.assigned", "conversation.abandoned")
    run.turns(talk(kind, 3.0) for talk, kind in zip(talks, kinds, strict=False))
    assert waiting(run, 4.0) == 1


def test_departures_without_entries_never_make_it_negative() -> None:
    run = Run(QueueLength()).turns(Talk(f"c-{n}")("conversation.connected", 1.0) for n in range(5))
    run.turns([Talk("c-9")("conversation.queued", 2.0)])
    assert waiting(run, 3.0) == 1


def test_being_connected_and_assigned_is_one_departure() -> None:
    first, second = Talk("c-1"), Talk("c-2")
    turns = [first("conversation.queued", 0.0), second("conversation.queued", 0.0), first("conversation.connected", 1.0)]
    assert waiting(Run(QueueLength()).turns([*turns, first("conversation.assigned", 2.0)]), 3.0) == 1


def test_an_entry_that_comes_after_its_departure_does_not_leak() -> None:
    talk = Talk()
    assert waiting(Run(QueueLength()).turns([talk("conversation.connected", 5.0), talk("conversation.queued", 4.0)]), 6.0) == 0


def test_who_queues_again_waits_again() -> None:
    talk = Talk()
    turns = [talk("conversation.queued", 0.0), talk("conversation.connected", 5.0), talk("conversation.queued", 60.0)]
    assert waiting(Run(QueueLength()).turns(turns), 61.0) == 1


def test_an_opening_is_an_entry_only_with_a_place_in_the_queue() -> None:
    turns = [Talk("c-1")("conversation.opened", 0.0), Talk("c-2")("conversation.opened", 0.0, data={"position_in_queue": 7})]
    assert waiting(Run(QueueLength()).turns(turns), 1.0) == 1


@pytest.mark.parametrize(("hours", "length"), [(3.9, 1), (4.0, 0)])
def test_who_is_not_seen_to_leave_is_forgotten_after_four_hours(hours: float, length: int) -> None:
    assert waiting(Run(QueueLength()).turns([Talk()("conversation.queued", 0.0)]), hours * HOUR) == length


def test_a_transfer_leaves_the_queue_it_came_from() -> None:
    talk = Talk()
    run = Run(QueueLength()).turns([talk("conversation.queued", 0.0)])
    moved = talk.moved(1.0, "d-1", "d-2")
    moved.event.transfer.origin.queue_id, moved.context.queue_id = "q-1", "q-2"  # type: ignore[union-attr]
    assert waiting(run.turns([moved]), 2.0) == 0


def test_an_empty_queue_is_idle_and_a_full_one_is_not() -> None:
    detector = QueueLength()
    for length, idle in ((0, True), (3, False)):
        state = next(iter(Run(detector).turns([snapshot(0.0, length)]).states.values()))
        assert detector.idle(state, 60.0) is idle
