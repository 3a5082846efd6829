from __future__ import annotations

from random import Random

import pytest

from detectors.base import Observation, Reading, Scope
from detectors.cusum_drift import CusumDrift, CusumDriftParams, Series, normal_of_t
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

AGENT = Scope("acme", (("agent_id", "a-1"),))


def points(made: Run, first: int, means: list[float], name: str = "mood", count: int = 5) -> Run:
    for hour, mean in enumerate(means, first):
        for _ in range(count):
            made.learn(Observation("cusum_drift", AGENT, hour * HOUR, terms=(name,), extra=(mean,)))
    return made


def noise(count: int, seed: int = 1, mean: float = 0.0) -> list[float]:
    dice = Random(seed)
    return [dice.gauss(mean, 0.1) for _ in range(count)]


def at(made: Run, hour: float) -> Reading:
    return made.at(hour * HOUR, agent_id="a-1")


@pytest.mark.parametrize(
    ("sum_before", "value"), [(2.9, 2.9), (3.0, 3.0), (3.9, 3.9), (4.0, 4.0), (4.9, 4.9), (5.0, 5.0), (7.9, 7.9), (8.0, 8.0)]
)
def test_the_value_is_the_sum_as_it_is(sum_before: float, value: float) -> None:
    detector = CusumDrift()
    state = detector.new()
    state.series["mood"] = Series(usual=(30.0, 0.0, 0.3), s=sum_before, run=5)
    reading = detector.score_one(state, 0.0)
    assert reading is not None
    assert (reading.value, reading.n, reading.guard, reading.onset) == (value, 30, True, "gradual")


def test_004_21_a_gradual_fall_of_the_customers_mood_is_told_though_no_hour_is_striking() -> None:
    made = points(Run(CusumDrift()), 0, noise(100))
    assert at(made, 100).value < 3
    reading = at(points(made, 100, [-0.15] * 6), 106)
    assert (reading.value >= 5, reading.guard, reading.onset, reading.variables["series_en"]) == (
        True,
        True,
        "gradual",
        "customer sentiment",
    )


def test_a_better_mood_is_no_alarm() -> None:
    made = points(points(Run(CusumDrift()), 0, noise(100)), 100, noise(12, 2, 0.3))
    assert at(made, 112).value == 0


def test_a_single_bad_hour_is_no_drift() -> None:
    made = points(points(Run(CusumDrift()), 0, [0.1, *[-0.1, 0.1] * 50]), 101, [-1.0])
    assert at(made, 102).value == 2.5


def test_each_point_adds_its_deviation_less_one_half() -> None:
    made = points(Run(CusumDrift()), 0, [0.1, *[-0.1, 0.1] * 50])
    assert at(made, 101).value == 0
    for hour, least in ((101, 1.2), (102, 2.5), (103, 3.8)):
        points(made, hour, [-0.2])
        assert least < at(made, hour + 1).value < 1.3 * least


def test_at_eight_the_alarm_is_given_and_the_sum_starts_again() -> None:
    made = points(points(Run(CusumDrift()), 0, noise(100)), 100, [-0.5] * 3)
    assert at(made, 103).value >= 8
    assert at(points(made, 103, [0.0]), 104).value < 3


@pytest.mark.parametrize(("count", "guard"), [(24, False), (25, True)])
def test_twenty_points_must_have_been_learnt(count: int, guard: bool) -> None:
    made = points(points(Run(CusumDrift()), 0, noise(count - 3)), count - 3, [-0.5] * 3)
    assert at(made, count).guard is guard


@pytest.mark.parametrize(("count", "points_told"), [(4, 0), (5, 1)])
def test_a_point_is_of_whole_hours_with_five_values(count: int, points_told: int) -> None:
    made = points(points(Run(CusumDrift()), 0, [0.1] * 6), 6, [0.3], count=count)
    assert at(made, 6.9).variables["point"] == 0.1
    assert at(made, 7).variables["point"] == (0.3 if points_told else 0.1)


def test_in_control_a_series_passes_five_about_once_in_930_points() -> None:
    alarms, count = 0, 6000
    for seed in range(3):
        made, burning = Run(CusumDrift(CusumDriftParams(least=1))), False
        for hour, mean in enumerate(noise(count, seed)):
            high = at(points(made, hour, [mean], count=1), hour + 1).value >= 5
            alarms += high and not burning
            burning = high
    assert 500 < 3 * count / alarms < 1800


def test_a_share_of_complaints_deviates_at_least_as_chance_lets_it() -> None:
    made = points(Run(CusumDrift()), 0, [0.2] * 60, "complaint_share")
    assert at(points(made, 60, [0.4], "complaint_share"), 61).value < 1


def test_an_agents_figures_an_issues_and_a_departments_are_told() -> None:
    talk = Talk(category="refund", is_complaint=True)
    turns = [
        talk("conversation.opened", 0.0),
        talk.customer_says(1.0, "坏", "了", sentiment=-0.5),
        talk.agent_says(60.0, "好"),
        talk.moved(100.0, "d-1", "d-2"),
        talk.moved(700.0, "d-2", "d-3"),
        talk("conversation.resolved", 1300.0),
    ]
    made = Run(CusumDrift()).turns(turns)
    told = {scope.keys[0]: list(state.series) for scope, state in made.states.items()}
    assert told == {
        ("agent_id", "a-1"): ["mood", "handle_time"],
        ("issue_category", "refund"): ["complaint_share"],
        ("department_id", "d-2"): ["dwell"],
        ("department_id", "d-3"): ["dwell"],
    }


def test_a_bots_conversations_are_nobodys_drift() -> None:
    talk = Talk()
    made = Run(CusumDrift()).turns([talk.agent_says(1.0, "好", agent="b-1", role="bot"), talk("conversation.resolved", 9.0)])
    assert made.states == {}


def test_who_was_not_heard_of_for_three_days_closes() -> None:
    made = points(Run(CusumDrift()), 0, noise(30))
    assert [at(made, hour).closed for hour in (40, 29 + 73)] == [False, True]
    assert made.detector.expired(made.states[AGENT], 37 * DAY)


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 4.604), (10, 3.169), (30, 2.750), (200, 2.601)])
def test_a_rare_value_of_student_is_as_rare_a_normal_one(freedom: int, quantile: float) -> None:
    assert normal_of_t(quantile, freedom) == pytest.approx(2.576, abs=0.03)
