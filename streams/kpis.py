"""What indicators read, and how queues and agents are, as others get it: events on `fenghuo.kpi.v1`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec

from alerts.tier import Tier
from detectors.event import Event
from streams.shown import Shown
from streams.stage import Send
from streams.topics import KPIS

__all__ = ["AGENT", "QUEUE", "READINGS", "fact_event", "reading_events"]

READINGS: Final = "fenghuo.kpi.readings.v1"
QUEUE: Final = "fenghuo.kpi.queue.v1"
AGENT: Final = "fenghuo.kpi.agent.v1"

MOST: Final = 1000
"""Readings in one event."""
DIGITS: Final = 6


def reading_events(
    readings: Mapping[Shown, float | None], standing: Mapping[Shown, tuple[int, float]], at: float, name: str
) -> Iterator[Send]:
    """What the grid has evaluated until `at` (epoch s), one event for each tenant, at most 1,000 readings each.

    A reading has its value and, from `standing`, the tier its fire stands at and its sample; a value of null is withdrawn. `name` tells
    what was evaluated: the same name gives the same ids whenever the events are written again. Written is what is on display (`shown`).
    """
    tenants: dict[str, list[Shown]] = {}
    for place in readings:
        tenants.setdefault(place[1], []).append(place)
    for tenant, places in tenants.items():
        rest = iter(places)
        for part in range(0, len(places), MOST):
            found = [_reading(place, readings[place], *standing.get(place, (0, 0.0))) for place in islice(rest, MOST)]
            yield _send(READINGS, f"{tenant}|{name}|{part}", tenant, tenant, at, {"tenant_id": tenant, "readings": found})


def fact_event(event: Event) -> Send | None:
    """What an event says of a queue's people or of an agent's state; None for other events.

    >>> from detectors.event import Queue
    >>> event = Event("queue.snapshot", 0.0, "e-1", "/s", "acme", "q-1", queue=Queue("q-1", waiting=12, agents_busy=3))
    >>> msgspec.json.decode(fact_event(event).value)["data"]
    {'tenant_id': 'acme', 'queue_id': 'q-1', 'waiting': 12, 'agents_busy': 3}
    """
    if event.queue is not None and event.type == "queue.snapshot":
        figures = {name: value for name, value in msgspec.structs.asdict(event.queue).items() if value is not None}
        return _send(
            QUEUE, f"{event.source}|{event.id}", event.queue.queue_id, event.tenant, event.time, {"tenant_id": event.tenant, **figures}
        )
    if event.agent is not None and event.type == "agent.state_changed":
        agent = event.agent
        told = {"agent_id": agent.id, "team_id": agent.team_id, "type": agent.type, "state": (event.data or {}).get("state")}
        data = {"tenant_id": event.tenant, **{name: value for name, value in told.items() if value is not None}}
        return _send(AGENT, f"{event.source}|{event.id}", agent.id, event.tenant, event.time, data)
    return None


def _reading(place: Shown, value: float | None, tier: int, n: float) -> dict[str, Any]:
    indicator, _, scope, key = place
    named = {"indicator": indicator, "scope": scope, "key": key}
    if value is None:
        return {**named, "value": None}
    return {**named, "value": round(value, DIGITS), "n": round(n, DIGITS), "tier": Tier(tier).label}


def _send(kind: str, name: str, subject: str, tenant: str, at: float, data: dict[str, Any]) -> Send:
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "/fenghuo/kpi",
        "type": kind,
        "subject": subject,
        "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": data,
    }
    # By tenant: what is read of one is in order.
    return Send(KPIS, msgspec.json.encode(event), tenant.encode())
