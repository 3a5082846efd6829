from __future__ import annotations

import pytest

from detectors.base import Observation, Scope
from detectors.ears_c2 import EarsC2
from detectors.event import Campaign
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

QUEUE = Scope("acme", (("queue_id", "q-1"),))


def hours(made: Run, first: int, last: int, count: float, scope: Scope = QUEUE) -> Run:
    for hour in range(first, last):
        made.learn(Observation("ears_c2", scope, hour * HOUR, count, terms=("queue_id=q-1",)))
    return made


def value(*counts: float) -> float:
    """Of the last of these hours."""
    made = Run(EarsC2())
    for hour, count in enumerate(counts):
        hours(made, hour, hour + 1, count)
    return made.at(len(counts) * HOUR, queue_id="q-1").value


@pytest.mark.parametrize(
    ("count", "sigmas"), [(131, 1.9375), (132, 2), (147, 2.9375), (148, 3), (163, 3.9375), (164, 4), (195, 5.9375), (196, 6)]
)
def test_004_21_a_sudden_jump_in_standard_deviations_of_the_seven_hours(count: int, sigmas: float) -> None:
    made = hours(hours(Run(EarsC2()), 0, 48, 100), 48, 49, 100)
    made = hours(made, 49, 50, (count - 100) * 10 / 16 + 100)
    reading = made.at(50 * HOUR, queue_id="q-1")
    assert reading.value == pytest.approx(sigmas)
    assert reading.onset == "sudden"


def test_with_a_flat_course_it_is_the_plain_formula() -> None:
    baseline = (40.0, 60.0, 52.0, 47.0, 61.0, 39.0, 51.0)
    mean = sum(baseline) / 7
    sd = (sum((each - mean) ** 2 for each in baseline) / 6) ** 0.5
    state = EarsC2().new()
    state.first, state.born, state.hours = 0, 0, [*baseline, 99.0, 99.0, 90.0]
    state.level = (100.0, mean)
    reading = EarsC2().score_one(state, 10 * HOUR)
    assert reading is not None
    assert reading.value == pytest.approx((90 - mean) / sd)


def test_the_two_hours_before_do_not_count() -> None:
    flat = [25.0] * 47
    assert value(*flat, 25, 25, 50) == value(*flat, 90, 90, 50) == 5.0


def test_few_conversations_have_a_least_deviation() -> None:
    assert value(*[0.0] * 48, 1.0) == 2.0


@pytest.mark.parametrize(("count", "guard"), [(9, False), (10, True)])
def test_less_than_ten_conversations_are_guarded(count: int, guard: bool) -> None:
    made = hours(hours(Run(EarsC2()), 0, 72, 1), 72, 73, count)
    assert made.at(73 * HOUR, queue_id="q-1").guard is guard


@pytest.mark.parametrize(("days", "guard"), [(1, False), (2, False), (3, True)])
def test_a_course_of_less_than_three_days_is_guarded(days: int, guard: bool) -> None:
    made = hours(hours(Run(EarsC2()), 0, 24 * days, 20), 24 * days, 24 * days + 1, 90)
    reading = made.at((24 * days + 1) * HOUR, queue_id="q-1")
    assert (reading.value > 6, reading.guard) == (True, guard)


def test_before_seven_hours_are_known_nothing_is_said() -> None:
    made = hours(Run(EarsC2()), 0, 9, 20)
    assert made.at(9 * HOUR, queue_id="q-1").value == 0


def test_the_usual_course_of_the_day_is_no_jump() -> None:
    made = Run(EarsC2())
    for hour in range(24 * 8 + 10):
        hours(made, hour, hour + 1, 10 if hour % 24 < 9 else 100)
    reading = made.at((24 * 8 + 10) * HOUR, queue_id="q-1")
    assert reading.value == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(("count", "sudden"), [(400, False), (800, True)])
def test_a_declared_campaign_is_expected_and_twice_as_much_is_not(count: float, sudden: bool) -> None:
    made = hours(Run(EarsC2()), 0, 72, 100)
    sale = Campaign("11.11", 72 * HOUR, 96 * HOUR, 4.0, {"queue_id": "q-1"})
    made.learn(Observation("ears_c2", Scope("acme"), 71.5 * HOUR, broadcast=True, campaign=sale))
    reading = hours(made, 72, 73, count).at(73 * HOUR, queue_id="q-1")
    assert (reading.value >= 4 and reading.guard) is sudden
    assert reading.baseline == pytest.approx(400)


def test_the_hour_that_runs_is_not_judged() -> None:
    made = hours(hours(Run(EarsC2()), 0, 48, 25), 48, 49, 500)
    assert made.at(48.9 * HOUR, queue_id="q-1").value == 0


def test_a_conversation_counts_for_its_issue_queue_and_product() -> None:
    made = Run(EarsC2()).turns([Talk(category="refund", product_id="sku-1")("conversation.opened", 0.0)])
    assert sorted(scope.kind for scope in made.states) == ["issue_category", "product_id", "queue_id"]


def test_of_a_product_no_hours_of_the_week_are_kept() -> None:
    product = Scope("acme", (("product_id", "sku-1"),))
    made = hours(Run(EarsC2()), 0, 200, 10, product)
    assert (len(made.states[product].week), len(made.states[product].day)) == (0, 24)


def test_a_long_silence_is_taken_and_five_weeks_are_forgotten() -> None:
    made = hours(hours(Run(EarsC2()), 0, 48, 25), 2000, 2001, 25)
    assert len(made.states[QUEUE].hours) <= 13
    assert made.detector.expired(made.states[QUEUE], 2000 * HOUR + 36 * DAY)
