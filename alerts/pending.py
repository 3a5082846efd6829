"""Fires that must burn for a while before they are an alert."""

from __future__ import annotations

import heapq

import msgspec

from alerts.alert import place
from alerts.decide import Change
from alerts.kept import Kept

__all__ = ["Pending"]


class _Waiting(msgspec.Struct, array_like=True):
    change: Change
    due: float


class Pending:
    """Changes of tier at places where nothing is open yet, with the moment at which each becomes an alert.

    The last change counts: what lit blue and is red by then is raised red. What went out before was none.

    >>> from detectors.base import Reading, Scope
    >>> pending, lit = Pending(), Reading(0.0, 9.0, indicator="queue_length", scope=Scope("acme"))
    >>> pending.wait(Change(lit, 1, 0, 0.0), due=60.0); pending.wait(Change(lit, 4, 1, 0.0), due=90.0)
    >>> pending.due(), pending.take().tier, pending.due()
    (60.0, 4, None)
    """

    def __init__(self) -> None:
        self.kept: Kept[_Waiting] = Kept(_Waiting)
        self._due: list[tuple[float, str]] = []

    def wait(self, change: Change, due: float) -> None:
        """Have a change wait until `due` (epoch s), or until the occurrence it belongs to was due already."""
        where = place(change.reading.indicator, change.reading.scope)
        known = self.kept.get(where)
        if known is not None and known.change.since == change.since:
            due = known.due
        else:
            heapq.heappush(self._due, (due, where))
        self.kept.put(where, _Waiting(change, due))

    def cancel(self, where: str) -> bool:
        """Forget what waits at a place; False where nothing did."""
        return self.kept.drop(where) is not None

    def due(self) -> float | None:
        """When the next one becomes an alert."""
        while self._due and not self._is_due(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def take(self) -> Change:
        """The one whose time has come. Raises LookupError where none waits."""
        if self.due() is None:
            raise LookupError("nothing waits")
        waiting = self.kept.drop(heapq.heappop(self._due)[1])
        if waiting is None:
            raise LookupError("nothing waits")
        return waiting.change

    def started(self) -> None:
        """All was loaded: rebuild the timers."""
        self._due = [(waiting.due, where) for where, waiting in self.kept.items()]
        heapq.heapify(self._due)

    def _is_due(self, at: float, where: str) -> bool:
        waiting = self.kept.get(where)
        return waiting is not None and waiting.due == at
