"""Many alerts at once through the alert stage and the stages of the policy: pages, time, memory, sizes. Runs in a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.decide import Change
from alerts.page import Page
from config.loader import load_policy
from detectors.base import Reading, Scope
from detectors.text.words import Words
from streams.alert_stage import AlertStage
from streams.batches import Item, ItemBatch, encode
from streams.stages import build_wiring
from streams.topics import OUTBOX
from streams.wiring import Layout

__all__ = ["Desk", "doubles", "storm"]

BATCH: Final = 500
START: Final = 1_794_326_400.0
POLICY: Final = """
receivers: [{name: ops, type: webhook, url: "https://example.com/hook", secret_env: FENGHUO_BENCH}]
routes: [{receivers: ops}]
group: [{by: [queue_id], wait_s: 30, interval_s: 300, at_once: red}]
"""


class Desk:
    """An alert stage with its changelog, and the pages it wrote. Every page goes to one receiver."""

    def __init__(self, *, grouped: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "policy.yaml"
            file.write_text(POLICY if grouped else POLICY.partition("group:")[0], encoding="utf-8")
            policy = load_policy(file)
        self.stage = AlertStage(0, build_wiring(policy, Layout(1, 1, 1), analyse=lambda text, _: Words(text, "zh-CN", ())))
        self.pages: list[tuple[str, str, int]] = []
        self.state: dict[bytes, int] = {}
        self.written = 0
        self._seq = 0

    def feed(self, items: list[Item], until: float) -> None:
        """Changes in order, and time goes on to `until`."""
        self._seq += bool(items)
        self._take(ItemBatch("s0", 0, until, 0.0))
        self._take(ItemBatch("c0", self._seq if items else 0, until, 0.0, items=items))

    def _take(self, batch: ItemBatch) -> None:
        for send in self.stage.process(encode(batch)).sends:
            if send.topic == OUTBOX:
                page = msgspec.json.decode(send.value or b"", type=Page)
                self.pages.append((page.event_id, page.state, len(page.body)))
        for key, value in self.stage.changes():
            self.written += len(key) + len(value or b"")
            self.state[key] = len(value or b"")
            if value is None:
                del self.state[key]


def storm(alerts: int, groups: int) -> dict[str, Any]:
    """So many alerts within 10 s, all over a minute later, in so many groups."""
    desk, before, began = Desk(grouped=True), _rss(), time.perf_counter()
    _run(desk, _changes(alerts, groups, START, 2, 0), START + 10)
    desk.feed([], START + 60)
    raised, seconds = len(desk.pages), time.perf_counter() - began
    state = sum(desk.state.values())
    _run(desk, _changes(alerts, groups, START + 70, 0, 2), START + 80)
    desk.feed([], START + 1000)
    return {
        "alerts": alerts,
        "groups": groups,
        "notifications": raised,
        "seconds": round(seconds, 2),
        "ends_told": sum(state == "resolved" for _, state, _ in desk.pages),
        "seconds_with_ends": round(time.perf_counter() - began, 2),
        "largest_body_bytes": max(size for _, _, size in desk.pages),
        "state_bytes": state,
        "changelog_bytes": desk.written,
        "rss_mb": _rss(),
        "rss_before_mb": before,
    }


def doubles(number: int) -> dict[str, Any]:
    """The same change again and again."""
    desk, began = Desk(grouped=False), time.perf_counter()
    change = Change(Reading(START, 120.0, indicator="queue_length", scope=Scope("acme", (("queue_id", "q"),))), 2, 0, START, 100.0)
    items = (Item(START + index / number, "s", f"{index:09}", 0, change=change) for index in range(number))
    _run(desk, items, START + 10)
    return {
        "changes": number,
        "notifications": len(desk.pages),
        "seconds": round(time.perf_counter() - began, 2),
        "rss_mb": _rss(),
    }


def _changes(alerts: int, groups: int, start: float, tier: int, before: int) -> Iterator[Item]:
    for index in range(alerts):
        at = start + 10 * index / alerts
        scope = Scope("acme", (("queue_id", f"q-{index % groups}"), ("agent_id", f"a-{index}")))
        change = Change(Reading(at, 120.0, indicator="queue_length", scope=scope), tier, before, START + 10 * index / alerts, 100.0)
        yield Item(at, "s", f"{index:09}", 0, change=change)


def _run(desk: Desk, items: Iterator[Item], end: float) -> None:
    while batch := list(islice(items, BATCH)):
        desk.feed(batch, batch[-1].at)
    desk.feed([], end)


def _rss() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    print(json.dumps((storm if what == "storm" else doubles)(*map(int, numbers))))
