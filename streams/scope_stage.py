"""Second stage, keyed by scope: the merge of all conversation partitions, population detectors, the grid of event time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from detectors.base import Observation, Reading, Scope
from detectors.outlook import Outlook
from streams.batches import Item, ItemBatch, decode_items
from streams.conversations import Results
from streams.forecasts import forecast_event, forecast_gauges
from streams.handover import Handover, Target, check_layout, held_key
from streams.kpis import reading_events
from streams.merge import Merge, SourceState
from streams.scopes import Scopes
from streams.stage import Effects
from streams.topics import CHANGES
from streams.wiring import Wiring, partition_of

__all__ = ["ScopeStage"]

_META, _RECORD, _HELD = b"meta", "k/", "held/"


class _Meta(msgspec.Struct, array_like=True):
    """What the stage remembers besides its scopes."""

    layout: tuple[int, int, int]
    sources: dict[str, SourceState]
    released: float = 0.0
    seq: int = 0
    broadcasts: dict[str, list[Observation]] = msgspec.field(default_factory=dict)


class ScopeStage:
    """One partition of the scope stage: releases observations in the merged order and steps the grid up to the merged frontier."""

    def __init__(self, partition: int, wiring: Wiring) -> None:
        layout = wiring.layout
        self.partition, self.wiring, self.name = partition, wiring, f"s{partition}"
        self._layout = (layout.events, layout.scopes, layout.alerts)
        self._merge = Merge(layout.sources_of_scopes())
        self._merge.released = 0.0
        self._scopes = Scopes(wiring)
        self._raw: dict[str, bytes | None] = {}
        self._changed = False
        self._handover = Handover(self.name)

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Load the changelog's live records. Raises Halt when the state was made for another layout."""
        held: list[bytes] = []
        for key, value in records:
            name = key.decode()
            if key == _META:
                self._restore_meta(value)
            elif name.startswith(_HELD):
                held.append(value)
            else:
                self._scopes.records.load(name.removeprefix(_RECORD), value)
        for value in held:
            self._merge.restore(decode_items(value))
        self._scopes.start_grid()

    def readings(self) -> Iterator[tuple[Reading, int]]:
        """What the scopes' indicators read now, by the stage's own clock, with their tiers."""
        return self._scopes.readings(self._merge.released)

    def outlooks(self) -> Iterator[tuple[Scope, Outlook]]:
        """What is expected of the scopes, by the stage's own clock."""
        return self._scopes.outlooks(self._merge.released)

    def process(self, value: bytes) -> Effects:
        """Take one ItemBatch of observations."""
        batch = decode_items(value)
        results = Results(self._merge.released)
        before = set(self._merge.held)
        key = self._merge.add(batch)
        for item in self._merge.release():
            self._take(item, results)
        if key is not None and key in self._merge.held and self.wiring.durable:
            self._raw[held_key(key)] = value
        if self.wiring.durable:
            self._raw.update({held_key(each): None for each in sorted(before - set(self._merge.held))})
        self._advance(results)
        self._changed |= key is not None
        return self._effects(batch, results)

    def _take(self, item: Item, results: Results) -> None:
        if item.observation is None:
            return
        time = max(item.at, results.floor)
        self._changed |= self._scopes.fire(time, results, inclusive=True)
        results.move(time)
        self._scopes.learn(item, item.observation, results)

    def _advance(self, results: Results) -> None:
        self._changed |= self._scopes.fire(self._merge.released, results, inclusive=False)

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The scopes, held batches and the stage's own memory that changed since the last call."""
        out: list[tuple[bytes, bytes | None]] = [(f"{_RECORD}{key}".encode(), data) for key, data in self._scopes.records.changes()]
        out += [(key.encode(), data) for key, data in self._raw.items()]
        self._raw.clear()
        if out or self._changed:
            meta = _Meta(self._layout, self._merge.sources, self._merge.released, self._handover.seq, self._scopes.broadcasts)
            out.append((_META, msgspec.msgpack.encode(meta)))
        self._changed = False
        return out

    def _effects(self, batch: ItemBatch, results: Results) -> Effects:
        merge, before = self._merge, self._handover.seq
        targets: list[Target] = [(CHANGES, partition, []) for partition in range(self.wiring.layout.alerts)]
        for item in results.changes:
            if item.change is not None:
                targets[partition_of(item.change.reading.scope.tenant, len(targets))][2].append(item)
        idle = merge.idle and not merge
        sends = list(self._handover.records(targets, merge.released, batch.wall, live=merge.live, idle=idle))
        self._changed |= self._handover.seq != before
        for scope, outlook in results.outlooks:
            sends.append(forecast_event(scope, outlook))
            for gauge, value in forecast_gauges(scope, outlook).items():
                results.counts[gauge] = value  # type: ignore[assignment] # a gauge may have a fraction, of which Counter's type knows nothing
        sends += reading_events(results.readings, results.standing, results.at, f"{self.name}|{batch.origin}|{batch.seq}|{batch.frontier}")
        return Effects(sends, results.counts, results.readings)

    def _restore_meta(self, value: bytes) -> None:
        meta = msgspec.msgpack.decode(value, type=_Meta)
        check_layout("scopes", meta.layout, self._layout)
        self._merge.sources, self._merge.released = meta.sources, meta.released
        self._handover.seq, self._scopes.broadcasts = meta.seq, meta.broadcasts
