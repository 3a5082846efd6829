"""A time line of alerts and commands, a policy as text, and the pages that must come: in the manner of Alertmanager's acceptance tests.

A file in `pages/` holds scenes of one theme, divided by `---`; a scene is called `file:scene`.

    scene: a_silence_holds_a_page                 # a name, once per file
    title: what it shows, one sentence
    start: 2026-03-02T10:00:00+08:00              # a Monday by default; times are counted from here: 90s, 5m, 2h or sums such as 1h30m
    policy: {routes: [{receivers: ops}]}          # keys of fenghuo.yaml; stages as it has them unless they stand here;
                                                  # for_s (of indicators.yaml) by indicator
    events:
      - {at: 0s, queue: q-a, tier: red}           # the queue length of q-a is at this tier now; none: it has cleared
      - {at: 1m, queue: q-a, tier: red, indicator: volume_ratio_3h}
      - {at: 2m, do: acknowledge, queue: q-a, by: li}
      - {at: 3m, do: silence_add, silence: s-1, match: {queue_id: q-a}, until: 10m}
      - {at: 4m, campaign: sale, scope: {queue_id: q-a}, from: 1h, until: 3h}
    end: 1h
    pages:                                        # exactly these, in order of their times
      - {at: 0s, to: ops, queue: q-a, tier: red, state: raised}
      - {at: [10m, 11m], to: ops, id: "1:e1"}     # within; id: revision (and step), alerts: how many a page of many lists
    drops: {silences/silenced: 1}                 # and these counts, where they matter

Each scene runs with everything in one batch, in many, with commands among the events, and with a restart before each batch and command:
the pages must be the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml

from alerts.alert import Alert, alert_key
from alerts.command import Command
from alerts.decide import Change
from alerts.declared_campaign import DeclaredCampaign
from alerts.page import Page
from alerts.silence import Silence
from alerts.stage import AlertStageStep, step_class
from alerts.tier import Tier
from detectors.base import Reading, Scope
from streams.alert_stage import AlertStage
from streams.batches import Item, ItemBatch, encode
from streams.topics import OUTBOX
from tests.scenario.timeline import seconds
from tests.unit.streams.fakes import wiring

__all__ = ["Told", "Watch", "WatchScene", "steps_of", "watch_scenes_of"]

STAGES = ("silences", "maintenance", "inhibit", "flap", "dedup", "route", "rate_limit", "group", "repeat", "escalate")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class WatchScene:
    """One scene as its file has it."""

    name: str
    start: float
    policy: Mapping[str, Any]
    events: list[dict[str, Any]]
    end: float
    pages: list[dict[str, Any]]
    drops: Mapping[str, int]


@dataclass(frozen=True)
class Told:
    """A page as a scene speaks of it: seconds from the start."""

    at: float
    to: str
    queue: str
    tier: str
    state: str
    id: str
    alerts: int


def watch_scenes_of(path: Path) -> Iterator[WatchScene]:
    """The scenes of a file."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        start = document.get("start", "2026-03-02T10:00:00+08:00")
        moment = start if isinstance(start, datetime) else datetime.fromisoformat(start)
        yield WatchScene(
            f"{path.stem}:{document['scene']}",
            moment.timestamp(),
            document["policy"],
            sorted(document["events"], key=lambda row: seconds(row["at"])),
            seconds(document["end"]),
            document["pages"],
            document.get("drops", {}),
        )


def steps_of(policy: Mapping[str, Any]) -> list[AlertStageStep]:
    """The stages of a policy."""
    steps = []
    for name in policy.get("stages", STAGES):
        kind = step_class(name)
        steps.append(kind(kind.Params.model_validate({key: policy[key] for key in kind.Params.model_fields if key in policy})))
    known = {"stages", "expire_s", "for_s", *(key for step in steps for key in step.Params.model_fields)}
    assert set(policy) <= known, f"unknown keys: {set(policy) - known}"
    return steps


def present(alert: Alert) -> dict[str, Any]:
    """What a page needs of an event."""
    title = {"zh": alert.key, "en": alert.key}
    return {"id": alert.event_id, "data": {"dimension": "structure", "title": title, "alert_id": alert.id, "state": alert.state}}


class Watch:
    """One partition of the alert stage with a policy, and all pages it wrote, once each."""

    def __init__(self, policy: Mapping[str, Any], start: float = 0.0, *, restarts: bool = False) -> None:
        made = wiring(steps=steps_of(policy))
        self._wiring = replace(made, present=present, zone=SHANGHAI, expire_s=policy.get("expire_s"), waits=policy.get("for_s", {}))
        self.stage = AlertStage(0, self._wiring)
        self.log: dict[bytes, bytes] = {}
        self.pages: dict[tuple[str, str], Page] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.written: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._start, self._restarts = start, restarts
        self._since: dict[tuple[str, str], float] = {}
        self._tiers: dict[tuple[str, str], int] = {}
        self._seq = self._offset = 0

    def change(self, at: float, queue: str, tier: int, indicator: str = "queue_length", value: float = 1.0) -> Item:
        """A change of a queue's tier."""
        key = (indicator, queue)
        since = self._since.setdefault(key, self._start + at)
        scope = Scope("acme", (("queue_id", queue),))
        reading = Reading(self._start + at, value, indicator=indicator, scope=scope)
        change = Change(reading, tier, self._tiers.get(key, 0), since, 1.0)
        self._tiers[key] = tier
        if not tier:
            del self._since[key]
        return Item(self._start + at, "s", f"{at:012.3f}", 0, change=change)

    def feed(self, items: list[Item], until: float) -> None:
        """Changes in their order, and both sources have come to `until` (exclusive)."""
        if self._restarts:
            self.restart()
        self._seq += bool(items)
        self.take(ItemBatch("s0", 0, self._start + until, 0.0))
        self.take(ItemBatch("c0", self._seq if items else 0, self._start + until, 0.0, items=items))

    def command(self, command: Command) -> None:
        """A record of the feedback topic."""
        if self._restarts:
            self.restart()
        item = Item(command.at, "feedback/0", command.id, self._offset, command=command)
        self.take(ItemBatch("feedback/0", self._offset, 0.0, 0.0, items=[item]))
        self._offset += 1

    def take(self, batch: ItemBatch) -> None:
        """One record."""
        effects = self.stage.process(encode(batch))
        self.counts.update({name: number for name, number in effects.counts.items() if name[0] != "open_alerts"})
        for send in effects.sends:
            if send.topic == OUTBOX:
                page = msgspec.json.decode(send.value or b"", type=Page)
                self.written[page.receiver, page.event_id] += 1
                self.pages.setdefault((page.receiver, page.event_id), page)
            elif send.topic == "fenghuo.alerts.v1":
                event = json.loads(send.value or b"")
                self.events[event["id"]] = event
        for key, value in self.stage.changes():
            if value is None:
                self.log.pop(key, None)
            else:
                self.log[key] = value

    def restart(self) -> None:
        """The process was killed after its last write; the changelog comes back in any order."""
        self.stage = AlertStage(0, self._wiring)
        self.stage.restore(sorted(self.log.items(), reverse=True))

    def told(self) -> list[Told]:
        """The pages, in order of their times."""
        found = []
        for page in self.pages.values():
            event = json.loads(page.body)
            queue = event["data"]["title"]["zh"].partition("queue=")[2].partition("(")[0]
            listed = len(event["data"].get("group", {}).get("alerts", [None]))
            tail = page.event_id.partition(":")[2]
            found.append(Told(round(page.created - self._start, 3), page.receiver, queue, page.tier, page.state, tail, listed))
        return sorted(found, key=lambda each: (each.at, each.to, each.queue, each.id))


def play(scene: WatchScene, *, size: int = 1000, restarts: bool = False, among: bool = False) -> Watch:
    """Run a scene: so many events in a batch, restarted before each record or not, commands among the events or on their own topic."""
    watch = Watch(scene.policy, scene.start, restarts=restarts)
    for rows in _chunks(scene.events, size):
        items = []
        for index, row in rows:
            at = seconds(row["at"])
            if "campaign" in row:
                items.append(Item(scene.start + at, "s", f"{at:012.3f}", 1, campaign=_campaign(scene, row)))
            elif "do" not in row:
                tier = Tier[row["tier"].upper()]
                items.append(watch.change(at, row["queue"], tier, row.get("indicator", "queue_length")))
            elif among:
                items.append(Item(scene.start + at, "s", f"{at:012.3f}", 1, command=_command(scene, row, index)))
            else:
                watch.command(_command(scene, row, index))
        watch.feed(items, seconds(rows[-1][1]["at"]) + 0.001)
    watch.feed([], scene.end)
    return watch


def _chunks(events: list[dict[str, Any]], size: int) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """At least so many at a time, numbered; what happens at one moment stays together."""
    rows: list[tuple[int, dict[str, Any]]] = []
    for index, row in enumerate(events):
        if len(rows) >= size and row["at"] != rows[-1][1]["at"]:
            yield rows
            rows = []
        rows.append((index, row))
    yield rows


def _campaign(scene: WatchScene, row: Mapping[str, Any]) -> DeclaredCampaign:
    starts, until = (scene.start + seconds(row[name]) for name in ("from", "until"))
    return DeclaredCampaign("acme", row["campaign"], starts, until, row.get("scope", {}))


def _command(scene: WatchScene, row: Mapping[str, Any], index: int) -> Command:
    at = scene.start + seconds(row["at"])
    by, silence = row.get("by", "li"), None
    if "silence" in row:
        until = scene.start + seconds(row["until"]) if "until" in row else at
        silence = Silence(id=row["silence"], tenant="acme", match=row.get("match", {}), starts=at, until=until, by=by)
    scope = Scope("acme", (("queue_id", row.get("queue", "")),))
    key = alert_key(row.get("indicator", "queue_length"), scope) if silence is None else None
    return Command(id=row.get("id", f"c-{index}"), tenant="acme", kind=row["do"], by=by, at=at, alert_key=key, silence=silence)
