"""The delay of one series behind another: found where it is, not found where there is none."""

from __future__ import annotations

import math
import random

import msgspec
import pytest

from detectors.trend.lag import Lag, LagReading, LagState

STEP = 300.0
DAY = 288


def pair(seed: int, lag_h: float | None, days: int = 7, sign: int = -1) -> list[tuple[float, float]]:
    """The second is the first of `lag_h` before, smoothed over half an hour, with noise; both have a daily season."""
    rng, first, last = random.Random(seed), [0.0] * 200, 0.0
    for _ in range(days * DAY):
        last = 0.9 * last + math.sqrt(0.19) * rng.gauss(0, 1)
        first.append(last)
    found, noise = [], 0.0
    delay = None if lag_h is None else round(lag_h * 12)
    for n in range(200, len(first)):
        noise = 0.7 * noise + math.sqrt(0.51) * rng.gauss(0, 1)
        effect = 0.0 if delay is None else sign * sum(first[n - delay - 3 : n - delay + 4]) / 7
        season = 2 * math.sin(2 * math.pi * n / DAY)
        found.append((first[n] + season, effect + noise + season))
    return found


def read(values: list[tuple[float, float]], sign: int = -1) -> LagReading | None:
    lag, state = Lag(sign), LagState()
    for n, (x, y) in enumerate(values):
        lag.learn_one(state, n * STEP, x, y)
    return lag.read(state)


@pytest.mark.parametrize("lag_h", [0.9, 1.5, 3.2])
def test_a_planted_lag_is_found_within_a_fifth_of_an_hour(lag_h: float) -> None:
    reading = read(pair(1, lag_h))
    assert reading is not None
    assert reading.linked
    assert reading.sign == -1
    assert reading.lag_h == pytest.approx(lag_h, abs=0.2)


def test_the_sign_of_an_effect_is_told() -> None:
    reading = read(pair(2, 1.5, sign=1), sign=0)
    assert reading is not None
    assert (reading.sign, reading.linked) == (1, True)


def test_an_effect_of_the_other_sign_is_no_link() -> None:
    reading = read(pair(2, 1.5, sign=1), sign=-1)
    assert reading is None or not reading.linked


@pytest.mark.parametrize("seed", range(8))
def test_a_common_season_is_no_link(seed: int) -> None:
    reading = read(pair(seed, None))
    assert reading is not None
    assert not reading.linked


def test_nothing_is_said_before_two_days() -> None:
    assert read(pair(1, 1.0, days=1)) is None


def test_constant_series_and_bad_values_are_survived() -> None:
    assert read([(1.0, 2.0)] * 1000) is None
    lag, state = Lag(), LagState()
    lag.learn_one(state, 0.0, math.nan, 1.0)
    lag.learn_one(state, 0.0, 1.0, math.inf)
    assert state == LagState()


def test_a_gap_does_not_mix_what_was_before_with_what_is_after() -> None:
    lag, state = Lag(-1), LagState()
    for n, (x, y) in enumerate(pair(3, 1.1, days=9)):
        lag.learn_one(state, (n + 500 * (n >= 4 * DAY)) * STEP, x, y)
    reading = lag.read(state)
    assert reading is not None
    assert reading.lag_h == pytest.approx(1.1, abs=0.3)


def test_a_state_is_small_empty_bounded_full_and_goes_on_from_its_bytes() -> None:
    lag, state = Lag(-1), LagState()
    assert len(msgspec.msgpack.encode(state)) < 300
    values = pair(4, 1.0)
    for n, (x, y) in enumerate(values):
        lag.learn_one(state, n * STEP, x, y)
    data = msgspec.msgpack.encode(state)
    assert len(data) < 4000
    loaded = msgspec.msgpack.decode(data, type=LagState)
    for each in (state, loaded):
        lag.learn_one(each, len(values) * STEP, 1.0, -1.0)
    assert lag.read(loaded) == lag.read(state)
