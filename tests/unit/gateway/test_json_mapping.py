from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.gateway.adapters.base import Call
from streams.gateway.adapters.json_mapping import MappedEvent
from tests.unit.gateway.examples import NOW, adapter, examples, one, translated


def test_a_payload_becomes_the_event_its_entry_describes() -> None:
    kind, data, event = one("json_mapping", "line")
    assert (kind, event["id"], event["time"]) == ("message.created", "message.created:5501", "2026-11-11T00:03:12.481000Z")
    assert data == {
        "conversation": {"id": "90210", "channel": "chat", "queue_id": "q-1"},
        "customer": {"id": "17"},
        "message": {"text": "发货了吗"},
        "sender": {"role": "customer"},
    }


def test_values_are_translated_and_absent_ones_stay_absent() -> None:
    _, data, _ = one("json_mapping", "line_of_the_seller")
    assert data["sender"] == {"role": "agent"}
    assert "customer" not in data


def test_without_an_id_the_payload_itself_makes_one() -> None:
    _, data, event = one("json_mapping", "rating")
    turned = dict(reversed(examples("json_mapping")["rating"].items()))
    assert (data["rating"], event["subject"]) == (4, "90210")
    assert adapter("json_mapping").read(turned, Call({}, "acme", NOW)).events[0]["id"] == event["id"]


def test_what_no_entry_wants_is_ignored_and_what_lacks_a_time_is_a_reject() -> None:
    assert translated("json_mapping", "unknown").ignored
    (reject,) = adapter("json_mapping").read({"kind": "rating", "session": "1"}, Call({}, "acme", NOW)).rejects
    assert (reject.reason, reject.path) == ("invalid_data", "at")


@pytest.mark.parametrize(("role", "ours"), [("客户", "customer"), ("客服", "agent"), ("机器人", "bot"), ("staff", "agent"), ("质检", None)])
def test_the_roles_of_other_houses_become_ours(role: str, ours: str | None) -> None:
    roles = {"客户": "customer", "客服": "agent", "机器人": "bot", "staff": "agent", "user": "customer"}
    entry = {"type": "message.created", "time": "at", "subject": "tid", "fields": {"sender.role": "role"}, "values": {"sender.role": roles}}
    made = adapter("json_mapping", events=[entry])
    (event,) = made.read({"tid": "t-1", "at": NOW, "role": role}, Call({}, "acme", NOW)).events
    assert event["data"].get("sender", {}).get("role") == ours


def test_an_object_where_a_value_is_wanted_is_left_out_however_deep() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    entry = {"type": "message.created", "time": "at", "subject": "tid", "fields": {"message.text": "a", "customer.tags": "b"}}
    made = adapter("json_mapping", events=[entry])
    (event,) = made.read({"tid": "t-1", "at": NOW, "a": {"b": deep}, "b": ["vip", deep, {}]}, Call({}, "acme", NOW)).events
    assert event["data"] == {"customer": {"tags": ["vip"]}}


def test_true_is_not_one() -> None:
    assert adapter("json_mapping").read({"kind": True}, Call({}, "acme", NOW)).ignored


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "message.creatd"}, "there is no event type 'message.creatd'"),
        ({"type": "stream.heartbeat"}, "there is no event type"),
        ({"fields": {"message.txt": "a"}}, "'message.txt' is no field"),
        ({"fields": {"message": "a"}}, "'message' is an object: name its fields, such as message.id"),
        ({"fields": {"message.text.x": "a"}}, "is no field"),
        ({"constants": {"tenant_id": "rival"}}, "comes from its stanza"),
        ({"values": {"message.text": {"a": "b"}}, "fields": {}}, "does not say where it stands"),
        ({"time": "a..b"}, "is no path"),
        ({"fields": {"message.text": ".".join("abcdefghijklmnopq")}}, "is no path"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_at_the_start(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MappedEvent.model_validate({"type": "message.created", "time": "at", "fields": {"message.text": "text"}} | changes)
