"""Keeps a log readable while something fails again and again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic

__all__ = ["RepeatedLines"]

_KINDS = 1000


@dataclass
class _Told:
    at: float
    held: int = 0


class RepeatedLines(logging.Filter):
    """Lets through one line of a kind in `every_s` seconds; the next one says how many were held back.

    A kind is a logger, a level and a message before its values are put in. Only lines of the `libraries` (first parts of loggers'
    names) are counted: a Kafka client without a broker logs some 700 lines a second, of five kinds. Held lines that no other follows
    are not told.

    >>> now = 0.0
    >>> lines = RepeatedLines(["aiokafka"], every_s=10, clock=lambda: now)
    >>> def line(text): return logging.LogRecord("aiokafka", logging.ERROR, "", 0, "Unable to connect to %s", (text,), None)
    >>> [lines.filter(line(number)) for number in range(3)]
    [True, False, False]
    >>> now, last = 10.0, line(3)
    >>> lines.filter(last), last.getMessage()
    (True, 'Unable to connect to 3 (and 2 more of its kind)')
    """

    def __init__(self, libraries: Collection[str], every_s: float = 10.0, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._libraries = frozenset(libraries)
        self._every = every_s
        self._clock = clock
        self._told: dict[tuple[str, int, str], _Told] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be written."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        kind = record.name, record.levelno, str(record.msg)
        now = self._clock()
        told = self._told.get(kind)
        if told is not None and now - told.at < self._every:
            told.held += 1
            return False
        if len(self._told) >= _KINDS:
            self._told.clear()
        self._told[kind] = _Told(now)
        if told is not None and told.held:
            record.msg, record.args = f"{record.getMessage()} (and {told.held} more of its kind)", None
        return True
