from __future__ import annotations

import pytest

from streams.gateway.adapters.base import Call
from tests.unit.gateway.examples import NOW, adapter, examples, one, translated


@pytest.mark.parametrize(
    ("name", "role", "begin", "end"), [("segment", "customer", 12_345, 15_500), ("segment_in_numbers", "agent", 16_000, 18_250)]
)
def test_seconds_are_read_as_texts_and_as_numbers(name: str, role: str, begin: int, end: int) -> None:
    kind, data, _ = one("live_call_analytics", name)
    assert (kind, data["sender"]["role"]) == ("message.created", role)
    assert (data["message"]["begin_offset_ms"], data["message"]["end_offset_ms"]) == (begin, end)


def test_a_partial_segment_is_left_out() -> None:
    assert [each.kind for each in translated("live_call_analytics", "partial").ignored] == ["partial"]


def test_a_call_starts_is_taken_over_and_ends() -> None:
    kinds = [event["type"] for name in ("start", "agent", "end") for event in translated("live_call_analytics", name).events]
    assert kinds == [
        "fenghuo.conversation.opened.v1",
        "fenghuo.call.started.v1",
        "fenghuo.conversation.assigned.v1",
        "fenghuo.call.ended.v1",
    ]


def test_an_event_without_a_time_gets_that_of_its_coming() -> None:
    payload = {name: value for name, value in examples("live_call_analytics")["end"].items() if name != "CreatedAt"}
    (event,) = adapter("live_call_analytics").read(payload, Call({}, "acme", NOW)).events
    assert event["time"] == "2026-11-11T01:20:00.000000Z"


@pytest.mark.parametrize(("name", "kind"), [("category", "category"), ("recording", "recording")])
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    assert [each.kind for each in translated("live_call_analytics", name).ignored] == [kind]
