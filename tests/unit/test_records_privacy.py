"""Nothing private leaves the parser: texts are masked, ids become pseudonyms."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from detectors.event import Event
from detectors.text import pii
from streams.privacy import Privacy
from streams.records import Parser
from streams.wire import instant

NOW = instant("2026-11-11T00:03:12Z")
PHONE, CARD, EMAIL = "13800138000", "6222020200112233445", "zhang.san@example.com"
PRIVATE = re.compile(r"\+?(?:86)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|\d{16,19}|\d{17}[\dX]|[\w.]+@[\w.]+")


@dataclass(frozen=True)
class Starred:
    text: str
    types: tuple[str, ...]


def mask(text: str) -> Starred:
    starred, count = PRIVATE.subn("***", text)
    return Starred(starred, ("private",) if count else ())


def parse(kind: str, data: dict[str, Any], secret: bytes = b"", **attributes: Any) -> Event:
    envelope = {"specversion": "1.0", "id": "e-1", "source": "/tenants/acme/crm", "time": "2026-11-11T00:03:12Z", **attributes}
    value = json.dumps({**envelope, "type": f"fenghuo.{kind}.v1", "data": data}).encode()
    parsed = Parser(mask, secret=secret).parse(value, record_time=NOW)
    assert isinstance(parsed, Event), parsed
    return parsed


def test_a_messages_text_is_masked_and_the_kinds_are_kept() -> None:
    event = parse("message.created", {"conversation": {"id": "c-1"}, "message": {"text": f"电话{PHONE}"}})
    assert event.message is not None
    assert event.message.text == "电话***"
    assert event.message.masked == ("private",)


@pytest.mark.parametrize(
    ("kind", "data", "path"),
    [
        ("csat.rated", {"comment": f"打{PHONE}"}, "comment"),
        ("survey.answered", {"comment": EMAIL}, "comment"),
        ("feedback.given", {"alert_id": "a", "command": "resolve", "note": CARD}, "note"),
        ("conversation.abandoned", {"reason": PHONE}, "reason"),
        ("conversation.transferred", {"reason": PHONE}, "reason"),
    ],
)
def test_other_free_text_is_masked(kind: str, data: dict[str, Any], path: str) -> None:
    event = parse(kind, data, subject="s-1")
    assert event.data is not None
    assert "***" in event.data[path]


def test_free_text_inside_lists_and_objects_is_masked() -> None:
    errors = parse("qa.scored", {"errors": [f"told {PHONE}", "rude"]}, subject="s-1").data
    assert errors == {"errors": ["told ***", "rude"]}
    mention = parse("social.mention", {"mention": {"topic": f"打{PHONE}", "reach": 3}}, subject="s-1").data
    assert mention == {"mention": {"topic": "打***", "reach": 3}}


@pytest.mark.parametrize("value", [PHONE, "+86 138-0013-8000", f"wx_{PHONE}", f"86{PHONE}@c.us", EMAIL, CARD, "11010519491231002X"])
def test_an_id_that_is_private_becomes_a_pseudonym_everywhere(value: str) -> None:
    data = {
        "conversation": {"id": value, "parent_id": value},
        "customer": {"id": value, "tags": [value]},
        "agent": {"id": value, "type": "human", "skill": [value]},
        "sender": {"role": "customer", "id": value},
        "issue": {"order_id": value, "labels": [value]},
        "ticket": {"id": value},
        "sla": {"policy_id": value},
        "message": {"id": value, "text": "好"},
    }
    event = parse("message.created", data, id=f"m-{value}", source=f"/tenants/acme/{value}")
    assert value not in repr(msgspec.to_builtins(event))
    assert event.customer is not None
    assert event.conversation is not None
    assert event.customer.id == event.conversation.id == event.subject
    assert re.fullmatch("p-[0-9a-f]{20}", event.customer.id)


def test_private_keys_and_values_of_data_become_pseudonyms() -> None:
    event = parse("qa.scored", {"dimensions": {PHONE: 3, "manner": 4}}, subject="s-1")
    assert event.data is not None
    assert PHONE not in repr(event.data)
    assert sorted(event.data["dimensions"].values()) == [3.0, 4.0]
    order = parse("order.placed", {"order": {"id": PHONE}})
    assert order.data == {"order": {"id": order.subject}}


def test_a_pseudonym_is_the_same_for_the_same_tenant_and_secret_only() -> None:
    def pseudonym(tenant: str = "acme", secret: bytes = b"") -> str:
        return parse("order.placed", {"order": {"id": PHONE}}, secret, source=f"/tenants/{tenant}/crm").subject

    assert pseudonym() == pseudonym()
    assert len({pseudonym(), pseudonym("other"), pseudonym(secret=b"key"), pseudonym(secret=b"key2")}) == 4


def test_ordinary_ids_stay_as_they_are() -> None:
    data = {"conversation": {"id": "20261111000312481"}, "customer": {"id": "u-416425"}, "message": {"text": "好"}}
    event = parse("message.created", data, id="0189a6b2-1380-7013-8000-0242ac120002")
    assert event.id == "0189a6b2-1380-7013-8000-0242ac120002"
    assert event.customer is not None
    assert event.customer.id == "u-416425"


@pytest.mark.parametrize("value", ["182309481234567890", "2026111100031248", "1794355392481", "SF1380013800012", "c-15800138000123"])
def test_an_id_that_is_a_long_number_stays_as_it_is(value: str) -> None:
    def number(text: str) -> Starred:
        return Starred(text, ("CARD",) if text.isdigit() and len(text) > 15 else ("NUMBER", "ORDER", "TRACKING"))

    assert Privacy(number)._code("acme", value) == value


@pytest.mark.parametrize("value", [PHONE, "02161234567", "0571-88888888", f"wx_{PHONE}", CARD, EMAIL, "11010519491231002X"])
def test_the_real_mask_knows_what_is_private_in_an_id(value: str) -> None:
    assert Privacy(pii.mask)._code("acme", value).startswith("p-")


@pytest.mark.parametrize(
    "value", ["182309481234567890", "20261111000312481", "1794355392481", "c-000001", "0189a6b2-1380-7013-8000-0242ac120002"]
)
def test_the_real_mask_leaves_ordinary_ids(value: str) -> None:
    assert Privacy(pii.mask)._code("acme", value) == value


def test_a_text_is_masked_once_and_with_nothing_else_in_it() -> None:
    seen: list[str] = []

    def counting(text: str) -> Starred:
        seen.append(text)
        return mask(text)

    value = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tenants/acme/crm",
        "type": "fenghuo.message.created.v1",
        "time": "2026-11-11T00:03:12Z",
        "data": {"conversation": {"id": "c-1"}, "message": {"text": "你好"}},
    }
    Parser(counting).parse(json.dumps(value).encode(), record_time=NOW)
    assert seen == ["你好"]
