from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from alerts.audit import Entry, chain, to_event
from alerts.command import Command, CommandKind, encode_command
from alerts.silence import Silence
from detectors.event import Agent, Event, Queue
from streams.api.asyncapi import asyncapi, asyncapi_document
from streams.kpis import fact_event, reading_events
from streams.shown import Shown
from streams.topics import declare
from streams.wiring import Layout
from tests.unit.store.records import alert_event, delivery

ROOT = Path(__file__).parents[3]
DOCUMENT = asyncapi_document()


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [each for value in node.values() for each in references(value)]
    return [each for value in node for each in references(value)] if isinstance(node, list) else []


def test_the_document_in_docs_is_the_one_that_is_made() -> None:
    kept = (ROOT / "docs/api/asyncapi.yaml").read_text(encoding="utf-8")
    assert kept == asyncapi(), "run `fenghuo api asyncapi --out docs/api/asyncapi.yaml`"
    assert yaml.safe_load(kept) == DOCUMENT


def test_every_topic_others_may_use_is_a_channel_with_one_operation() -> None:
    inner = re.compile(r"\.internal\.|-__|^fenghuo\.(outbox|rules)\.")
    public = {topic.name for topic in declare(Layout()) if not inner.search(topic.name)}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == public
    channels = [operation["channel"]["$ref"].rpartition("/")[2] for operation in DOCUMENT["operations"].values()]
    assert sorted(channels) == sorted(DOCUMENT["channels"])


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    for reference in references(DOCUMENT):
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    for name in DOCUMENT["components"]["schemas"]:
        Draft202012Validator.check_schema(validator(name).schema)


@pytest.mark.parametrize("kind", get_args(CommandKind))
def test_each_command_fits_its_schema(kind: CommandKind) -> None:
    silence = Silence(id="s-1", tenant="acme", match={"queue_id": "q-a"}, starts=0.0, until=60.0) if "silence" in kind else None
    given = Command(id="c-1", tenant="acme", kind=kind, by="li", at=60.0, alert_id=None if silence else "a1", silence=silence, comment="好")
    validator("Command").validate(json.loads(encode_command(given)))


def test_what_is_written_fits_its_schema() -> None:
    validator("AlertEvent").validate({"source": "/tenants/acme/fenghuo", **alert_event("a1", 2)})
    validator("Delivery").validate(json.loads(delivery("a1").value or b""))
    entry = Entry("acme", "a1", "alert", "1", "2026-11-11T00:00:00.000+00:00", "", {"state": "raised"}, "0" * 64)
    validator("AuditEvent").validate(to_event(chain(entry, None)))
    assert not validator("AuditEvent").is_valid({**to_event(chain(entry, None)), "data": {}})


def test_readings_and_what_is_said_of_queues_and_agents_fit_their_schema() -> None:
    readings: dict[Shown, float | None] = {("fcr", "acme", "queue", "q-1"): 0.5, ("fcr", "acme", "tenant", "acme"): None}
    events = [
        Event("queue.snapshot", 0.0, "e-1", "/s", "acme", "q-1", queue=Queue("q-1", waiting=3, service_level=0.9)),
        Event("agent.state_changed", 0.0, "e-2", "/s", "acme", "a-1", agent=Agent("a-1", "human"), data={"state": "busy"}),
    ]
    sends = [*reading_events(readings, {}, 0.0, "s0|1"), *(send for event in events if (send := fact_event(event)) is not None)]
    for send in sends:
        validator("Kpi").validate(json.loads(send.value or b""))
    assert len(sends) == 3
    wrong = json.loads(sends[1].value or b"")
    assert not validator("Kpi").is_valid({**wrong, "data": {**wrong["data"], "waiting": -1}})
