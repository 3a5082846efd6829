from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.alerts.samples import TIERS, rule


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tiers": {**TIERS, "red": 10}}, "must rise from blue to red"),
        ({"tiers": {**TIERS, "red": 200}}, "must rise from blue to red"),
        ({"direction": "low"}, "must fall from blue to red"),
        ({"tiers": {"blue": 1, "yellow": 2, "orange": 3}}, "red"),
        ({"tiers": dict.fromkeys(TIERS)}, "no tier has a number"),
        ({"tiers": {**TIERS, "blue": -1}}, "outside the range"),
        ({"tiers": {**TIERS, "red": True}}, "valid number"),
        ({"tiers": {**TIERS, "red": float("nan")}}, "finite"),
        ({"overrides": [{"channel": "voice", "tenant": "acme", "tiers": TIERS}]}, "exactly one of"),
        ({"overrides": [{"tiers": TIERS}]}, "exactly one of"),
        ({"overrides": [{"channel": "voice", "tiers": TIERS}] * 2}, "twice"),
        ({"overrides": [{"channel": "voice", "tiers": {**TIERS, "red": 1}}]}, r"overrides\.0\.tiers"),
        ({"overrides": [{"segment": "vip", "tiers": TIERS}]}, "pattern"),
        ({"min_sample": -1}, "greater than or equal to 0"),
        ({"min_sample": {"purple": 1}}, "Extra inputs"),
        ({"direction": "up"}, "'high', 'low' or 'event'"),
        ({"colour": 1}, "Extra inputs"),
        ({"actions": [{"template": "x", "from": "purple"}]}, "blue"),
        ({"id": "Queue"}, "pattern"),
    ],
)
def test_a_mistake_in_a_rule_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rule(**changes)


def test_one_minimum_sample_stands_for_all_tiers() -> None:
    assert rule(min_sample=20).min_sample.numbers() == (20, 20, 20, 20)
    assert rule(min_sample={"orange": 40}).min_sample.numbers() == (0, 0, 40, 0)


def test_an_action_may_be_a_bare_name() -> None:
    first, second = rule(actions=["x", {"template": "y", "from": "red"}]).actions
    assert (first.template, first.least, second.template, second.least) == ("x", None, "y", "red")
