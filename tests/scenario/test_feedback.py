"""Commands among the events of a file: a recorded day has them where they were."""

from __future__ import annotations

import json
from typing import Any

from streams.pipeline import Pipeline
from streams.topics import ALERTS
from streams.wiring import Layout
from tests.scenario.harness import cloud_event, parsed, wiring

AS_OF = 1_800_000_000.0


def event(kind: str, at: str, number: int, data: dict[str, Any]) -> dict[str, Any]:
    return cloud_event(kind, at, f"e-{number}", str(number), data)


def said(events: list[dict[str, Any]], layout: Layout, size: int = 100) -> list[dict[str, Any]]:
    """The data of the alert events, in their order."""
    pipeline = Pipeline(wiring(layout, only=frozenset({"queue_length"})))
    made = [parsed(each, AS_OF, offset) for offset, each in enumerate(events)]
    sends = [send for first in range(0, len(made), size) for send in pipeline.feed(made[first : first + size])]
    sends += pipeline.finish()
    return [json.loads(send.value or b"")["data"] for send in sends if send.topic == ALERTS]


def snapshot(at: str, number: int, waiting: int) -> dict[str, Any]:
    return event("queue.snapshot", at, number, {"queue": {"queue_id": "q-a", "waiting": waiting, "agents_available": 1}})


def feedback(at: str, number: int, alert: str, **data: Any) -> dict[str, Any]:
    return event("feedback.given", at, number, {"alert_id": alert, "reviewer": "li", **data})


def test_an_alert_is_acknowledged_and_called_false_where_the_file_has_it_whatever_the_partitions() -> None:
    lit = [snapshot("10:00:00", 0, 120)]
    alert = said(lit, Layout(1, 1, 1))[0]["alert_id"]
    lines = [
        *lit,
        feedback("10:05:00", 1, alert, command="acknowledge", note="电话13800138000"),
        snapshot("10:10:00", 2, 320),
        feedback("10:15:00", 3, alert, command="verdict", verdict="false_positive"),
        feedback("10:16:00", 4, alert, command="resolve"),
        snapshot("10:20:00", 5, 330),
    ]
    found = said(lines, Layout(1, 1, 1))
    assert [(each["state"], each["tier"], each["revision"]) for each in found] == [
        ("raised", "yellow", 1),
        ("acknowledged", "yellow", 2),
        ("updated", "red", 3),
        ("false_positive", "red", 4),
    ]
    assert found[1]["acknowledged"]["by"] == "li"
    assert "13800138000" not in json.dumps(found)
    assert "acknowledged" not in found[2]
    assert said(lines, Layout(3, 2, 2), size=1) == found
