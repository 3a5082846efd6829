"""Comparing signatures without telling by time how much of one was right."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

__all__ = ["header_bytes", "matches"]


def header_bytes(value: str) -> bytes:
    """A header as it came over the wire."""
    return value.encode("utf-8", "surrogateescape")


def matches(expected: Iterable[str], given: str) -> bool:
    """Whether one of the expected texts was given; all are looked at.

    >>> matches(["new", "old"], "old"), matches([], "")
    (True, False)
    """
    found = False
    for each in expected:
        found |= hmac.compare_digest(each.encode(), header_bytes(given))
    return found
