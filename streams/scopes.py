"""What one observation does to its scope, and what the grid of event time does to all of them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from typing import Any

import msgspec

from alerts.decide import Memory
from detectors.base import Observation, Reading, Scope, ScopeDetector
from detectors.cusum_drift_of_metric import watched
from detectors.event import Campaign
from detectors.outlook import Outlook
from streams.batches import Item
from streams.conversations import Results
from streams.keyed import KeyedState
from streams.shown import shown
from streams.wiring import Wiring

__all__ = ["ScopeRecord", "Scopes"]

ASK_AGAIN_S = 86_400.0
"""How often a scope that only keeps what it has learnt is asked whether it has expired."""


class ScopeRecord(msgspec.Struct, array_like=True, omit_defaults=True):
    """One detector's state for one scope. `due` is the next step of its grid, a day off while nothing can change.

    `parts` are the fires of other scopes that this state has readings about, by their keys.
    """

    detector: str
    scope: Scope
    version: int
    memory: Memory
    due: float | None
    last: float
    state: Any
    parts: dict[str, tuple[Scope, Memory]] = msgspec.field(default_factory=dict)

    @property
    def burning(self) -> bool:
        """Whether a fire burns, of its own or of a part, or is about to."""
        return bool(self.memory.tier or self.memory.rising or self.parts)


class Scopes:
    """The scopes of one partition.

    An observation is learnt at its turn; a detector that is `at_once` may raise a tier then. On the grid (multiples of the
    detector's step in event time) a scope is evaluated as long as its state can light a fire or one burns; a scope whose
    state is expired is forgotten. Broadcasts (campaigns) reach every scope of the tenant, also those that appear later, until they end.
    """

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._detectors = dict(wiring.scope_detectors)
        self.records: KeyedState[ScopeRecord] = KeyedState(_encode, self._decode, durable=wiring.durable)
        self.broadcasts: dict[str, list[Observation]] = {}
        self._grid: list[tuple[float, str]] = []
        self.outdated = 0

    def start_grid(self) -> None:
        """Set the grid of all records: after a restore."""
        self._grid = [(record.due, key) for key, record in self.records.items() if record.due is not None]
        heapq.heapify(self._grid)

    def learn(self, item: Item, observation: Observation, results: Results) -> None:
        """Take one observation in."""
        detector = self._detectors.get(observation.detector)
        if detector is None:
            return
        if observation.broadcast:
            self._broadcast(observation)
            return
        key = f"{observation.detector}|{observation.scope.key}"
        record = self.records.get(key)
        if record is None:
            record = self._new(observation, detector)
        detector.learn_one(record.state, observation)
        record.last = max(record.last, observation.time)
        if detector.at_once:
            self._evaluate(record, detector, results.at, (item.source, item.id), results, evaluation=False)
        step = (math.floor(results.at / detector.step_s) + 1) * detector.step_s
        if record.due is None or step < record.due:
            record.due = step
            heapq.heappush(self._grid, (step, key))
        self.records.put(key, record)

    def fire(self, until: float, results: Results, *, inclusive: bool) -> bool:
        """Evaluate the grid's steps before `until` (or at it), in their order; True when there was one."""
        grid, fired = self._grid, False
        while grid and (grid[0][0] < until or (inclusive and grid[0][0] == until)):
            due, key = heapq.heappop(grid)
            record = self.records.get(key)
            if record is not None and record.due == due:
                results.move(due)
                self._step(key, record, due, results)
                fired = True
        return fired

    def readings(self, now: float) -> Iterator[tuple[Reading, int]]:
        """What every scope, and every part of one, reads at `now`, with its tier; nothing is learnt or decided."""
        for _, record in self.records.items():  # noqa: PERF102 - a KeyedState decodes as it goes, it has no values()
            detector = self._detectors.get(record.detector)
            if detector is None:
                continue
            reading = detector.score_one(record.state, now)
            if reading is not None and not reading.closed:
                reading.indicator, reading.scope = detector.indicator, record.scope
                yield reading, record.memory.tier
            for part in detector.score_parts(record.state, now):
                part.indicator = detector.indicator
                yield part, record.parts[part.scope.key][1].tier if part.scope.key in record.parts else 0

    def outlooks(self, now: float) -> Iterator[tuple[Scope, Outlook]]:
        """What is expected of every scope from `now` on."""
        for _, record in self.records.items():  # noqa: PERF102 - a KeyedState decodes as it goes, it has no values()
            detector = self._detectors.get(record.detector)
            if detector is not None:
                yield from ((record.scope, each) for each in detector.outlook(record.state, now))

    def _step(self, key: str, record: ScopeRecord, due: float, results: Results) -> None:
        detector = self._detectors[record.detector]
        self._evaluate(record, detector, due, ("", key), results, evaluation=True)
        results.outlooks += [(record.scope, each) for each in detector.outlook(record.state, due)]
        burning = record.burning
        if burning or not detector.idle(record.state, due):
            quiet = due if burning else detector.quiet_until(record.state, due)
            record.due = max(due + detector.step_s, math.ceil(quiet / detector.step_s) * detector.step_s)
        elif detector.expired(record.state, due):
            self.records.delete(key)
            return
        else:
            record.due = due + ASK_AGAIN_S
        heapq.heappush(self._grid, (record.due, key))
        self.records.put(key, record)

    def _evaluate(
        self, record: ScopeRecord, detector: ScopeDetector[Any], now: float, origin: tuple[str, str], results: Results, *, evaluation: bool
    ) -> None:
        reading = detector.score_one(record.state, now)
        if reading is None and evaluation and record.memory.tier:
            reading = Reading(now, 0.0, closed=True)
        if reading is not None:
            reading.scope = record.scope
            product = record.scope.get("product_id")
            reading.segment = (("product_id", product),) if product is not None else ()
            self._decide(detector, reading, record.memory, origin, results, evaluation=evaluation)
        if type(detector).score_parts is not ScopeDetector.score_parts:
            self._evaluate_parts(record, detector, now, origin, results, evaluation=evaluation)

    def _evaluate_parts(
        self, record: ScopeRecord, detector: ScopeDetector[Any], now: float, origin: tuple[str, str], results: Results, *, evaluation: bool
    ) -> None:
        """Decide the readings about other scopes; a part that burned and has none any more is closed."""
        gone = dict(record.parts) if evaluation else {}
        for reading in detector.score_parts(record.state, now):
            key = reading.scope.key
            gone.pop(key, None)
            memory = record.parts[key][1] if key in record.parts else Memory()
            self._decide(detector, reading, memory, origin, results, evaluation=evaluation)
            self._keep_part(record, reading.scope, memory)
        for scope, memory in gone.values():
            self._decide(detector, Reading(now, 0.0, closed=True, scope=scope), memory, origin, results, evaluation=evaluation)
            self._keep_part(record, scope, memory)

    def _keep_part(self, record: ScopeRecord, scope: Scope, memory: Memory) -> None:
        if memory.tier or memory.rising:
            record.parts[scope.key] = (scope, memory)
        else:
            record.parts.pop(scope.key, None)

    def _decide(
        self, detector: ScopeDetector[Any], reading: Reading, memory: Memory, origin: tuple[str, str], results: Results, *, evaluation: bool
    ) -> None:
        reading.indicator = detector.indicator
        change = self.wiring.decider(reading, memory, evaluation=evaluation)
        results.counts["readings_total", reading.indicator] += 1
        if evaluation and (place := shown(reading.indicator, reading.scope)) is not None:
            results.readings[place] = None if reading.closed else reading.value
            results.standing[place] = memory.tier, reading.n
        if change is not None:
            results.changes.append(Item(results.at, *origin, len(results.changes), change=change))
        names = self.wiring.watched.get(reading.indicator)
        if names is not None and evaluation and not reading.closed and reading.n > 0:
            # In this partition, whatever the key would say: all readings of a scope are made here.
            self.learn(Item(results.at, *origin, 0), watched(reading, names), results)

    def _new(self, observation: Observation, detector: ScopeDetector[Any]) -> ScopeRecord:
        record = ScopeRecord(observation.detector, observation.scope, detector.version, Memory(), None, observation.time, detector.new())
        for broadcast in self.broadcasts.get(observation.scope.tenant, ()):
            if broadcast.detector == observation.detector:
                detector.learn_all(record.state, broadcast)
        return record

    def _broadcast(self, observation: Observation) -> None:
        detector = self._detectors[observation.detector]
        kept = self.broadcasts.setdefault(observation.scope.tenant, [])
        kept[:] = [each for each in kept if _lasts(each, observation.time)]
        kept.append(observation)
        for key, record in list(self.records.items()):
            if record.detector == observation.detector and record.scope.tenant == observation.scope.tenant:
                detector.learn_all(record.state, observation)
                self.records.put(key, record)

    def _decode(self, data: bytes) -> ScopeRecord:
        """A record with its state typed by its detector; a state of an older version starts anew and is counted."""
        record = msgspec.msgpack.decode(data, type=ScopeRecord)
        detector = self._detectors.get(record.detector)
        if detector is None:
            return record
        if record.version == detector.version:
            record.state = msgspec.convert(record.state, detector.State)
        else:
            self.outdated += 1
            record.state, record.version = detector.new(), detector.version
        return record


_encoder = msgspec.msgpack.Encoder()


def _encode(record: ScopeRecord) -> bytes:
    return _encoder.encode(record)


def _lasts(observation: Observation, now: float) -> bool:
    campaign = observation.campaign
    return isinstance(campaign, Campaign) and campaign.end + 86_400 >= now
