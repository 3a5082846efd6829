"""Drift: both kinds are found, scatter and odd values are not, and a lasting one becomes usual."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.trend.drift import Drift, DriftReading, DriftState

ONSET = 900


def scores(seed: int, *, step: float = 0.0, ramp: float = 0.0, count: int = 1100) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(0, 1) + step * (n >= ONSET) + ramp * min(1.0, max(0.0, (n - ONSET) / 60)) for n in range(count)]


def run(values: list[float], side: int = 0, unit: float = 1.0, offset: float = 0.0) -> list[DriftReading]:
    drift, state = Drift(side=1 if side > 0 else -1 if side else 0), DriftState()
    return [drift.learn_one(state, offset + unit * value) for value in values]


@pytest.mark.parametrize("seed", range(6))
def test_a_step_of_two_deviations_is_sudden_and_told_within_half_an_hour(seed: int) -> None:
    readings = run(scores(seed, step=2.0), side=1)
    first = next(n for n in range(ONSET, ONSET + 180) if readings[n].onset)
    assert first < ONSET + 15
    assert readings[first].onset == "sudden"
    assert readings[first].direction == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_ramp_is_told_within_four_hours(seed: int) -> None:
    readings = run(scores(seed, ramp=1.0), side=1)
    assert any(each.onset for each in readings[ONSET : ONSET + 120])


def test_most_slow_small_ramps_are_told_as_gradual() -> None:
    kinds = [next((each.onset for each in run(scores(seed, ramp=0.6), side=1)[ONSET:] if each.onset), None) for seed in range(20)]
    assert kinds.count("gradual") > 2 * kinds.count("sudden")


def test_scatter_alone_gives_about_one_false_alarm_in_100_hours() -> None:
    alarms = 0
    for seed in range(10):
        on = [each.onset is not None for each in run(scores(seed, count=3000), side=1)]
        alarms += sum(now and not before for before, now in zip([False, *on], on, strict=False))
    assert alarms <= 25


def test_one_wild_value_is_no_drift() -> None:
    values = scores(4)
    values[1000] = 1e9
    assert not any(each.onset for each in run(values)[1000:1010])


def test_a_fall_is_a_drift_downwards() -> None:
    assert run(scores(2, step=-2.0))[ONSET + 30].direction == -1
    assert not any(each.onset for each in run(scores(2, step=-2.0), side=1)[ONSET : ONSET + 60])


@given(unit=st.floats(1e-3, 1e6), offset=st.floats(-1e3, 1e3))
def test_unit_and_origin_do_not_matter(unit: float, offset: float) -> None:
    values = scores(1, step=1.5, count=1000)
    plain, scaled = run(values), run(values, unit=unit, offset=offset * unit)
    assert [round(each.sudden, 2) for each in plain] == pytest.approx([round(each.sudden, 2) for each in scaled], abs=0.05)


def test_a_lasting_step_becomes_usual() -> None:
    readings = run(scores(3, step=2.0, count=1500), side=1)
    assert readings[-1].onset is None
    assert readings[-1].mean == pytest.approx(2.0, abs=0.4)


def test_a_value_that_is_none_is_left_out() -> None:
    drift, state = Drift(), DriftState()
    drift.learn_one(state, math.nan)
    drift.learn_one(state, math.inf)
    assert state == DriftState()


def test_a_constant_score_never_drifts() -> None:
    assert not any(each.onset for each in run([5.0] * 700))


def test_a_state_is_small_empty_bounded_full_and_goes_on_from_its_bytes() -> None:
    drift, state = Drift(), DriftState()
    assert len(msgspec.msgpack.encode(state)) < 300
    for value in scores(7):
        drift.learn_one(state, value)
    data = msgspec.msgpack.encode(state)
    assert len(data) < 3200
    assert drift.learn_one(msgspec.msgpack.decode(data, type=DriftState), 1.0) == drift.learn_one(state, 1.0)
