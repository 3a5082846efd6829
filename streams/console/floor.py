"""The floor now: the last that is known of every queue, agent and issue, from the events of `fenghuo.kpi.v1`."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from alerts.tier import Tier
from streams.kpis import AGENT, QUEUE, READINGS

__all__ = ["BACK_S", "Floor", "Measure", "Place"]

MOST: Final = 5000
"""Places of one kind that are kept; of more the ones longest unheard of go."""

BACK_S: Final = 12 * 3600.0
"""So far back a console begins to read: an agent's state is said when it changes, and then not for a shift."""

TENANTS: Final = 4 * MOST
"""Tenants whose time is remembered, before those without a place are forgotten."""

TREND_S: Final = 3600.0
STEP_S: Final = 60.0
READING_S: Final = 2 * 3600.0
"""A reading that was not evaluated for so long says nothing of now."""
FACTS_S: Final = {"queue": 1800.0, "agent": 24 * 3600.0, "issue": 0.0}
"""How long a queue's snapshot, and an agent's state, is believed."""

_FACTS: Final = ("waiting", "oldest_wait_s", "agents_available", "agents_busy", "service_level", "team_id", "type", "state")


class Measure(NamedTuple):
    """What one indicator read, the tier its fire stands at, when (epoch s), and the sample."""

    value: float
    tier: Tier
    at: float
    n: float = 0.0


@dataclass
class Place:
    """A queue, an agent or an issue: its last facts with their time, its last readings, and how many waited of late (`Floor.trend`)."""

    tenant: str
    id: str
    facts: dict[str, Any] = field(default_factory=dict)
    at: float | None = None
    readings: dict[str, Measure] = field(default_factory=dict)
    trend: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=int(TREND_S / STEP_S) + 1))

    @property
    def tier(self) -> Tier:
        """The highest fire that burns here."""
        return max((measure.tier for measure in self.readings.values()), default=Tier.NONE)


class _Event(msgspec.Struct):
    type: str
    time: datetime
    data: dict[str, Any]


class _Reading(msgspec.Struct):
    indicator: str
    scope: str
    key: str
    value: float | None = None
    tier: str | None = None
    n: float = 0.0


class Floor:
    """Takes the events in their order and says what is known now, by event time: a replayed day has its own now.

    Bounded: 5,000 queues, agents and issues each, an hour of waiting in steps of a minute. What comes late changes nothing.

    >>> floor = Floor()
    >>> floor.take({"type": QUEUE, "time": "2026-11-11T00:00:00Z", "data": {"tenant_id": "acme", "queue_id": "q-1", "waiting": 12}})
    >>> [(place.id, place.facts["waiting"]) for place in floor.places("queue", None)]
    [('q-1', 12)]
    """

    def __init__(self) -> None:
        self.ready = False
        """Whether `settle` was said."""
        self._places: dict[str, dict[tuple[str, str], Place]] = {"queue": {}, "agent": {}, "issue": {}}
        self._clocks: dict[str, float] = {}

    def settle(self) -> None:
        """All was read that was there when the console began."""
        self.ready = True

    def now(self, tenants: Sequence[str] | None) -> float | None:
        """The latest event time (epoch s) of these tenants, None before the first event."""
        return max((at for tenant, at in self._clocks.items() if tenants is None or tenant in tenants), default=None)

    def places(self, kind: str, tenants: Sequence[str] | None) -> Iterator[Place]:
        """Queues, agents or issues of these tenants (None: all) of which something is known that still holds; copies with only that."""
        for place in self._places[kind].values():
            if tenants is None or place.tenant in tenants:
                known = self._known(kind, place)
                if known.at is not None or known.readings:
                    yield known

    def trend(self, place: Place) -> list[tuple[float, float]]:
        """How many waited within the last hour, as (time, number)."""
        now = self._clocks[place.tenant]
        return [each for each in place.trend if now - each[0] <= TREND_S]

    def take(self, event: object) -> None:
        """Take an event of the topic; what is none of the three kinds, or lacks something, is passed over."""
        try:
            found = msgspec.convert(event, _Event, strict=False)
        except msgspec.ValidationError:
            return
        data, at = found.data, found.time.timestamp()
        tenant = data.get("tenant_id")
        if not isinstance(tenant, str):
            return
        if found.type == READINGS:
            self._readings(tenant, at, data.get("readings"))
        elif found.type == QUEUE and isinstance(data.get("queue_id"), str):
            self._told("queue", tenant, data["queue_id"], at, data)
        elif found.type == AGENT and isinstance(data.get("agent_id"), str):
            self._told("agent", tenant, data["agent_id"], at, data)

    def feed(self, value: bytes | None) -> None:
        """Take the value of a record."""
        try:
            self.take(json.loads(value or b""))
        except (ValueError, RecursionError):
            return

    def _readings(self, tenant: str, at: float, given: object) -> None:
        try:
            readings = msgspec.convert(given, list[_Reading])
        except msgspec.ValidationError:
            return
        for reading in readings:
            if reading.scope not in self._places:
                continue
            place = self._place(reading.scope, tenant, reading.key, at)
            known = place.readings.get(reading.indicator)
            if known is not None and known.at > at:
                continue
            if reading.value is None:
                place.readings.pop(reading.indicator, None)
            else:
                tier = Tier.__members__.get((reading.tier or "none").upper(), Tier.NONE)
                place.readings[reading.indicator] = Measure(reading.value, tier, at, reading.n)
            if reading.indicator == "queue_length" and reading.value is not None:
                _mark(place, at, reading.value)

    def _told(self, kind: str, tenant: str, name: str, at: float, data: dict[str, Any]) -> None:
        place = self._place(kind, tenant, name, at)
        if place.at is not None and place.at > at:
            return
        place.facts, place.at = {name: data[name] for name in _FACTS if isinstance(data.get(name), int | float | str)}, at
        waiting = place.facts.get("waiting")
        if isinstance(waiting, int | float):
            _mark(place, at, waiting)

    def _place(self, kind: str, tenant: str, name: str, at: float) -> Place:
        """The place, made where it is new; the ones longest unheard of stand first and make room."""
        self._clocks[tenant] = max(at, self._clocks.get(tenant, at))
        places = self._places[kind]
        place = places.pop((tenant, name), None) or Place(tenant, name)
        places[tenant, name] = place
        while len(places) > MOST:
            places.pop(next(iter(places)))
        if len(self._clocks) > TENANTS:
            alive = {tenant for kept in self._places.values() for tenant, _ in kept}
            self._clocks = {each: clock for each, clock in self._clocks.items() if each in alive}
        return place

    def _known(self, kind: str, place: Place) -> Place:
        now = self._clocks[place.tenant]
        holds = place.at is not None and now - place.at <= FACTS_S[kind]
        readings = {name: measure for name, measure in place.readings.items() if now - measure.at <= READING_S}
        return Place(place.tenant, place.id, place.facts if holds else {}, place.at if holds else None, readings, place.trend)


def _mark(place: Place, at: float, waiting: float) -> None:
    """Put a number at its time: within one step the last counts, what is late does not."""
    trend = place.trend
    if trend and at // STEP_S == trend[-1][0] // STEP_S:
        trend[-1] = (at, waiting)
    elif not trend or at > trend[-1][0]:
        trend.append((at, waiting))
