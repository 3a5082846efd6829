"""What the stages share: how items are handed on, how state of another layout is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.batches import Item, ItemBatch, encode
from streams.errors import Halt
from streams.stage import Send

__all__ = ["Handover", "Target", "check_layout", "held_key"]

Target = tuple[str, int, list[Item]]
"""Topic, partition, and what goes there."""

ITEMS = 2000
"""Of the largest item (an alert's reading with ten excerpts, about 5 kB) a record of so many stays below the topics' 16 MB."""


class Handover:
    """One partition's hand-overs to the partitions of the next stages.

    `seq` counts the records with items: it is their identity, stored with the state, so that a record written again after a crash is
    known by its receiver. A target without items is told the frontier, unless nothing has changed since it was told last; that
    history has ended is told again and again, since the receiver waits for a while before it believes it.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.seq = 0
        self._told: tuple[float, bool, bool] | None = None

    def records(self, targets: Iterable[Target], frontier: float, wall: float, *, live: bool, idle: bool) -> Iterator[Send]:
        """A record for each (topic, partition, items), more for many items."""
        head = (frontier, live, idle)
        quiet, self._told = self._told == head and (live or not idle), head
        for topic, partition, items in targets:
            if items:
                yield from self._parts(topic, partition, items, ItemBatch(self.origin, 0, frontier, wall, live, idle))
            elif not quiet:
                yield Send(topic, encode(ItemBatch(self.origin, 0, frontier, wall, live, idle)), partition=partition)

    def _parts(self, topic: str, partition: int, items: list[Item], last: ItemBatch) -> Iterator[Send]:
        for start in range(0, len(items), ITEMS):
            part, rest = items[start : start + ITEMS], items[start + ITEMS :]
            self.seq += 1
            # What follows may lie below the last frontier: it is told with the last part only.
            frontier = min([last.frontier, *(item.at for item in rest)])
            record = ItemBatch(self.origin, self.seq, frontier, last.wall, last.live, last.idle and not rest, part)
            yield Send(topic, encode(record), partition=partition)


def held_key(key: str) -> str:
    """The changelog key of a held batch."""
    return f"held/{key}"


def check_layout(stage: str, made: tuple[int, int, int], now: tuple[int, int, int]) -> None:
    """Refuse state that was made with other partition counts: keys would be looked for in the wrong partition."""
    if made != now:
        message = (
            f"the state of stage {stage} was made for (events, scopes, alerts) = {made} partitions, the topics now have {now}: "
            "go back to the old counts, or give another --app-id: it reads the input again with a state of its own"
        )
        raise Halt(message)
