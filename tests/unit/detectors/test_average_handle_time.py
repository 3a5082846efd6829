from __future__ import annotations

import pytest

from detectors.average_handle_time import AverageHandleTime
from detectors.event import Call
from tests.contract.detector_driver import HOUR, Run, Talk


def calls(made: Run, at: float, seconds: int, count: int = 30) -> Run:
    call = Call(talk_ms=(seconds - 30) * 1000, hold_ms=10_000, acw_ms=20_000, connected=True)
    return made.turns(Talk(f"c-{at}-{number}", channel="voice")("call.ended", at, call=call) for number in range(count))


@pytest.mark.parametrize("seconds", [167, 168, 269, 270, 359, 360, 377, 378])
def test_001_11_talk_hold_and_after_call_work_over_handled_calls(seconds: int) -> None:
    reading = calls(Run(AverageHandleTime()), 0.0, seconds).at(60.0, queue_id="q-1")
    assert (reading.value, reading.n, reading.guard) == (seconds, 30, True)


@pytest.mark.parametrize(("seconds", "guard"), [(359, False), (360, True)])
def test_what_is_usual_for_the_queue_alarms_nobody(seconds: int, guard: bool) -> None:
    made = Run(AverageHandleTime())
    for hour in range(40):
        calls(made, hour * HOUR, 300, 3)
    reading = calls(made, 44 * HOUR, seconds).at(44 * HOUR + 60, queue_id="q-1")
    assert (reading.value, reading.baseline, reading.guard) == (seconds, 300, guard)


def test_the_incident_is_not_yet_what_is_usual() -> None:
    made = Run(AverageHandleTime())
    for hour in range(40):
        calls(made, hour * HOUR, 300 if hour < 37 else 600, 3)
    assert made.at(40 * HOUR, queue_id="q-1").baseline == 300


def test_calls_without_times_or_connection_are_not_handled() -> None:
    talks = [Talk("a")("call.ended", 0.0, call=Call(connected=True)), Talk("b")("call.ended", 0.0, call=Call(talk_ms=5, connected=False))]
    assert Run(AverageHandleTime()).turns(talks).states == {}
