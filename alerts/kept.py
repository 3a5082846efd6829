"""A dictionary that knows what changed since it was last written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    r"""State of an alert's stages: values of one type by name, all in memory, in the order in which they came.

    >>> kept = Kept(int)
    >>> kept.put("a", 1); kept.put("b", 2); kept.drop("b")
    2
    >>> kept.changes()
    [('a', b'\x01'), ('b', None)]
    >>> again = Kept(int)
    >>> again.load("a", b"\x01"); again.get("a"), again.changes()
    (1, [])
    """

    def __init__(self, kind: type[T]) -> None:
        self._values: dict[str, T] = {}
        self._dirty: dict[str, None] = {}
        self._decoder = msgspec.msgpack.Decoder(kind)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str) -> T | None:
        """The value, or None. Whoever changes it in place calls `put`."""
        return self._values.get(key)

    def put(self, key: str, value: T) -> None:
        """Keep a value as it is now."""
        self._values[key] = value
        self._dirty[key] = None

    def drop(self, key: str) -> T | None:
        """Forget a value and return it."""
        value = self._values.pop(key, None)
        if value is not None:
            self._dirty[key] = None
        return value

    def move_to_end(self, key: str, value: T) -> None:
        """Set the order after a restart; nothing is marked as changed."""
        self._values.pop(key, None)
        self._values[key] = value

    def items(self) -> Iterator[tuple[str, T]]:
        """All of them."""
        return iter(self._values.items())

    def load(self, key: str, data: bytes) -> None:
        """Restore one value from its bytes."""
        self._values[key] = self._decoder.decode(data)

    def changes(self) -> list[tuple[str, bytes | None]]:
        """Name and bytes (msgpack) of what changed since the last call, None where it is gone."""
        values = self._values
        changed = [(key, msgspec.msgpack.encode(values[key]) if key in values else None) for key in self._dirty]
        self._dirty.clear()
        return changed

    def forget_changes(self) -> None:
        """Nobody writes them."""
        self._dirty.clear()
