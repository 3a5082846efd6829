"""Whatever the bytes, the parser answers: an Event that can travel, or a Reject."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.event import Event
from streams.records import REASONS, Parser, Reject, partition_key
from streams.wire import instant

EXAMPLES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "contract" / "event_examples.json").read_text("utf-8"))
NOW = instant("2026-11-11T00:03:12Z")


@dataclass(frozen=True)
class Unmasked:
    text: str
    types: tuple[str, ...] = ("private",)


parser = Parser(Unmasked)
quick = settings(max_examples=200, deadline=None, database=None)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["", "\0", "13800138000", "a@b.cn", "2026-11-11T00:00:00Z", "in", "customer", "1.0", "/tenants//x", "/tenants/a"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=8
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_id", "ce_specversion", "ce_source", "ce_type", "ce_time", "CE_subject"]) | st.text(max_size=5),
        st.none() | st.binary(max_size=20) | st.sampled_from([b"application/cloudevents+json", b"application/json", b"1.0"]),
    ),
    max_size=6,
)


def answer(value: bytes | None, given_headers: Any = ()) -> None:
    parsed = parser.parse(value, given_headers, record_time=NOW)
    if isinstance(parsed, Reject):
        assert parsed.reason in REASONS
    else:
        encoded = msgspec.msgpack.encode(parsed)
        assert msgspec.msgpack.decode(encoded, type=Event) == parsed
        assert parsed.time <= NOW + 300
        assert "\\x00" not in repr(msgspec.to_builtins(parsed))
    if value is not None:
        partition_key(value)


def example(kind: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tenants/acme/crm",
        "type": f"fenghuo.{kind}.v1",
        "time": "2026-11-11T00:00:00Z",
        "subject": "s-1",
        "data": json.loads(json.dumps(EXAMPLES[kind]["data"])),
    }


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    children = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(value, key) for key, _ in children] + [place for _, child in children for place in places(child)]


@quick
@given(st.none() | st.binary(max_size=300), headers)
def test_any_bytes_get_an_answer(value: bytes | None, given_headers: list[tuple[str, bytes | None]]) -> None:
    answer(value, given_headers)


@quick
@given(values, headers)
def test_any_json_gets_an_answer(value: Any, given_headers: list[tuple[str, bytes | None]]) -> None:
    answer(json.dumps(value).encode(), given_headers)


@quick
@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_an_event_with_anything_anywhere_gets_an_answer(kind: str, data: st.DataObject) -> None:
    event = example(kind)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(event)))
        holder[key] = data.draw(values)
    answer(json.dumps(event, ensure_ascii=data.draw(st.booleans())).encode(errors="replace"))


@quick
@given(st.sampled_from(sorted(EXAMPLES)), st.integers(0, 2000), st.binary(max_size=4), st.integers(0, 4))
def test_an_event_with_broken_bytes_gets_an_answer(kind: str, at: int, inserted: bytes, removed: int) -> None:
    value = json.dumps(example(kind), ensure_ascii=False).encode()
    at %= len(value)
    answer(value[:at] + inserted + value[at + removed :])


@quick
@given(st.integers(0, 2**40), st.integers(0, 999_999))
def test_a_time_survives_to_the_microsecond(seconds: int, micros: int) -> None:
    seconds %= 253_402_300_799
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert instant(moment.isoformat()) == moment.timestamp()
