from __future__ import annotations

import pytest

from detectors.nps import Nps
from tests.contract.detector_driver import Run, Talk


def run(*answers: int) -> Run:
    return Run(Nps()).turns(Talk(f"c-{n}")("survey.answered", n, data={"nps": answer}) for n, answer in enumerate(answers))


@pytest.mark.parametrize(("promoters", "value"), [(79, 58), (80, 60)])
def test_001_05_promoters_less_detractors_of_all_answers(promoters: int, value: float) -> None:
    made = run(*[9] * promoters, *[6] * (100 - promoters))
    for reading in (made.at(3600.0), made.at(3600.0, queue_id="q-1")):
        assert reading.value == pytest.approx(value)
        assert reading.n == 100


def test_who_is_neither_counts_as_an_answer_only() -> None:
    assert run(10, 7, 8, 0).at(3600.0).value == 0
