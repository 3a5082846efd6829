"""Events in the order of their times, whatever the order in which they come."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from detectors.event import Event
from streams.watermark import Watermark

__all__ = ["Reorder"]

HEARTBEAT = "stream.heartbeat"
MOST = 200_000


class Reorder:
    """Holds events until the slowest source has passed them by `lateness_s`, then gives them by (time, source, id).

    A source that has been read to its end (`end`) is waited for no longer. What comes later than the lateness is given at once. At most
    200,000 events are held, beyond that the earliest go out of turn.

    >>> from detectors.event import Event
    >>> def event(time): return Event("message.created", time, f"e{time}", "/s", "acme", f"c{time}")
    >>> reorder = Reorder(10.0)
    >>> [[each.time for each in reorder.add(event(time))] for time in (5.0, 1.0, 3.0, 14.0)], [each.time for each in reorder.finish()]
    ([[], [], [], [1.0, 3.0]], [5.0, 14.0])
    """

    def __init__(self, lateness_s: float = 30.0) -> None:
        self._lateness_s = lateness_s
        self._heap: list[tuple[float, str, str, int, Event]] = []
        self._count = 0
        self._marks: dict[int, Watermark] = {}
        self._ended: set[int] = set()

    def add(self, event: Event, source: int = 0) -> Iterator[Event]:
        """Take an event of one source (a partition) in; those that are due now. A heartbeat only moves the source's clock."""
        mark = self._marks.setdefault(source, Watermark())
        self._ended.discard(source)
        if event.type == HEARTBEAT:
            mark.advance(event.time)
        else:
            mark.observe(event.time, event.subject)
            self._count += 1
            heapq.heappush(self._heap, (event.time, event.source, event.id, self._count, event))
        return self._due()

    def end(self, source: int) -> Iterator[Event]:
        """A source has been read to its end for now; the events that were waiting for it only."""
        self._marks.setdefault(source, Watermark())
        self._ended.add(source)
        return self._due()

    def finish(self) -> Iterator[Event]:
        """Nothing more comes: what is held."""
        while self._heap:
            yield heapq.heappop(self._heap)[-1]

    def _due(self) -> Iterator[Event]:
        bound = self._bound()
        while self._heap and (self._heap[0][0] < bound or len(self._heap) > MOST):
            yield heapq.heappop(self._heap)[-1]

    def _bound(self) -> float:
        waited = [mark for source, mark in self._marks.items() if source not in self._ended]
        marks = [mark.value if mark.value is not None and mark.confirmed else -math.inf for mark in waited]
        if not marks:
            marks = [max((mark.value for mark in self._marks.values() if mark.value is not None), default=-math.inf)]
        return min(marks) - self._lateness_s
