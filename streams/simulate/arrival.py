"""The order in which events arrive: mostly as they happened, with a little disorder, few late ones, and doubles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from random import Random
from typing import Any

from streams.simulate.case import Planned

__all__ = ["DISORDER_MS", "Arrivals"]

DISORDER_MS = 25_000
"""The longest delay of an event that is merely out of order; below the 30 s a pipeline allows by default."""

SHUFFLED, LATE, DOUBLED = 0.03, 0.0004, 0.004
"""Shares of events that are out of order, late (40 s to 10 min), and delivered twice."""


class Arrivals:
    """Holds events until their time of arrival has come.

    What is held is bounded by one day's events and the few that last into the next one.
    """

    def __init__(self, until: int) -> None:
        self._until = until
        self._held: list[tuple[int, int, dict[str, Any]]] = []
        self._count = 0

    def add(self, planned: Iterable[Planned], rng: Random) -> None:
        """Take events in, in any order; those after the end of the recording are dropped."""
        for each in planned:
            if each.at < self._until:
                delay = _delay(rng, planted=each.planted)
                self._hold(each.at + delay, each.event)
                if rng.random() < DOUBLED:
                    self._hold(each.at + delay + rng.randrange(500, 20_000), each.event)

    def _hold(self, at: int, event: dict[str, Any]) -> None:
        self._count += 1
        self._held.append((at, self._count, event))

    def before(self, time: int) -> Iterator[dict[str, Any]]:
        """All events that have arrived before `time` (epoch ms), in order of arrival."""
        self._held.sort(key=itemgetter(0, 1))
        cut = next((index for index, (at, _, _) in enumerate(self._held) if at >= time), len(self._held))
        ready, self._held = self._held[:cut], self._held[cut:]
        for _, _, event in ready:
            yield event


def _delay(rng: Random, *, planted: bool) -> int:
    chance = rng.random()
    if chance < SHUFFLED:
        return rng.randrange(1000, DISORDER_MS)
    if chance > 1 - LATE and not planted:
        return rng.randrange(40_000, 600_000)
    return rng.randrange(20, 300)
