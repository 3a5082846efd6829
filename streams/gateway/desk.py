"""Where events are taken in: judged, compared with what came before, written, and answered one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from streams.dead_letter import dead_letter
from streams.gateway.beats import Beats
from streams.gateway.bus import Bus, Record
from streams.gateway.checker import Checked, Checker
from streams.gateway.meters import Meters
from streams.gateway.remembered import Events, digest
from streams.records import Reject
from streams.topics import EVENTS

__all__ = ["Desk", "Item", "Outcome"]

TURN: Final = 100
"""After so many events judged, others get their turn."""

RESULTS: Final = ("accepted", "duplicate", "rejected", "failed")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Item(msgspec.Struct, omit_defaults=True):
    """What became of one event. `status` is accepted, duplicate, rejected or failed (Kafka has not acknowledged it: send it again)."""

    index: int
    status: str
    id: str | None = None
    reason: str | None = None
    path: str | None = None
    detail: str | None = None


class Outcome(msgspec.Struct):
    """What became of all of them."""

    items: list[Item]
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    failed: int = 0

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: getattr(self, name) for name in RESULTS}


@dataclass
class _Letter:
    """A rejected event as `dead_letter` wants it: the gateway's door is its topic."""

    value: bytes
    offset: int
    timestamp: int
    topic: str = "gateway"
    partition: int = -1
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = field(default_factory=list)


@dataclass
class Desk:
    """Takes events in. `wall` is the clock (epoch s)."""

    bus: Bus
    checker: Checker
    meters: Meters
    events: Events
    beats: Beats
    wall: Callable[[], float] = time.time

    async def take(self, values: Sequence[bytes], tenant: str, *, strict: bool = True, rejects: Sequence[Reject] = ()) -> Outcome:
        """Judge and write events of a tenant; returns when Kafka has acknowledged what is called accepted, or has not in time.

        `strict`: the same (source, id) with other bytes is a reject; for a vendor's payloads it is a duplicate. `rejects` were refused
        before they were events, and are answered behind the others.
        """
        now = self.wall()
        items: list[Item] = []
        fresh: dict[int, tuple[Checked, bytes, bytes]] = {}
        again: dict[int, int] = {}
        here: dict[bytes, int] = {}
        letters: list[Record] = []
        for index, value in enumerate(values):
            if index % TURN == TURN - 1:
                await asyncio.sleep(0)
            found = self.checker.check(value, tenant, now)
            if isinstance(found, Reject):
                letters += self._letter(value, index, found, now)
                items.append(_rejected(index, found))
            else:
                items.append(self._seen(index, found, tenant, strict, here, fresh, again))
        items += [_rejected(len(values) + index, reject) for index, reject in enumerate(rejects)]
        await self._write(items, fresh, again, letters)
        return self._count(items, tenant)

    def _seen(
        self,
        index: int,
        event: Checked,
        tenant: str,
        strict: bool,
        here: dict[bytes, int],
        fresh: dict[int, tuple[Checked, bytes, bytes]],
        again: dict[int, int],
    ) -> Item:
        """The item of an event that may be written, by what came before under its (source, id), in earlier requests or in this one."""
        key, content = digest(tenant.encode(), event.source.encode(), event.id.encode()), digest(event.value)
        first = here.get(key)
        known = fresh[first][2] if first is not None else self.events.get(key)
        if known is None:
            here[key], fresh[index] = index, (event, key, content)
            return Item(index, "accepted", event.id)
        if known != content and strict:
            return Item(index, "rejected", event.id, "id_reused", "id", "another event came under this source and id")
        if first is not None:
            again[index] = first
        return Item(index, "duplicate", event.id)

    async def _write(
        self, items: list[Item], fresh: dict[int, tuple[Checked, bytes, bytes]], again: dict[int, int], letters: list[Record]
    ) -> None:
        records = [Record(EVENTS, event.value, event.key) for event, _, _ in fresh.values()]
        if not records and not letters:
            return
        began = time.monotonic()
        acked = await self.bus.write([*records, *letters])
        self.meters.observe("ack_seconds", time.monotonic() - began)
        for (index, (event, key, content)), well in zip(fresh.items(), acked, strict=False):
            if well:
                self.events.add(key, content)
                self.beats.observe(event)
            else:
                items[index].status = "failed"
        for index, first in again.items():
            if items[first].status == "failed":
                items[index].status = "failed"

    def _letter(self, value: bytes, index: int, reject: Reject, now: float) -> list[Record]:
        """The dead letter of what could be told to be an event; none for what is no JSON object at all."""
        try:
            named = "id" in _object(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            named = False
        if not named:
            return []
        letter = dead_letter(_Letter(value, index, int(now * 1000)), reject)
        return [Record(letter.topic, letter.value or b"", letter.key, None, [(name, content or b"") for name, content in letter.headers])]

    def _count(self, items: list[Item], tenant: str) -> Outcome:
        outcome = Outcome(items)
        for item in items:
            setattr(outcome, item.status, getattr(outcome, item.status) + 1)
            if item.reason is not None:
                self.meters.add("rejects_total", item.reason)
        for result, number in outcome.counts().items():
            if number:
                self.meters.add("events_total", tenant, result, number=number)
        return outcome


def _rejected(index: int, reject: Reject) -> Item:
    return Item(index, "rejected", None, reject.reason, reject.path, reject.detail)
