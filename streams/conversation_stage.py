"""First stage, keyed by conversation: fence, watermark, order and clock of one source partition."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator

import msgspec

from detectors.base import Observation, Reading
from detectors.event import Event
from streams.batches import EventBatch, Item, decode_events, encode
from streams.conversations import Conversations, Results
from streams.errors import Halt
from streams.handover import Handover, check_layout, held_key
from streams.merge import after
from streams.stage import Effects
from streams.topics import CHANGES, OBSERVATIONS
from streams.watermark import Watermark
from streams.wiring import Wiring, partition_of

__all__ = ["HEARTBEAT", "ConversationStage"]

LIVE_S = 300.0
HEARTBEAT = "stream.heartbeat"
_META, _RECORD, _HELD = b"meta", "k/", "held/"


class _Meta(msgspec.Struct, array_like=True):
    """What the stage remembers besides its conversations."""

    layout: tuple[int, int, int]
    next: int | None = None
    watermark: Watermark = msgspec.field(default_factory=Watermark)
    released: float = 0.0
    wall: float = 0.0
    live: bool = False
    seq: int = 0
    cells: dict[str, tuple[Observation, float]] = msgspec.field(default_factory=dict)


class ConversationStage:
    """One partition of the conversation stage.

    Historical, events wait until the watermark has passed them by the lateness allowed and are then released by (time, source,
    id); timers fire between them at their due times. Live (read to the end, watermark within 5 minutes of the wall clock), events are
    released as they arrive and timers follow the wall clock, which comes in the records: the same records always give the
    same results. A backlog older than 5 minutes makes a live partition historical until it is read.
    """

    def __init__(self, partition: int, wiring: Wiring) -> None:
        layout = wiring.layout
        self.partition = partition
        self.wiring = wiring
        self.name = f"c{partition}"
        self._meta = _Meta((layout.events, layout.scopes, layout.alerts))
        self._conversations = Conversations(wiring)
        self._heap: list[tuple[float, str, str, int, Event, str]] = []
        self._held: dict[str, int] = {}
        self._raw: dict[str, bytes | None] = {}
        self._count = 0
        self._changed = False
        self._handover = Handover(self.name)

    @property
    def watermark(self) -> float | None:
        """How far event time has come in the source partition."""
        return self._meta.watermark.value

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
                self._conversations.records.load(name.removeprefix(_RECORD), value)
        for value in held:
            batch = decode_events(value)
            for event in batch.events:
                if event.time >= self._meta.released and event.type != HEARTBEAT:
                    self._hold(event, str(batch.first))
        self._conversations.start_timers()

    def readings(self) -> Iterator[tuple[Reading, int]]:
        """What the conversations' indicators read now, by the stage's own clock, with their tiers."""
        return self._conversations.readings(max(self._meta.released, 0.0))

    def process(self, value: bytes) -> Effects:
        """Take one EventBatch. Raises Halt where offsets are missing before it."""
        return self.step(decode_events(value))

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The conversations, held batches and the stage's own memory that changed since the last call."""
        out: list[tuple[bytes, bytes | None]] = [(f"{_RECORD}{key}".encode(), data) for key, data in self._conversations.records.changes()]
        out += [(held_key(key).encode(), data) for key, data in self._raw.items()]
        self._raw.clear()
        if out or self._changed:
            self._meta.cells = self._conversations.cells.open
            out.append((_META, msgspec.msgpack.encode(self._meta)))
        self._changed = False
        return out

    def step(self, batch: EventBatch) -> Effects:
        """Take a batch in, release what is due, fire timers, and hand on what came of it."""
        meta = self._meta
        fresh, before = self._fence(batch), meta.watermark.value
        bounds = [self._observe_time(event, batch.wall) for event in fresh]
        if batch.watermark:
            meta.watermark.advance(batch.watermark)
        results = Results(meta.released)
        self._set_mode(batch, fresh, results)
        meta.wall = max(meta.wall, batch.wall)
        if meta.live:
            self._live(batch, [event for event in fresh if event.type != HEARTBEAT], results, before)
        else:
            self._historical(batch, zip(fresh, bounds, strict=True), results)
        return self._effects(batch, results)

    def _fence(self, batch: EventBatch) -> list[Event]:
        """The events not taken in before; a gap in the offsets halts the stage unless the intake knows they are gone."""
        expected = self._meta.next
        if batch.next <= batch.first:
            return []
        if expected is not None and batch.first > expected and not batch.gap:
            message = f"conversations/{self.partition}: offsets {expected} to {batch.first} are missing from the intake; restart the worker"
            raise Halt(message)
        self._changed = True
        self._meta.next = max(batch.next, expected or 0)
        return batch.events if expected is None else [event for event in batch.events if event.offset >= expected]

    def _observe_time(self, event: Event, wall: float) -> float:
        """Move the watermark. What is below the bound that it gives, when this event comes, is late: wherever a batch begins."""
        if event.type == HEARTBEAT:
            self._meta.watermark.advance(event.time)
        else:
            self._meta.watermark.observe(event.time, event.subject, credible=abs(event.time - wall) <= LIVE_S)
        return self._bound()

    def _bound(self) -> float:
        """Up to where history may be released."""
        mark = self._meta.watermark
        return mark.value - self.wiring.lateness_s if mark.value is not None and mark.confirmed else -math.inf

    def _set_mode(self, batch: EventBatch, fresh: list[Event], results: Results) -> None:
        meta = self._meta
        mark = meta.watermark.value
        if meta.live:
            oldest = min((event.time for event in fresh), default=batch.wall)
            if oldest < batch.wall - LIVE_S and not batch.caught_up:
                meta.live, self._changed = False, True
        elif batch.caught_up and mark is not None and abs(batch.wall - mark) <= LIVE_S:
            self._flush(results, beyond=True)
            meta.live = self._changed = True

    # -- historical

    def _historical(self, batch: EventBatch, events: Iterable[tuple[Event, float]], results: Results) -> None:
        key = str(batch.first)
        for event, bound in events:
            if event.type == HEARTBEAT:
                continue
            if event.time >= max(bound, self._meta.released):
                self._hold(event, key)
                continue
            self._release(bound, results)
            results.move(self._meta.released)
            event.late = True
            self._conversations.apply(event, results, self._meta.released)
        if key in self._held and self.wiring.durable:
            self._raw[key] = encode(batch)
        self._release(self._bound(), results)
        if batch.idle:
            self._flush(results, beyond=batch.watermark is not None)

    def _hold(self, event: Event, key: str) -> None:
        self._count += 1
        heapq.heappush(self._heap, (event.time, event.source, event.id, self._count, event, key))
        self._held[key] = self._held.get(key, 0) + 1

    def _release(self, bound: float, results: Results) -> None:
        """Release the held events below `bound` and fire the timers between them."""
        meta, heap, conversations = self._meta, self._heap, self._conversations
        if bound <= meta.released:
            return
        while heap and heap[0][0] < bound:
            time, *_, event, key = heapq.heappop(heap)
            conversations.fire(time, results, inclusive=True)
            conversations.cells.close(time, results)
            results.move(time)
            self._unhold(key)
            conversations.apply(event, results, meta.released)
        conversations.fire(bound, results, inclusive=False)
        conversations.cells.close(bound, results)
        meta.released = bound
        self._changed = True

    def _flush(self, results: Results, *, beyond: bool) -> None:
        """The partition has ended for now: release everything up to the watermark.

        What claims to lie beyond it follows when no other partition can confirm it any more.
        """
        mark = self._meta.watermark.value
        if mark is None:
            return
        self._release(after(mark), results)
        results.move(self._meta.released)
        while self._heap and beyond:
            time, *_, event, key = heapq.heappop(self._heap)
            self._conversations.fire_own(event, time, results)
            self._unhold(key)
            self._conversations.apply(event, results, self._meta.released)
            self._changed = True

    def _unhold(self, key: str) -> None:
        left = self._held[key] - 1
        if left:
            self._held[key] = left
            return
        del self._held[key]
        if self._raw.get(key) is None:
            self._raw[key] = None
        else:
            del self._raw[key]
        if not self.wiring.durable:
            self._raw.clear()

    # -- live

    def _live(self, batch: EventBatch, events: list[Event], results: Results, mark: float | None) -> None:
        """Take events in as they arrive: late is what the `mark` before it has passed; a clock that runs ahead passes nothing."""
        meta, conversations = self._meta, self._conversations
        newest = min(batch.wall, meta.watermark.value if meta.watermark.value is not None else batch.wall)
        mark = min(newest, mark) if mark is not None else -math.inf
        results.go_live(batch.wall)
        for event in events:
            conversations.fire(min(event.time, batch.wall), results, inclusive=True)
            event.late = event.time < mark - self.wiring.lateness_s
            mark = max(mark, min(event.time, newest))
            conversations.apply(event, results, meta.released)
        if batch.caught_up:
            self._changed |= conversations.fire(batch.wall, results, inclusive=True)
            conversations.cells.close(batch.wall, results)
        meta.released = max(meta.released, batch.wall)

    # -- out

    def _effects(self, batch: EventBatch, results: Results) -> Effects:
        meta, layout = self._meta, self.wiring.layout
        targets = [(OBSERVATIONS, *each) for each in _by_scope(results.observations, layout.scopes)]
        targets += [(CHANGES, *each) for each in _by_tenant(results.changes, layout.alerts)]
        frontier = after(meta.released) if meta.live else meta.released
        idle = batch.idle and not self._heap
        sends = [*self._handover.records(targets, frontier, batch.wall, live=meta.live, idle=idle), *results.facts]
        effects = Effects(sends, results.counts)
        if self._handover.seq != meta.seq:
            meta.seq, self._changed = self._handover.seq, True
        effects.counts["stage_live", str(self.partition)] = int(meta.live)
        if meta.watermark.value is not None:
            effects.counts["watermark_seconds", str(self.partition)] = int(meta.watermark.value)
        return effects

    def _restore_meta(self, value: bytes) -> None:
        meta = msgspec.msgpack.decode(value, type=_Meta)
        check_layout("conversations", meta.layout, self._meta.layout)
        self._meta, self._handover.seq = meta, meta.seq
        self._conversations.cells.open = meta.cells


def _by_scope(items: list[Item], count: int) -> list[tuple[int, list[Item]]]:
    targets: list[tuple[int, list[Item]]] = [(partition, []) for partition in range(count)]
    for item in items:
        observation = item.observation
        if observation is None:
            continue
        if observation.broadcast:
            for _, target in targets:
                target.append(item)
        else:
            targets[partition_of(observation.scope.key, count)][1].append(item)
    return targets


def _by_tenant(items: list[Item], count: int) -> list[tuple[int, list[Item]]]:
    targets: list[tuple[int, list[Item]]] = [(partition, []) for partition in range(count)]
    for item in items:
        tenant = _tenant(item)
        if tenant is not None:
            targets[partition_of(tenant, count)][1].append(item)
    return targets


def _tenant(item: Item) -> str | None:
    if item.change is not None:
        return item.change.reading.scope.tenant
    told = item.command or item.campaign
    return told.tenant if told is not None else None
