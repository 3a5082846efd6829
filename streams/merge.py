"""The order of a stage that several partitions feed: by time, whatever the partitions and batches were."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence

import msgspec

from streams.batches import Item, ItemBatch

__all__ = ["Merge", "SourceState", "after"]

LIVE_WAIT_S = 0.2
SETTLE_S = 2.0


def after(time: float) -> float:
    """The least bound that lets `time` itself through: frontiers are exclusive."""
    return math.nextafter(time, math.inf)


class SourceState(msgspec.Struct, array_like=True):
    """What is known of one source: complete below `frontier`, `seq` of its last batch taken in; idle or not `since` (wall)."""

    frontier: float = -math.inf
    seq: int = 0
    live: bool = False
    idle: bool = False
    wall: float = 0.0
    since: float = -math.inf


class Merge:
    """Merges sorted sources: an item is released once every source is complete beyond it.

    Historical: items below the least frontier of the sources that still deliver (an idle one does not hold the others; when all
    are idle, everything up to the largest). For 2 s after one woke, and after the last fell idle, the idle ones hold too: who wakes first
    from a common sleep must not overtake those whose first batch is on its way, and who slept first may still be told how far the
    others came. Live, when every delivering source is: a slow source is waited for at most 200 ms.
    An item below what was released already (its source was idle, or slow) is released at once, in order of arrival.
    A batch whose `seq` was taken in before is a repetition after a crash and is ignored but for its frontier.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.sources: dict[str, SourceState] = {name: SourceState() for name in sources}
        self.released = -math.inf
        self._heap: list[tuple[float, str, str, int, int, Item, str]] = []
        self._late: list[tuple[Item, str]] = []
        self._count = 0
        self.held: dict[str, int] = {}
        """Items of each batch that are still to be released, by the batch's key."""

    @property
    def live(self) -> bool:
        """Whether every source that delivers is live."""
        delivering = [source for source in self.sources.values() if not source.idle]
        return all(source.live for source in (delivering or self.sources.values()))

    @property
    def idle(self) -> bool:
        """Whether every source has been read to its end."""
        return all(source.idle for source in self.sources.values())

    @property
    def wall(self) -> float:
        """The latest wall clock any source told."""
        return max(source.wall for source in self.sources.values())

    def add(self, batch: ItemBatch) -> str | None:
        """Take a batch in. The key under which its items are held, None when it is a repetition or has none."""
        source = self.sources[batch.origin]
        source.frontier = max(source.frontier, batch.frontier)
        if source.idle != batch.idle:
            source.since = batch.wall
        source.live, source.idle, source.wall = batch.live, batch.idle, max(source.wall, batch.wall)
        if batch.seq <= source.seq:
            return None
        source.seq = batch.seq
        return self.hold(batch)

    def hold(self, batch: ItemBatch) -> str | None:
        """Queue the items of a batch; also used to restore it, when what lies below `released` is already done."""
        key = f"{batch.origin}/{batch.seq}"
        for item in batch.items:
            self._count += 1
            if item.at < self.released:
                self._late.append((item, key))
            else:
                heapq.heappush(self._heap, (item.at, item.source, item.id, item.seq, self._count, item, key))
        if batch.items:
            self.held[key] = len(batch.items)
        return key if batch.items else None

    def restore(self, batch: ItemBatch) -> None:
        """Queue again what was held of a batch when the state was written."""
        batch.items = [item for item in batch.items if item.at >= self.released]
        self.hold(batch)

    def frontier(self) -> float:
        """Up to where (exclusive) items may be released now."""
        states = self.sources.values()
        delivering = [source for source in states if not source.idle]
        bound = min(source.frontier for source in delivering) if delivering else max(source.frontier for source in states)
        if self.live:
            bound = max(bound, self.wall - LIVE_WAIT_S)
        elif self.wall - max(source.since for source in (delivering or states)) < SETTLE_S:
            bound = min(source.frontier for source in states)
        return max(bound, self.released)

    def release(self) -> Iterator[Item]:
        """The items whose turn it is, in order. `released` is the frontier once the iterator is exhausted."""
        for item, key in self._late:
            self._done(key)
            yield item
        self._late.clear()
        bound = self.frontier()
        while self._heap and self._heap[0][0] < bound:
            *_, item, key = heapq.heappop(self._heap)
            self._done(key)
            yield item
        self.released = bound

    def _done(self, key: str) -> None:
        left = self.held[key] - 1
        if left:
            self.held[key] = left
        else:
            del self.held[key]

    def __len__(self) -> int:
        return len(self._heap) + len(self._late)
