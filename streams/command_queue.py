"""Commands on their way into the alert stage: the fence, those whose time has not come, and doubles."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from alerts.command import Command
from alerts.kept import Kept
from streams.batches import Item, ItemBatch, decode_items

__all__ = ["ORIGIN", "CommandQueue"]

ORIGIN = "feedback/"
"""How the origin of a record of the feedback topic begins: its partition follows."""
KEEP_S = 86_400.0
MOST = 10_000


class CommandQueue:
    """Commands of the feedback topic in order of their times.

    `seen` is the fence: of each partition of the topic the last offset taken in. While the stage is historical a command waits until event
    time has passed it: what people did on Tuesday meets the alerts of Tuesday. The ids of the last day, at most 10,000, are remembered: a
    command given twice is carried out once.
    """

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self._heap: list[tuple[float, str, int, Item, str]] = []
        self._raw: dict[str, bytes | None] = {}
        self._ids: Kept[float] = Kept(float)

    def __len__(self) -> int:
        return len(self._heap)

    def is_new(self, batch: ItemBatch) -> bool:
        """Whether a record was not taken in before; from now on it was."""
        if batch.seq <= self.seen.get(batch.origin, -1):
            return False
        self.seen[batch.origin] = batch.seq
        return True

    def add(self, batch: ItemBatch, value: bytes) -> None:
        """Have the commands of a new record wait for their time."""
        self._push(batch)
        self._raw[f"{batch.origin}/{batch.seq}"] = value

    def due(self) -> float | None:
        """When the first one was given."""
        return self._heap[0][0] if self._heap else None

    def take(self) -> Item:
        """The first one."""
        *_, item, key = heapq.heappop(self._heap)
        if self._raw.get(key) is None:
            self._raw[key] = None
        else:
            del self._raw[key]
        return item

    def is_double(self, command: Command, now: float) -> bool:
        """Whether its id was carried out before; it is remembered."""
        key = f"{command.tenant}/{command.id}"
        while (first := next(self._ids.items(), None)) is not None and (first[1] <= now - KEEP_S or len(self._ids) >= MOST):
            self._ids.drop(first[0])
        if key in self._ids:
            return True
        self._ids.put(key, now)
        return False

    def changes(self) -> list[tuple[str, bytes | None]]:
        """What changed since the last call, but for the fence."""
        changed: list[tuple[str, bytes | None]] = [(f"wait/{key}", value) for key, value in self._raw.items()]
        self._raw.clear()
        return changed + [(f"id/{key}", data) for key, data in self._ids.changes()]

    def forget_changes(self) -> None:
        """Nobody writes them."""
        self._raw.clear()
        self._ids.forget_changes()

    def restore(self, records: Iterable[tuple[str, bytes]]) -> None:
        """Load what `changes` gave, in any order."""
        for name, data in records:
            part, _, key = name.partition("/")
            if part == "wait":
                self._push(decode_items(data))
            else:
                self._ids.load(key, data)
        for key, at in sorted(self._ids.items(), key=lambda each: (each[1], each[0])):
            self._ids.move_to_end(key, at)

    def _push(self, batch: ItemBatch) -> None:
        for item in batch.items:
            heapq.heappush(self._heap, (item.at, batch.origin, batch.seq, item, f"{batch.origin}/{batch.seq}"))
