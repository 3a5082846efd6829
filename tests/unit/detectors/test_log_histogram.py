from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.log_histogram import LogHistogram
from tests.contract.detector_driver import DAY


def of(values: list[float], at: float = 0.0) -> LogHistogram:
    usual = LogHistogram()
    for value in values:
        usual.learn(value, at)
    return usual


@given(st.floats(0.001, 1e7), st.integers(1, 60))
def test_equal_values_are_their_own_median(value: float, count: int) -> None:
    assert of([value] * count).median() == value


@settings(max_examples=50)
@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=99))
def test_the_median_lies_within_a_bin_of_the_true_one(values: list[float]) -> None:
    found = of(values).median()
    ordered = sorted(values)
    assert found is not None
    assert min(values) <= found <= max(values)
    assert ordered[(len(values) - 1) // 2] / 1.23 <= found <= ordered[len(values) // 2] * 1.23


def test_of_many_values_the_median_is_right_to_two_percent() -> None:
    dice = random.Random(1)
    values = [dice.lognormvariate(5.7, 0.5) for _ in range(2000)]
    assert of(values).median() == pytest.approx(median(values), rel=0.02)


def test_what_is_a_week_old_weighs_a_third_and_counts_no_more() -> None:
    usual = of([100.0] * 60)
    assert (usual.count(6.9 * DAY), usual.count(7 * DAY)) == (60, 0)
    for _ in range(21):
        usual.learn(900.0, 7 * DAY)
    assert (usual.median(), usual.count(7 * DAY)) == (900.0, 21)


def test_a_late_value_counts_with_the_newest_day() -> None:
    usual = of([100.0], 10 * DAY)
    usual.learn(100.0, 9 * DAY)
    usual.learn(100.0, 1 * DAY)
    assert (usual.count(10 * DAY), usual.median()) == (2, 100.0)


@pytest.mark.parametrize(("cap", "greatest"), [(4.0, 400.0), (2.0, 200.0)])
def test_an_extraordinary_value_is_learnt_as_a_few_medians_once_there_is_one(cap: float, greatest: float) -> None:
    usual = of([100.0] * 10)
    usual.learn_capped(9000.0, 0.0, cap=cap, least=10)
    assert max(high for _, _, high in usual.bins.values()) == greatest
    early = of([100.0] * 9)
    early.learn_capped(9000.0, 0.0, cap=cap, least=10)
    assert max(high for _, _, high in early.bins.values()) == 9000.0


def test_the_spread_is_the_standard_deviation_of_the_logarithm() -> None:
    dice = random.Random(2)
    usual = of([dice.lognormvariate(5.7, 0.6) for _ in range(5000)])
    middle = usual.median()
    assert middle is not None
    assert usual.spread() == pytest.approx(0.6, abs=0.12)


def test_without_a_spread_there_is_no_z() -> None:
    assert of([100.0] * 50).spread() is None
    assert LogHistogram().spread() is None
    assert LogHistogram().median() is None
