"""Growth of a share: told soon, told once, and not told of growth of everything."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.trend.share import Share, ShareState

STEP = 300.0
WEEK = 7 * 288


def events(rng: random.Random, share: float, trials: int = 17) -> dict[str, float]:
    return {"hits": sum(rng.random() < share for _ in range(trials)), "trials": trials}


def warmed(seed: int) -> tuple[random.Random, Share, ShareState]:
    rng, share, state = random.Random(seed), Share(), ShareState()
    for step in range(WEEK):
        share.learn_one(state, STEP * step, **events(rng, 0.1))
    return rng, share, state


@pytest.mark.parametrize("seed", range(5))
def test_a_doubled_share_is_told_within_three_hours(seed: int) -> None:
    rng, share, state = warmed(seed)
    before = state.alarms
    for step in range(WEEK, WEEK + 36):
        reading = share.learn_one(state, STEP * step, **events(rng, 0.2))
    assert state.alarms > before
    assert reading is not None
    assert reading.z > 3
    assert reading.ratio > 1.4


def test_an_alarm_begins_anew() -> None:
    rng, share, state = warmed(1)
    step = WEEK
    while not state.alarms:
        share.learn_one(state, STEP * step, **events(rng, 0.4))
        step += 1
    assert state.evidence == 0
    assert state.at == step - 1


def test_more_events_of_all_kinds_are_no_growth_of_a_share() -> None:
    rng, share, state = warmed(2)
    before = state.alarms
    for step in range(WEEK, WEEK + 144):
        share.learn_one(state, STEP * step, **events(rng, 0.1, trials=85))
    assert state.alarms == before


def test_too_few_events_say_nothing() -> None:
    share, state = Share(), ShareState()
    assert all(share.learn_one(state, STEP * step, hits=1, trials=1) is None for step in range(60 + 99))


def test_wrong_or_late_counts_are_left_out() -> None:
    share, state = Share(), ShareState()
    share.learn_one(state, 10 * STEP, hits=1, trials=2)
    before = msgspec.msgpack.encode(state)
    for time, hits, trials in ((9 * STEP, 1, 1), (11 * STEP, 2, 1), (11 * STEP, -1, 1), (11 * STEP, float("nan"), 1)):
        assert share.learn_one(state, time, hits=hits, trials=trials) is None
    assert msgspec.msgpack.encode(state) == before


def test_a_state_is_small_empty_and_bounded_full() -> None:
    share, sparse = Share(), ShareState()
    for day in range(40):
        share.learn_one(sparse, 86_400.0 * day, hits=1, trials=1)
    assert len(msgspec.msgpack.encode(sparse)) < 300
    assert len(msgspec.msgpack.encode(warmed(3)[2])) < 2000


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 500)), max_size=300))
def test_shares_stay_shares(counts: list[tuple[int, int, int]]) -> None:
    share, state, step = Share(), ShareState(), 0
    for hits, others, gap in counts:
        step += gap
        reading = share.learn_one(state, STEP * step, hits=hits, trials=hits + others)
        if reading:
            assert 0 <= reading.share <= 1
            assert 0 < reading.usual < 1
            assert reading.score >= 0
