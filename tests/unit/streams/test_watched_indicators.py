"""The readings of an indicator that the policy watches are points of a metric of their scope."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.errors import PolicyError
from config.loader import load_policy
from detectors.base import Observation, Scope
from streams.batches import Item
from streams.conversations import Results
from streams.scopes import Scopes
from streams.stages import build_wiring
from streams.wiring import Layout

QUEUE = Scope("acme", (("queue_id", "q-a"),))
START = 1_756_656_000.0
STEP = 300.0


def policy(tmp_path: Path, text: str) -> Any:
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    return load_policy(tmp_path / "policy.yaml")


def play(scopes: Scopes, waiting: list[float]) -> Results:
    """A queue's snapshot every five minutes."""
    results = Results(START)
    for number, count in enumerate(waiting):
        at = START + number * STEP + 10
        scopes.fire(at, results, inclusive=True)
        results.move(at)
        seen = Observation("queue_length", QUEUE, at, count, extra=(-1.0, -1.0))
        scopes.learn(Item(at, "s", str(number), 0, observation=seen), seen, results)
    scopes.fire(START + len(waiting) * STEP + 20, results, inclusive=True)
    return results


def usual(points: int) -> list[float]:
    return [10.0 + number % 3 for number in range(points)]


def test_a_wild_reading_of_a_watched_indicator_lights_where_its_own_numbers_are_calm(tmp_path: Path) -> None:
    scopes = Scopes(build_wiring(policy(tmp_path, "watch: [{indicator: queue_length}]"), Layout(1, 1, 1), durable=False))
    found = play(scopes, [*usual(600), 45.0])
    changes = [item.change for item in found.changes if item.change is not None]
    assert {change.reading.indicator for change in changes} == {"cusum_drift"}
    reading = changes[0].reading
    assert reading.scope.fields() == {"tenant_id": "acme", "queue_id": "q-a", "metric": "queue_length"}
    assert (reading.variables["series_zh"], reading.variables["series_en"]) == ("排队人数", "Queue length")
    assert reading.onset == "sudden"


def test_the_usual_course_of_a_watched_indicator_lights_nothing(tmp_path: Path) -> None:
    scopes = Scopes(build_wiring(policy(tmp_path, "watch: [{indicator: queue_length}]"), Layout(1, 1, 1), durable=False))
    assert play(scopes, usual(600)).changes == []


def test_nothing_is_watched_by_itself() -> None:
    scopes = Scopes(build_wiring(load_policy(), Layout(1, 1, 1), durable=False))
    assert play(scopes, [*usual(600), 45.0]).changes == []
    assert [record.detector for _, record in scopes.records.items()] == ["queue_length"]


@pytest.mark.parametrize("indicator", ["cusum_drift", "transfer_count", "no_such"])
def test_what_cannot_be_watched_is_refused_by_its_place(tmp_path: Path, indicator: str) -> None:
    with pytest.raises(PolicyError, match=r"watch\.0\.indicator"):
        policy(tmp_path, f"watch: [{{indicator: {indicator}}}]")


def test_watching_needs_the_indicator_that_tells(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cusum_drift"):
        policy(tmp_path, "profile: core\nenable: [queue_length]\nwatch: [{indicator: queue_length}]")
