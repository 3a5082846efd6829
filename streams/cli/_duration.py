"""Durations and moments as people type them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from streams.errors import UsageError

__all__ = ["duration", "moment"]

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhdw])")


def duration(text: str, option: str) -> float:
    """Seconds of 90s, 30m, 2h, 1d, 1w or 1h30m. Raises UsageError naming the option.

    >>> duration("1h30m", "--for"), duration("0.5h", "--for")
    (5400.0, 1800.0)
    """
    found = _PART.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise UsageError(f"{option} {text}: a duration such as 30m, 2h or 1d is expected")
    return sum(float(number) * _SECONDS[unit] for number, unit in found)


def moment(text: str, option: str) -> float:
    """Epoch seconds of a time after RFC 3339; without a zone it is this machine's. Raises UsageError naming the option.

    >>> moment("1970-01-02T00:00:00Z", "--until")
    86400.0
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: a time such as 2026-11-11T08:00 or 2026-11-11T08:00:00+08:00 is expected") from None
    return found.timestamp() if found.tzinfo is not None else found.astimezone().timestamp()
