from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.department_load_ratio import DepartmentLoadRatio
from detectors.event import Place, Transfer
from tests.contract.detector_driver import Run, Talk

HALF = 1800.0


def half_hour(start: float, came: int, done: int) -> list[Turn]:
    talks = [Talk(f"c-{start}-{n}") for n in range(max(came, done))]
    return [
        *(talk("conversation.opened", start + n) for n, talk in enumerate(talks[:came])),
        *(talk("conversation.resolved", start + 900.0 + n) for n, talk in enumerate(talks[:done])),
    ]


@pytest.mark.parametrize(("came", "value"), [(25, 1.25), (26, 1.3), (40, 2.0)])
def test_004_31_arrivals_over_completions_two_half_hours_in_a_row(came: int, value: float) -> None:
    made = Run(DepartmentLoadRatio()).turns([*half_hour(0.0, came, 20), *half_hour(HALF, came, 20)])
    reading = made.at(2 * HALF - 1, queue_id="q-1")
    assert (reading.value, reading.n) == (value, came)


def test_one_bad_half_hour_is_not_two() -> None:
    made = Run(DepartmentLoadRatio()).turns([*half_hour(0.0, 20, 20), *half_hour(HALF, 60, 20)])
    assert made.at(2 * HALF - 1, queue_id="q-1").value == 1.0


def test_a_hand_over_leaves_one_department_and_comes_to_another() -> None:
    hop = Transfer(Place(department_id="d-1"), Place(department_id="d-2"), "cold")
    made = Run(DepartmentLoadRatio()).turns([Talk()("conversation.transferred", 0.0, transfer=hop)])
    assert made.at(60.0, department_id="d-1").variables == {"arrivals": 0, "completions": 1}
    assert made.at(60.0, department_id="d-2").variables == {"arrivals": 1, "completions": 0}
