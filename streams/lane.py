"""One source partition in the intake: events gathered into batches, offsets, event time. Plain and synchronous."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.batches import EventBatch
from streams.watermark import Watermark

if TYPE_CHECKING:
    from asyncio import Future

    from detectors.event import Event

__all__ = ["Lane", "ahead"]

AHEAD_S = 600.0
IDLE_S = 2.0
BLINK_S = 0.5
"""Between two looks at the end. In a longer pause the process was busy or stood still, and what came meanwhile is not yet here."""
CREDIBLE_S = 300.0
_HEARTBEAT = "stream.heartbeat"


@dataclass
class Lane:
    """What the intake knows of one partition.

    `next` is the next offset to read, `first` the first one of the open batch, `landed` the one below which everything is durable;
    `confirmed` is the same once it has moved, and is what to commit. Times are monotonic seconds; `at` is the record time (epoch s)
    of the newest event in the open batch.

    >>> lane = Lane(0, first=7)
    >>> lane.reject(7, now=0.0)
    >>> batch = lane.cut(wall=1.0, caught_up=True)
    >>> batch.first, batch.next, batch.events
    (7, 8, [])
    """

    partition: int
    first: int
    gap: bool = False
    next: int = -1
    confirmed: int | None = None
    committed: int | None = None
    events: list[Event] = field(default_factory=list)
    size: int = 0
    opened: float | None = None
    at: float | None = None
    mark: Watermark = field(default_factory=Watermark)
    end_since: float | None = None
    looked_at: float | None = None
    sent_at: float = 0.0
    sent_offset: int | None = None
    paused: bool = False
    landed: int = -1
    idle_told: bool = False
    letters: list[Future[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = max(self.next, self.first)
        self.landed = self.first

    def take(self, event: Event, size: int, record_time: float, *, offset: int, now: float, wall: float) -> None:
        """Add an event of `size` bytes to the open batch."""
        self._advance(offset, now)
        self.events.append(event)
        self.size += size
        self.at = record_time if self.at is None else max(self.at, record_time)
        if event.type == _HEARTBEAT:
            self.mark.advance(event.time)
        else:
            self.mark.observe(event.time, event.subject, credible=abs(event.time - wall) <= CREDIBLE_S)

    def reject(self, offset: int, now: float) -> None:
        """Cover an offset that gives no event."""
        self._advance(offset, now)

    def jump(self, offset: int) -> None:
        """Go on at an offset because those before it are gone for ever. The open batch must be empty."""
        self.first = self.next = self.landed = offset
        self.gap = True

    @property
    def open(self) -> bool:
        """Whether there are offsets that no batch covers yet."""
        return self.next > self.first

    def cut(self, *, wall: float, caught_up: bool) -> EventBatch:
        """Close the open batch and begin the next."""
        batch = EventBatch(self.partition, self.first, self.next, wall, caught_up, events=self.events, gap=self.gap)
        self.first, self.events, self.size, self.opened, self.at, self.gap = self.next, [], 0, None, None, False
        return batch

    def status(self, *, wall: float, caught_up: bool, idle: bool, watermark: float | None) -> EventBatch:
        """A batch without events: it only tells where the partition stands."""
        return EventBatch(self.partition, self.next, self.next, wall, caught_up, idle, watermark if idle else None)

    def notice_end(self, now: float, *, caught_up: bool) -> None:
        """Keep the time since when the partition is at its end; time in which nobody looked does not count.

        >>> lane = Lane(0, first=7)
        >>> for now in (0.0, 0.1, 30.0): lane.notice_end(now, caught_up=True)
        >>> lane.idle(30.0)
        False
        """
        blind = 0.0 if self.looked_at is None else max(0.0, now - self.looked_at - BLINK_S)
        self.looked_at = now
        if not caught_up:
            self.end_since = None
        elif self.end_since is None:
            self.end_since = now
        else:
            self.end_since += blind

    def idle(self, now: float) -> bool:
        """Whether the partition has been seen at its end for two seconds."""
        return self.end_since is not None and now - self.end_since >= IDLE_S

    def _advance(self, offset: int, now: float) -> None:
        self.next = offset + 1
        self.end_since = None
        self.idle_told = False
        if self.opened is None:
            self.opened = now


def ahead(lanes: list[Lane], lagging: set[int]) -> set[int]:
    """The partitions to pause: those with lag whose event time is more than ten minutes before the slowest with lag.

    >>> slow, fast = Lane(0, 0), Lane(1, 0)
    >>> slow.mark.advance(0.0); fast.mark.advance(700.0)
    >>> ahead([slow, fast], {0, 1}), ahead([slow, fast], {1})
    ({1}, set())
    """
    times = {lane.partition: lane.mark.value for lane in lanes if lane.partition in lagging and lane.mark.value is not None}
    if not times:
        return set()
    limit = min(times.values()) + AHEAD_S
    return {partition for partition, time in times.items() if time > limit}
