"""Forecasts leave the scope stage as events and gauges, and stand in the summary of a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from config.loader import load_policy
from detectors.event import Conversation, Event
from detectors.text.pii import mask
from streams.files import Line
from streams.pipeline import Pipeline
from streams.records import Parser
from streams.replay import Replay
from streams.stages import build_wiring
from streams.topics import KPIS
from streams.wiring import Layout

MONDAY = 1_772_380_800.0
"""2026-03-02 00:00 in Asia/Shanghai."""
HOUR, DAY = 3600.0, 86_400.0


def pipeline(layout: Layout) -> Pipeline:
    policy = load_policy()
    kept = {name: each for name, each in policy.detectors.items() if name == "volume_forecast"}
    return Pipeline(build_wiring(replace(policy, detectors=kept), layout, durable=False))


def opened(days: int) -> Iterator[Event]:
    """Six an hour by day, one by night."""
    for hour in range(days * 24):
        for each in range(6 if 8 <= hour % 24 < 22 else 1):
            name = f"c-{hour}-{each}"
            at = MONDAY + hour * HOUR + each * 500 + 60
            yield Event("conversation.opened", at, name, "/s", "acme", name, conversation=Conversation(name, queue_id="q-a"))


def told(run: Pipeline, days: int) -> list[dict[str, Any]]:
    sends = run.feed(list(opened(days))) + run.finish()
    return [json.loads(send.value or b"") for send in sends if send.topic == KPIS]


def test_each_hour_each_scope_and_series_has_a_forecast_of_its_own() -> None:
    events = told(pipeline(Layout(2, 2, 1)), 3)
    assert len({event["id"] for event in events}) == len(events)
    assert {event["data"].get("queue_id") for event in events} == {None, "q-a"}
    assert {event["data"]["series"] for event in events} == {"conversations"}
    assert len(events) >= 2 * 40
    last = max(events, key=lambda event: str(event["time"]))
    assert last["type"] == "fenghuo.kpi.forecast.v1"
    assert [len(last["data"]["hours"]), last["data"]["hours"][0]["start"]] == [24, last["time"]]
    total = last["data"]["total"]
    assert 80 < total["mean"] < 110
    assert total["low95"] <= total["low80"] <= total["mean"] <= total["high80"] <= total["high95"]
    assert last["data"]["accuracy"]["error"] < 0.3


def test_the_layout_changes_no_forecast() -> None:
    found = [sorted(told(pipeline(layout), 3), key=lambda event: str(event["id"])) for layout in (Layout(1, 1, 1), Layout(3, 2, 1))]
    assert found[0] == found[1]


def test_the_gauges_show_the_newest_forecast() -> None:
    run = pipeline(Layout(1, 1, 1))
    newest = told(run, 3)[-1]["data"]
    labels = ("acme", "queue_id=q-a" if "queue_id" in newest else "tenant", "conversations")
    assert run.counts["forecast_expected", *labels] == newest["total"]["mean"]
    assert run.counts["forecast_low", *labels] < run.counts["forecast_high", *labels]
    assert run.counts["forecast_covered_ratio", *labels] == newest["accuracy"]["covered80"]


def test_a_replay_ends_with_what_the_next_day_should_bring() -> None:
    lines = [Line(_written(event), number, "test") for number, event in enumerate(opened(3), 1)]
    replay = Replay(pipeline(Layout(1, 1, 1)), Parser(mask), MONDAY + 30 * DAY, lambda line, reject: None)
    assert list(replay.run(lines)) == []
    assert replay.report.rejects == {}
    assert [(each.get("queue_id"), each["series"]) for each in replay.report.forecasts] == [
        (None, "conversations"),
        ("q-a", "conversations"),
    ]
    assert all(80 < each["total"]["mean"] < 110 and "hours" not in each for each in replay.report.forecasts)


def _written(event: Event) -> bytes:
    body = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": "fenghuo.conversation.opened.v1",
        "time": datetime.fromtimestamp(event.time, UTC).isoformat(),
        "subject": event.subject,
        "data": {"tenant_id": "acme", "conversation": {"id": event.subject, "queue_id": "q-a"}},
    }
    return json.dumps(body).encode()
