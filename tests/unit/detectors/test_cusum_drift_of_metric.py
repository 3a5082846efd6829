from __future__ import annotations

import math
from random import Random
from typing import Any

import msgspec
import pytest

from detectors.base import Observation, Reading, Scope
from detectors.cusum_drift_of_metric import CusumDriftOfMetric
from detectors.event import Metric
from detectors.trend.ranksum import RankSum
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

LOGINS = Scope("acme", (("metric", "logins"),))
STEP = 300.0


def point(at: float, metric: Metric) -> Any:
    return Talk("x", queue=None)("metric.point", at, conversation=None, metric=metric)


def told(made: Run, first: int, values: list[float]) -> Run:
    for place, value in enumerate(values, first):
        made.learn(Observation("cusum_drift_of_metric", LOGINS, place * STEP, value, terms=("logins",)))
    return made


def course(points: int, seed: int = 1) -> list[float]:
    """Points of 5 minutes with a course of the day and scatter."""
    dice = Random(seed)
    return [100 + 40 * math.sin(2 * math.pi * n / 288) + dice.gauss(0, 4) for n in range(points)]


def reading_of(made: Run, place: int) -> Reading:
    return made.at(place * STEP, metric="logins")


def lit(values: list[float]) -> list[int]:
    """The places at which the metric would be yellow."""
    made, found = Run(CusumDriftOfMetric()), []
    for place, value in enumerate(values):
        reading = reading_of(told(made, place, [value]), place)
        if reading.value >= 4 and reading.guard:
            found.append(place)
    return found


def test_the_usual_course_of_days_lights_next_to_nothing() -> None:
    found = [place for seed in range(4) for place in lit(course(288 * 7, seed)) if place > 288]
    assert len(found) < 0.01 * 4 * 288 * 6


@pytest.mark.parametrize("change", [80.0, -80.0])
def test_a_wild_point_is_sudden_and_told_at_once_up_or_down(change: float) -> None:
    values = course(288 * 6)
    made = told(Run(CusumDriftOfMetric()), 0, [*values[:-1], values[-1] + change])
    reading = reading_of(made, 288 * 6 - 1)
    assert reading.value >= 4
    assert (reading.guard, reading.onset, reading.variables["series_en"]) == (True, "sudden", "logins")
    assert reading.sample["score"] >= RankSum.threshold
    assert (reading.sample["up"] > reading.sample["down"]) is (change > 0)


def test_the_same_point_at_its_own_time_of_day_is_nothing() -> None:
    values = course(288 * 6)
    noon = max(values[-288:])
    night = told(Run(CusumDriftOfMetric()), 0, [*values[:-72], noon])
    assert reading_of(night, 288 * 6 - 72).value > 4
    assert not reading_of(told(Run(CusumDriftOfMetric()), 0, values), 288 * 6 - 1).guard


def test_an_hour_after_the_anomaly_the_guard_closes() -> None:
    values = course(288 * 6)
    made = told(Run(CusumDriftOfMetric()), 0, [*values[:-1], values[-1] + 80])
    last = (288 * 6 - 1) * STEP
    assert [made.at(last + hours * HOUR, metric="logins").guard for hours in (0.9, 1.1)] == [True, False]
    assert [made.at(last + hours * HOUR, metric="logins").closed for hours in (23, 25)] == [False, True]


def test_a_young_metric_is_guarded() -> None:
    made = told(Run(CusumDriftOfMetric()), 0, [*course(60), 900.0])
    assert not reading_of(made, 60).guard


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Metric("m", None, 60.0, 12.0), 12.0),
        (Metric("m", None, 60.0, None, 7.5), 7.5),
        (Metric("m", None, 60.0, 12.0, None, 48.0), 0.25),
        (Metric("m", None, 60.0), None),
        (Metric("m", None, 60.0, 12.0, None, 0.0), None),
    ],
)
def test_a_point_is_the_count_or_amount_over_its_denominator(metric: Metric, value: float | None) -> None:
    found = [each.value for each in CusumDriftOfMetric().observe(point(0.0, metric))]
    assert found == ([] if value is None else [value])


def test_a_metric_of_a_product_is_another_one() -> None:
    metrics = (Metric("returns", None, 60.0, 1.0), Metric("returns", "sku-1", 60.0, 1.0))
    made = Run(CusumDriftOfMetric()).turns(point(at, metric) for at, metric in enumerate(metrics))
    assert sorted(scope.kind for scope in made.states) == ["metric", "metric+product_id"]


def test_what_comes_late_and_what_is_no_number_changes_nothing() -> None:
    made = told(Run(CusumDriftOfMetric()), 0, course(200))
    before = msgspec.msgpack.encode(made.states[LOGINS])
    told(made, 100, [5000.0])
    told(made, 300, [math.inf])
    assert msgspec.msgpack.encode(made.states[LOGINS]) == before


def test_five_silent_weeks_are_forgotten() -> None:
    made = told(Run(CusumDriftOfMetric()), 0, course(20))
    assert [made.detector.expired(made.states[LOGINS], days * DAY) for days in (34, 36)] == [False, True]
