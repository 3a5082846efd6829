from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from streams.gateway.adapters.chatwoot import Chatwoot, sign
from tests.unit.gateway.examples import NOW, one, translated


def test_an_incoming_message_is_the_customers() -> None:
    kind, data, event = one("chatwoot", "incoming")
    assert kind == "message.created"
    assert data == {
        "conversation": {"id": "4711", "channel": "chat", "queue_id": "3", "department_id": "7"},
        "customer": {"id": "901"},
        "agent": {"id": "12", "type": "human"},
        "message": {"id": "88001", "text": "我的包裹破了,要投诉", "direction": "in", "content_type": "text"},
        "sender": {"role": "customer", "id": "901"},
    }
    assert (event["source"], event["subject"], event["time"]) == ("/tenants/acme/chat", "4711", "2026-11-11T00:03:12.000000Z")


@pytest.mark.parametrize(("name", "role"), [("incoming_as_number", "customer"), ("outgoing", "agent"), ("bot", "bot"), ("template", "bot")])
def test_the_type_of_a_message_is_read_as_a_word_and_as_a_number(name: str, role: str) -> None:
    _, data, _ = one("chatwoot", name)
    assert data["sender"]["role"] == role


def test_an_agents_message_names_the_agent_who_wrote_it() -> None:
    _, data, _ = one("chatwoot", "outgoing")
    assert data["agent"]["id"] == data["sender"]["id"] == "12"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("private_note", "private", True), ("template", "content_type", "template"), ("activity", "content_type", "activity")],
)
def test_notes_templates_and_activities_can_be_told_from_answers(name: str, field: str, value: Any) -> None:
    assert one("chatwoot", name)[1]["message"][field] == value


def test_an_attachment_is_told_by_its_kind_alone() -> None:
    assert one("chatwoot", "with_attachment")[1]["message"]["attachments"] == [{"type": "image"}]


def test_a_resolved_conversation_is_a_change_of_status_and_an_end() -> None:
    change, end = translated("chatwoot", "resolved").events
    assert (change["type"], change["data"]["previous"], change["data"]["current"]) == (
        "fenghuo.ticket.status_changed.v1",
        "open",
        "resolved",
    )
    assert end["type"] == "fenghuo.conversation.resolved.v1"
    assert change["time"] == "2026-11-11T00:13:20.250000Z"


def test_resolved_and_then_open_is_reopened() -> None:
    assert one("chatwoot", "reopened")[1]["current"] == "reopened"


def test_the_old_name_of_an_event_gives_the_same_ids_as_the_new_one() -> None:
    new, old = (translated("chatwoot", name).events for name in ("resolved", "resolved_by_the_old_name"))
    assert [each["id"] for each in new] == [each["id"] for each in old]


def test_a_snoozed_conversation_is_on_hold() -> None:
    assert one("chatwoot", "snoozed")[1]["current"] == "on_hold"


def test_an_answered_survey_is_a_rating_of_five() -> None:
    kind, data, _ = one("chatwoot", "survey_answered")
    assert (kind, data["rating"], data["scale_max"], data["comment"]) == ("csat.rated", 2.0, 5, "等太久了")


def test_an_assignee_and_a_team_are_changes_of_the_conversation() -> None:
    kind, data, _ = one("chatwoot", "assigned")
    assert (kind, data["agent"]["id"]) == ("conversation.assigned", "12")
    kind, data, _ = one("chatwoot", "team_changed")
    assert (kind, data["from"], data["to"]) == ("conversation.transferred", {"department_id": "5"}, {"department_id": "7"})


@pytest.mark.parametrize(("name", "kind"), [("typing", "other"), ("labels_changed", "conversation_updated"), ("survey_sent", "survey")])
def test_what_is_not_for_us_is_ignored(name: str, kind: str) -> None:
    found = translated("chatwoot", name)
    assert [each.kind for each in found.ignored] == [kind]
    assert not found.events


def test_a_signature_holds_for_the_body_the_time_and_either_secret() -> None:
    params = Chatwoot.Params(name="chat", type="chatwoot", tenant="acme")
    adapter = Chatwoot(params, [SecretStr("new"), SecretStr("old")])
    stamp, body = str(int(NOW)), b'{"event": "message_created"}'

    def holds(secret: str, at: str = stamp, sent: bytes = body) -> bool:
        headers = {"x-chatwoot-timestamp": at, "x-chatwoot-signature": sign(secret.encode(), stamp, body)}
        return adapter.verify(sent, headers, NOW)

    assert holds("new")
    assert holds("old")
    assert not holds("guessed")
    assert not holds("new", sent=body + b" ")
    assert not holds("new", at=str(int(NOW) - 301))
    assert not adapter.verify(body, {}, NOW)
    assert not adapter.verify(body, {"x-chatwoot-timestamp": stamp, "x-chatwoot-signature": "\udcff"}, NOW)
