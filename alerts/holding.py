"""What silence, maintenance, inhibition and flapping have in common: pages are held back, and given when the reason is gone."""

from __future__ import annotations

import heapq
import math
from abc import abstractmethod
from typing import Any

import msgspec

from alerts.alert import place
from alerts.kept import Kept
from alerts.stage import AlertStageStep, Batch, Drop, Notice

__all__ = ["Hold", "Holding"]


class Hold(msgspec.Struct, frozen=True):
    """Why a page is held back: a reason for metrics, what by, and until when at least (epoch s; infinite: until somebody says so)."""

    reason: str
    by: str = ""
    until: float = math.inf


class _Held(msgspec.Struct, array_like=True):
    """An open alert whose page is held back, by its place, and when to look again."""

    where: str
    until: float


class Holding(AlertStageStep):
    """Drops notices for a reason and remembers the alerts: one that still burns when the reason is gone is paged then, as it is by then.

    What ends while it is held was never told, so its end is told to nobody either. Memory: a few bytes for each open alert held.
    """

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._held: Kept[_Held] = Kept(_Held)
        self.kept = {"held": self._held}
        self._due: list[tuple[float, str]] = []

    @abstractmethod
    def hold(self, notice: Notice, now: float) -> Hold | None:
        """Why this notice is to be held back now, if it is."""

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices nothing holds."""
        result = Batch(drops=list(batch.drops))
        for notice in batch.notices:
            why = None if notice.passes else self.hold(notice, now)
            if why is None:
                result.notices.append(notice)
            else:
                result.drops.append(Drop(notice.event_id, self.name, why.reason, why.by))
                self._hold(notice, why)
        return result

    def observe(self, notice: Notice, now: float) -> None:
        """Forget an alert that ended."""
        del now
        if not notice.alert.open:
            self._held.drop(notice.alert.id)

    def started(self) -> None:
        """Look at all that are held when they are due."""
        self._due = [(held.until, key) for key, held in self._held.items() if held.until < math.inf]
        heapq.heapify(self._due)

    def wake(self, alert_id: str) -> None:
        """Look at a held alert as soon as possible: its reason may be gone."""
        if alert_id in self._held:
            heapq.heappush(self._due, (-math.inf, alert_id))

    def due(self) -> float | None:
        """When a held alert is to be looked at."""
        while self._due and self._due[0][1] not in self._held:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def tick(self, now: float) -> Batch:
        """The alerts nothing holds any more."""
        batch = Batch()
        ready = set()
        while self._due and self._due[0][0] <= now:
            ready.add(heapq.heappop(self._due)[1])
        for alert_id in sorted(ready):
            held = self._held.get(alert_id)
            if held is not None and (notice := self._free(alert_id, held, now)) is not None:
                batch.notices.append(notice)
        return batch

    def _free(self, alert_id: str, held: _Held, now: float) -> Notice | None:
        notice = self.desk.current(held.where)
        if notice is None or notice.alert.id != alert_id:
            self._held.drop(alert_id)
            return None
        why = self.hold(notice, now)
        if why is not None:
            self._hold(notice, why)
            return None
        self._held.drop(alert_id)
        return notice

    def _hold(self, notice: Notice, why: Hold) -> None:
        alert = notice.alert
        self._held.put(alert.id, _Held(place(alert.indicator, alert.scope), why.until))
        if why.until < math.inf:
            heapq.heappush(self._due, (why.until, alert.id))
