from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.command import MAX_TEXT, Command, CommandKind, CommandReject, command_of, decode_command, encode_command
from alerts.silence import Silence
from detectors.event import Event

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40)
TIMES = st.integers(1, 4_000_000_000_000).map(lambda ms: ms / 1000)
SILENCES: tuple[CommandKind, ...] = ("silence_add", "silence_expire")
KINDS: tuple[CommandKind, ...] = ("acknowledge", "in_progress", "resolve", "true_positive", "false_positive", "late", "missed")


@st.composite
def commands(draw: st.DrawFn) -> Command:
    at, tenant, by, comment = draw(TIMES), draw(NAMES), draw(NAMES), draw(st.text(st.characters(exclude_characters="\0"), max_size=50))
    comment = comment.encode("utf-8", "ignore").decode()
    if draw(st.booleans()):
        return Command(
            id=draw(NAMES), tenant=tenant, kind=draw(st.sampled_from(KINDS)), by=by, at=at, alert_id=draw(NAMES), comment=comment
        )
    silence = Silence(
        id=draw(NAMES),
        tenant=tenant,
        match=draw(st.dictionaries(NAMES, NAMES)),
        starts=at,
        until=round(at * 1000 + 60_000) / 1000,
        by=by,
        why=comment,
    )
    kind = draw(st.sampled_from(SILENCES))
    return Command(id=draw(NAMES), tenant=tenant, kind=kind, by=by, at=at, silence=silence, comment=comment)


@given(commands())
def test_a_command_is_the_same_after_its_way_through_the_topic(command: Command) -> None:
    assert decode_command(encode_command(command), record_time=command.at) == command


def given_event(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "c-1",
        "source": "/tenants/acme/console",
        "type": "fenghuo.feedback.given.v1",
        "time": "2026-11-11T00:00:00+08:00",
        "data": {"tenant_id": "acme", "alert_id": "3f9c", "command": "acknowledge", "reviewer": "li"},
    }
    for path, value in changes.items():
        place = event
        *parents, last = path.split("__")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return event


def decoded(event: dict[str, Any]) -> Command | CommandReject:
    return decode_command(json.dumps(event).encode(), record_time=1_794_326_400.0)


def test_the_schemas_own_example_of_feedback_is_a_command() -> None:
    found = decoded(
        given_event(data={"alert_id": "3f9c", "command": "verdict", "verdict": "false_positive", "reviewer": "r-1", "note": "促销"})
    )
    assert isinstance(found, Command)
    assert (found.kind, found.tenant, found.alert_id, found.by, found.comment) == ("false_positive", "acme", "3f9c", "r-1", "促销")


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"data__command": "delete"}, "invalid_data", "data.command"),
        ({"data__command": None}, "missing_attribute", "data.command"),
        ({"data__command": "verdict"}, "missing_attribute", "data.verdict"),
        ({"data__alert_id": ""}, "missing_attribute", "data.alert_id"),
        ({"data__tenant_id": "globex"}, "tenant_mismatch", "data.tenant_id"),
        ({"data__note": "x" * (MAX_TEXT + 1)}, "invalid_data", "data.note"),
        ({"data__reviewer": "li\n"}, "invalid_data", "data.reviewer"),
        ({"source": "console", "data__tenant_id": None}, "missing_attribute", "data.tenant_id"),
        ({"id": ""}, "missing_attribute", "id"),
        ({"id": 7}, "invalid_data", "id"),
        ({"type": "fenghuo.message.created.v1"}, "unknown_type", "type"),
        ({"specversion": "0.3"}, "invalid_data", "specversion"),
        ({"time": "2026-11-11T00:00:00"}, "bad_time", "time"),
        ({"time": "yesterday"}, "bad_time", "time"),
        ({"time": "1969-11-11T00:00:00Z"}, "bad_time", "time"),
        ({"time": "2026-11-11T00:06:00+08:00"}, "future_time", "time"),
        ({"type": "fenghuo.silence.added.v1"}, "missing_attribute", "data.silence"),
        ({"type": "fenghuo.silence.added.v1", "data__silence": {"id": "s"}}, "invalid_data", "data.silence.until"),
        (
            {"type": "fenghuo.silence.added.v1", "data__silence": {"id": "s", "until": "2036-11-11T00:00:00+08:00"}},
            "invalid_data",
            "data.silence.until",
        ),
        ({"type": "fenghuo.silence.expired.v1", "data__silence": {"id": ""}}, "missing_attribute", "data.silence.id"),
    ],
)
def test_what_is_no_command_says_why_and_where(changes: dict[str, Any], reason: str, path: str) -> None:
    found = decoded(given_event(**changes))
    assert isinstance(found, CommandReject)
    assert (found.reason, found.path) == (reason, path)


@given(st.one_of(st.binary(max_size=200), st.none()))
def test_nothing_that_comes_in_raises(value: bytes | None) -> None:
    assert isinstance(decode_command(value, record_time=0.0), CommandReject)


@pytest.mark.parametrize("value", [b"[" * 100_000, b"\xff\xfe", b"  ", b'{"specversion":'])
def test_broken_bytes_are_rejects(value: bytes) -> None:
    assert isinstance(decode_command(value, record_time=0.0), CommandReject)


def test_a_reject_quotes_nothing_of_the_record() -> None:
    found = decoded(given_event(data__command="13800138000"))
    assert isinstance(found, CommandReject)
    assert "13800138000" not in f"{found}"


def test_a_feedback_among_the_input_events_is_the_same_command() -> None:
    event = Event("feedback.given", 60.0, "e-1", "/tenants/acme/console", "acme", "3f9c")
    event.data = {"alert_id": "3f9c", "command": "verdict", "verdict": "true", "reviewer": "li"}
    assert command_of(event) == Command(id="e-1", tenant="acme", kind="true_positive", by="li", at=60.0, alert_id="3f9c")
