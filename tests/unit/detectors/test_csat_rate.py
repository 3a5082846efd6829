from __future__ import annotations

import pytest

from detectors.csat_rate import CsatRate
from detectors.event import Agent
from tests.contract.detector_driver import DAY, Run, Talk


def run(*ratings: float, scale: float | None = 5) -> Run:
    made = Run(CsatRate())
    for number, rating in enumerate(ratings):
        data = {"rating": rating, **({"scale_max": scale} if scale else {})}
        made.turns([Talk(f"c-{number}", category="refund")("csat.rated", number, agent=Agent("a-1"), data=data)])
    return made


@pytest.mark.parametrize(("good", "value"), [(72, 0.72), (94, 0.94)])
def test_001_24_satisfaction_is_told_for_queue_agent_and_issue(good: int, value: float) -> None:
    made = run(*[4.0] * good, *[3.0] * (100 - good))
    for keys in ({"queue_id": "q-1"}, {"agent_id": "a-1"}, {"issue_category": "refund"}):
        reading = made.at(300.0, **keys)
        assert (reading.value, reading.n, reading.guard) == (value, 100, True)


@pytest.mark.parametrize(("count", "guard"), [(19, False), (20, True)])
def test_fewer_than_twenty_ratings_say_nothing(count: int, guard: bool) -> None:
    assert run(*[1.0] * count).at(300.0, queue_id="q-1").guard is guard


@pytest.mark.parametrize(("rating", "scale", "value"), [(8.0, 10, 1.0), (7.0, 10, 0.0), (1.0, 1, 1.0), (4.0, None, 1.0)])
def test_another_scale_is_taken_in_proportion(rating: float, scale: float | None, value: float) -> None:
    assert run(rating, scale=scale).at(300.0, queue_id="q-1").value == value


def test_002_09_a_survey_without_a_rating_is_no_rating() -> None:
    assert Run(CsatRate()).turns([Talk()("survey.answered", 0.0, data={"nps": 3})]).states == {}


def test_004_05_a_day_later_nothing_is_left_and_nothing_burns() -> None:
    reading = run(1.0, 1.0).at(DAY + 600.0, queue_id="q-1")
    assert (reading.value, reading.n) == (1.0, 0)
