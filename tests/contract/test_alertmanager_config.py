"""The example for Alertmanager: read by Alertmanager's own tool, and each alert goes to whom the page says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parents[2] / "deploy/alertmanager/alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
RULES = yaml.safe_load((FILE.parents[1] / "prometheus/rules/fenghuo.yml").read_text("utf-8"))
OURS = {rule["alert"] for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}


@pytest.fixture(scope="module")
def amtool() -> str:
    found = shutil.which("amtool")
    if found is None:
        pytest.skip("amtool is not installed (Debian: apt-get install prometheus-alertmanager)")
    return found


def test_alertmanager_reads_it(amtool: str) -> None:
    done = subprocess.run([amtool, "check-config", str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=FenghuoWorkerDown severity=critical", "platform"),
        ("alertname=queue_length tier=red queue_id=q-sales dimension=structure", "duty-manager"),
        ("alertname=queue_length tier=red queue_id=q-refund-2 dimension=structure", "duty-manager,after-sales"),
        ("alertname=negative_word_rate tier=orange dimension=emotion", "quality"),
        ("alertname=transfer_count tier=yellow dimension=structure queue_id=q-refund-2", "shift-screen"),
        ("alertname=transfer_count tier=orange dimension=structure", "operations"),
    ],
)
def test_an_alert_goes_to_its_tier_and_team(amtool: str, labels: str, receivers: str) -> None:
    command = [amtool, "config", "routes", "test", f"--config.file={FILE}", *labels.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == receivers


def test_inhibition_names_alerts_there_are() -> None:
    named = {
        alert
        for rule in CONFIG["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        if matcher.startswith("alertname")
        for alert in matcher.split('"')[1].split("|")
    }
    assert named
    assert named <= OURS


def test_every_alert_about_fenghuo_itself_goes_to_those_who_run_it() -> None:
    assert all(name.startswith("Fenghuo") for name in OURS)


def test_an_address_that_is_not_yet_set_leads_nowhere() -> None:
    hooks = [hook["url"] for receiver in CONFIG["receivers"] for hook in receiver.get("webhook_configs", [])]
    assert hooks
    assert all(url.startswith("https://hooks.example.com/") for url in hooks)
