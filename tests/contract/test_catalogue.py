"""The catalogue: what ships, its page and the schema editors check it with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from alerts.rule import Rule
from config.loader import indicators_schema, load_policy
from streams.catalogue import page

ROOT = Path(__file__).parents[2]
POLICY = load_policy()
DIMENSIONS = {"behaviour": 14, "emotion": 15, "structure": 21, "trend": 15}
CORE = {
    "first_response_time", "call_duration_ratio", "hangup_rate", "keyword_repeat_count", "service_attitude_score",
    "negative_word_rate", "negation_share", "sentiment_shift", "agent_emotional_exposure", "issue_complexity_score",
    "transfer_count", "dept_dwell_ratio", "similar_complaint_count", "volume_ratio_3h", "issue_share_growth",
}  # fmt: skip


def test_there_are_sixty_five_in_four_dimensions() -> None:
    found: list[str] = [rule.dimension for rule in POLICY.rules.values()]
    assert {name: found.count(name) for name in DIMENSIONS} == DIMENSIONS
    assert len(found) == 65


def test_fifteen_are_core_and_the_core_profile_enables_just_those(tmp_path: Path) -> None:
    assert {rule.id for rule in POLICY.rules.values() if rule.core} == CORE
    (tmp_path / "core.yaml").write_text("profile: core\n", encoding="utf-8")
    assert set(load_policy(tmp_path / "core.yaml").rules) == CORE


def test_the_page_is_what_the_catalogue_says() -> None:
    written = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert written == page(POLICY), "run `python tools/write_indicators.py`"


def test_the_schema_is_that_of_the_rules() -> None:
    written = json.loads((ROOT / "config" / "indicators.schema.json").read_text(encoding="utf-8"))
    assert written == indicators_schema(), "run `python tools/write_indicators.py`"


def test_the_file_that_ships_is_valid_by_its_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", "config/indicators.schema.json", "config/indicators.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_what_the_loader_refuses(tmp_path: Path) -> None:
    stanza = {"dimension": "trend", "name": {"zh": "x", "en": "x"}, "title": {"zh": "x", "en": "x"}, "unit": "count", "tires": {}}
    with pytest.raises(ValidationError):
        Rule.model_validate({"id": "mine", **stanza})
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump({"indicators": {"mine": stanza}}), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", "config/indicators.schema.json", str(wrong)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "tires" in done.stdout


@pytest.mark.parametrize("rule", POLICY.rules.values(), ids=lambda rule: rule.id)
def test_each_says_how_it_is_computed_from_what_and_where_its_numbers_come_from(rule: Rule) -> None:
    assert rule.formula
    assert rule.fields
    assert rule.source
    assert rule.window
    assert rule.actions
