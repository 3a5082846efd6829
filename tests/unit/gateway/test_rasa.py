from __future__ import annotations

import pytest

from tests.unit.gateway.examples import one, translated


def test_float_seconds_become_the_time() -> None:
    kind, data, event = one("rasa", "user")
    assert (kind, event["time"], event["id"]) == ("message.created", "2026-11-11T00:03:12.617099Z", "web-77:user:m-100")
    assert data["message"]["nlu"] == {"intent": "refund", "confidence": 0.93, "fallback": False}


def test_an_unsure_intent_is_a_fallback_below_the_stanzas_confidence() -> None:
    assert one("rasa", "unsure")[1]["message"]["nlu"]["fallback"] is True
    assert one("rasa", "unsure", low_confidence=0.1)[1]["message"]["nlu"]["fallback"] is False


def test_the_bots_default_answer_is_a_fallback() -> None:
    assert one("rasa", "bot_fallback")[1]["message"]["nlu"] == {"fallback": True}
    assert "nlu" not in one("rasa", "bot")[1]["message"]


def test_a_conversations_events_share_their_subject_and_come_in_order_of_time() -> None:
    found = translated("rasa", "bot_fallback", "user", "session", "bot")
    assert {event["subject"] for event in found.events} == {"web-77"}
    assert [event["data"].get("message", {}).get("text") for event in found.events] == [None, "怎么退款", "请提供订单号", "抱歉,我没听懂"]


def test_a_handoff_is_a_transfer_from_the_bot() -> None:
    kind, data, _ = one("rasa", "handoff")
    assert (kind, data["from"]["agent"]["type"]) == ("conversation.transferred", "bot")


@pytest.mark.parametrize(("name", "kind"), [("listen", "action"), ("slot", "other")])
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    assert [each.kind for each in translated("rasa", name).ignored] == [kind]
