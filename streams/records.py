"""From bytes to an Event, or to a Reject that says why not and where. Nothing that comes in raises.

CloudEvents 1.0 in both modes of its Kafka binding: structured (the whole event in the value) and binary (attributes in `ce_*` headers,
the value is `data`). What an event's `data` may hold is in `streams/wire.py`.

Decisions that hold for every producer:

- the tenant is `data.tenant_id`, else that of `source` (`/tenants/{tenant}/…`); where the two differ the event is a reject, since
  counting it for either could show one tenant's customers to the other;
- the subject is `data.conversation.id`, else the CloudEvents `subject`, else the id of what the event is about;
- a NUL anywhere, in fields we do not know too, is a reject and is never cut out: what it was meant to be is unknown;
- of a JSON key that comes twice the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec
from pydantic import ValidationError

from detectors.event import Conversation, Event
from streams import wire
from streams.privacy import Masked, Privacy

__all__ = ["REASONS", "Parser", "Reason", "Reject", "partition_key"]

Reason = Literal[
    "empty",
    "too_large",
    "not_utf8",
    "not_json",
    "not_an_object",
    "too_deep",
    "nul_character",
    "wrong_content_type",
    "wrong_specversion",
    "missing_attribute",
    "invalid_attribute",
    "unknown_type",
    "bad_time",
    "future_time",
    "invalid_data",
    "tenant_mismatch",
]
REASONS: tuple[str, ...] = get_args(Reason)
"""Every reason there is: the values of a metric's label."""

Headers = Sequence[tuple[str, bytes | None]]

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_ATTRIBUTE = 512
FUTURE_S = 300.0

_ATTRIBUTES = ("specversion", "id", "source", "type", "time")
_MODELS = {
    f"{wire.PREFIX}{name}{wire.SUFFIX}": (name, model.texts, model.__pydantic_validator__.validate_python)
    for name, model in wire.TYPES.items()
}
_PATHS = wire.field_names() | {*_ATTRIBUTES, "subject", "partitionkey", "sequence", "traceparent", "dataschema", "data"}
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[{\]}]")
_decode = msgspec.json.Decoder().decode


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Why a record is no event.

    `path` is the place in the schema (`data.message.direction`, `ce_time` for a header), empty where it is the whole record; names that
    are not the schema's are written `*`. `detail` is one line for people. Neither contains anything of the payload. `tenant` is the one
    the source names, where it can be read.
    """

    reason: Reason
    path: str = ""
    detail: str = ""
    tenant: str | None = None


class _Invalid(Exception):
    """The record is no event: raised and caught inside this module."""

    def __init__(self, reason: Reason, path: str, detail: str) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.path = path
        self.detail = detail


class Parser:
    """Parses and masks records.

    `mask` takes private data out of a text, `secret` keys the pseudonyms of ids (`streams/privacy.py`). A value of more than
    `limit` bytes is a reject, and so is an event more than `future_s` seconds later than its record. Long texts are kept whole.
    """

    def __init__(self, mask: Callable[[str], Masked], *, secret: bytes = b"", limit: int = MAX_BYTES, future_s: float = FUTURE_S) -> None:
        self._privacy = Privacy(mask, secret)
        self._limit = limit
        self._future_s = future_s

    def parse(self, value: bytes | None, headers: Headers = (), *, record_time: float, offset: int = -1) -> Event | Reject:
        """The event in a record, masked, or why there is none.

        `record_time` is when the record was written (epoch s): the broker's word for what the present was. `offset` is kept in the event.
        """
        attributes: dict[str, Any] = {}
        try:
            attributes = self._open(value, headers)
            return self._event(attributes, record_time, offset)
        except _Invalid as error:
            return Reject(error.reason, error.path, error.detail, _named_tenant(attributes))

    def _open(self, value: bytes | None, headers: Headers) -> dict[str, Any]:
        """The event's attributes by name, with its data under `data`."""
        if not value:
            raise _Invalid("empty", "", "the record has no value")
        if len(value) > self._limit:
            raise _Invalid("too_large", "", f"the value is larger than {self._limit} bytes")
        attributes = _from_headers(headers) if headers else None
        body = _json(value, "" if attributes is None else "data")
        if attributes is None:
            return body
        attributes["data"] = body
        return attributes

    def _event(self, attributes: dict[str, Any], record_time: float, offset: int) -> Event:
        _check_attributes(attributes)
        model = _MODELS.get(attributes["type"])
        if model is None:
            raise _Invalid("unknown_type", "type", "the type is none of those this version knows")
        kind, texts, validate = model
        time = self._time(attributes["time"], "time", record_time)
        data = _validated(validate, attributes.get("data"))
        if isinstance(data, wire.Heartbeat):
            self._not_future(data.watermark, "data.watermark", record_time)
            return Event(kind, data.watermark, attributes["id"], attributes["source"], "", "", offset)
        event = _mapped(kind, time, attributes, data, offset)
        self._privacy.clean(event, texts)
        return event

    def _time(self, text: Any, path: str, record_time: float) -> float:
        try:
            time = wire.instant(text)
        except ValueError as error:
            raise _Invalid("bad_time", path, str(error)) from None
        self._not_future(time, path, record_time)
        return time

    def _not_future(self, time: float, path: str, record_time: float) -> None:
        if time > record_time + self._future_s:
            raise _Invalid("future_time", path, f"more than {self._future_s:g} s later than the record")


def partition_key(value: bytes) -> bytes | None:
    """The Kafka key of a structured event: its `partitionkey`, else `tenant/conversation_id`, else `tenant/subject`, else `tenant/`.

    Doubles have one key, so that they meet. None for a heartbeat (it goes to every partition) and for what is no event of a tenant:
    any partition will do, the reader rejects it. Never raises.

    >>> partition_key(b'{"source":"/tenants/acme/crm","data":{"conversation":{"id":"c-1"}}}')
    b'acme/c-1'
    """
    try:
        attributes = _json(value, "")
    except _Invalid:
        return None
    given = attributes.get("partitionkey")
    if isinstance(given, str) and given:
        return given.encode()
    data = attributes.get("data")
    data = data if isinstance(data, dict) else {}
    conversation = data.get("conversation")
    conversation_id = conversation.get("id") if isinstance(conversation, dict) else None
    tenant = data.get("tenant_id") or _named_tenant(attributes)
    subject = conversation_id or attributes.get("subject") or ""
    return f"{tenant}/{subject}".encode() if isinstance(tenant, str) and isinstance(subject, str) else None


# -- the envelope


def _json(value: bytes, path: str) -> dict[str, Any]:
    """The JSON object in a value. `path` is where it belongs in the event."""
    if 0 in value:
        raise _Invalid("nul_character", path, "a NUL byte")
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _too_deep(value):
        raise _Invalid("too_deep", path, f"nested deeper than {MAX_DEPTH} levels")
    try:
        body = _decode(value)
    except ValueError as error:
        raise _unreadable(value, path, error) from None
    if not isinstance(body, dict):
        raise _Invalid("not_an_object", path, "a JSON object is expected")
    if b"\\" in value and b"\\u0000" in value:
        _refuse_nul(body, path)
    return body


def _unreadable(value: bytes, path: str, error: ValueError) -> _Invalid:
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        return _Invalid("not_utf8", path, f"the bytes are no UTF-8 (byte {fault.start})")
    if not value.strip():
        return _Invalid("empty", path, "the record has no value")
    # The decoder names positions and never quotes; what follows " - at" is a path of keys.
    return _Invalid("not_json", path, str(error).partition(" - at")[0])


def _too_deep(value: bytes) -> bool:
    """Whether brackets outside of strings nest too deep: asked before decoding, which is recursive."""
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", value)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _refuse_nul(body: Any, path: str) -> None:
    pending: list[tuple[tuple[str | int, ...], Any]] = [((path,) if path else (), body)]
    while pending:
        at, value = pending.pop()
        children: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            children = list(value.items())
        elif isinstance(value, list):
            children = list(enumerate(value))
        for key, child in children:
            if "\0" in (key if isinstance(key, str) else "") or (isinstance(child, str) and "\0" in child):
                raise _Invalid("nul_character", _path((*at, key)), "a NUL in a text")
            if isinstance(child, (dict, list)):
                pending.append(((*at, key), child))


def _from_headers(headers: Headers) -> dict[str, Any] | None:
    """The attributes of a binary mode event; None when the event is structured."""
    by_name = {name.lower(): content for name, content in headers if content is not None}
    declared = by_name.get("content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if declared.startswith("application/cloudevents"):
        if declared not in {"application/cloudevents", "application/cloudevents+json"}:
            raise _Invalid("wrong_content_type", "content-type", "of the structured formats only JSON is read, one event a record")
        return None
    attributes = {name[3:]: content for name, content in by_name.items() if name.startswith("ce_")}
    if not attributes:
        return None
    if declared not in {"", "application/json"} and not declared.endswith("+json"):
        raise _Invalid("wrong_content_type", "content-type", "the data of a binary mode event must be JSON")
    return {name: _header(name, content) for name, content in attributes.items()}


def _header(name: str, content: bytes) -> str:
    path = f"ce_{name}" if name in _PATHS else "ce_*"
    if 0 in content:
        raise _Invalid("nul_character", path, "a NUL byte")
    try:
        return content.decode()
    except UnicodeDecodeError as fault:
        raise _Invalid("not_utf8", path, f"the bytes are no UTF-8 (byte {fault.start})") from None


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    for name in _ATTRIBUTES:
        value = attributes.get(name)
        if value is None or value == "":
            raise _Invalid("missing_attribute", name, "the attribute is required")
        if not isinstance(value, str) or len(value) > MAX_ATTRIBUTE:
            raise _wrong_attribute(name)
    if attributes["specversion"] != "1.0":
        raise _Invalid("wrong_specversion", "specversion", "only CloudEvents 1.0 is read")


def _wrong_attribute(name: str) -> _Invalid:
    reasons: dict[str, Reason] = {"specversion": "wrong_specversion", "time": "bad_time"}
    return _Invalid(reasons.get(name, "invalid_attribute"), name, f"a text of at most {MAX_ATTRIBUTE} characters is expected")


# -- the data


def _validated(validate: Callable[[Any], Any], data: Any) -> wire.Data:
    if data is None:
        raise _Invalid("missing_attribute", "data", "the event has no data")
    try:
        model: wire.Data = validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _Invalid("invalid_data", _path(("data", *first["loc"])), first["msg"]) from None
    return model


def _path(parts: Sequence[str | int]) -> str:
    """A dotted path of the schema's own names: a key that a producer chose may be private and becomes `*`."""
    return ".".join(str(part) if isinstance(part, int) or part in _PATHS else "*" for part in parts)


def _mapped(kind: str, time: float, attributes: Mapping[str, Any], data: wire.Data, offset: int) -> Event:
    source = attributes["source"]
    event = Event(kind, time, attributes["id"], source, _tenant(source, data.tenant_id), _subject(attributes, data), offset)
    if data.conversation is not None:
        event.conversation = data.conversation.part()
    elif data.conversational:
        event.conversation = Conversation(event.subject)
    if data.customer is not None:
        event.customer = data.customer.part()
    if data.agent is not None:
        event.agent = data.agent.part()
    if data.issue is not None:
        event.issue = data.issue.part()
    data.fill(event)
    return event


def _tenant(source: str, named: str | None) -> str:
    """The tenant an event belongs to. Keys are `tenant/…`, so that a tenant holds no slash."""
    of_source = _tenant_of(source)
    if named is not None and of_source is not None and named != of_source:
        raise _Invalid("tenant_mismatch", "data.tenant_id", "the source names another tenant")
    tenant = named or of_source
    if tenant is None:
        raise _Invalid("missing_attribute", "data.tenant_id", "neither the data nor the source (/tenants/{tenant}/…) names a tenant")
    if "/" in tenant or not tenant.isprintable():
        raise _Invalid("invalid_data", "data.tenant_id", "a tenant has no slash and no control character")
    return tenant


@lru_cache(4096)
def _tenant_of(source: str) -> str | None:
    return (source.split("/", 3)[2] or None) if source.startswith("/tenants/") else None


def _named_tenant(attributes: Mapping[str, Any]) -> str | None:
    """The tenant of a source nobody has checked yet."""
    source = attributes.get("source")
    return _tenant_of(source) if isinstance(source, str) and len(source) <= MAX_ATTRIBUTE else None


def _subject(attributes: Mapping[str, Any], data: wire.Data) -> str:
    if data.conversation is not None:
        return data.conversation.id
    given = attributes.get("subject")
    if given is not None and (not isinstance(given, str) or len(given) > MAX_ATTRIBUTE):
        raise _wrong_attribute("subject")
    subject = given or data.about()
    if not subject:
        raise _Invalid("missing_attribute", "subject", "the event names neither a conversation nor a subject, nor what else it is about")
    return subject
