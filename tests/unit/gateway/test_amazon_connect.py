from __future__ import annotations

import pytest

from tests.unit.gateway.examples import NOW, one, translated


def test_an_utterance_is_partial_and_a_transcript_is_final() -> None:
    transcript, utterance = translated("amazon_connect", "segments").events
    assert "is_partial" not in transcript["data"]["message"]
    assert utterance["data"]["message"]["is_partial"] is True
    assert (transcript["data"]["sender"], utterance["data"]["sender"]) == ({"role": "customer"}, {"role": "agent"})
    assert transcript["data"]["message"]["sentiment"] == {"score": -0.8}


def test_the_time_of_a_segment_is_the_contacts_start_and_its_distance_from_it() -> None:
    _, data, event = one("amazon_connect", "segments_with_start")
    assert event["time"] == "2026-11-11T00:00:19.010000Z"
    assert (data["message"]["begin_offset_ms"], data["message"]["end_offset_ms"]) == (19010, 22980)
    assert data["conversation"]["id"] == "c-11111"


def test_without_a_start_the_last_segment_ends_when_it_comes() -> None:
    last = translated("amazon_connect", "segments").events[-1]
    assert last["time"] == "2026-11-11T01:19:59.000000Z"
    assert NOW == 1_794_360_000.0


def test_a_chats_segment_has_a_time_of_its_own() -> None:
    _, data, event = one("amazon_connect", "chat_segments")
    assert (event["time"], data["conversation"]["channel"]) == ("2026-11-11T00:02:00.500000Z", "chat")


def test_a_contact_that_begins_opens_a_conversation_and_a_call() -> None:
    opened, started = translated("amazon_connect", "initiated").events
    assert (opened["type"], started["type"]) == ("fenghuo.conversation.opened.v1", "fenghuo.call.started.v1")
    assert opened["subject"] == "c-11111"


def test_a_contact_that_begins_by_a_transfer_is_one() -> None:
    kind, data, _ = one("amazon_connect", "transferred")
    assert (kind, data["to"]) == ("conversation.transferred", {"queue_id": "q-9"})


def test_waiting_is_told_from_the_queues_time_to_the_agents() -> None:
    kind, data, _ = one("amazon_connect", "connected")
    assert (kind, data["wait_ms"], data["agent"]["id"]) == ("conversation.connected", 30_000, "a-5")


def test_a_call_that_ends_tells_its_length_and_who_hung_up() -> None:
    kind, data, _ = one("amazon_connect", "hung_up_by_the_customer")
    assert (kind, data["call"]) == (
        "call.ended",
        {"duration_ms": 329_000, "talk_ms": 240_000, "disconnected_by": "customer", "connected": True},
    )


def test_a_call_that_ends_in_the_queue_was_given_up() -> None:
    given_up, ended = translated("amazon_connect", "given_up_in_the_queue").events
    assert (given_up["type"], given_up["data"]["wait_ms"]) == ("fenghuo.conversation.abandoned.v1", 70_000)
    assert ended["data"]["call"]["connected"] is False


def test_a_chat_that_ends_is_closed() -> None:
    assert one("amazon_connect", "chat_closed")[0] == "conversation.resolved"


@pytest.mark.parametrize(("name", "kind"), [("started", "session"), ("categories_only", "categories"), ("completed", "contact")])
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    assert [each.kind for each in translated("amazon_connect", name).ignored] == [kind]
