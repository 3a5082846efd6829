"""The next 24 h: what they should be, how sure that is, and what is admitted about errors."""

from __future__ import annotations

import math
import random

import msgspec
import pytest

from detectors.trend.forecast import Forecast, ForecastState


def usual(hour: int) -> float:
    return (60 - 40 * math.cos(2 * math.pi * hour / 24)) * (0.5 if (hour // 24 + 3) % 7 >= 5 else 1.0)


def poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def learnt(days: int, seed: int = 1) -> tuple[Forecast, ForecastState]:
    rng, forecast, state = random.Random(seed), Forecast(), ForecastState()
    for hour in range(24 * days):
        forecast.learn_one(state, hour * 3600.0, poisson(rng, usual(hour)))
    return forecast, state


def test_a_day_of_hours_follows_profile_and_weekday() -> None:
    forecast, state = learnt(56)
    expected = forecast.next_day(state)
    assert [each.time for each in expected] == [(56 * 24 + n) * 3600.0 for n in range(24)]
    assert sum(each.mean for each in expected) == pytest.approx(sum(usual(56 * 24 + n) for n in range(24)), rel=0.1)


def test_intervals_hold_about_what_they_say() -> None:
    rng = random.Random(9)
    forecast, state = learnt(35)
    inside80 = inside95 = count = 0
    for day in range(35, 91):
        expected = forecast.next_day(state)
        for each in expected:
            real = poisson(rng, usual(int(each.time // 3600)))
            inside80 += each.low80 <= real <= each.high80
            inside95 += each.low95 <= real <= each.high95
            count += 1
            forecast.learn_one(state, each.time, real)
        assert len(expected) == 24, day
    assert 0.74 <= inside80 / count <= 0.92
    assert 0.90 <= inside95 / count <= 0.99


def test_a_raised_level_is_carried_on_and_fades() -> None:
    forecast, state = learnt(28)
    before = [each.mean for each in forecast.next_day(state)]
    for hour in range(28 * 24, 29 * 24):
        forecast.learn_one(state, hour * 3600.0, 2 * usual(hour))
    after = [each.mean / usual(29 * 24 + n) for n, each in enumerate(forecast.next_day(state))]
    assert before
    assert after[0] > 1.3 > after[-1]


def test_the_error_is_tracked_beside_that_of_a_repetition() -> None:
    forecast, state = learnt(42)
    found = forecast.accuracy(state)
    assert found is not None
    assert 0 < found.error < found.naive
    assert found.n == 673, "four weeks weigh"
    assert found.covered80 == pytest.approx(0.8, abs=0.04)
    assert found.covered95 == pytest.approx(0.95, abs=0.02)


def test_nothing_is_said_before_a_day() -> None:
    forecast, state = Forecast(), ForecastState()
    for hour in range(23):
        forecast.learn_one(state, hour * 3600.0, 5)
    assert forecast.next_day(state) == []


@pytest.mark.parametrize("count", [math.nan, math.inf, -1.0])
def test_bad_and_late_counts_are_left_out(count: float) -> None:
    forecast, state = learnt(2)
    before = msgspec.msgpack.encode(state)
    forecast.learn_one(state, 3 * 86_400.0, count)
    forecast.learn_one(state, 0.0, 5)
    assert msgspec.msgpack.encode(state) == before


def test_a_state_is_small_empty_bounded_full_and_goes_on_from_its_bytes() -> None:
    assert len(msgspec.msgpack.encode(ForecastState())) < 300
    forecast, state = learnt(60)
    data = msgspec.msgpack.encode(state)
    assert len(data) < 7000
    assert forecast.next_day(msgspec.msgpack.decode(data, type=ForecastState)) == forecast.next_day(state)
