"""Prometheus' rules: on metrics and labels there are, one for each job that is down, each saying what to do, each tested by promtool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.contract.test_dashboards import SERIES, TARGET, selectors

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "rules/fenghuo.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
TESTS = (FOLDER / "rules/fenghuo_test.yml").read_text("utf-8")


def test_the_rules_are_read_by_prometheus() -> None:
    assert yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))["rule_files"] == ["rules/fenghuo.yml"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_metrics_and_labels_there_are(rule: dict[str, Any]) -> None:
    recorded = {each["record"] for each in RULES if "record" in each}
    promql_parser.parse(rule["expr"])
    used = list(selectors(rule["expr"]))
    assert {selector.name for selector in used} <= SERIES.keys() | recorded | {"up"}
    for selector in used:
        named = {matcher.name for matcher in selector.matchers.matchers}
        assert named <= SERIES.get(str(selector.name), set()) | TARGET, selector.name


def test_every_job_of_ours_has_an_alert_that_it_is_down() -> None:
    jobs = {each["job_name"] for each in yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))["scrape_configs"]}
    ups = [selector for rule in ALERTS for selector in selectors(rule["expr"]) if selector.name == "up"]
    watched = [matcher.value for selector in ups for matcher in selector.matchers.matchers]
    ours = {job for job in jobs if job.startswith("fenghuo")}
    assert ours
    assert {job for job in ours if not any(re.fullmatch(pattern, job) for pattern in watched)} == set()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_happens_and_what_to_do_in_both_languages(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    for part in ("description", "runbook"):
        text = alert["annotations"][part]
        assert text.endswith("。")
        assert text[0].isascii()
    assert alert["annotations"]["summary"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_unit_test(alert: dict[str, Any]) -> None:
    assert alert["alert"] in TESTS


def test_prometheus_reads_its_configuration_as_its_container_sees_it(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    root = FOLDER.parents[1]
    volumes = yaml.safe_load((root / "docker-compose.yml").read_text("utf-8"))["services"]["prometheus"]["volumes"]
    for outside, inside in (volume.split(":")[:2] for volume in volumes if volume.startswith("./")):
        (tmp_path / Path(inside).name).symlink_to(root / outside)
    done = subprocess.run([promtool, "check", "config", "prometheus.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_each_alert_on_both_sides_of_its_limit() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    for arguments in (["check", "rules", "fenghuo.yml"], ["test", "rules", "fenghuo_test.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=FOLDER / "rules", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
