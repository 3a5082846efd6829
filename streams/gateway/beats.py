"""The gateway's heartbeats: they tell readers of every partition how far event time has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from streams.gateway.bus import Bus, Record
from streams.gateway.checker import Checked
from streams.gateway.meters import Meters
from streams.heartbeat import heartbeat
from streams.lane import CREDIBLE_S
from streams.topics import EVENTS
from streams.watermark import Watermark

__all__ = ["Beats"]

EVERY_S = 0.5


class Beats:
    """Writes a heartbeat to each partition twice a second, as long as event time moves.

    It tells the time of events that Kafka has acknowledged, never of one on its way. Several gateways tell each their own; where one is
    more than the allowed lateness behind the others (a backfill beside live events), its events are late.
    """

    def __init__(self, bus: Bus, meters: Meters, wall: Callable[[], float] = time.time) -> None:
        self._bus = bus
        self._meters = meters
        self._wall = wall
        self._mark = Watermark()
        self._told: float | None = None

    def observe(self, event: Checked) -> None:
        """Take the time of an acknowledged event in."""
        self._mark.observe(event.time, event.subject, credible=abs(event.time - self._wall()) <= CREDIBLE_S)

    async def beat(self) -> bool:
        """Write heartbeats if there is news; whether there was."""
        mark = self._mark.value if self._mark.confirmed else None
        if mark is None or mark == self._told or self._bus.resting > 0:
            return False
        records = [Record(EVENTS, heartbeat(mark, partition, "gateway"), None, partition) for partition in self._bus.partitions]
        if all(await self._bus.write(records)):
            self._told = mark
            self._meters.add("heartbeats_total", number=len(records))
        return True

    async def run(self, stopping: asyncio.Event, every_s: float = EVERY_S) -> None:
        """Beat until `stopping`. Whoever stops it beats once more when the last event is acknowledged."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await stopping.wait()
            await self.beat()
