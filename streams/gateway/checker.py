"""Is it an event of this tenant? The same judgement as the worker's, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.event import Event
from streams.records import Parser, Reject

__all__ = ["Checked", "Checker"]

_NOT_HERE: Final = frozenset({"stream.heartbeat", "feedback.given"})
"""Heartbeats are the gateway's own; commands on alerts have a topic of their own."""


class Checked(msgspec.Struct, frozen=True):
    """An event that may be written: its bytes, its key, what tells it from others, its time (epoch s) and whom it is about."""

    value: bytes
    key: bytes
    id: str
    source: str
    time: float
    subject: str


class _Keyed(msgspec.Struct):
    partitionkey: str = ""


_keyed = msgspec.json.Decoder(_Keyed).decode


class _Unmasked:
    """A text as it came: the gateway only judges, the worker masks."""

    types: Sequence[str] = ()

    def __init__(self, text: str) -> None:
        self.text = text


class _Uncleaned:
    """Stands where the worker's masking stands."""

    def clean(self, event: Event, texts: Sequence[str]) -> None:
        """Leave the event as it is: nothing of it is kept."""


class _Judge(Parser):
    """The worker's parser without masking, which costs four times the rest."""

    def __init__(self, limit: int) -> None:
        super().__init__(_Unmasked, limit=limit)
        self._privacy = _Uncleaned()  # type: ignore[assignment]


class Checker:
    """Judges one event. What is larger than `limit` bytes is a reject."""

    def __init__(self, limit: int) -> None:
        self._judge = _Judge(limit)

    def check(self, value: bytes, tenant: str, now: float) -> Checked | Reject:
        """The event in these bytes if it is one of `tenant`, else why not. An event that names no tenant gets this one."""
        found = self._judge.parse(value, record_time=now)
        if isinstance(found, Reject) and (found.reason, found.path) == ("missing_attribute", "data.tenant_id"):
            value = _named(value, tenant)
            found = self._judge.parse(value, record_time=now)
        if isinstance(found, Reject):
            return msgspec.structs.replace(found, tenant=tenant)
        if found.type in _NOT_HERE:
            return Reject("unknown_type", "type", "this type is not taken here", tenant)
        if found.tenant != tenant:
            return Reject("tenant_mismatch", "source", "the event names another tenant than the token's", tenant)
        return Checked(value, _key(value, found), found.id, found.source, found.time, found.subject)


def _key(value: bytes, event: Event) -> bytes:
    """The event's Kafka key: its `partitionkey`, else tenant and subject.

    The same as `streams.records.partition_key`, without decoding all of it again.
    """
    named = ""
    if b'"partitionkey"' in value:
        try:
            named = _keyed(value).partitionkey
        except msgspec.ValidationError:  # a key that is no text is none
            named = ""
    return named.encode() if named else f"{event.tenant}/{event.subject}".encode()


def _named(value: bytes, tenant: str) -> bytes:
    """The same event with the tenant in its data."""
    event = msgspec.json.decode(value)
    event["data"]["tenant_id"] = tenant
    return msgspec.json.encode(event)
