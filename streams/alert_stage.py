"""Third stage, keyed by tenant: it alone owns the alerts. Changes of tier in, alert events and pages out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from alerts.alert import Alert, place
from alerts.book import AlertBook
from alerts.decide import Change
from alerts.stage import Batch, Notice, pages_of, run_steps
from alerts.tier import Tier
from alerts.uplift import CHAIN
from streams.batches import decode_items
from streams.handover import check_layout, held_key
from streams.merge import Merge, SourceState
from streams.stage import Effects, Send
from streams.topics import ALERT_STATE, ALERTS, OUTBOX, tier_topic
from streams.wiring import Wiring

__all__ = ["AlertStage"]

KEEP_S = 7 * 86_400.0
_META, _ALERT, _HELD = b"meta", "a/", "held/"


class _Meta(msgspec.Struct, array_like=True):
    """What the stage remembers besides its open alerts. `ended` are keys of the state topic and when to delete them."""

    layout: tuple[int, int, int]
    sources: dict[str, SourceState]
    released: float = 0.0
    ended: dict[str, float] = msgspec.field(default_factory=dict)


class AlertStage:
    """One partition of the alert stage.

    Changes of tier are released in the merged order of all partitions before it. Each revision of an alert goes, with the same id
    whenever it is written, to the alerts topic, to the compacted state topic (deleted there 7 days after the end), to the topic of
    each tier it touches, and through the steps of the policy to the outbox, a page for each receiver.
    """

    def __init__(self, partition: int, wiring: Wiring) -> None:
        layout = wiring.layout
        self.partition, self.wiring, self.name = partition, wiring, f"a{partition}"
        self._layout = (layout.events, layout.scopes, layout.alerts)
        self._merge = Merge(layout.sources_of_alerts())
        self._merge.released = 0.0
        self._book = AlertBook()
        self._ended: dict[str, float] = {}
        self._open: Counter[tuple[str, str]] = Counter()
        self._chains: dict[str, Alert] = {}
        self._dirty: dict[str, bytes | None] = {}
        self._changed = False
        self._untold = False

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Load the changelog's live records. Raises Halt when the state was made for another layout."""
        held: list[bytes] = []
        for key, value in records:
            name = key.decode()
            if key == _META:
                meta = msgspec.msgpack.decode(value, type=_Meta)
                check_layout("alerts", meta.layout, self._layout)
                self._merge.sources, self._merge.released = meta.sources, meta.released
                self._ended |= meta.ended
            elif name.startswith(_HELD):
                held.append(value)
            else:
                self._restore_alert(name, msgspec.msgpack.decode(value, type=Alert))
        for value in held:
            self._merge.restore(decode_items(value))
        self._open.update((Tier(alert.tier).label, alert.indicator) for alert in self._book)
        self._untold = True

    def _restore_alert(self, name: str, alert: Alert) -> None:
        """Open alerts go on; one whose indicator the policy no longer has cannot, and is forgotten."""
        if any(level is not None for level in self.wiring.decider.levels(alert.indicator, alert.scope.tenant, None, ())):
            self._book.restore([alert])
            if alert.indicator == CHAIN and alert.open:
                self._chains[place(alert.indicator, alert.scope)] = alert
        else:
            self._dirty[name] = None
            self._ended = {f"{alert.scope.tenant}/{alert.key}": 0.0, **self._ended}

    def process(self, value: bytes) -> Effects:
        """Take one ItemBatch of changes."""
        batch = decode_items(value)
        effects = Effects()
        if self._untold:
            effects.counts.update({("open_alerts", *labels): count for labels, count in self._open.items()})
            self._untold = False
        before = set(self._merge.held)
        key = self._merge.add(batch)
        for item in self._merge.release():
            if item.change is not None:
                self._apply(item.change, item.at, effects)
        self._forget(effects)
        if self.wiring.durable:
            self._dirty.update({held_key(each): None for each in sorted(before - set(self._merge.held))})
            if key is not None and key in self._merge.held:
                self._dirty[held_key(key)] = value
        self._changed |= key is not None
        return effects

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The alerts, held batches and the stage's own memory that changed since the last call."""
        out: list[tuple[bytes, bytes | None]] = [(key.encode(), value) for key, value in self._dirty.items()]
        if out or self._changed:
            meta = _Meta(self._layout, self._merge.sources, self._merge.released, self._ended)
            out.append((_META, msgspec.msgpack.encode(meta)))
        self._dirty.clear()
        self._changed = False
        return out

    def _apply(self, change: Change, now: float, effects: Effects) -> None:
        before = self._book.get(place(change.reading.indicator, change.reading.scope))
        alert = self._book.apply(change, now)
        if alert is not None:
            self._revise(before, alert, now, effects)
            self._lift(alert, now, effects)

    def _revise(self, before: Alert | None, alert: Alert, now: float, effects: Effects) -> None:
        """Count, keep and publish a revision."""
        where = place(alert.indicator, alert.scope)
        self._count(before, alert, effects)
        if self.wiring.durable:
            self._dirty[f"{_ALERT}{where}"] = msgspec.msgpack.encode(alert) if alert.open else None
        if alert.indicator == CHAIN:
            self._chains.pop(where, None)
            self._chains |= {where: alert} if alert.open else {}
        self._publish(alert, now, effects)

    def _lift(self, alert: Alert, now: float, effects: Effects) -> None:
        """Have a chain that moved raise or lower the alerts of its scope, and chains raise an alert that moved."""
        if alert.indicator != CHAIN and not self._chains:
            return
        concerned = list(self._book) if alert.indicator == CHAIN else [alert]
        before = {each.id: each for each in concerned}
        for lifted in self._book.lift(concerned, self._chains.values(), now):
            self._revise(before[lifted.id], lifted, now, effects)

    def _publish(self, alert: Alert, now: float, effects: Effects) -> None:
        event = self.wiring.present(alert)
        body = msgspec.json.encode(event)
        name = f"{alert.scope.tenant}/{alert.key}"
        key = name.encode()
        topics = [ALERTS, ALERT_STATE, *(tier_topic(tier.label) for tier in alert.touched)]
        effects.sends += [Send(topic, body, key, self.partition) for topic in topics]
        if alert.open:
            self._ended.pop(name, None)
        else:
            self._ended[name] = now + KEEP_S
        batch = run_steps(self.wiring.steps, Batch([Notice(alert, event)]), now)
        for page in pages_of(batch, now):
            effects.sends.append(Send(OUTBOX, msgspec.json.encode(page), page.lane.encode(), self.partition))
        for drop in batch.drops:
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
