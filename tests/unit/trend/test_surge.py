"""The surge detector: what it expects, when it alarms, and what it costs."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.trend.surge import Surge, SurgeReading, SurgeState

TICK = 900
DAY = 96


def usual(place: int) -> float:
    """More by day than by night, less at weekends."""
    day, minute = place // DAY, place % DAY / DAY
    return (20 - 12 * math.cos(2 * math.pi * minute)) * (0.6 if (day + 3) % 7 >= 5 else 1.0)


def poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def run(days: int, *, factor: float = 1.0, onset: int | None = None, seed: int = 1) -> list[SurgeReading | None]:
    rng, surge, state = random.Random(seed), Surge(TICK), SurgeState()
    begin = math.inf if onset is None else onset
    return [
        surge.learn_one(state, place * TICK, poisson(rng, usual(place) * (factor if place >= begin else 1))) for place in range(days * DAY)
    ]


def score(reading: SurgeReading | None) -> float:
    return reading.score if reading else 0.0


@pytest.mark.parametrize(("factor", "ticks"), [(2.0, 3), (3.0, 2), (5.0, 2)])
def test_a_rise_is_told_within_minutes(factor: float, ticks: int) -> None:
    onset = 20 * DAY + 48
    readings = run(21, factor=factor, onset=onset)
    assert max(score(each) for each in readings[onset - 2 : onset]) < 1
    assert max(score(each) for each in readings[onset : onset + ticks]) >= 1


@pytest.mark.parametrize("seed", range(4))
def test_after_two_weeks_a_month_raises_at_most_one_alarm(seed: int) -> None:
    on = [place for place, reading in enumerate(run(42, seed=seed)) if score(reading) >= 1 and place >= 14 * DAY]
    begun = [place for number, place in enumerate(on) if number == 0 or place - on[number - 1] >= DAY // 4]
    assert len(begun) <= 1


def test_what_is_expected_follows_the_day_and_the_week() -> None:
    surge, state = Surge(TICK), SurgeState()
    rng = random.Random(3)
    for place in range(35 * DAY):
        surge.learn_one(state, place * TICK, poisson(rng, usual(place)))
    for place in range(35 * DAY, 42 * DAY, 8):
        assert surge.expected(state, place * TICK) == pytest.approx(usual(place), rel=0.35)


def test_one_odd_tick_raises_no_alarm() -> None:
    surge, state = Surge(TICK), SurgeState()
    rng = random.Random(5)
    scores = []
    for place in range(20 * DAY):
        count = poisson(rng, usual(place)) * (10 if place == 18 * DAY else 1)
        scores.append(score(surge.learn_one(state, place * TICK, count)))
    assert max(scores[18 * DAY : 18 * DAY + 4]) < 1


def test_nothing_is_said_in_the_first_three_days() -> None:
    assert not any(score(each) for each in run(3, factor=5.0, onset=2 * DAY))


def test_a_declared_campaign_multiplies_the_expectation() -> None:
    surge, plain, declared = Surge(TICK), SurgeState(), SurgeState()
    rng = random.Random(2)
    for place in range(20 * DAY):
        count = poisson(rng, usual(place))
        surge.learn_one(plain, place * TICK, count)
        surge.learn_one(declared, place * TICK, count)
    base = 20 * DAY
    counts = [poisson(rng, 3 * usual(base + step)) for step in range(8)]
    alone = [score(surge.learn_one(plain, (base + step) * TICK, each)) for step, each in enumerate(counts)]
    known = [score(surge.learn_one(declared, (base + step) * TICK, each, factor=3.0)) for step, each in enumerate(counts)]
    assert max(alone) >= 1 > max(known)


def test_a_holiday_is_expected_to_be_like_a_weekend() -> None:
    surge, state = Surge(TICK), SurgeState()
    for place in range(28 * DAY):
        surge.learn_one(state, place * TICK, usual(place))
    monday = (28 * DAY + (4 * DAY) + 48) * TICK
    assert (28 + 4 + 3) % 7 == 0
    workday, holiday = surge.expected(state, monday), surge.expected(state, monday, free=True)
    assert workday is not None
    assert holiday == pytest.approx(0.6 * workday, rel=0.1)


def test_ticks_without_a_call_are_zeros() -> None:
    surge, skipped, told = Surge(TICK), SurgeState(), SurgeState()
    for place in range(6 * DAY):
        surge.learn_one(told, place * TICK, 5 * (place % 3 == 0))
        if place % 3 == 0:
            surge.learn_one(skipped, place * TICK, 5)
    surge.learn_one(skipped, 6 * DAY * TICK, 5)
    surge.learn_one(told, 6 * DAY * TICK, 5)
    assert skipped.busy == pytest.approx(told.busy)
    assert msgspec.structs.replace(skipped, busy=told.busy) == told


def test_a_long_silence_keeps_what_is_usual_and_costs_nothing() -> None:
    surge, state = Surge(TICK), SurgeState()
    for place in range(20 * DAY):
        surge.learn_one(state, place * TICK, usual(place))
    ticks, known = state.ticks, surge.expected(state, 400 * 86_400.0)
    reading = surge.learn_one(state, 400 * 86_400.0, 10)
    assert state.ticks == ticks + 1
    assert known is not None
    assert reading is not None
    assert reading.score < 1


@pytest.mark.parametrize("count", [math.nan, math.inf, -1.0])
def test_a_count_that_is_none_is_left_out(count: float) -> None:
    surge, state = Surge(TICK), SurgeState()
    assert surge.learn_one(state, 0, count) is None
    assert state == SurgeState()


def test_an_old_tick_changes_nothing() -> None:
    surge, state = Surge(TICK), SurgeState()
    for place in range(200):
        surge.learn_one(state, place * TICK, 5)
    before = msgspec.msgpack.encode(state)
    assert surge.learn_one(state, 100 * TICK, 50) is None
    assert msgspec.msgpack.encode(state) == before


def test_a_series_that_dried_up_is_forgotten() -> None:
    surge, state = Surge(TICK), SurgeState()
    for place in range(10 * DAY):
        surge.learn_one(state, place * TICK, usual(place))
    for week in range(2, 20):
        surge.learn_one(state, week * 7 * 86_400.0, 0)
    assert len(msgspec.msgpack.encode(state)) < 300


def test_a_state_goes_on_from_its_bytes() -> None:
    surge, state = Surge(TICK), SurgeState()
    for place in range(10 * DAY):
        surge.learn_one(state, place * TICK, usual(place))
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=SurgeState)
    assert surge.learn_one(loaded, 10 * DAY * TICK, 50) == surge.learn_one(state, 10 * DAY * TICK, 50)


def test_a_state_is_small_empty_and_bounded_full() -> None:
    surge, state = Surge(300), SurgeState()
    assert len(msgspec.msgpack.encode(state)) < 300
    for day in range(40):
        assert surge.learn_one(state, day * 86_400.0, 1) is None
        assert len(msgspec.msgpack.encode(state)) < 300
    state = SurgeState()
    for place in range(60 * 288):
        surge.learn_one(state, place * 300, (place * 7919 % 31) / 3)
    assert len(msgspec.msgpack.encode(state)) < 10_000


@given(st.lists(st.integers(0, 10**6), max_size=400))
def test_the_interval_holds_the_expectation(counts: list[int]) -> None:
    surge, state = Surge(1800), SurgeState()
    for place, count in enumerate(counts):
        reading = surge.learn_one(state, place * 1800, count)
        if reading:
            assert 0 <= reading.low <= reading.expected * (1 + 1e-9)
            assert reading.expected * (1 - 1e-9) <= reading.high
            assert all(map(math.isfinite, (reading.ratio, reading.z, reading.score)))


def test_the_bursts_of_a_restless_series_do_not_hide_a_surge_of_three_hours() -> None:
    """Once a day it bursts fivefold for up to 90 minutes: that is usual, three hours of it are not."""
    rng, surge, state, burst, usually = random.Random(4), Surge(TICK), SurgeState(), 0, 0.0
    for place in range(28 * DAY):
        burst = rng.choice((2, 4, 6)) if rng.random() < 1 / 24 else max(0, burst - 1)
        reading = surge.learn_one(state, place * TICK, (100 if burst else 20) + rng.randrange(-6, 7))
        usually += reading is not None and place >= 14 * DAY and reading.score >= 1
    scores = [found.score for place in range(28 * DAY, 28 * DAY + 12) if (found := surge.learn_one(state, place * TICK, 100)) is not None]
    assert usually / (14 * DAY) < 0.01
    assert scores[3] < 1 < scores[-1]
