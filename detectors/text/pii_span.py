"""Where in a text something personal stands."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PersonalSpan"]


class PersonalSpan(NamedTuple):
    """Characters `start` to `end` are of type `kind`; a `doubt` says why that is not sure, and is empty where it is.

    Doubts: `checksum` (the form of a number whose check digit is wrong), `context` (the form alone, nothing around it says so),
    `length` (a long number of unknown kind), `place` (an address of no known place), `spelt` (a row of Chinese figures).
    """

    start: int
    end: int
    kind: str
    doubt: str = ""
