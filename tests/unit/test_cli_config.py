"""`fenghuo config`: what is right, what is worth a note, where a value comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.errors import PolicyError
from config.policy_schema import policy_schema
from streams.cli import build

SECRET = "hunter2hunter2"
POLICY = """
profile: core
routes: [{receivers: ops}]
receivers:
  - {name: ops, type: webhook, url: "https://example.com/h", secret_env: FENGHUO_TEST_OPS}
  - {name: spare, type: webhook, url: "https://example.com/s", secret_env: FENGHUO_TEST_OPS}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "mine.yaml"
    file.write_text(POLICY, encoding="utf-8")
    return str(file)


def told(*arguments: str, **environment: str) -> str:
    done = CliRunner().invoke(build(), ["config", *arguments], env={"COLUMNS": "200", **environment}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_policy_that_is_right_is_called_so_with_what_it_has(policy: str) -> None:
    text = told("check", policy, FENGHUO_TEST_OPS="whsec_x")
    assert text.startswith(f"right {policy} (version ")
    assert "15 indicators" in text
    assert "receivers: ops, spare" in text


def test_a_secret_that_is_not_set_and_a_receiver_nobody_names_are_worth_a_note(policy: str) -> None:
    notes = json.loads(told("check", policy, "--json"))["warnings"]
    assert notes[0] == "the receiver spare is named by no route: it gets no page"
    assert "FENGHUO_TEST_OPS" in notes[1]
    assert len(json.loads(told("check", policy, "--json", "--no-secrets"))["warnings"]) == 1


def test_without_routes_it_says_that_nobody_is_paged() -> None:
    assert "nobody is paged" in told("check")


def test_a_policy_that_is_wrong_is_one_line_with_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("lateness_s: soon", encoding="utf-8")
    done = CliRunner().invoke(build(), ["config", "check", str(file)])
    assert isinstance(done.exception, PolicyError)
    assert str(done.exception).startswith(f"{file}: lateness_s: ")


def test_each_value_in_force_says_where_it_comes_from(policy: str) -> None:
    lines = told("show", "--config", policy, FENGHUO_KAFKA__BOOTSTRAP="kafka:9092").splitlines()
    assert f"profile: core  # {policy}" in lines
    assert "lateness_s: 30  # shipped" in lines
    assert "FENGHUO_KAFKA__BOOTSTRAP=kafka:9092  # environment" in lines
    assert "FENGHUO_METRICS__PORT=9464  # default" in lines


def test_no_secret_is_ever_shown(policy: str) -> None:
    settings = {"FENGHUO_KAFKA__SASL_PASSWORD": SECRET, "FENGHUO_PRIVACY__SECRET": SECRET * 2, "FENGHUO_TEST_OPS": SECRET}
    for arguments in (("show", "--config", policy), ("show", "--json"), ("check", policy)):
        assert SECRET not in told(*arguments, **settings)
    assert json.loads(told("show", "--json", **settings))["settings"]["FENGHUO_KAFKA__SASL_PASSWORD"]["value"] == "set"


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(told("schema")) == policy_schema()
    assert json.loads(told("schema", "indicators"))["title"] == "Fenghuo indicators"
