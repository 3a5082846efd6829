"""`fenghuo indicators`: everything in force, and one in detail, for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from config.loader import load_policy
from streams.cli import build
from streams.errors import UsageError

RULES = load_policy().rules


def told(*arguments: str) -> str:
    """What the command prints on standard output."""
    done = CliRunner().invoke(build(), ["indicators", *arguments], env={"COLUMNS": "100"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def data(*arguments: str) -> Any:
    return json.loads(told(*arguments, "--json"))


def test_the_table_names_every_indicator_in_both_languages() -> None:
    text = told()
    for rule in RULES.values():
        assert rule.id in text
        assert rule.name.zh in text
    assert "行为 behaviour" in text
    assert "1.5×" in text


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_the_table_keeps_its_numbers_on_a_narrow_terminal(width: str) -> None:
    done = CliRunner().invoke(build(), ["indicators"], env={"COLUMNS": width})
    first = next(line for line in done.stdout.splitlines() if line.startswith("queue_length"))
    assert first.split()[-4:] == ["50", "100", "200", "300"]


def test_the_list_for_machines_has_the_same_indicators_with_their_numbers() -> None:
    found = {each["id"]: each for each in data()}
    assert list(found) == list(RULES)
    assert found["similar_complaint_count"]["tiers"] == {"blue": 3, "yellow": 5, "orange": 10, "red": 25}
    assert found["negation_share"]["min_sample"] == {"blue": 20, "yellow": 20, "orange": 40, "red": 40}
    assert found["transfer_loop"]["direction"] == "event"
    assert found["first_response_time"]["core"] is True


@pytest.mark.parametrize("indicator", RULES)
def test_each_one_has_a_detail_that_says_what_is_computed(indicator: str) -> None:
    detail = data(indicator)
    assert detail["detectors"]
    assert all(each["about"] and ">>>" not in each["about"] for each in detail["detectors"])
    assert detail["actions"]
    text = told(indicator)
    assert all(f"{each['name']} by {each['keyed_by']}" in text for each in detail["detectors"])


def test_a_detail_shows_overrides_and_parameters() -> None:
    text = told("first_response_time")
    assert "channel=voice" in text
    assert "greeting_s=3.0" in text
    assert data("first_response_time")["overrides"][0]["tiers"] == {"blue": 20, "yellow": 30, "orange": 60, "red": 180}


def test_another_policy_shows_what_it_changes(tmp_path: Path) -> None:
    policy = tmp_path / "core.yaml"
    policy.write_text("profile: core\nliteral_thresholds: true\n", encoding="utf-8")
    assert {each["id"] for each in data("--config", str(policy))} == {rule.id for rule in RULES.values() if rule.core}
    assert data("transfer_count", "--config", str(policy))["literal_thresholds"] is True
    assert "literal thresholds" in told("--config", str(policy))


def test_an_indicator_that_is_not_in_force_is_an_error_that_names_the_one_that_was_meant() -> None:
    done = CliRunner().invoke(build(), ["indicators", "queue_lenght"])
    assert isinstance(done.exception, UsageError)
    assert "did you mean queue_length?" in str(done.exception)
