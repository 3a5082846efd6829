from __future__ import annotations

import pytest

from detectors.estimated_wait import EstimatedWait
from detectors.event import Queue
from tests.contract.detector_driver import Run, Talk


def run(waiting: int, completed: int, at: float = 100.0) -> Run:
    made = Run(EstimatedWait()).turns(Talk(f"c-{n}")("conversation.resolved", n) for n in range(completed))
    return made.turns([Talk("x", queue=None)("queue.snapshot", at, conversation=None, queue=Queue("q-1", waiting=waiting))])


@pytest.mark.parametrize(("waiting", "seconds"), [(59, 295), (60, 300), (120, 600)])
def test_001_02_waiting_over_completions_per_second(waiting: int, seconds: float) -> None:
    reading = run(waiting, 60).at(120.0, queue_id="q-1")
    assert (reading.value, reading.guard) == (seconds, True)


@pytest.mark.parametrize(("completed", "guard"), [(9, False), (10, True), (0, False)])
def test_a_queue_that_completes_hardly_anything_has_no_speed(completed: int, guard: bool) -> None:
    assert run(300, completed).at(120.0, queue_id="q-1").guard is guard


def test_an_old_snapshot_is_not_believed() -> None:
    assert run(300, 60).at(2000.0, queue_id="q-1").value == 0


def test_an_older_snapshot_that_comes_late_changes_nothing() -> None:
    made = run(12, 60)
    made.turns([Talk("x", queue=None)("queue.snapshot", 5.0, conversation=None, queue=Queue("q-1", waiting=300))])
    assert made.at(120.0, queue_id="q-1").value == 60
