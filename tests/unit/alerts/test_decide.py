from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.decide import Change, Decider, Memory
from alerts.tier import Tier
from detectors.base import Reading, Scope
from tests.unit.alerts.samples import QUEUE, Course, reading, rule

RATE = {"unit": "ratio", "range": [0, 1], "tiers": {"blue": 0.1, "yellow": 0.15, "orange": 0.2, "red": 0.3}}
values = st.lists(st.floats(min_value=0, max_value=400, allow_nan=False), max_size=40)


@pytest.mark.parametrize(("value", "tier"), [(49.9, 0), (50, 1), (99.9, 1), (100, 2), (199.9, 2), (200, 3), (299.9, 3), (300, 4), (1e9, 4)])
def test_a_value_at_a_tiers_number_is_in_that_tier(value: float, tier: int) -> None:
    assert Course()(value) == [tier]


def test_a_tier_rises_at_once_and_over_others() -> None:
    course = Course()
    assert course(0, 310) == [0, 4]
    assert [(each.previous, each.tier, each.threshold) for each in course.changes] == [(0, 4, 300.0)]


def test_a_tier_falls_after_two_evaluations_beyond_its_hold_line() -> None:
    assert Course()(300, 279, 279) == [4, 4, 3]


def test_a_value_on_the_hold_line_holds() -> None:
    assert Course()(300, 280, 280, 280) == [4, 4, 4, 4]


def test_one_evaluation_within_begins_the_count_anew() -> None:
    assert Course()(300, 279, 290, 279, 279) == [4, 4, 4, 4, 3]


def test_a_fall_ends_where_a_tier_still_holds() -> None:
    assert Course()(300, 95, 95) == [4, 4, 2]


def test_a_tier_beyond_whose_line_only_one_evaluation_went_is_kept_for_another() -> None:
    assert Course()(300, 190, 0, 0) == [4, 4, 3, 0]


def test_a_rise_during_a_fall_ends_the_fall() -> None:
    course = Course()
    assert course(200, 100, 300, 100, 100) == [3, 3, 4, 4, 2]


def test_the_threshold_of_the_end_is_the_old_tiers() -> None:
    course = Course()
    course(60, 0, 0)
    assert [(each.tier, each.threshold) for each in course.changes] == [(1, 50.0), (0, 50.0)]


def test_between_two_evaluations_a_tier_only_rises() -> None:
    course = Course()
    assert course(200) == [3]
    assert course(0, 0, 0, evaluation=False) == [3, 3, 3]
    assert course(0) == [3]
    assert course(0, evaluation=False) == [3]
    assert course(310, evaluation=False) == [4]


def test_a_closed_reading_puts_the_fire_out_at_once() -> None:
    course = Course()
    course(300)
    assert course(300, closed=True) == [0]
    assert course.memory == Memory()
    assert course.changes[-1].since == 1.0


def test_a_closed_reading_lights_nothing() -> None:
    course = Course()
    assert course(300, closed=True) == [0]
    assert course.changes == []


def test_since_is_the_time_of_the_rise_from_nothing() -> None:
    course = Course()
    course(60, 300, 0, 0, 0, 60)
    assert [each.since for each in course.changes] == [1.0, 1.0, 1.0, 6.0]


def test_a_missing_guard_lights_nothing_and_puts_nothing_out() -> None:
    course = Course()
    assert course(300, 300, guard=False) == [0, 0]
    assert course(300) == [4]
    assert course(300, 300, guard=False) == [4, 4]


def test_each_tier_has_its_own_minimum_sample() -> None:
    policy = rule(**RATE, min_sample={"blue": 20, "yellow": 20, "orange": 40, "red": 40})
    assert [Course(policy)(0.35, n=n) for n in (19, 20, 39, 40)] == [[0], [2], [2], [4]]


def test_too_small_a_sample_puts_nothing_out() -> None:
    course = Course(rule(min_sample=10))
    assert course(300, n=10) == [4]
    assert course(300, 300, n=1) == [4, 4]


def test_an_event_count_is_in_the_tier_of_its_number() -> None:
    policy = rule(direction="event", tiers={"blue": None, "yellow": 1, "orange": 2, "red": 5})
    assert [Course(policy)(value) for value in (0, 1, 2, 4, 5)] == [[0], [2], [3], [3], [4]]


def test_a_low_value_rises_and_falls_like_a_high_one() -> None:
    policy = rule(**{**RATE, "direction": "low", "tiers": {"blue": 0.92, "yellow": 0.8, "orange": 0.65, "red": 0.51}})
    assert Course(policy)(0.95, 0.65, 0.68, 0.69, 0.69) == [0, 3, 3, 3, 2]


def test_literal_numbers_know_no_guard_and_no_sample() -> None:
    course = Course(rule(min_sample=50), literal=True)
    assert course(300, guard=False, n=1) == [4]


def test_literal_numbers_replace_those_of_the_policy() -> None:
    policy = rule(literal={"blue": None, "yellow": 5, "orange": None, "red": None})
    assert Course(policy, literal=True)(5, 1000) == [2, 2]
    assert Course(policy)(5) == [0]


def test_a_rate_rises_by_its_wilson_bound_without_the_minimum_sample() -> None:
    policy = rule(**RATE, min_sample=100)
    assert Course(policy)(0.5, n=7, rate=True) == [0]
    assert Course(policy)(0.5, n=8, rate=True) == [3]


def test_a_rate_rises_by_its_point_value_in_two_evaluations_in_a_row() -> None:
    policy = rule(**RATE, min_sample=30)
    assert Course(policy)(0.2, 0.2, n=30, rate=True) == [1, 3]
    assert Course(policy)(0.2, 0.2, n=29, rate=True) == [1, 1]


def test_of_two_evaluations_of_a_rate_the_lower_tier_counts() -> None:
    policy = rule(**RATE, min_sample=8)
    assert Course(policy)(0.125, 0.25, 0.25, n=8, rate=True) == [0, 1, 3]


def test_an_evaluation_below_breaks_the_row_of_a_rate() -> None:
    policy = rule(**RATE, min_sample=8)
    assert Course(policy)(0.125, 0.0, 0.125, n=8, rate=True) == [0, 0, 0]


def test_what_is_no_evaluation_is_not_counted_in_the_row_of_a_rate() -> None:
    course = Course(rule(**RATE, min_sample=8))
    assert course(0.125, n=8, rate=True) == [0]
    assert course(0.125, 0.125, n=8, rate=True, evaluation=False) == [0, 0]
    assert course(0.125, n=8, rate=True) == [1]


@pytest.mark.parametrize(
    ("tenant", "channel", "segment", "expected"),
    [
        ("acme", "voice", (("customer_tier", "vip"),), 1.0),
        ("other", "voice", (("customer_tier", "vip"),), 2.0),
        ("other", "chat", (("region", "CN-33"), ("customer_tier", "vip")), 3.0),
        ("other", "chat", (), 50.0),
        ("other", None, (), 50.0),
    ],
)
def test_thresholds_are_looked_up_by_tenant_then_channel_then_segment(
    tenant: str, channel: str | None, segment: tuple[tuple[str, str], ...], expected: float
) -> None:
    def tiers(blue: float) -> dict[str, Any]:
        return {"blue": blue, "yellow": 100, "orange": 200, "red": 300}

    overrides = [
        {"segment": "customer_tier=vip", "tiers": tiers(3)},
        {"channel": "voice", "tiers": tiers(2)},
        {"tenant": "acme", "tiers": tiers(1)},
    ]
    decide = Decider([rule(overrides=overrides)])
    assert decide.levels("queue_length", tenant, channel, segment)[0] == expected
    found = decide(reading(expected, scope=Scope(tenant), channel=channel, segment=segment), Memory())
    assert found is not None
    assert found.tier == Tier.BLUE


def test_an_override_may_have_its_own_minimum_sample() -> None:
    override = {"channel": "voice", "tiers": {"blue": 1, "yellow": 2, "orange": 3, "red": 4}, "min_sample": 5}
    policy = rule(min_sample=100, overrides=[override])
    assert Course(policy)(4, n=5, channel="voice") == [4]
    assert Course(policy)(300, n=99) == [0]


def test_an_indicator_without_a_rule_has_no_tiers() -> None:
    decide = Decider([])
    assert decide.levels("queue_length", "acme", None, ()) == (None, None, None, None)
    assert decide(reading(1e9), Memory()) is None


def test_a_memory_survives_its_encoding() -> None:
    memory = Memory(3, 12.5, 1, 0, 0, 2)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=Memory) == memory


@given(values)
def test_no_single_evaluation_lowers_a_tier(series: list[float]) -> None:
    course = Course()
    before, calm = 0, 0
    for value in series:
        (tier,) = course(value)
        if tier < before:
            assert calm >= 1
        calm = calm + 1 if value < 300 and tier <= before else 0
        if tier > before:
            calm = 0
        before = tier


@given(values)
def test_a_tier_is_never_below_what_the_value_reaches(series: list[float]) -> None:
    course = Course()
    for value in series:
        (tier,) = course(value)
        assert tier >= sum(value >= number for number in (50, 100, 200, 300))


@given(values, st.floats(min_value=0, max_value=100))
def test_a_series_that_is_nowhere_lower_never_has_a_lower_tier(series: list[float], more: float) -> None:
    lower, higher = Course(), Course()
    assert all(below <= above for below, above in zip(lower(*series), higher(*(value + more for value in series)), strict=True))


@given(values)
def test_changes_lead_from_tier_to_tier(series: list[float]) -> None:
    course = Course()
    course(*series)
    tiers = [0, *(each.tier for each in course.changes)]
    assert [each.previous for each in course.changes] == tiers[:-1]
    assert all(before != after for before, after in pairwise(tiers))


@given(values)
def test_two_calm_evaluations_end_everything(series: list[float]) -> None:
    course = Course()
    course(*series)
    assert course(0, 0)[-1] == 0
    assert course.memory == Memory()


@given(st.lists(st.tuples(st.floats(min_value=0, max_value=1), st.integers(min_value=1, max_value=60), st.booleans()), max_size=40))
def test_a_rate_never_rises_beyond_its_point_value(series: list[tuple[float, int, bool]]) -> None:
    course = Course(rule(**RATE, min_sample=20))
    before = 0
    for value, n, evaluation in series:
        (tier,) = course(value, n=n, rate=True, evaluation=evaluation)
        if tier > before:
            assert tier <= sum(value >= number for number in (0.1, 0.15, 0.2, 0.3))
        before = tier


def test_a_change_carries_the_reading() -> None:
    course = Course()
    course(60)
    assert course.changes == [Change(Reading(1.0, 60, indicator="queue_length", scope=QUEUE), 1, 0, 1.0, 50.0)]


@pytest.mark.parametrize(("days", "tier"), [(0.5, 2), (6.99, 2), (7.0, 4), (None, 4)])
def test_a_baseline_of_less_than_a_week_lights_yellow_at_most(days: float | None, tier: int) -> None:
    assert Course()(310, baseline_days=days) == [tier]


def test_a_fire_rises_further_once_its_baseline_has_settled() -> None:
    course = Course()
    assert course(310, baseline_days=6.9) == [2]
    assert course(310, baseline_days=7.1) == [4]
    assert course(310, baseline_days=2.0) == [4], "what burns is not put out by a baseline that begins anew"


def test_literal_numbers_know_no_young_baseline() -> None:
    assert Course(literal=True)(310, baseline_days=0.1) == [4]
