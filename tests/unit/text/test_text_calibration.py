"""The online correction of probabilities and the table of what is left to correct."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.calibration import BetaCalibration, Reliability

CHANCES = st.floats(0, 1)


def overconfident(seed: int, count: int = 6000) -> list[tuple[float, bool]]:
    """What is said lies further from one half than what is true."""
    draw = random.Random(seed)
    truths = [draw.uniform(0.02, 0.98) for _ in range(count)]
    return [(truth**3 / (truth**3 + (1 - truth) ** 3), draw.random() < truth) for truth in truths]


def test_an_overconfident_probability_is_corrected() -> None:
    calibrate, raw, corrected = BetaCalibration(), Reliability(), Reliability()
    for number, (said, happened) in enumerate(overconfident(1)):
        if number >= 3000:
            raw.learn_one(said, happened)
            corrected.learn_one(calibrate(said), happened)
        calibrate.learn_one(said, happened)
    assert raw.error > 0.1
    assert corrected.error < raw.error / 3


def test_a_right_probability_is_left_as_it_is() -> None:
    draw, calibrate = random.Random(2), BetaCalibration()
    for _ in range(5000):
        truth = draw.random()
        calibrate.learn_one(truth, draw.random() < truth)
    assert [calibrate(chance) for chance in (0.1, 0.5, 0.9)] == pytest.approx([0.1, 0.5, 0.9], abs=0.05)


@given(st.lists(st.tuples(CHANCES, st.booleans()), max_size=60), CHANCES, CHANCES)
def test_it_stays_a_probability_and_never_turns_an_order_round(cases: list[tuple[float, bool]], low: float, high: float) -> None:
    calibrate = BetaCalibration()
    for said, happened in cases:
        calibrate.learn_one(said, happened)
    low, high = sorted((low, high))
    assert 0 <= calibrate(low) <= calibrate(high) + 1e-12 <= 1 + 1e-12


@given(st.lists(st.tuples(CHANCES, st.booleans()), max_size=80))
def test_every_case_is_in_one_bin_and_the_error_is_a_share(cases: list[tuple[float, bool]]) -> None:
    table = Reliability()
    for said, happened in cases:
        table.learn_one(said, happened)
    bins = table.bins()
    assert sum(each.n for each in bins) == len(cases)
    assert 0 <= table.error <= 1
    assert table.error == pytest.approx(sum(each.n * abs(each.said - each.happened) for each in bins) / max(1, len(cases)))
