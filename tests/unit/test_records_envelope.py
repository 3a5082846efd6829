"""The envelope: both modes of the binding, and every way in which a record is no event."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

import pytest

from detectors.event import Event
from streams.records import REASONS, Parser, Reject, partition_key
from streams.wire import instant

NOW = instant("2026-11-11T00:03:12Z")


@dataclass(frozen=True)
class Unmasked:
    text: str
    types: tuple[str, ...] = ()


parser = Parser(Unmasked)


def message(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tenants/acme/crm",
        "type": "fenghuo.message.created.v1",
        "time": "2026-11-11T00:03:12Z",
        "subject": "c-1",
        "data": {"tenant_id": "acme", "conversation": {"id": "c-1"}, "sender": {"role": "customer"}, "message": {"text": "你好"}},
    }
    event.update(changes)
    return {name: value for name, value in event.items() if value is not ...}


def encoded(**changes: Any) -> bytes:
    return json.dumps(message(**changes), ensure_ascii=False).encode()


def accepted(value: bytes | None, headers: Any = ()) -> Event:
    parsed = parser.parse(value, headers, record_time=NOW)
    assert isinstance(parsed, Event), parsed
    return parsed


def rejected(value: bytes | None, headers: Any = (), *, by: Parser = parser) -> Reject:
    parsed = by.parse(value, headers, record_time=NOW)
    assert isinstance(parsed, Reject), parsed
    assert parsed.reason in REASONS
    return parsed


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return encoded(deep=...).removesuffix(b"}") + f', "deep": {opening * levels}1{closing * levels}}}'.encode()


BAD = {
    "no value": (None, "empty", ""),
    "an empty value": (b"", "empty", ""),
    "blanks": (b"  \n", "empty", ""),
    "not JSON": (b"{not json", "not_json", ""),
    "half an event": (encoded()[:100], "not_json", ""),
    "NaN": (encoded().replace('"你好"'.encode(), b"NaN"), "not_json", ""),
    "a number out of range": (encoded().replace('"你好"'.encode(), b"1e999"), "not_json", ""),
    "a lone surrogate": (encoded().replace("你好".encode(), b"\\ud800"), "not_json", ""),
    "two objects": (encoded() * 2, "not_json", ""),
    "not UTF-8": (encoded().replace("你好".encode(), "你好".encode("gb18030")), "not_utf8", ""),
    "UTF-16": (encoded().decode().encode("utf-16")[:6].replace(b"\0", b"\xff"), "not_utf8", ""),
    "a list": (b"[]", "not_an_object", ""),
    "a text": (b'"\\u0000"', "not_an_object", ""),
    "a NUL byte": (encoded().replace("你".encode(), b"\0"), "nul_character", ""),
    "an escaped NUL": (encoded().replace("你".encode(), b"\\u0000"), "nul_character", "data.message.text"),
    "a NUL in an unknown field": (encoded(secret_name={"x": ["a\0"]}), "nul_character", "*.*.0"),
    "a NUL in a key": (encoded(data={"message": {"a\0": 1}}), "nul_character", "data.message.*"),
    "deep lists": (nested(70), "too_deep", ""),
    "deep objects": (nested(70, '{"a":', "}"), "too_deep", ""),
    "very deep": (b"[" * 900_000, "too_deep", ""),
    "no specversion": (encoded(specversion=...), "missing_attribute", "specversion"),
    "another specversion": (encoded(specversion="0.3"), "wrong_specversion", "specversion"),
    "a number as specversion": (encoded(specversion=1.0), "wrong_specversion", "specversion"),
    "no id": (encoded(id=...), "missing_attribute", "id"),
    "an empty id": (encoded(id=""), "missing_attribute", "id"),
    "a number as id": (encoded(id=5), "invalid_attribute", "id"),
    "an endless id": (encoded(id="x" * 513), "invalid_attribute", "id"),
    "no source": (encoded(source=None), "missing_attribute", "source"),
    "no type": (encoded(type=...), "missing_attribute", "type"),
    "no time": (encoded(time=...), "missing_attribute", "time"),
    "a number as time": (encoded(time=NOW), "bad_time", "time"),
    "a time without offset": (encoded(time="2026-11-11T00:03:12"), "bad_time", "time"),
    "a day": (encoded(time="2026-11-11"), "bad_time", "time"),
    "a day that is none": (encoded(time="2026-02-30T00:00:00Z"), "bad_time", "time"),
    "a time before 1970": (encoded(time="1969-12-31T23:59:59Z"), "bad_time", "time"),
    "the future": (encoded(time="2026-11-11T00:08:13Z"), "future_time", "time"),
    "the far future": (encoded(time="9999-12-31T23:59:59Z"), "future_time", "time"),
    "an unknown type": (encoded(type="fenghuo.message.deleted.v1"), "unknown_type", "type"),
    "another version": (encoded(type="fenghuo.message.created.v2"), "unknown_type", "type"),
    "no data": (encoded(data=...), "missing_attribute", "data"),
    "data as text": (encoded(data="{}"), "invalid_data", "data"),
    "another tenant": (encoded(source="/tenants/other/crm"), "tenant_mismatch", "data.tenant_id"),
    "no tenant": (encoded(source="/crm", data={"message": {}}), "missing_attribute", "data.tenant_id"),
    "a tenant with a slash": (encoded(source="/crm", data={"tenant_id": "a/b", "message": {}}), "invalid_data", "data.tenant_id"),
    "no subject": (encoded(subject=..., data={"message": {}}), "missing_attribute", "subject"),
    "a number as subject": (encoded(subject=1, data={"message": {}}), "invalid_attribute", "subject"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_a_reason_and_a_place(name: str) -> None:
    value, reason, path = BAD[name]
    reject = rejected(value)
    assert (reject.reason, reject.path) == (reason, path)
    assert reject.detail


def test_every_reason_is_given_for_something() -> None:
    given = {reason for _, reason, _ in BAD.values()}
    assert set(REASONS) - given == {"too_large", "wrong_content_type"}


def test_five_megabytes_are_too_large_and_cost_nothing() -> None:
    value = encoded(data={"message": {"text": "好" * (5 << 20)}})
    start = time.process_time()
    assert rejected(value).reason == "too_large"
    assert time.process_time() - start < 0.1


def test_the_limit_itself_is_accepted() -> None:
    text = "好" * 300_000
    value = encoded(data={"conversation": {"id": "c-1"}, "message": {"text": text}})
    event = Parser(Unmasked, limit=len(value)).parse(value, record_time=NOW)
    assert isinstance(event, Event)
    assert event.message is not None
    assert event.message.text == text
    assert rejected(value, by=Parser(Unmasked, limit=len(value) - 1)).reason == "too_large"


@pytest.mark.parametrize("value", [b'"\\"' * 250_000, b'{"' * 250_000, b"[]" * 500_000, b'"' + b"[\\" * 400_000])
def test_hostile_nesting_is_rejected_in_linear_time(value: bytes) -> None:
    start = time.process_time()
    rejected(value)
    assert time.process_time() - start < 10


def test_depth_up_to_the_limit_and_brackets_in_texts_are_accepted() -> None:
    accepted(nested(63))
    accepted(encoded(data={"conversation": {"id": "c-1"}, "message": {"text": '[{"\\' * 100}}))


def test_a_backslash_before_u0000_is_no_nul() -> None:
    event = accepted(encoded().replace("你好".encode(), b"\\\\u0000"))
    assert event.message is not None
    assert event.message.text == "\\u0000"


def test_five_minutes_into_the_future_are_allowed() -> None:
    assert accepted(encoded(time="2026-11-11T00:08:12Z")).time == NOW + 300


def test_a_reject_quotes_nothing_of_the_payload() -> None:
    for value in (
        encoded(type="13800138000"),
        encoded(time="13800138000"),
        encoded(data={"13800138000": "\0"}),
        encoded(data={"message": {"direction": "13800138000"}}),
        encoded(data={"message": {"text": ["13800138000"]}}),
        encoded(type="fenghuo.qa.scored.v1", data={"dimensions": {"13800138000": "x"}}),
        encoded().replace("你好".encode(), b'13800138000"13800138000'),
    ):
        reject = rejected(value)
        assert "138" not in reject.path + reject.detail


def test_a_reject_tells_the_tenant_where_the_source_does() -> None:
    assert rejected(encoded(type="x")).tenant == "acme"
    assert rejected(b"{").tenant is None
    assert rejected(encoded(source=["/tenants/acme/"])).tenant is None


def test_the_tenant_comes_from_the_data_or_the_source() -> None:
    bare = {"conversation": {"id": "c-1"}, "message": {"text": "x"}}
    assert accepted(encoded(source="urn:crm", data={**bare, "tenant_id": "acme"})).tenant == "acme"
    assert accepted(encoded(source="/tenants/acme/crm/1", data=bare)).tenant == "acme"


def test_the_conversation_is_the_subject_whatever_the_attribute_says() -> None:
    assert accepted(encoded(subject="something else")).subject == "c-1"


# -- binary mode

BINARY = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"e-1"),
    ("ce_source", b"/tenants/acme/crm"),
    ("ce_type", b"fenghuo.message.created.v1"),
    ("ce_time", b"2026-11-11T00:03:12Z"),
    ("ce_subject", b"c-1"),
    ("content-type", b"application/json; charset=utf-8"),
]
DATA = json.dumps(message()["data"]).encode()


def binary(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    given: dict[str, bytes | None] = {**dict(BINARY), **{name.replace("content_", "content-"): value for name, value in changes.items()}}
    return list(given.items())


def test_binary_mode_gives_the_same_event_as_structured_mode() -> None:
    assert accepted(DATA, BINARY) == accepted(encoded())


def test_header_names_have_no_case_and_the_content_type_is_optional() -> None:
    assert accepted(DATA, [(name.upper(), value) for name, value in BINARY[:-1]]) == accepted(encoded())


@pytest.mark.parametrize(
    "content_type", [b"application/cloudevents+json", b"Application/CloudEvents+JSON; charset=UTF-8", b"application/json", b"text/plain"]
)
def test_structured_mode_is_recognised_with_headers_too(content_type: bytes) -> None:
    headers: list[tuple[str, bytes | None]] = [("content-type", content_type), ("traceparent", b"00"), ("nothing", None)]
    assert accepted(encoded(), headers) == accepted(encoded())


@pytest.mark.parametrize(
    ("headers", "value", "reason", "path"),
    [
        (binary(ce_id=None), DATA, "missing_attribute", "id"),
        (binary(ce_time=b""), DATA, "missing_attribute", "time"),
        (binary(ce_specversion=b"0.3"), DATA, "wrong_specversion", "specversion"),
        (binary(ce_source=b"\xff"), DATA, "not_utf8", "ce_source"),
        (binary(ce_id=b"a\0b"), DATA, "nul_character", "ce_id"),
        (binary(ce_whatever=b"\xff"), DATA, "not_utf8", "ce_*"),
        (binary(content_type=b"application/avro"), DATA, "wrong_content_type", "content-type"),
        (binary(content_type=b"application/cloudevents-batch+json"), b"[]", "wrong_content_type", "content-type"),
        (binary(), b"[]", "not_an_object", "data"),
        (binary(), b"{", "not_json", "data"),
        (binary(), None, "empty", ""),
        (binary(), b'{"message": {"text": "a\\u0000"}}', "nul_character", "data.message.text"),
    ],
)
def test_bad_binary_mode_gives_a_reason_and_a_place(headers: Any, value: bytes | None, reason: str, path: str) -> None:
    reject = rejected(value, headers)
    assert (reject.reason, reject.path) == (reason, path)


# -- keys


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (encoded(partitionkey="acme/other"), b"acme/other"),
        (encoded(), b"acme/c-1"),
        (encoded(data={"tenant_id": "acme"}), b"acme/c-1"),
        (encoded(data={}), b"acme/c-1"),
        (encoded(data=None, subject="客户"), "acme/客户".encode()),
        (encoded(data={}, subject=...), b"acme/"),
        (encoded(data={}, source="x"), None),
        (encoded(data={"tenant_id": 5, "conversation": []}, subject=[1]), None),
        (b"{", None),
        (b"\xff\0", None),
    ],
)
def test_the_partition_key_follows_the_design(value: bytes, key: bytes | None) -> None:
    assert partition_key(value) == key


def test_reasons_are_fit_to_be_labels() -> None:
    assert all(re.fullmatch("[a-z_0-9]+", reason) for reason in REASONS)
