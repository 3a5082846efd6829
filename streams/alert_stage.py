"""Third stage, keyed by tenant: it alone owns the alerts. Changes of tier and commands in, alert events and pages out."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable

import msgspec

from alerts.alert import Alert, place
from alerts.book import AlertBook, Closed
from alerts.command import Command
from alerts.decide import Change
from alerts.lifecycle import ENDS
from alerts.paging import Paged, Paging
from alerts.pending import Pending
from alerts.tier import Tier
from alerts.uplift import CHAIN
from streams.batches import Item, ItemBatch, decode_items
from streams.command_queue import ORIGIN, CommandQueue
from streams.handover import check_layout, held_key
from streams.merge import Merge, SourceState
from streams.stage import Effects, Send
from streams.topics import ALERT_STATE, ALERTS, OUTBOX, tier_topic
from streams.wiring import Wiring

__all__ = ["AlertStage"]

KEEP_S = 7 * 86_400.0
BEHIND_S = 6 * 3600.0
"""A stream that is further behind than this is one of the past: who acknowledges an alert of it does not wait until it has caught up."""
_META, _ALERT, _HELD, _CLOSED, _PAGING, _COMMAND, _PENDING = b"meta", "a/", "held/", "closed/", "p/", "cmd/", "for/"
_FORMAT = 1
"""Of the state: since 1 it says who was paged for an open alert."""
_ACTS = ENDS | {"acknowledge", "in_progress"}


class _Meta(msgspec.Struct, array_like=True):
    """What the stage remembers besides its open alerts. `ended` are keys of the state topic and when to delete them.

    `commands` is the last offset of each partition of the feedback topic, `clock` the last moment anything happened at.
    """

    layout: tuple[int, int, int]
    sources: dict[str, SourceState]
    released: float = 0.0
    ended: dict[str, float] = msgspec.field(default_factory=dict)
    format: int = 0
    commands: dict[str, int] = msgspec.field(default_factory=dict)
    clock: float = 0.0


class AlertStage:
    """One partition of the alert stage.

    Changes of tier are released in the merged order of all partitions before it; commands and timers (a silence ends, a group is
    due, an escalation, a repetition, an alert expires) happen between them at their own times, live at once. Each revision of an alert
    goes, with the same id whenever it is written, to the alerts topic, to the compacted state topic (deleted there 7 days after the
    end), to the topic of each tier it touches, and through the steps of the policy to the outbox, a page for each receiver.
    """

    def __init__(self, partition: int, wiring: Wiring) -> None:
        layout = wiring.layout
        self.partition, self.wiring, self.name = partition, wiring, f"a{partition}"
        self._layout = (layout.events, layout.scopes, layout.alerts)
        self._merge = Merge(layout.sources_of_alerts())
        self._merge.released = 0.0
        self._book = AlertBook()
        self._paging = Paging(wiring.steps, wiring.present, self._book.get, wiring.zone)
        self._queue = CommandQueue()
        self._pending = Pending()
        self._expiry: list[tuple[float, str]] = []
        self._clock = 0.0
        self._ended: dict[str, float] = {}
        self._open: Counter[tuple[str, str]] = Counter()
        self._chains: dict[str, Alert] = {}
        self._dirty: dict[str, bytes | None] = {}
        self._changed = False
        self._untold = False

    # -- state

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Load the changelog's live records. Raises Halt when the state was made for another layout."""
        held: list[bytes] = []
        commands: list[tuple[str, bytes]] = []
        meta = _Meta(self._layout, self._merge.sources, format=_FORMAT)
        for key, value in records:
            name = key.decode()
            if key == _META:
                meta = self._restore_meta(value)
            elif name.startswith(_HELD):
                held.append(value)
            elif name.startswith(_COMMAND):
                commands.append((name.removeprefix(_COMMAND), value))
            elif name.startswith(_PENDING):
                self._pending.kept.load(name.removeprefix(_PENDING), value)
            elif name.startswith(_CLOSED):
                self._book.closed[name.removeprefix(_CLOSED)] = msgspec.msgpack.decode(value, type=Closed)
            elif name.startswith(_PAGING):
                if not self._paging.restore(name.removeprefix(_PAGING), value):
                    self._dirty[name] = None
            else:
                self._restore_alert(name, msgspec.msgpack.decode(value, type=Alert))
        for value in held:
            self._merge.restore(decode_items(value))
        self._queue.restore(commands)
        self._start(adopt=meta.format < _FORMAT)

    def _restore_meta(self, value: bytes) -> _Meta:
        meta = msgspec.msgpack.decode(value, type=_Meta)
        check_layout("alerts", meta.layout, self._layout)
        self._merge.sources, self._merge.released = meta.sources, meta.released
        self._ended |= meta.ended
        self._queue.seen, self._clock = meta.commands, max(meta.clock, meta.released)
        return meta

    def _restore_alert(self, name: str, alert: Alert) -> None:
        """Open alerts go on; one whose indicator the policy no longer has cannot, and is forgotten."""
        if any(level is not None for level in self.wiring.decider.levels(alert.indicator, alert.scope.tenant, None, ())):
            self._book.restore([alert])
            if alert.indicator == CHAIN and alert.open:
                self._chains[place(alert.indicator, alert.scope)] = alert
        else:
            self._dirty[name] = None
            self._ended = {f"{alert.scope.tenant}/{alert.key}": 0.0, **self._ended}

    def _start(self, *, adopt: bool) -> None:
        """All is loaded: the order of the changelog must not matter from here on."""
        alerts = sorted(self._book, key=lambda alert: (alert.since, alert.id))
        self._paging.started(alerts, adopt=adopt)
        self._pending.started()
        self._open.update((Tier(alert.tier).label, alert.indicator) for alert in alerts)
        for alert in alerts:
            self._expect(alert)
        self._untold = True

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The alerts, held batches and the stage's own memory that changed since the last call."""
        out: list[tuple[bytes, bytes | None]] = [(key.encode(), value) for key, value in self._dirty.items()]
        out += [(f"{_PAGING}{key}".encode(), value) for key, value in self._paging.changes()]
        out += [(f"{_PENDING}{key}".encode(), value) for key, value in self._pending.kept.changes()]
        out += [(f"{_COMMAND}{key}".encode(), value) for key, value in self._queue.changes()]
        if out or self._changed:
            meta = _Meta(self._layout, self._merge.sources, self._merge.released, self._ended, _FORMAT, self._queue.seen, clock=self._clock)
            out.append((_META, msgspec.msgpack.encode(meta)))
        self._dirty.clear()
        self._changed = False
        return out

    # -- input

    def process(self, value: bytes) -> Effects:
        """Take one ItemBatch of changes, or of a command."""
        batch = decode_items(value)
        effects = Effects()
        if self._untold:
            effects.counts.update({("open_alerts", *labels): count for labels, count in self._open.items()})
            self._untold = False
        if batch.origin.startswith(ORIGIN):
            self._listen(batch, value, effects)
        else:
            self._take(batch, value, effects)
        if self._merge.live or self._merge.idle:
            while self._queue.due() is not None:
                self._obey(self._queue.take(), effects)
        self._forget(effects)
        if not self.wiring.durable:
            self._paging.forget_changes()
            self._queue.forget_changes()
            self._pending.kept.forget_changes()
            self._dirty.clear()
        return effects

    def _listen(self, batch: ItemBatch, value: bytes, effects: Effects) -> None:
        """Take a command: it waits for its time, unless it is about a fire that burns now in a stream that is far behind."""
        if not self._queue.is_new(batch):
            return
        self._changed = True
        (item,) = batch.items
        if item.command is not None and item.at > self._clock + BEHIND_S and self._book.find(item.command) is not None:
            self._obey(item, effects)
        else:
            self._queue.add(batch, value)

    def _take(self, batch: ItemBatch, value: bytes, effects: Effects) -> None:
        """Take changes in, and let happen what is due."""
        before = set(self._merge.held)
        key = self._merge.add(batch)
        for item in self._merge.release():
            self._pass_time(item.at, effects)
            if item.change is not None:
                self._apply(item.change, item.at, effects)
            elif item.command is not None:
                self._obey(item, effects)
            elif item.campaign is not None:
                self._paging.declare(item.campaign, self._clock)
                self._send(self._paging.tick(self._clock), effects)
        self._pass_time(math.nextafter(self._merge.released, 0.0), effects)
        if self.wiring.durable:
            self._dirty.update({held_key(each): None for each in sorted(before - set(self._merge.held))})
            if key is not None and key in self._merge.held:
                self._dirty[held_key(key)] = value
        self._changed |= key is not None

    # -- time

    def _pass_time(self, until: float, effects: Effects) -> None:
        """Let happen, in order of their times, the commands and timers up to a moment (inclusive)."""
        while (due := self._due()) is not None and due <= until:
            self._clock = max(self._clock, due)
            command, pending, paging = self._queue.due(), self._pending.due(), self._paging.due()
            if command is not None and command <= due:
                self._obey(self._queue.take(), effects)
            elif pending is not None and pending <= due:
                self._change(self._pending.take(), self._clock, effects)
            elif paging is not None and paging <= due:
                self._send(self._paging.tick(self._clock), effects)
            else:
                self._expire(effects)
            self._changed = True
        self._clock = max(self._clock, until)

    def _due(self) -> float | None:
        while self._expiry and not self._still_expected(*self._expiry[0]):
            heapq.heappop(self._expiry)
        dues = [self._queue.due(), self._pending.due(), self._paging.due(), self._expiry[0][0] if self._expiry else None]
        return min((due for due in dues if due is not None), default=None)

    def _expect(self, alert: Alert) -> None:
        """Set the timer at which the alert expires, unless something is heard of it."""
        if alert.open and self.wiring.expire_s is not None:
            heapq.heappush(self._expiry, (alert.updated_at + self.wiring.expire_s, place(alert.indicator, alert.scope)))

    def _still_expected(self, due: float, where: str) -> bool:
        alert = self._book.get(where)
        return alert is not None and self.wiring.expire_s is not None and alert.updated_at + self.wiring.expire_s == due

    def _expire(self, effects: Effects) -> None:
        where = heapq.heappop(self._expiry)[1]
        before = self._book.get(where)
        self._ended_by_hand(before, self._book.expire(where, self._clock), self._clock, effects)

    # -- alerts

    def _apply(self, change: Change, now: float, effects: Effects) -> None:
        """Take a change of tier; where its indicator must burn for a while, the first ones wait."""
        where = place(change.reading.indicator, change.reading.scope)
        wait = self.wiring.waits.get(change.reading.indicator, 0.0)
        if not wait or self._book.get(where) is not None:
            self._change(change, now, effects)
        elif change.tier:
            self._pending.wait(change, now + wait)
            self._changed = True
        elif self._pending.cancel(where):
            effects.counts["drops_total", "for", "cleared"] += 1
            self._changed = True
        else:
            self._change(change, now, effects)

    def _change(self, change: Change, now: float, effects: Effects) -> None:
        where = place(change.reading.indicator, change.reading.scope)
        before, closed = self._book.get(where), self._book.closed.get(where)
        alert = self._book.apply(change, now)
        if closed is not None:
            self._keep_closed(where)
        if alert is not None:
            self._revise(before, alert, now, effects)
            self._lift(alert, now, effects)

    def _obey(self, item: Item, effects: Effects) -> None:
        """Carry out a command."""
        command = item.command
        if command is not None:
            self._clock = max(self._clock, item.at if item.at <= self._merge.released else self._clock)
            effects.counts["commands_total", command.kind, self._carry_out(command, effects)] += 1
            self._changed = True

    def _carry_out(self, command: Command, effects: Effects) -> str:
        now = self._clock
        if self._queue.is_double(command, now):
            return "double"
        taken = self._paging.take(command, now)
        if taken is not None:
            self._send(self._paging.tick(now), effects)
            return "done" if taken else "no_change"
        if command.kind not in _ACTS:
            return "noted"
        before = self._book.find(command)
        if before is None:
            return "not_open"
        alert = self._book.command(command, now)
        self._ended_by_hand(before, alert, now, effects)
        return "done" if alert is not None else "no_change"

    def _ended_by_hand(self, before: Alert | None, alert: Alert | None, now: float, effects: Effects) -> None:
        """Keep and publish a revision that no reading caused."""
        if alert is None:
            return
        if not alert.open:
            self._keep_closed(place(alert.indicator, alert.scope))
        self._revise(before, alert, now, effects)
        if not alert.open:
            self._lift(alert, now, effects)

    def _keep_closed(self, where: str) -> None:
        closed = self._book.closed.get(where)
        self._dirty[f"{_CLOSED}{where}"] = msgspec.msgpack.encode(closed) if closed is not None else None

    def _revise(self, before: Alert | None, alert: Alert, now: float, effects: Effects) -> None:
        """Count, keep and publish a revision."""
        where = place(alert.indicator, alert.scope)
        self._count(before, alert, effects)
        if self.wiring.durable:
            self._dirty[f"{_ALERT}{where}"] = msgspec.msgpack.encode(alert) if alert.open else None
        if alert.indicator == CHAIN:
            self._chains.pop(where, None)
            self._chains |= {where: alert} if alert.open else {}
        self._expect(alert)
        self._publish(alert, now, effects)

    def _lift(self, alert: Alert, now: float, effects: Effects) -> None:
        """Have a chain that moved raise or lower the alerts of its scope, and chains raise an alert that moved."""
        if alert.indicator != CHAIN and not self._chains:
            return
        concerned = list(self._book) if alert.indicator == CHAIN else [alert]
        before = {each.id: each for each in concerned}
        for lifted in self._book.lift(concerned, self._chains.values(), now):
            self._revise(before[lifted.id], lifted, now, effects)

    # -- output

    def _publish(self, alert: Alert, now: float, effects: Effects) -> None:
        event = self.wiring.present(alert)
        self._clock = max(self._clock, now)
        paged = self._paging.page(alert, event, self._clock)
        body = msgspec.json.encode(event)
        name = f"{alert.scope.tenant}/{alert.key}"
        key = name.encode()
        topics = [ALERTS, ALERT_STATE, *(tier_topic(tier.label) for tier in alert.touched)]
        effects.sends += [Send(topic, body, key, self.partition) for topic in topics]
        if alert.open:
            self._ended.pop(name, None)
        else:
            self._ended[name] = now + KEEP_S
        self._send(paged, effects)
        if (due := self._paging.due()) is not None and due <= self._clock:
            self._send(self._paging.tick(self._clock), effects)

    def _send(self, paged: Paged, effects: Effects) -> None:
        for page in paged.pages:
            effects.sends.append(Send(OUTBOX, msgspec.json.encode(page), page.lane.encode(), self.partition))
        for drop in paged.drops:
            effects.counts["drops_total", drop.step, drop.reason] += 1

    def _count(self, before: Alert | None, alert: Alert, effects: Effects) -> None:
        if before is not None:
            self._gauge(before, -1, effects)
        if alert.open:
            self._gauge(alert, 1, effects)
        effects.counts["alerts_total", alert.indicator, alert.fire.label, alert.state] += 1

    def _gauge(self, alert: Alert, step: int, effects: Effects) -> None:
        labels = (alert.fire.label, alert.indicator)
        self._open[labels] += step
        effects.counts["open_alerts", *labels] = self._open[labels]

    def _forget(self, effects: Effects) -> None:
        """Delete from the state topic what ended long ago."""
        if not self._ended or next(iter(self._ended.values())) > self._merge.released:
            return
        for name in [name for name, due in self._ended.items() if due <= self._merge.released]:
            del self._ended[name]
            effects.sends.append(Send(ALERT_STATE, None, name.encode(), self.partition))
        self._changed = True
