from __future__ import annotations

import pytest

from tests.unit.gateway.examples import one, translated


@pytest.mark.parametrize(("name", "by"), [("customer_hung_up", "customer"), ("agent_hung_up", "agent"), ("system_hung_up", "system")])
def test_how_the_customers_part_ended_tells_who_hung_up(name: str, by: str) -> None:
    kind, data, _ = one("genesys", name)
    assert (kind, data["call"]["disconnected_by"]) == ("call.ended", by)


def test_a_customer_is_the_external_contact_and_never_a_number() -> None:
    assert one("genesys", "customer_hung_up")[1]["customer"] == {"id": "ext-7"}
    assert "customer" not in one("genesys", "agent_hung_up")[1]


def test_a_queue_is_entered_left_for_an_agent_and_given_up() -> None:
    assert one("genesys", "queued")[0] == "conversation.queued"
    kind, data, _ = one("genesys", "answered")
    assert (kind, data["agent"]["id"], data["wait_ms"]) == ("conversation.connected", "u-5", 31_000)
    kind, data, _ = one("genesys", "abandoned")
    assert (kind, data["wait_ms"]) == ("conversation.abandoned", 64_000)


def test_an_agent_who_leaves_by_a_transfer_hands_over() -> None:
    kind, data, _ = one("genesys", "agent_transferred")
    assert (kind, data["from"], data["mode"]) == ("conversation.transferred", {"agent_id": "u-5", "queue_id": "q-9"}, "cold")


def test_a_transcript_is_what_is_surest_at_the_sessions_start_and_its_offset() -> None:
    customer, agent = translated("genesys", "transcript").events
    assert customer["data"]["message"]["text"] == "我要投诉"
    assert customer["time"] == "2026-11-11T00:03:04.000000Z"
    assert (customer["data"]["sender"]["role"], agent["data"]["sender"]["role"]) == ("customer", "agent")
    assert agent["data"]["message"]["sentiment"] == {"score": -0.5}


def test_a_partial_transcript_does_not_take_the_final_ones_id() -> None:
    (partial,) = translated("genesys", "partial_transcript").events
    assert partial["data"]["message"]["is_partial"] is True
    assert partial["id"] != translated("genesys", "transcript").events[0]["id"]


def test_a_chat_that_ends_is_closed() -> None:
    assert one("genesys", "chat_ended")[0] == "conversation.resolved"


def test_a_notification_through_eventbridge_is_the_same() -> None:
    assert one("genesys", "through_eventbridge")[2] == one("genesys", "queued")[2]


@pytest.mark.parametrize(
    ("name", "kind"), [("flow_out", "outcome"), ("agent_left", "user"), ("session_only", "session"), ("other_topic", "topic")]
)
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    assert [each.kind for each in translated("genesys", name).ignored] == [kind]
