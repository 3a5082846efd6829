"""When the grid may leave a rate alone."""

from __future__ import annotations

from detectors.base import Observation, Scope
from detectors.hangup_rate import HangupRate
from detectors.response_timeout_rate import ResponseTimeoutRate
from detectors.windowed_rate import YES

QUEUE = Scope("acme", (("queue_id", "q-1"),))


def test_a_sample_that_is_too_small_is_left_alone_for_a_window() -> None:
    detector = HangupRate()
    state = detector.new()
    detector.learn_one(state, Observation("", QUEUE, 60.0, 7.0, terms=YES))
    assert detector.quiet_until(state, 120.0) == 120.0 + detector.window_s
    detector.learn_one(state, Observation("", QUEUE, 60.0, 1.0, terms=YES))
    assert detector.quiet_until(state, 120.0) == 120.0


def test_those_who_still_wait_may_come_into_the_sample_by_themselves() -> None:
    detector = ResponseTimeoutRate()
    state = detector.new()
    for each in range(8):
        detector.learn_one(state, Observation("", QUEUE, 60.0, conversation_id=f"c-{each}", terms=("asked",), extra=(60.0,)))
    assert detector.quiet_until(state, 61.0) == 61.0
    reading = detector.score_one(state, 200.0)
    assert reading is not None
    assert (reading.value, reading.n) == (1.0, 8.0)
