"""Rows of the requirements by their numbers: which scene shows them, on both sides of the boundary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scenario.harness import Play, parsed
from tests.scenario.timeline import scenes_of

TIERS = ("blue", "yellow", "orange", "red")


def alerts_of(name: str) -> list[dict[str, Any]]:
    """What the pipeline makes of a scene, `file:scene`."""
    path = Path(__file__).parent / "cases" / f"{name.partition(':')[0]}.yaml"
    scene = next(each for each in scenes_of(path) if each.name == name)
    play = Play(literal=scene.literal, only=frozenset({name.partition(":")[0]}))
    play.feed(*(parsed(row.line, scene.start.timestamp() + scene.end + 86_400) for row in scene.rows()))
    play.finish()
    return [alert for alert in play.alerts if alert["indicator"] == name.partition(":")[0]]


def highest(name: str) -> str | None:
    """The highest fire of the scene's own indicator."""
    return max((alert["tier"] for alert in alerts_of(name)), key=TIERS.index, default=None)


def first(name: str, tier: str) -> dict[str, Any]:
    return next(alert for alert in alerts_of(name) if alert["tier"] == tier)


def test_004_23_five_similar_complaints_are_yellow_and_four_are_not() -> None:
    assert highest("similar_complaint_count:five_are_yellow") == "yellow"
    assert highest("similar_complaint_count:four_are_not_yellow") == "blue"
    alert = first("similar_complaint_count:five_are_yellow", "yellow")
    assert (alert["value"], alert["threshold"], alert["sample"]["n"]) == (5, 5, 5)
    assert len(alert["evidence"]) >= 3


def test_004_23_one_customer_who_repeats_himself_is_no_cluster() -> None:
    assert highest("similar_complaint_count:one_customer_is_no_cluster") is None
    assert highest("similar_complaint_count:two_customers_are_no_sample") is None


def test_004_29_fifteen_percent_is_yellow_and_a_little_less_is_not() -> None:
    assert highest("negation_share:fifteen_percent_of_twenty_tokens") == "yellow"
    assert highest("negation_share:a_little_less_than_fifteen_percent") == "blue"
    assert highest("negation_share:nineteen_tokens_are_no_sample") is None
    assert highest("negation_share:polite_negations_are_no_complaint") is None


def test_004_19_two_hours_with_upset_customers_are_red_and_orange_comes_before() -> None:
    found = [(alert["tier"], alert["value"]) for alert in alerts_of("agent_emotional_exposure:orange_comes_before_two_hours")]
    assert [tier for tier, _ in found][:4] == ["blue", "yellow", "orange", "red"]
    assert dict(reversed(found[:4]))["red"] == 120
    assert highest("agent_emotional_exposure:a_second_short_of_red") == "orange"


def test_000_14_one_report_of_a_leak_is_orange_and_a_second_customer_makes_it_red() -> None:
    assert highest("data_leak_signal:two_customers_are_red") == "red"
    assert highest("data_leak_signal:one_customer_stays_orange") == "orange"
    (action, *_) = first("data_leak_signal:two_customers_are_red", "red")["suggested_actions"]
    assert action["template_id"] == "crisis_data_leak"


def test_003_09_a_forbidden_promise_is_told_to_the_agent_within_two_seconds() -> None:
    alert = first("false_promise_hit:one_is_yellow_at_once", "yellow")
    assert alert["latency_ms"] <= 2000
    assert alert["suggested_actions"][0]["template_id"] == "compliance_promise"
    assert "agent" in alert["suggested_actions"][0]["target"]
