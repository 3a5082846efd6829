"""Anomalies of any metric by sums of log ranks."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.trend.ranksum import RankSum, RankSumState

STEP = 300.0


def metric(seed: int, count: int = 3000) -> list[float]:
    rng = random.Random(seed)
    return [100 + 20 * math.sin(2 * math.pi * n / 288) + rng.gauss(0, 3) for n in range(count)]


def run(values: list[float], state: RankSumState | None = None) -> list[float]:
    detector, state = RankSum(), state or RankSumState()
    return [detector.learn_one(state, STEP * n, value) for n, value in enumerate(values)]


@pytest.mark.parametrize("value", [200.0, 0.0, 160.0])
def test_a_value_never_seen_is_an_anomaly(value: float) -> None:
    values = metric(1)
    values[2500] = value
    assert run(values)[2500] > RankSum.threshold


def test_a_lasting_shift_is_an_anomaly_said_once() -> None:
    values = [value + 60 * (n >= 2500) for n, value in enumerate(metric(2))]
    loud = [n for n, score in enumerate(run(values)) if score > RankSum.threshold and n >= 2500]
    assert loud
    assert loud[0] < 2520
    assert len(loud) < 10


def test_a_usual_metric_is_silent() -> None:
    scores = run(metric(3))[800:]
    assert sum(score > RankSum.threshold for score in scores) <= 1


@settings(max_examples=20)
@given(unit=st.sampled_from([1e-3, 0.5, 10.0, 1e6]))
def test_the_unit_does_not_matter(unit: float) -> None:
    values = metric(4, 800)
    plain, scaled = run(values), run([unit * value for value in values])
    assert sum(abs(a - b) > 3 for a, b in zip(plain, scaled, strict=True)) < 8


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300))
def test_scores_are_finite_and_never_negative(values: list[float]) -> None:
    assert all(0 <= score < math.inf for score in run(values))


def test_nothing_is_said_before_fifty_points() -> None:
    assert not any(run([1.0, 1000.0] * 25))


def test_memory_is_bounded_and_forgets() -> None:
    rng, state, detector = random.Random(5), RankSumState(), RankSum()
    assert len(msgspec.msgpack.encode(state)) < 300
    for n in range(45_000):
        detector.learn_one(state, STEP * n, rng.lognormvariate(0, 3))
    assert len(msgspec.msgpack.encode(state)) < 12_000
    assert state.ranked < 20_000


def test_a_state_goes_on_from_its_bytes() -> None:
    state = RankSumState()
    run(metric(6), state)
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=RankSumState)
    assert RankSum().learn_one(loaded, 3000 * STEP, 180.0) == RankSum().learn_one(state, 3000 * STEP, 180.0)
