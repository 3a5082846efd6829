"""What is planted, in the form the scenarios' truth has."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Benign", "Incident", "Truth"]


class Incident(msgspec.Struct, omit_defaults=True):
    """Something an alert must be raised for.

    An alert counts when its indicator is one of `accept`, its scope names `scope`, its tier is at least `min_tier`, and its event
    time lies between `since` (written as `from`; the onset where absent) and `deadline`. `involved` are all scopes it touches:
    alerts on them are explained.
    """

    id: str
    kind: str
    accept: list[str]
    scope: str
    onset: str
    deadline: str
    min_tier: str
    since: str | None = msgspec.field(default=None, name="from")
    involved: list[str] = []


class Benign(msgspec.Struct, omit_defaults=True):
    """Something that looks like an incident and is none: no yellow or higher of `must_not` on `scope` (from `since` to `until`)."""

    id: str
    must_not: list[str]
    scope: str
    since: str | None = msgspec.field(default=None, name="from")
    until: str | None = None
    involved: list[str] = []


class Truth(msgspec.Struct):
    """The truth about one simulation. The counts are complete once all events were taken."""

    scored_from: str
    until: str
    incidents: list[Incident]
    benign: list[Benign]
    events: int = 0
    conversations_quiet_day: int = 0
    conversations_scored_day: int = 0
    malformed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The truth as plain data, ready for JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
