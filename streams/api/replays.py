"""Answers to commands that were given with an idempotency key."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from streams.api.call import Answer

__all__ = ["Replays", "Reused"]

REMEMBERED: Final = 10_000


class Reused(Exception):
    """The key came before with another request."""


class Replays:
    """The last 10,000 answers by key. Beyond that, or after a restart, a repeated command has the same id and counts once all the same.

    >>> replays = Replays()
    >>> replays.get("k", "a") is None, replays.put("k", "a", Answer("done")), replays.get("k", "a")
    (True, None, Answer(body='done', revision=None))
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[str, Answer]] = OrderedDict()

    def get(self, key: str, request: str) -> Answer | None:
        """The answer to a key, None where it is new. Raises Reused when its request was another."""
        known = self._answers.get(key)
        if known is None:
            return None
        if known[0] != request:
            raise Reused
        return known[1]

    def put(self, key: str, request: str, answer: Answer) -> None:
        """Remember an answer."""
        self._answers[key] = (request, answer)
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
