"""Reading fields of a payload nobody has checked: what is not there or not of its kind is None, or Unreadable where it is needed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "Unreadable",
    "compact",
    "flag",
    "instant",
    "items",
    "label",
    "millis",
    "moment",
    "needed_id",
    "number",
    "part",
    "rfc3339",
    "text",
    "word",
]

MAX_TEXT: Final = 512
LATEST: Final = 253_402_300_000.0
"""Seconds at which year 9999 ends: what is later is no time."""

_ZONELESS: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")


class Unreadable(Exception):
    """A payload lacks what an event needs. `path` names the vendor's field, `detail` never quotes its value."""

    def __init__(self, path: str, detail: str = "is missing or not what it must be") -> None:
        super().__init__(path)
        self.path = path
        self.detail = detail


def part(payload: object, *names: str) -> Mapping[str, Any]:
    """The object below some names, empty where there is none.

    >>> part({"a": {"b": {"c": 1}}}, "a", "b"), part({"a": [1]}, "a", "b")
    ({'c': 1}, {})
    """
    found = payload
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def items(payload: Mapping[str, Any], name: str) -> list[Any]:
    """A list, empty where there is none."""
    found = payload.get(name)
    return found if isinstance(found, list) else []


def label(value: object) -> str | None:
    """An id or a name: a text of at most 512 characters, or a whole number, as text.

    >>> label(12), label("q-1"), label(True), label(""), label(1.5), label(None)
    ('12', 'q-1', None, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 10**24 else None
    return value if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else None


def needed_id(payload: Mapping[str, Any], name: str) -> str:
    """An id without which there is no event. Raises Unreadable."""
    found = label(payload.get(name))
    if found is None:
        raise Unreadable(name)
    return found


def word(value: object) -> str:
    """A short text that is compared with known ones; empty for anything else.

    >>> word("VOICE"), word(["VOICE"]), word(7)
    ('VOICE', '', '')
    """
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""


def text(value: object) -> str | None:
    """What somebody said or wrote, whole; None where there is nothing."""
    return value if isinstance(value, str) and value else None


def flag(value: object) -> bool:
    """Whether it is true, and nothing else."""
    return value is True


def number(value: object) -> float | None:
    """A finite number; a text that is one counts too (Live Call Analytics sends seconds as texts).

    >>> number("1.25"), number(3), number("nan"), number(True), number("1e999")
    (1.25, 3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def millis(value: object, scale: float = 1.0) -> int | None:
    """Milliseconds as a whole number below 2^53; `scale` 1000 reads seconds.

    >>> millis("1.25", 1000), millis(-1)
    (1250, None)
    """
    found = number(value)
    if found is None or not 0 <= found * scale < 2**53:
        return None
    return round(found * scale)


def instant(value: object) -> float | None:
    """Epoch seconds of whatever vendors call a time.

    RFC 3339, the same without an offset or with `UTC` (then UTC), seconds or milliseconds since 1970.

    >>> instant("2021-07-23T18:02:48.000Z") == instant("2021-07-23 18:02:48 UTC") == instant(1627063368) == instant(1627063368000)
    True
    >>> instant("yesterday"), instant(-5), instant("2021-13-01T00:00:00Z")
    (None, None, None)
    """
    if isinstance(value, str):
        return _written(value)
    found = number(value)
    if found is not None and found > 1e11:
        found /= 1000
    return found if found is not None and 0 < found < LATEST else None


def _written(value: str) -> float | None:
    if len(value) > 40:
        return None
    plain = value.removesuffix(" UTC")
    if plain != value or _ZONELESS.fullmatch(value):
        plain += "+00:00"
    try:
        found = datetime.fromisoformat(_to_micros(plain))
        seconds = found.timestamp() if found.tzinfo is not None else -1.0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < LATEST else None


def _to_micros(value: str) -> str:
    """Without the digits beyond the microsecond, which Zendesk and Go write and Python does not read."""
    return re.sub(r"(\.\d{6})\d+", r"\1", value)


def moment(payload: Mapping[str, Any], *names: str) -> float:
    """The first of some fields that is a time (epoch s). Raises Unreadable."""
    for name in names:
        found = instant(payload.get(name))
        if found is not None:
            return found
    raise Unreadable(names[0], "is no time")


def rfc3339(seconds: float) -> str:
    """The time of an event as the schema wants it.

    >>> rfc3339(1627063368.25)
    '2021-07-23T18:02:48.250000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def compact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is unknown: None and empty objects are absent.

    >>> compact({"a": None, "b": {}, "c": 0, "d": False})
    {'c': 0, 'd': False}
    """
    return {name: value for name, value in fields.items() if value is not None and value != {}}
