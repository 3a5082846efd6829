from __future__ import annotations

import pytest

from detectors.abandonment_rate import AbandonmentRate
from tests.contract.detector_driver import Run, Talk


def run(queued: int, left: int, reason: str | None = None) -> Run:
    made = Run(AbandonmentRate())
    for number in range(queued):
        talk = Talk(f"c-{number}")
        made.turns([talk("conversation.queued", number)])
        if number < left:
            made.turns([talk("conversation.abandoned", number + 30.0, data={"reason": reason} if reason else None)])
    return made


@pytest.mark.parametrize(("left", "value"), [(23, 0.23), (24, 0.24)])
def test_001_02_who_gives_up_is_counted_over_who_queued(left: int, value: float) -> None:
    reading = run(100, left).at(200.0, queue_id="q-1")
    assert (reading.value, reading.n) == (value, 100)


def test_004_26_a_callback_is_not_given_up() -> None:
    assert run(10, 5, "callback requested").at(60.0, queue_id="q-1").value == 0.0


def test_an_opening_with_a_place_in_the_queue_is_an_entry() -> None:
    made = Run(AbandonmentRate()).turns(
        [Talk("a")("conversation.opened", 0.0, data={"position_in_queue": 3}), Talk("b")("conversation.opened", 0.0)]
    )
    assert made.at(1.0, queue_id="q-1").n == 1
