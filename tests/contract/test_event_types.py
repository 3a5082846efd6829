"""Every event type of the schema: one example that is accepted whole, and a table of values that are not."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.event import Event
from streams.records import Parser, Reject
from streams.wire import TYPES

EXAMPLES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "event_examples.json").read_text("utf-8"))
NOW = 1794355392.481

# As the schema lists them, apart from the code.
SCHEMA = [
    "conversation.opened",
    "conversation.queued",
    "conversation.connected",
    "conversation.abandoned",
    "conversation.assigned",
    "conversation.transferred",
    "message.created",
    "message.updated",
    "call.started",
    "call.ended",
    "ticket.created",
    "ticket.status_changed",
    "ticket.escalated",
    "conversation.resolved",
    "csat.rated",
    "survey.answered",
    "qa.scored",
    "agent.state_changed",
    "queue.snapshot",
    "sale.metric",
    "refund.metric",
    "metric.point",
    "order.placed",
    "order.delayed",
    "social.mention",
    "campaign.scheduled",
    "feedback.given",
    "stream.heartbeat",
]


@dataclass(frozen=True)
class Unmasked:
    text: str
    types: tuple[str, ...] = ()


parser = Parser(Unmasked)


def envelope(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    shared = {
        "tenant_id": "acme",
        "conversation": {"id": "c-9001", "channel": "chat", "queue_id": "q-1", "department_id": "d-1", "stage": "aftersale"},
        "agent": {"id": "a-12", "type": "human"},
        "issue": {"category": "logistics"},
    }
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tenants/acme/crm",
        "type": f"fenghuo.{kind}.v1",
        "time": "2026-11-11T00:03:12.481Z",
        "data": {**shared, **copy.deepcopy(data)},
    }


def parse(event: dict[str, Any]) -> Event | Reject:
    return parser.parse(json.dumps(event).encode(), record_time=NOW, offset=7)


def put(data: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        data = data[int(name)] if isinstance(data, list) else data[name]
    data[int(last) if isinstance(data, list) else last] = value


WRONG = [pytest.param(kind, path, value, id=f"{kind}-{path}-{value!r}") for kind, each in EXAMPLES.items() for path, value in each["wrong"]]


def test_the_types_are_those_of_the_schema() -> None:
    assert sorted(TYPES) == sorted(SCHEMA) == sorted(EXAMPLES)


@pytest.mark.parametrize("kind", SCHEMA)
def test_the_example_is_accepted(kind: str) -> None:
    event = parse(envelope(kind, EXAMPLES[kind]["data"]))
    assert isinstance(event, Event), event
    assert event.type == kind
    assert event.offset == 7
    assert event.tenant == ("" if kind == "stream.heartbeat" else "acme")


@pytest.mark.parametrize("kind", SCHEMA)
def test_the_event_survives_the_way_through_an_internal_topic(kind: str) -> None:
    event = parse(envelope(kind, EXAMPLES[kind]["data"]))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event) == event


@pytest.mark.parametrize("kind", SCHEMA)
def test_the_example_is_accepted_with_fields_nobody_knows(kind: str) -> None:
    plain = envelope(kind, EXAMPLES[kind]["data"])
    more = copy.deepcopy(plain)
    more["brand_new"] = {"a": [1, None]}
    for holder in [more["data"], *(value for value in more["data"].values() if isinstance(value, dict))]:
        if holder is not more["data"].get("dimensions"):
            holder["brand_new"] = {"a": [1, None]}
    assert parse(more) == parse(plain)


@pytest.mark.parametrize("kind", [kind for kind in SCHEMA if kind != "stream.heartbeat"])
def test_without_conversation_and_subject_what_the_event_is_about_names_its_key(kind: str) -> None:
    event = envelope(kind, EXAMPLES[kind]["data"])
    del event["data"]["conversation"]
    event["data"]["customer"] = {"id": "u-77"}
    parsed = parse(event)
    assert isinstance(parsed, Event)
    assert parsed.subject
    if TYPES[kind].conversational:
        assert parsed.conversation is not None
        assert parsed.conversation.id == parsed.subject


@pytest.mark.parametrize(("kind", "path", "value"), WRONG)
def test_a_wrong_value_is_a_reject_that_names_its_place(kind: str, path: str, value: object) -> None:
    event = envelope(kind, EXAMPLES[kind]["data"])
    put(event["data"], path, value)
    reject = parse(event)
    assert isinstance(reject, Reject), reject
    assert reject.reason == "invalid_data"
    assert reject.path.removeprefix("data.").startswith(path.replace("compliance", "*"))
    assert reject.detail
    assert reject.tenant == "acme"


def test_every_optional_field_may_be_null() -> None:
    for kind, each in EXAMPLES.items():
        required = {path for path, value in each["wrong"] if value is None}
        event = envelope(kind, each["data"])
        for name in list(event["data"]):
            if name not in required:
                event["data"][name] = None
        event["subject"] = "s-1"
        assert isinstance(parse(event), Event), kind
