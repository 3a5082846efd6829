from __future__ import annotations

import pytest
from pydantic import SecretStr

from streams.gateway.adapters.base import Call
from streams.gateway.adapters.zendesk import Zendesk, sign
from tests.unit.gateway.examples import NOW, adapter, examples, one, translated


def test_a_created_ticket_opens_a_conversation() -> None:
    ticket, opened = translated("zendesk", "created").events
    assert (ticket["type"], opened["type"]) == ("fenghuo.ticket.created.v1", "fenghuo.conversation.opened.v1")
    assert ticket["id"] == "cbe4028c-7239-495d-b020-f22348516046"
    assert ticket["data"] == {
        "conversation": {"id": "35436", "channel": "email", "queue_id": "8447320466430", "department_id": "8447320466430"},
        "customer": {"id": "8447388090494"},
        "agent": {"id": "8447388090001", "type": "human"},
        "ticket": {"id": "35436", "type": "task", "priority": "low"},
    }
    assert ticket["time"] == "2026-11-11T00:04:00.129471Z"


def test_ids_are_texts_though_they_come_as_numbers() -> None:
    ticket = translated("zendesk", "numbers_for_ids").events[0]["data"]
    assert (ticket["conversation"]["id"], ticket["customer"]["id"], ticket["conversation"]["queue_id"]) == ("35437", "900", "12")


def test_events_of_one_post_are_in_the_order_of_their_time_not_of_their_position() -> None:
    late, early = (
        {**examples("zendesk")["solved"], "id": name, "time": time}
        for name, time in (("b", "2026-11-11T00:09:00Z"), ("a", "2026-11-11T00:01:00.5Z"))
    )
    found = adapter("zendesk").read([late, early], Call({}, "acme", NOW))
    assert [event["id"] for event in found.events] == ["a", "a:end", "b", "b:end"]


@pytest.mark.parametrize(
    ("name", "previous", "current"), [("solved", "open", "resolved"), ("reopened", "resolved", "reopened"), ("on_hold", "open", "on_hold")]
)
def test_statuses_are_ours(name: str, previous: str, current: str) -> None:
    event = translated("zendesk", name).events[0]
    assert (event["data"]["previous"], event["data"]["current"]) == (previous, current)


@pytest.mark.parametrize(
    ("name", "role", "private"),
    [("comment_of_the_customer", "customer", None), ("comment_of_an_agent", "agent", None), ("private_comment", "agent", True)],
)
def test_a_comment_is_a_message_of_the_customer_or_of_an_agent(name: str, role: str, private: bool | None) -> None:
    kind, data, _ = one("zendesk", name)
    assert (kind, data["sender"]["role"], data["message"].get("private")) == ("message.created", role, private)


def test_a_message_of_a_messaging_ticket_belongs_to_its_ticket() -> None:
    kind, data, event = one("zendesk", "said")
    assert (kind, event["subject"], data["sender"]["role"], data["message"]["text"]) == ("message.created", "141", "customer", "有人吗?")


def test_another_assignee_and_another_group() -> None:
    kind, data, _ = one("zendesk", "assigned")
    assert (kind, data["agent"]["id"], "previous_agent_id" in data) == ("conversation.assigned", "8447388090001", False)
    kind, data, _ = one("zendesk", "moved")
    assert (kind, data["from"]["department_id"], data["to"]["queue_id"]) == ("conversation.transferred", "8447320466430", "8447320466431")


@pytest.mark.parametrize(("name", "kind"), [("priority", "ticket"), ("user_event", "other")])
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    assert [each.kind for each in translated("zendesk", name).ignored] == [kind]


def test_a_status_zendesk_does_not_have_is_a_reject_with_its_place() -> None:
    payload = {**examples("zendesk")["solved"], "event": {"current": "FROZEN"}}
    (reject,) = adapter("zendesk").read(payload, Call({}, "acme", NOW)).rejects
    assert (reject.reason, reject.path, reject.tenant) == ("invalid_data", "event.current", "acme")


def test_a_signature_holds_for_the_time_and_the_body() -> None:
    made = Zendesk(Zendesk.Params(name="tickets", type="zendesk", tenant="acme"), [SecretStr("new"), SecretStr("old")])
    stamp, body = "2026-11-11T01:20:00Z", b"{}"
    now = 1_794_360_000.0
    headers = {"x-zendesk-webhook-signature-timestamp": stamp, "x-zendesk-webhook-signature": sign(b"old", stamp, body)}
    assert made.verify(body, headers, now)
    assert not made.verify(b"{ }", headers, now)
    assert not made.verify(body, headers, now + 301)
    assert not made.verify(body, {**headers, "x-zendesk-webhook-signature": sign(b"guessed", stamp, body)}, now)
    assert not made.verify(body, {}, now)
