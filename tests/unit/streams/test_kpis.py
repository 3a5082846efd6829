"""What indicators read leaves the scope stage, what is said of queues and agents the conversation stage, once each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from config.loader import load_policy
from detectors.event import Agent, Event, Queue
from streams.kpis import MOST, fact_event, reading_events
from streams.pipeline import Pipeline
from streams.stage import Send
from streams.stages import build_wiring
from streams.topics import KPIS
from streams.wiring import Layout

START = 1_763_000_000.0


def pipeline(layout: Layout) -> Pipeline:
    policy = load_policy()
    kept = {name: each for name, each in policy.detectors.items() if name == "queue_length"}
    return Pipeline(build_wiring(replace(policy, detectors=kept), layout, durable=False))


def data(sends: list[Send], kind: str) -> list[dict[str, Any]]:
    events = [json.loads(send.value or b"") for send in sends if send.topic == KPIS]
    return [event["data"] for event in events if event["type"] == f"fenghuo.kpi.{kind}.v1"]


def snapshot(at: float, waiting: int) -> Event:
    return Event("queue.snapshot", START + at, f"e-{at}", "/s", "acme", "q-1", queue=Queue("q-1", waiting=waiting, agents_available=3))


def test_the_grids_readings_are_told_with_the_tier_their_fire_stands_at() -> None:
    run = pipeline(Layout(1, 2, 1))
    sends = [send for at in range(10) for send in run.feed([snapshot(60.0 * at, 31 * at)], wall=START + 60.0 * at + 1, caught_up=True)]
    found = [each for told in data(sends, "readings") for each in told["readings"] if each["indicator"] == "queue_length"]
    assert len(found) >= 5
    assert [each["value"] for each in found] == sorted(each["value"] for each in found)
    assert found[-1] == {"indicator": "queue_length", "scope": "queue", "key": "q-1", "value": 248, "n": found[-1]["n"], "tier": "orange"}
    ids = [json.loads(send.value or b"")["id"] for send in sends if send.topic == KPIS]
    assert len(ids) == len(set(ids))


def test_a_snapshot_and_a_state_are_told_once_however_often_they_come() -> None:
    run = pipeline(Layout(1, 1, 1))
    state = Event("agent.state_changed", START, "s-1", "/s", "acme", "a-1", agent=Agent("a-1", "human", "t-1"), data={"state": "break"})
    sends = run.feed([snapshot(0.0, 4), state, snapshot(0.0, 4), state]) + run.finish()
    assert data(sends, "queue") == [{"tenant_id": "acme", "queue_id": "q-1", "waiting": 4, "agents_available": 3}]
    assert data(sends, "agent") == [{"tenant_id": "acme", "agent_id": "a-1", "team_id": "t-1", "type": "human", "state": "break"}]


def test_other_events_tell_nothing() -> None:
    assert fact_event(Event("message.created", START, "m-1", "/s", "acme", "c-1", agent=Agent("a-1"))) is None


def test_many_readings_are_several_events_and_tenants_have_their_own() -> None:
    readings: dict[tuple[str, str, str, str], float | None] = {("fcr", "acme", "queue", f"q-{at}"): 0.5 for at in range(MOST + 1)}
    readings["fcr", "other", "queue", "q-1"] = None
    sends = list(reading_events(readings, {}, START, "s0|1"))
    assert [(told["tenant_id"], len(told["readings"])) for told in data(sends, "readings")] == [("acme", MOST), ("acme", 1), ("other", 1)]
    assert data(sends, "readings")[2]["readings"] == [{"indicator": "fcr", "scope": "queue", "key": "q-1", "value": None}]
    assert [send.value for send in sends] == [send.value for send in reading_events(readings, {}, START, "s0|1")]
