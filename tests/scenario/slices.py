"""Simulated days as events, ready to be fed again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from random import Random

from msgspec.structs import replace

from detectors.event import Event
from streams.simulate.simulation import Simulation, kinds
from tests.scenario.harness import parsed

__all__ = ["BASELINE", "LATENESS_S", "START", "arrivals", "history", "plain_kinds"]

START = datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=8)))
LATENESS_S = 30.0
BASELINE = frozenset({"campaign", "surge"})
"""Kinds of incidents that are measured against eight days before them."""


def plain_kinds() -> list[str]:
    """The kinds of incidents that need no baseline."""
    return [kind for kind in kinds() if kind not in BASELINE]


def history(*, seed: int, days: int, rate: float) -> list[Event]:
    """The events of some simulated days in the order of their times, each once: what happened, whatever its way was."""
    simulation = Simulation(seed=seed, start=START, days=days, rate=rate, incidents=plain_kinds())
    as_of = START.timestamp() + (days + 1) * 86_400
    known = {(event.source, event.id): event for event in (parsed(line, as_of) for line in simulation.events())}
    return sorted(known.values(), key=lambda event: (event.time, event.source, event.id))


def arrivals(events: Sequence[Event], random: Random | None = None) -> list[Event]:
    """Copies of the events in an order of arrival; with a `random`, each up to the lateness out of order and some of them twice.

    A double comes within the lateness or hours later: it changes nothing in either case.
    """
    if random is None:
        return [replace(event) for event in events]
    drawn = [(event.time + random.uniform(0, LATENESS_S - 1), replace(event)) for event in events]
    drawn += [(event.time + random.uniform(0, 6 * 3600), replace(event)) for event in random.sample(events, len(events) // 20)]
    last = max(event.time for event in events)
    return [event for at, event in sorted(drawn, key=lambda pair: pair[0]) if at - event.time < LATENESS_S or at < last]
