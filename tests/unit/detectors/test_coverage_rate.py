from __future__ import annotations

import pytest

from detectors.coverage_rate import CoverageRate
from tests.contract.detector_driver import Run, Talk


def run(heard: int, silent: int) -> Run:
    made = Run(CoverageRate())
    for number in range(heard + silent):
        talk = Talk(f"c-{number}")
        if number < heard:
            made.turns([talk.customer_says(number, "在吗")])
        made.turns([talk("conversation.resolved", number + 1.0)])
    return made


@pytest.mark.parametrize(("heard", "value"), [(100, 1.0), (99, 0.99)])
def test_001_16_a_conversation_without_words_was_scored_by_nothing(heard: int, value: float) -> None:
    reading = run(heard, 100 - heard).at(200.0)
    assert (reading.value, reading.n) == (value, 100)


def test_who_gave_up_need_not_be_heard() -> None:
    assert Run(CoverageRate()).turns([Talk()("conversation.abandoned", 0.0)]).states == {}
