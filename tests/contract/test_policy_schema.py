"""The policy's JSON Schema: as the models have it, beside the policy, and of one mind with the loader."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from alerts.notifiers import kinds
from config.errors import PolicyError
from config.loader import load_policy
from config.policy_schema import policy_schema, stages

ROOT = Path(__file__).parents[2]
SCHEMA = "config/fenghuo.schema.json"
RECEIVER = '{name: ops, type: webhook, url: "https://example.com/h", secret_env: OPS}'


def complaints(*files: Path) -> str:
    """What a validator that editors use says of policies; empty where they are right."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", SCHEMA, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_schema_beside_the_policy_is_that_of_the_models() -> None:
    assert json.loads((ROOT / SCHEMA).read_text("utf-8")) == policy_schema(), "run python tools/write_indicators.py"


def test_the_policy_that_ships_names_it_and_agrees_with_it() -> None:
    policy = ROOT / "config/fenghuo.yaml"
    assert policy.read_text("utf-8").splitlines()[0].endswith("$schema=fenghuo.schema.json")
    assert complaints(policy) == ""


def test_every_key_of_the_policy_and_every_kind_of_receiver_is_in_it() -> None:
    schema = policy_schema()
    shipped = yaml.safe_load((ROOT / "config/fenghuo.yaml").read_text("utf-8"))
    assert shipped.keys() <= schema["properties"].keys()
    assert [each["properties"]["type"]["const"] for each in schema["properties"]["receivers"]["items"]["oneOf"]] == kinds()
    assert set(shipped["stages"]) <= {name for name, _ in stages()}


def test_what_the_loader_takes_an_editor_takes(tmp_path: Path) -> None:
    policy = tmp_path / "right.yaml"
    text = f"""
        profile: core
        calendar: {{opening_hours: {{workday: ["09:00-18:00"], weekend: []}}, holidays: [2026-10-01]}}
        routes: [{{receivers: ops, min_tier: orange, match: {{queue_id: [q-1, q-2]}}}}]
        receivers: [{RECEIVER}]
        outbox: {{first_s: 1}}
    """
    policy.write_text(text, encoding="utf-8")
    load_policy(policy)
    assert complaints(policy) == ""


@pytest.mark.parametrize(
    "wrong",
    ["profile: ful", "rutes: []", "stages: [rout]", "lateness_s: -1", "receivers: [{name: ops, type: fax}]", "routes: [{min_tier: red}]"],
)
def test_what_the_loader_refuses_an_editor_marks(wrong: str, tmp_path: Path) -> None:
    policy = tmp_path / "wrong.yaml"
    policy.write_text(wrong, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"wrong\.yaml"):
        load_policy(policy)
    assert "wrong.yaml" in complaints(policy)
