"""The delay between links is learnt where there is one to learn, and is the prior elsewhere."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from detectors.chain_lags import ChainLags, ChainLagsState
from detectors.trend.lag import LagState

STEP = 300.0
DAY = 288
TRIALS = 40
USUAL = 0.1
LAGS = ChainLags(links=2, prior_h=3.2)


def learnt(seed: int, *, lag_h: float | None, days: int = 12, trials: int = TRIALS) -> ChainLagsState:
    """Two links of `trials` events in 5 minutes; trouble of the first comes and goes, and reaches the second after the lag, or never."""
    dice, state = Random(seed), ChainLagsState()
    first: list[float] = []
    for step in range(days * DAY):
        first.append(0.9 * (first[-1] if first else 0.0) + dice.gauss(0, 0.35))
        behind = step - round((lag_h or 0) * 12)
        moved = first[behind] if lag_h is not None and behind >= 0 else 0.0
        for link, trouble in enumerate((first[-1], moved)):
            share = min(0.9, USUAL * 2.0**trouble)
            bad = sum(dice.random() < share for _ in range(trials))
            LAGS.add(state, step * STEP, link, bad=bad, trials=trials, usual=USUAL)
    return state


@pytest.mark.parametrize("lag_h", [0.8, 1.5, 3.0])
def test_a_planted_delay_is_found(lag_h: float) -> None:
    known = LAGS.known(learnt(1, lag_h=lag_h), 0)
    assert known.learnt
    assert known.lag_h == pytest.approx(lag_h, abs=0.3)
    assert known.z >= 4
    assert 0 < known.strength <= 1


@pytest.mark.parametrize("seed", range(4))
def test_where_nothing_follows_the_prior_stays(seed: int) -> None:
    known = LAGS.known(learnt(seed, lag_h=None), 0)
    assert (known.learnt, known.lag_h) == (False, 3.2)


def test_a_week_is_needed() -> None:
    assert not LAGS.known(learnt(1, lag_h=1.5, days=6), 0).learnt


def test_a_quiet_scope_learns_nothing_and_stays_small() -> None:
    state = ChainLagsState()
    for day in range(20):
        for each in range(20):
            LAGS.add(state, (day * DAY + 14 * each) * STEP, each % 2, bad=1, trials=1, usual=USUAL)
    assert state.lags == []
    assert len(msgspec.msgpack.encode(state)) < 200


def test_a_scope_that_falls_silent_forgets_and_a_late_count_is_left_out() -> None:
    state = learnt(1, lag_h=1.5, days=2)
    assert [type(each) for each in state.lags] == [LagState]
    before = msgspec.msgpack.encode(state)
    LAGS.add(state, STEP, 0, bad=1, trials=1, usual=USUAL)
    assert msgspec.msgpack.encode(state) == before
    for days in (60, 61):
        LAGS.add(state, days * DAY * STEP, 0, bad=1, trials=1, usual=USUAL)
    assert (state.lags, LAGS.known(state, 0).learnt) == ([], False)


def test_an_hours_report_dated_to_its_middle_is_in_time() -> None:
    state = ChainLagsState()
    LAGS.add(state, 7200.0, 0, bad=1, trials=4, usual=USUAL)
    LAGS.add(state, 7200.0 + 1800, 0, bad=0, trials=4, usual=USUAL)
    LAGS.add(state, 7200.0, 1, bad=3, trials=9, usual=USUAL)
    assert state.steps[24] == [pytest.approx((1 - 0.4) / 2), pytest.approx((3 - 0.9) / 3)]
