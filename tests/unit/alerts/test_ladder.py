from __future__ import annotations

import pytest

from alerts.ladder import Ladder, wilson_lower


@pytest.mark.parametrize(("n", "bound"), [(10, 0.127), (30, 0.184), (100, 0.231)])
def test_the_wilson_bound_of_thirty_percent_is_the_catalogues(n: int, bound: float) -> None:
    assert wilson_lower(0.3, n) == pytest.approx(bound, abs=0.0005)


@pytest.mark.parametrize(("tier", "line"), [(1, 40.0), (2, 90.0), (3, 180.0), (4, 280.0)])
def test_a_tier_holds_down_to_a_fifth_of_its_gap(tier: int, line: float) -> None:
    ladder = Ladder((50, 100, 200, 300), start=0)
    assert ladder.held(line, tier) == tier
    assert ladder.held(line - 0.001, tier) < tier


def test_a_missing_tier_below_is_skipped() -> None:
    ladder = Ladder((50, None, 100, None))
    assert ladder.held(90, 3) == 3
    assert ladder.held(89.9, 3) == 1


def test_the_lowest_tier_takes_the_gap_above_it() -> None:
    ladder = Ladder((None, None, 1, 2), start=0)
    assert ladder.held(0.8, 3) == 3
    assert ladder.held(0.79, 3) == 0


def test_a_single_tier_holds_at_its_own_number() -> None:
    ladder = Ladder((None, None, 1, None))
    assert ladder.held(1, 3) == 3
    assert ladder.held(0.999, 3) == 0


def test_a_line_outside_the_range_lets_go_at_the_ranges_end() -> None:
    ladder = Ladder((0.02, 0.5, 0.6, 0.7), start=0.0, end=1.0)
    assert ladder.held(0.001, 1) == 1
    assert ladder.held(0.0, 1) == 0


def test_low_is_the_mirror_of_high() -> None:
    ladder = Ladder((0.92, 0.8, 0.65, 0.51), low=True, start=0.0, end=1.0)
    assert [ladder.reached(value) for value in (0.95, 0.92, 0.8, 0.66, 0.5)] == [0, 1, 2, 2, 4]
    assert ladder.held(0.68, 3) == 3
    assert ladder.held(0.681, 3) == 2
    assert ladder.numbers == (0.92, 0.8, 0.65, 0.51)


def test_a_low_line_outside_the_range_lets_go_at_the_upper_end() -> None:
    ladder = Ladder((0.99, 0.5, None, None), low=True, start=0.0, end=1.0)
    assert ladder.held(0.999, 1) == 1
    assert ladder.held(1.0, 1) == 0


def test_a_low_rate_is_assured_by_its_upper_bound() -> None:
    ladder = Ladder((0.92, 0.8, 0.65, 0.51), low=True)
    assert ladder.assured(0.5, 7) == 0
    assert ladder.assured(0.5, 8) == 2
    assert ladder.assured(0.5, 1000) == 3
