"""Every file in `cases/` is one scene: its events through the whole pipeline, the alerts it must raise, the silence it must keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from config.loader import load_policy
from detectors.text.pii import mask
from streams.files import Line
from streams.pipeline import Pipeline
from streams.records import Parser
from streams.replay import Replay
from streams.stages import build_wiring
from streams.wiring import Layout
from tests.scenario.timeline import Case, seconds

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def alerts_of(case: Case) -> list[dict[str, Any]]:
    policy = load_policy(None)
    if case.document.get("literal"):
        policy = policy.literally()
    pipeline = Pipeline(build_wiring(policy, Layout(1, 1, 1), durable=False))
    replay = Replay(pipeline, Parser(mask), case.start.timestamp() + 10 * 86_400, lambda line, reject: pytest.fail(f"{reject}: {line.data!r}"))
    lines = (Line(number, data) for number, data in enumerate(case.lines(), 1))
    return [json.loads(alert)["data"] for alert in replay.run(lines)]


def matches(case: Case, alert: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if any(alert[name] != wanted[name] for name in ("indicator", "tier", "state") if name in wanted):
        return False
    if "scope" in wanted and wanted["scope"] not in alert["scope"].values():
        return False
    if "at" not in wanted:
        return True
    low, high = wanted["at"] if isinstance(wanted["at"], list) else (wanted["at"], wanted["at"])
    after = case.after(alert["event_time"])
    return seconds(low) - 0.001 <= after <= seconds(high) + 0.001


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_scene(path: Path) -> None:
    case = Case(path)
    alerts = alerts_of(case)
    told = [f"{case.after(each['event_time']):.1f}s {each['indicator']} {each['tier']} {each['state']} {each['scope']}" for each in alerts]
    for wanted in case.expected():
        assert any(matches(case, alert, wanted) for alert in alerts), f"missing {wanted}; there were: {told}"
    for indicator in case.document.get("silent", []):
        assert not [each for each in told if f" {indicator} " in each], f"{indicator} must be silent"
    if case.document.get("quiet"):
        assert told == []


def test_there_are_scenes() -> None:
    assert CASES
