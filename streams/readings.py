"""What the indicators read now: from the state that workers keep on Kafka, without asking a worker."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple

from alerts.tier import Tier
from detectors.base import Reading, Scope
from detectors.outlook import Outlook
from streams.changelog import Changelog
from streams.conversation_stage import ConversationStage
from streams.kafka import administer, require_broker
from streams.scope_stage import ScopeStage
from streams.topics import changelog_of, partition_counts
from streams.wiring import Wiring

__all__ = ["Standing", "current", "forecasts", "highest"]

_STAGES: Mapping[str, type[ConversationStage | ScopeStage]] = {"conversations": ConversationStage, "scopes": ScopeStage}


class Standing(NamedTuple):
    """How many scopes an indicator has a reading for, how many of them burn, and the gravest ones with their tiers."""

    scopes: int
    burning: int
    gravest: list[tuple[Reading, Tier]]


def highest(readings: Iterable[tuple[Reading, int]], low: Mapping[str, bool], top: int) -> dict[str, Standing]:
    """The `top` gravest readings of each indicator: by tier, then by value; `low` says whose low values are bad.

    >>> from detectors.base import Scope
    >>> given = [(Reading(0.0, value, indicator="queue_length", scope=Scope("acme")), tier) for value, tier in ((5, 0), (310, 4), (60, 1))]
    >>> found = highest(given, {}, top=2)["queue_length"]
    >>> found.scopes, found.burning, [(reading.value, tier.label) for reading, tier in found.gravest]
    (3, 2, [(310, 'red'), (60, 'blue')])
    """
    kept: dict[str, list[tuple[int, float, str, Reading]]] = {}
    counts: dict[str, tuple[int, int]] = {}
    for reading, tier in readings:
        name = reading.indicator
        scopes, burning = counts.get(name, (0, 0))
        counts[name] = scopes + 1, burning + (tier > 0)
        entry = (tier, -reading.value if low.get(name) else reading.value, reading.scope.key, reading)
        best = kept.setdefault(name, [])
        if len(best) < top:
            heapq.heappush(best, entry)
        elif entry[:3] > best[0][:3]:
            heapq.heapreplace(best, entry)
    ranked = {name: sorted(best, key=lambda each: each[:3], reverse=True) for name, best in kept.items()}
    return {name: Standing(*counts[name], [(reading, Tier(tier)) for tier, *_, reading in best]) for name, best in ranked.items()}


async def current(wiring: Wiring, client: Mapping[str, Any], app_id: str, *, low: Mapping[str, bool], top: int = 5) -> dict[str, Standing]:
    """The readings of an application, by indicator, at the clock of its stages. Reads the changelogs once, from beginning to end.

    Empty where no worker has run yet. Raises BrokerUnavailable, or Halt when the state was made with other partition counts.
    """
    found: list[tuple[Reading, int]] = []
    for name, kind in _STAGES.items():
        async for partition, records in _partitions(name, client, app_id):
            stage = kind(partition, wiring)
            stage.restore(records.items())
            found.extend(stage.readings())
    return highest(found, low, top)


async def forecasts(wiring: Wiring, client: Mapping[str, Any], app_id: str) -> list[tuple[Scope, Outlook]]:
    """What an application expects of the next 24 h, by scope and series, at the clock of its stages. Raises as `current`."""
    found: list[tuple[Scope, Outlook]] = []
    async for partition, records in _partitions("scopes", client, app_id):
        stage = ScopeStage(partition, wiring)
        stage.restore(records.items())
        found.extend(stage.outlooks())
    return sorted(found, key=lambda each: (each[0].key, each[1].series))


async def _partitions(stage: str, client: Mapping[str, Any], app_id: str) -> AsyncIterator[tuple[int, Mapping[bytes, bytes]]]:
    """The live records of each partition of a stage's changelog."""
    await require_broker(dict(client))
    topic = changelog_of(stage, app_id)
    async with administer(dict(client)) as admin:
        count = (await partition_counts(admin)).get(topic, 0)
    for partition in range(count):
        yield partition, (await Changelog(topic, client).read(partition)).records
