"""What one event does to its conversation: duplicates, context, words once, detectors, timers, observations for wider scopes."""

from __future__ import annotations

import base64
import hashlib
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from alerts.command import command_of
from alerts.decide import Memory
from alerts.declared_campaign import DeclaredCampaign
from detectors.base import CompositeDetector, Context, ConversationDetector, Detector, Observation, Reading, Scope, ScopeDetector, Turn
from detectors.context import advance
from detectors.event import Event
from detectors.outlook import Outlook
from detectors.text.words import Words
from detectors.text.words_model import Told, WordsModel
from streams.batches import Item
from streams.keyed import KeyedState
from streams.kpis import fact_event
from streams.packed import Packed
from streams.shown import Shown
from streams.stage import Send
from streams.wiring import Wiring

__all__ = ["Cells", "Conversations", "Results"]

CELL_S = 60.0
DAY_S = 86_400


class Results:
    """What one record of input causes, collected in order, each thing with the stage's clock.

    Historical, that clock is the time of the event or timer, never below `floor`; live it is the wall clock of the record.
    """

    def __init__(self, floor: float, wall: float | None = None) -> None:
        self.floor, self._wall = floor, wall
        self.at = floor
        self.observations: list[Item] = []
        self.changes: list[Item] = []
        self.outlooks: list[tuple[Scope, Outlook]] = []
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.readings: dict[Shown, float | None] = {}
        self.standing: dict[Shown, tuple[int, float]] = {}
        self.facts: list[Send] = []

    def go_live(self, wall: float) -> None:
        """From here on things happen at the wall clock."""
        self._wall = wall
        self.move(wall)

    def move(self, time: float) -> None:
        """The next things happen at this event time."""
        self.at = max(self.floor, time if self._wall is None else self._wall)


class Cells:
    """Counts of one minute of event time, added up before they travel: what is heavy is never sent event by event.

    Kept in the stage's memory (`open`), handed on when the minute has ended; what comes later goes alone.
    """

    def __init__(self) -> None:
        self.open: dict[str, tuple[Observation, float]] = {}

    def add(self, observation: Observation, released: float, results: Results) -> None:
        """Count one observation into its minute."""
        start = math.floor(observation.time / CELL_S) * CELL_S
        key = "|".join((observation.detector, observation.scope.key, str(int(start)), *observation.terms))
        kept = self.open.get(key)
        if kept is None:
            kept = (Observation(observation.detector, observation.scope, start, 0.0, terms=observation.terms, cell=True), start + CELL_S)
            if kept[1] > released:
                self.open[key] = kept
            else:
                results.observations.append(Item(results.at, "", key, 0, observation=kept[0]))
        kept[0].value += observation.value

    def close(self, until: float, results: Results) -> None:
        """Hand on the minutes that have ended, just before their end."""
        if not self.open:
            return
        for key in [key for key, (_, end) in self.open.items() if end <= until]:
            observation, end = self.open.pop(key)
            at = max(results.floor, math.nextafter(end, 0.0))
            results.observations.append(Item(at, "", key, 0, observation=observation))


class Conversations:
    """The conversations of one partition, their detectors' states and their timers.

    A record lives until its conversation has been silent for its time to live (a day; an open ticket a month); the identities of its
    events live as long, so a second (source, id) is known as long as its conversation is.
    """

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._type = _record_type(wiring.conversation_detectors)
        packed = Packed(msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(self._type).decode)
        self.records: KeyedState[Any] = KeyedState(packed.encode, packed.decode, durable=wiring.durable)
        self._detectors = {name: (_field(name, each), each) for name, each in wiring.conversation_detectors}
        self._timed = [
            (name, field, each) for name, (field, each) in self._detectors.items() if type(each).due_at is not ConversationDetector.due_at
        ]
        self._composites = [(name, field, each) for name, (field, each) in self._detectors.items() if isinstance(each, CompositeDetector)]
        self._readers: dict[str, list[tuple[str, str, ConversationDetector[Any]]]] = {}
        self._observers: dict[str, list[tuple[str, ScopeDetector[Any]]]] = {}
        self._timers: list[tuple[float, str]] = []
        self.cells = Cells()

    def start_timers(self) -> None:
        """Set the timers of all records: after a restore."""
        self._timers = [(record.due, key) for key, record in self.records.items() if record.due is not None]
        heapq.heapify(self._timers)

    def apply(self, event: Event, results: Results, released: float) -> bool:
        """Take one event in. False when it is a duplicate or so late that its conversation is forgotten."""
        key = f"{event.tenant}/{event.subject}"
        record = self.records.get(key)
        if event.late:
            results.counts["late_events_total",] += 1
        if record is None:
            if event.late and event.time < released - self.wiring.conversation_ttl_s:
                return False
            record = self._type()
        if not _first_time(record.ids, event):
            results.counts["duplicates_total",] += 1
            return False
        results.counts["events_total", event.type] += 1
        _pass_on(event, results)
        turn = self._turn(record, event, results.at)
        self._detect(record, turn, results)
        self._observe(turn, results, released)
        if turn.context.closed is not None and not turn.closed_before:
            self._resolve(record, event.tenant, event.time, (event.source, event.id), results)
        self._schedule(key, record)
        self.records.put(key, record)
        return True

    def readings(self, now: float) -> Iterator[tuple[Reading, int]]:
        """What every indicator of every open conversation reads at `now`, with its tier; nothing is learnt or decided."""
        for key, record in self.records.items():
            if record.context.closed is not None:
                continue
            for name, (field, detector) in self._detectors.items():
                state = getattr(record, field)
                reading = detector.score_one(state, now) if state is not None else None
                if reading is not None and not reading.closed:
                    self._stamp(reading, name, key.split("/", 1)[0], record.context)
                    yield reading, record.tiers[name].tier if name in record.tiers else 0

    def _turn(self, record: Any, event: Event, now: float) -> Turn:
        context: Context = record.context
        before = (context.sentiment, context.agent_id, context.closed is not None, context.department_id, context.department_since)
        message, words, score = event.message, None, None
        if message is not None and event.type == "message.created" and not message.private and not message.partial:
            if message.text:
                words = self.wiring.analyse(message.text, message.lang)
                model = self.wiring.model()
                if model is not None:
                    words = _learnt(model, record, event, words)
            score = message.sentiment if message.sentiment is not None or words is None else words.sentiment
        advance(context, event, score, words.complains if words is not None else None)
        return Turn(event, context, words, now, *before)

    def _detect(self, record: Any, turn: Turn, results: Results) -> None:
        event = turn.event
        now = max(event.time, turn.context.last) if event.late else event.time
        origin = (event.source, event.id)
        for name, field, detector in self._reading(event.type):
            state = _state_of(record, field, detector)
            if detector.learn_one(state, turn):
                reading = detector.score_one(state, now)
                if reading is not None:
                    self._decide(record, name, reading, event.tenant, origin, results)
            for seq, observation in enumerate(detector.tell(state, turn)):
                item = Item(results.at, event.source, f"{event.id}/{name}", seq, observation=observation)
                results.observations.append(item)
        self._combine(record, now, event.tenant, origin, results)

    def _combine(self, record: Any, now: float, tenant: str, origin: tuple[str, str], results: Results) -> None:
        """Have the indicators that are made of others see which of them burn."""
        if not self._composites:
            return
        own = {detector.indicator for _, _, detector in self._composites}
        tiers = {self._detectors[name][1].indicator: memory.tier for name, memory in record.tiers.items() if name in self._detectors}
        burning = {indicator: tier for indicator, tier in tiers.items() if tier and indicator not in own}
        for name, field, detector in self._composites:
            state = _state_of(record, field, detector)
            if detector.combine(state, record.context, burning):
                reading = detector.score_one(state, now)
                if reading is not None:
                    self._decide(record, name, reading, tenant, origin, results)

    def _reading(self, kind: str) -> list[tuple[str, str, ConversationDetector[Any]]]:
        """The detectors that read events of a type."""
        found = self._readers.get(kind)
        if found is None:
            found = [(name, field, each) for name, (field, each) in self._detectors.items() if each.types is None or kind in each.types]
            self._readers[kind] = found
        return found

    def _observing(self, kind: str) -> list[tuple[str, ScopeDetector[Any]]]:
        """The wider scopes' detectors that read events of a type."""
        found = self._observers.get(kind)
        if found is None:
            found = [(name, each) for name, each in self.wiring.scope_detectors if each.types is None or kind in each.types]
            self._observers[kind] = found
        return found

    def _decide(self, record: Any, name: str, reading: Reading, tenant: str, origin: tuple[str, str], results: Results) -> None:
        self._stamp(reading, name, tenant, record.context)
        memory = record.tiers.get(name) or Memory()
        change = self.wiring.decider(reading, memory)
        if memory.tier or memory.rising:
            record.tiers[name] = memory
        else:
            record.tiers.pop(name, None)
        results.counts["readings_total", reading.indicator] += 1
        if change is not None:
            results.changes.append(Item(results.at, *origin, len(results.changes), change=change))

    def _stamp(self, reading: Reading, name: str, tenant: str, context: Context) -> None:
        """Say whose reading it is, and what thresholds are resolved by."""
        reading.indicator = self._detectors[name][1].indicator
        reading.scope = Scope(tenant, (("conversation_id", context.conversation_id),))
        reading.channel, reading.segment = context.channel, _segment(context)

    def _observe(self, turn: Turn, results: Results, released: float) -> None:
        event = turn.event
        for name, detector in self._observing(event.type):
            for seq, observation in enumerate(detector.observe(turn)):
                observation.detector = name
                if observation.cell:
                    self.cells.add(observation, released, results)
                else:
                    origin = f"{event.id}/{name}"
                    results.observations.append(Item(results.at, event.source, origin, seq, observation=observation))

    def _resolve(self, record: Any, tenant: str, time: float, origin: tuple[str, str], results: Results) -> None:
        """The conversation has closed or is forgotten: the alerts of its indicators resolve."""
        for name in sorted(record.tiers):
            if name in self._detectors and record.tiers[name].tier:
                field, detector = self._detectors[name]
                state = getattr(record, field) or detector.new()
                reading = detector.score_one(state, time) or Reading(time, 0.0)
                reading.closed = True
                self._decide(record, name, reading, tenant, origin, results)

    def fire(self, until: float, results: Results, *, inclusive: bool) -> bool:
        """Fire the timers due before `until` (or at it) at their due times, in their order; True when one fired."""
        timers, fired = self._timers, False
        while timers and (timers[0][0] < until or (inclusive and timers[0][0] == until)):
            due, key = heapq.heappop(timers)
            record = self.records.get(key)
            if record is not None and record.due == due:
                self.cells.close(due, results)
                results.move(due)
                self._due(key, record, due, results)
                fired = True
        return fired

    def fire_own(self, event: Event, until: float, results: Results) -> None:
        """Fire only this event's conversation's timers: its time is beyond what anybody else confirms."""
        key = f"{event.tenant}/{event.subject}"
        record = self.records.get(key)
        while record is not None and record.due is not None and record.due <= until:
            self._due(key, record, record.due, results)
            record = self.records.get(key)

    def _due(self, key: str, record: Any, due: float, results: Results) -> None:
        tenant = key.split("/", 1)[0]
        if due >= self._expires(record.context):
            self._resolve(record, tenant, due, ("", key), results)
            self.records.delete(key)
            return
        if self._next_due(key, record, -math.inf) <= due:
            for name, field, detector in self._timed:
                state = getattr(record, field)
                reading = detector.score_one(state, due) if state is not None else None
                if reading is not None:
                    # A due time is t0 + level in floating point; the value it gives back must be the level.
                    reading.value = round(reading.value, 3)
                    self._decide(record, name, reading, tenant, ("", key), results)
            self._combine(record, due, tenant, ("", key), results)
        record.due = None
        self._schedule(key, record, due)
        self.records.put(key, record)

    def _schedule(self, key: str, record: Any, past: float = -math.inf) -> None:
        """Have a timer at or before the next due time. One that is set too early finds out when it fires."""
        due = self._next_due(key, record, past)
        if record.due is None or due < record.due:
            record.due = due
            heapq.heappush(self._timers, (due, key))

    def _next_due(self, key: str, record: Any, past: float) -> float:
        """When the first clock reaches a level above its tier, later than `past`; at the latest the end of the record's life."""
        context: Context = record.context
        due = self._expires(context)
        for name, field, detector in self._timed:
            state = getattr(record, field)
            if state is None or detector.due_at(state, 0.0) is None:
                continue
            tier = record.tiers[name].tier if name in record.tiers else 0
            levels = self.wiring.decider.levels(detector.indicator, key.split("/", 1)[0], context.channel, _segment(context))
            for level in levels[tier:]:
                when = detector.due_at(state, level) if level is not None else None
                if when is not None and when > past:
                    due = min(due, when)
                    break
        return due

    def _expires(self, context: Context) -> float:
        open_ticket = context.channel == "ticket" and context.closed is None
        return context.last + (self.wiring.ticket_ttl_s if open_ticket else self.wiring.conversation_ttl_s)


def _learnt(model: WordsModel, record: Any, event: Event, words: Words) -> Words:
    """What a model makes of an utterance: the conversation's outlook as far as no event has said it, and the customer's words judged."""
    message, context = event.message, record.context
    role = message.role if message is not None else None
    if message is None or role not in ("customer", "agent", "bot") or not model.served:
        return words
    record.told = record.told or Told()
    if model.hear(record.told, role, words, message.sentiment if message.sentiment is not None else words.sentiment):
        found = model.outlook(record.told, event.tenant, category=context.category is None)
        context.early_warning = found.early_warning
        context.category = context.category or found.category
        if found.complains and not context.complaint_stated:
            context.is_complaint = True
        if record.told.full:
            record.told.forget()
    return model.judge(words) if role == "customer" else words


def _state_of(record: Any, field: str, detector: Detector[Any]) -> Any:
    state = getattr(record, field)
    if state is None:
        state = detector.new()
        setattr(record, field, state)
    return state


def _field(name: str, detector: Detector[Any]) -> str:
    """A detector's field of the record. It names the version: the state of an older one is skipped like any unknown field."""
    return f"{name}_v{detector.version}"


def _record_type(detectors: Iterable[tuple[str, Detector[Any]]]) -> type[Any]:
    """A struct with one field per detector: a conversation is decoded in one pass, fields unknown here are skipped.

    A detector's field is written under five characters of its name's digest: forty names would be a fifth of a record.
    """
    fields: list[Any] = [
        ("context", Context, msgspec.field(default_factory=Context)),
        ("ids", dict[bytes, int], msgspec.field(default_factory=dict)),
        ("tiers", dict[str, Memory], msgspec.field(default_factory=dict)),
        ("due", float | None, None),
        ("told", Told | None, None),
    ]
    fields += [(_field(name, detector), detector.State | None, None) for name, detector in detectors]
    short = {name: _short(name) for name, *_ in fields[5:]}
    return msgspec.defstruct("ConversationRecord", fields, omit_defaults=True, rename=short)


def _short(name: str) -> str:
    return base64.b32encode(hashlib.blake2b(name.encode(), digest_size=4).digest())[:5].decode().lower()


def _pass_on(event: Event, results: Results) -> None:
    """What others are to know of an event itself: the alert stage of a command or a declared campaign, readers of a queue or an agent."""
    command = command_of(event) if event.type == "feedback.given" else None
    declared = event.campaign
    campaign = DeclaredCampaign(event.tenant, declared.id, declared.start, declared.end, declared.scope) if declared is not None else None
    if command is not None or campaign is not None:
        results.changes.append(Item(results.at, event.source, event.id, len(results.changes), command=command, campaign=campaign))
    fact = fact_event(event)
    if fact is not None:
        results.facts.append(fact)


def _segment(context: Context) -> tuple[tuple[str, str], ...]:
    """What thresholds may be resolved by besides tenant and channel."""
    pairs = (("customer_tier", context.customer_tier), ("product_id", context.product_id), ("region", context.region))
    return tuple((key, value) for key, value in pairs if value is not None)


def _first_time(ids: dict[bytes, int], event: Event) -> bool:
    """Note the event's identity; False when it was noted before. Ids of keys that are no conversation are kept for a day."""
    digest = hashlib.blake2b(f"{event.source}\0{event.id}".encode(), digest_size=8).digest()
    if digest in ids:
        return False
    ids[digest] = 0 if event.conversation is not None else int(event.time)
    if event.conversation is None:
        while ids:
            oldest = next(iter(ids))
            if ids[oldest] >= event.time - DAY_S:
                break
            del ids[oldest]
    return True
