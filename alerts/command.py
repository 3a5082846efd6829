"""What people tell the alerts: acknowledged, resolved, a false alarm, a silence. As a struct, and as an event on the feedback topic."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from alerts.silence import Silence
from alerts.values import path_segment, unquoted
from detectors.event import Event

__all__ = ["MAX_TEXT", "Command", "CommandKind", "CommandReject", "command_of", "decode_command", "encode_command"]

CommandKind = Literal[
    "acknowledge", "in_progress", "resolve", "true_positive", "false_positive", "late", "missed", "silence_add", "silence_expire"
]
MAX_TEXT: Final = 2000
"""Characters of a comment or a reason; other texts have at most 512."""

_ID: Final = 512
_FUTURE_S: Final = 300.0
_LONGEST_S: Final = 366 * 86_400.0
_VERDICTS: Final[dict[str, CommandKind]] = {
    "true": "true_positive",
    "false_positive": "false_positive",
    "late": "late",
    "missed": "missed",
}
_GIVEN, _ADDED, _EXPIRED = "fenghuo.feedback.given.v1", "fenghuo.silence.added.v1", "fenghuo.silence.expired.v1"
_SOURCE: Final = re.compile(r"/tenants/([^/]+)(?:/|$)")


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One command. `id` names it: the same id a second time does nothing.

    `alert_id` says which alert; `alert_key` alone means the alert that burns at that key. A silence has neither: `silence` is the new one,
    or of the one to end at least its id. `at` is when it was given (epoch s), `by` whoever gave it.

    - acknowledge, in_progress: somebody has seen it, somebody works on it: nobody else is called while it does not rise;
    - resolve: it is over; true_positive, late: a verdict, the alert goes on; false_positive: a verdict, and it is over;
    - missed: a verdict on what should have been an alert; nothing changes here.
    """

    id: str
    tenant: str
    kind: CommandKind
    by: str
    at: float
    alert_id: str | None = None
    alert_key: str | None = None
    comment: str = ""
    silence: Silence | None = None


class CommandReject(msgspec.Struct, frozen=True):
    """Why a record is no command: a reason for metrics and the dead letter, the place in the schema, one line that quotes nothing."""

    reason: Literal["empty", "not_json", "unknown_type", "missing_attribute", "invalid_data", "bad_time", "future_time", "tenant_mismatch"]
    path: str = ""
    detail: str = ""
    tenant: str | None = None


class _Silence(msgspec.Struct):
    id: str
    match: dict[str, str] = {}
    starts: str | None = None
    until: str | None = None


class _Data(msgspec.Struct):
    tenant_id: str | None = None
    command: Literal["acknowledge", "in_progress", "resolve", "verdict"] | None = None
    verdict: Literal["true", "false_positive", "late", "missed"] | None = None
    alert_id: str | None = None
    alert_key: str | None = None
    reviewer: str | None = None
    note: str | None = None
    silence: _Silence | None = None


class _Event(msgspec.Struct):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: str
    data: _Data


class _Invalid(Exception):
    """The record is no command: raised and caught inside this module."""

    def __init__(self, reject: CommandReject) -> None:
        super().__init__(reject.reason)
        self.reject = reject


_decoder = msgspec.json.Decoder(_Event)


def command_of(event: Event) -> Command:
    """The command in a `feedback.given` among the input events: a recorded day has its commands where it has its messages."""
    data: dict[str, Any] = event.data or {}
    kind = data["command"] if data["command"] != "verdict" else _VERDICTS[data["verdict"]]
    return Command(
        id=event.id,
        tenant=event.tenant,
        kind=kind,
        by=data.get("reviewer") or "",
        at=event.time,
        alert_id=data["alert_id"],
        comment=(data.get("note") or "")[:MAX_TEXT],
    )


def encode_command(command: Command) -> bytes:
    """The command as a structured CloudEvent, for the feedback topic under the key of its tenant.

    >>> given = Command(id="c-1", tenant="acme", kind="acknowledge", by="li", at=60.0, alert_id="3f9c")
    >>> decode_command(encode_command(given), record_time=60.0) == given
    True
    """
    data: dict[str, Any] = {"tenant_id": command.tenant, "reviewer": command.by}
    kind = _GIVEN
    if command.silence is not None:
        kind = _ADDED if command.kind == "silence_add" else _EXPIRED
        silence = command.silence
        data["silence"] = {"id": silence.id, "match": silence.match, "starts": _text(silence.starts), "until": _text(silence.until)}
    else:
        verdict = next((name for name, each in _VERDICTS.items() if each == command.kind), None)
        data |= {"alert_id": command.alert_id, "alert_key": command.alert_key}
        data |= {"command": command.kind} if verdict is None else {"command": "verdict", "verdict": verdict}
    data["note"] = command.comment or None
    event = {
        "specversion": "1.0",
        "id": command.id,
        "source": f"/tenants/{path_segment(command.tenant)}/commands",
        "type": kind,
        "subject": command.alert_id or command.alert_key or (command.silence.id if command.silence is not None else command.tenant),
        "time": _text(command.at),
        "datacontenttype": "application/json",
        "data": {name: value for name, value in data.items() if value is not None},
    }
    return msgspec.json.encode(event)


def decode_command(value: bytes | None, *, record_time: float) -> Command | CommandReject:
    """The command in a record, or why there is none. Raises nothing.

    `record_time` is when the record was written (epoch s): a command of more than 5 minutes after it is a reject. A silence lasts at
    most 366 days.
    """
    if not value or not value.strip():
        return CommandReject("empty", "", "the record has no value")
    try:
        event = _decoder.decode(value)
    except msgspec.ValidationError as error:
        # What stands before the path may quote the value.
        return CommandReject("invalid_data", str(error).rpartition(" - at `$.")[2].rstrip("`"), "missing, or not of its type")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return CommandReject("not_json", "", "a CloudEvent in JSON is expected")
    try:
        return _command(event, record_time)
    except _Invalid as error:
        return msgspec.structs.replace(error.reject, tenant=event.data.tenant_id)


def _command(event: _Event, record_time: float) -> Command:
    kind: CommandKind
    at = _instant(event.time, "time")
    if at > record_time + _FUTURE_S:
        raise _refused("future_time", "time", f"more than {_FUTURE_S:g} s later than the record")
    data = event.data
    tenant, by = _tenant(event), _short(data.reviewer or "", "data.reviewer")
    if data.note is not None and (len(data.note) > MAX_TEXT or "\0" in data.note):
        raise _refused("invalid_data", "data.note", f"a text of at most {MAX_TEXT} characters is expected")
    if event.type == _GIVEN:
        kind, silence, (alert_id, alert_key) = _kind(data), None, _which(data)
    elif event.type in {_ADDED, _EXPIRED}:
        kind, alert_id, alert_key = "silence_add" if event.type == _ADDED else "silence_expire", None, None
        silence = _silence(data, tenant, at, new=event.type == _ADDED)
    else:
        raise _refused("unknown_type", "type", "the type is none of a command")
    note = data.note or ""
    return Command(
        id=_named(event.id, "id"),
        tenant=tenant,
        kind=kind,
        by=by,
        at=at,
        alert_id=alert_id,
        alert_key=alert_key,
        comment=note,
        silence=silence,
    )


def _kind(data: _Data) -> CommandKind:
    if data.command is None:
        raise _refused("missing_attribute", "data.command", "acknowledge, in_progress, resolve or verdict is expected")
    if data.command != "verdict":
        return data.command
    if data.verdict is None:
        raise _refused("missing_attribute", "data.verdict", "the command verdict needs a verdict")
    return _VERDICTS[data.verdict]


def _which(data: _Data) -> tuple[str | None, str | None]:
    """The id and key of the alert that is meant."""
    if not data.alert_id and not data.alert_key:
        raise _refused("missing_attribute", "data.alert_id", "the alert is named by alert_id or alert_key")
    return _short(data.alert_id or "", "data.alert_id") or None, _short(data.alert_key or "", "data.alert_key") or None


def _silence(data: _Data, tenant: str, at: float, *, new: bool) -> Silence:
    given = data.silence
    if given is None:
        raise _refused("missing_attribute", "data.silence", "the silence is expected")
    starts = at if given.starts is None else _instant(given.starts, "data.silence.starts")
    until = starts if given.until is None else _instant(given.until, "data.silence.until")
    if new and not 0 < until - starts <= _LONGEST_S:
        raise _refused("invalid_data", "data.silence.until", "the end lies after the start, at most 366 days")
    for text in (*given.match, *given.match.values()):
        _short(text, "data.silence.match")
    return Silence(
        id=_named(given.id, "data.silence.id"),
        tenant=tenant,
        match=given.match,
        starts=starts,
        until=until,
        by=data.reviewer or "",
        why=data.note or "",
    )


def _tenant(event: _Event) -> str:
    """The tenant of the data, else of the source; where both are given and differ, neither can be trusted."""
    found = _SOURCE.match(event.source)
    named = unquoted(found[1]) if found is not None else None
    given = event.data.tenant_id
    if given and named and given != named:
        raise _refused("tenant_mismatch", "data.tenant_id", "the tenant is another than the source's")
    return _named(given or named or "", "data.tenant_id")


def _named(text: str, path: str) -> str:
    if not text:
        raise _refused("missing_attribute", path, "a text is expected")
    return _short(text, path)


def _short(text: str, path: str) -> str:
    if len(text) > _ID or not text.isprintable():
        raise _refused("invalid_data", path, f"a text of at most {_ID} printable characters is expected")
    return text


def _instant(text: str, path: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _refused("bad_time", path, "a time after RFC 3339 is expected") from None
    if moment.tzinfo is None:
        raise _refused("bad_time", path, "the time has no zone")
    at = moment.timestamp()
    if not math.isfinite(at) or at < 0:
        raise _refused("bad_time", path, "a time since 1970 is expected")
    return at


def _refused(reason: Any, path: str, detail: str) -> _Invalid:
    return _Invalid(CommandReject(reason, path, detail))


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
