"""Simulations the tests of this folder share, each made once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from streams.simulate.simulation import Simulation
from streams.simulate.truth import Truth

ZONE = timezone(timedelta(hours=8))
MONDAY = datetime(2025, 9, 1, tzinfo=ZONE)

Event = dict[str, Any]


def simulation(seed: int = 1, days: int = 2, rate: float = 1.0, incidents: Sequence[str] | None = None) -> Simulation:
    return Simulation(seed=seed, start=MONDAY, days=days, rate=rate, incidents=incidents)


@functools.cache
def recorded(seed: int = 1, days: int = 2, rate: float = 1.0, incidents: tuple[str, ...] | None = None) -> tuple[list[Event], Truth]:
    """All events of a simulation, and its truth."""
    made = simulation(seed, days, rate, incidents)
    return list(made.events()), made.truth


@functools.cache
def ordered(seed: int) -> list[Event]:
    """The events of the default simulation of a seed, without doubles, in order of event time."""
    return distinct(recorded(seed)[0])


def time_of(event: Event) -> datetime:
    return datetime.fromisoformat(event["time"])


def distinct(events: Sequence[Event]) -> list[Event]:
    """Without doubles, in order of event time."""
    return sorted({event["id"]: event for event in events}.values(), key=lambda event: (event["time"], event.get("sequence", "")))


def of_type(events: Sequence[Event], kind: str) -> list[Event]:
    return [event for event in events if event["type"] == f"fenghuo.{kind}.v1"]
