from __future__ import annotations

import json
from typing import Any

import pytest

from streams.gateway.checker import Checked, Checker
from streams.records import Reject, partition_key
from tests.unit.gateway.fake_bus import event

NOW = 1_794_360_000.0


def check(found: dict[str, Any]) -> Checked | Reject:
    return Checker(1 << 20).check(json.dumps(found).encode(), "acme", NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"partitionkey": "acme/elsewhere"},
        {"partitionkey": ""},
        {"partitionkey": 7},
        {"subject": "s-1", "data": {"message": {"text": "a"}}},
        {"data": {**event()["data"], "tenant_id": "acme", "note": '"partitionkey"'}},
    ],
)
def test_the_key_is_the_one_ingest_would_choose(changes: dict[str, Any]) -> None:
    found = check(event(**changes))
    assert isinstance(found, Checked)
    assert found.key == partition_key(json.dumps(event(**changes)).encode())


def test_an_event_that_names_no_conversation_has_the_key_of_what_it_is_about() -> None:
    found = check(event(type="fenghuo.queue.snapshot.v1", data={"queue": {"queue_id": "q-1", "waiting": 4}}))
    assert isinstance(found, Checked)
    assert found.key == b"acme/q-1"


def test_what_is_written_is_what_came() -> None:
    value = json.dumps(event(extension="x"), indent=2).encode()
    found = Checker(1 << 20).check(value, "acme", NOW)
    assert isinstance(found, Checked)
    assert found.value == value


def test_private_data_is_judged_as_it_is_and_masked_by_the_worker() -> None:
    found = check(event(data={**event()["data"], "customer": {"id": "13800000001"}, "message": {"text": "我的电话13800000001"}}))
    assert isinstance(found, Checked)
    assert b"13800000001" in found.value
