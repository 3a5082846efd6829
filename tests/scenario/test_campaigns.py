"""Declared campaigns from the event to the page: what they explain pages nobody while they last, whatever the partitions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from alerts.maintenance import Campaigns, Maintenance
from alerts.page import Page
from alerts.route import Route, RouteRule
from streams.pipeline import Pipeline
from streams.topics import ALERTS, OUTBOX
from streams.wiring import Layout
from tests.scenario.harness import cloud_event, parsed, wiring

AS_OF = 1_800_000_000.0
STEPS = (
    Maintenance(Maintenance.Params(campaigns=Campaigns(indicators=["queue_length"], max_tier="orange"))),
    Route(Route.Params(routes=[RouteRule(receivers=["ops"])])),
)


def event(kind: str, at: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return cloud_event(kind, at, f"{subject}-{at}", subject, data)


def snapshot(at: str, queue: str, waiting: int) -> dict[str, Any]:
    return event("queue.snapshot", at, queue, {"queue": {"queue_id": queue, "waiting": waiting, "agents_available": 1}})


def campaign(at: str, start: str, end: str) -> dict[str, Any]:
    times = {"start": f"2026-03-02T{start}+08:00", "end": f"2026-03-02T{end}+08:00"}
    declared = {"id": "sale", "scope": {"queue_id": "q-a"}, "expected_multiplier": 3, **times}
    return event("campaign.scheduled", at, "sale", {"campaign": declared})


LINES = [
    campaign("09:58:00", "10:00:00", "11:00:00"),
    snapshot("10:05:00", "q-a", 120),
    snapshot("10:06:00", "q-b", 120),
    snapshot("10:10:00", "q-a", 400),
]


@pytest.mark.parametrize(("layout", "size"), [(Layout(1, 1, 1), 100), (Layout(3, 2, 2), 1)])
def test_a_campaign_of_the_stream_holds_what_it_explains_and_no_red(layout: Layout, size: int) -> None:
    pipeline = Pipeline(replace(wiring(layout, only=frozenset({"queue_length"})), steps=STEPS))
    made = [parsed(each, AS_OF, offset) for offset, each in enumerate(LINES)]
    sends = [send for first in range(0, len(made), size) for send in pipeline.feed(made[first : first + size])]
    sends += pipeline.finish()
    pages = [json.loads(send.value or b"") for send in sends if send.topic == OUTBOX]
    told = [json.loads(send.value or b"")["data"] for send in sends if send.topic == ALERTS]
    assert [(each["scope"]["queue_id"], each["tier"], each.get("delivery")) for each in told] == [
        ("q-a", "yellow", {"suppressed": [{"step": "maintenance", "reason": "campaign", "by": "sale"}]}),
        ("q-b", "yellow", None),
        ("q-a", "red", None),
    ]
    assert [page[Page.__struct_fields__.index("tier")] for page in pages] == ["yellow", "red"]
