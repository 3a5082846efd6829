"""Keyed records of one stage: a bounded number as objects, the rest as bytes, and what changed since the last flush."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["KeyedState"]

R = TypeVar("R")


class KeyedState(Generic[R]):
    """A dictionary of records with a changelog.

    `encode` and `decode` turn a record into bytes and back. At most about 2 x `hot` records are kept as objects, the others as
    bytes, so memory is that of the encoded state. With `durable=False` (replay) no changelog is kept.
    """

    def __init__(self, encode: Callable[[R], bytes], decode: Callable[[bytes], R], *, hot: int = 20_000, durable: bool = True) -> None:
        self._encode, self._decode, self._hot, self._durable = encode, decode, hot, durable
        self._young: dict[str, R] = {}
        self._old: dict[str, R] = {}
        self._cold: dict[str, bytes] = {}
        self._dirty: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old) + len(self._cold)

    def get(self, key: str) -> R | None:
        """The record, or None. Whoever changes it calls `put`."""
        record = self._young.get(key)
        if record is not None:
            return record
        record = self._old.pop(key, None)
        if record is None:
            data = self._cold.pop(key, None)
            if data is None:
                return None
            record = self._decode(data)
        self._young[key] = record
        return record

    def put(self, key: str, record: R) -> None:
        """Keep the record as it is now."""
        if key not in self._young:
            self._old.pop(key, None)
            self._cold.pop(key, None)
        self._young[key] = record
        if self._durable:
            self._dirty[key] = None

    def delete(self, key: str) -> None:
        """Forget the record."""
        self._young.pop(key, None)
        self._old.pop(key, None)
        self._cold.pop(key, None)
        if self._durable:
            self._dirty[key] = None

    def load(self, key: str, data: bytes) -> None:
        """Restore one record from its bytes, without marking it changed."""
        self._cold[key] = data

    def items(self) -> Iterator[tuple[str, R]]:
        """All records, decoded one by one; none is promoted."""
        yield from self._young.items()
        yield from self._old.items()
        for key, data in self._cold.items():
            yield key, self._decode(data)

    def encoded_size(self) -> dict[str, int]:
        """Bytes of each record: what a key costs in memory when cold and in the changelog."""
        return {key: len(self._encode(record)) for key, record in self.items()}

    def changes(self) -> list[tuple[str, bytes | None]]:
        """Key and bytes of what changed since the last call, None where it was deleted; then trims the objects."""
        out: list[tuple[str, bytes | None]] = []
        for key in self._dirty:
            record = self._young.get(key)
            if record is None:
                record = self._old.get(key)
            out.append((key, None if record is None and key not in self._cold else self._bytes(key, record)))
        self._dirty.clear()
        self.trim()
        return out

    def _bytes(self, key: str, record: R | None) -> bytes:
        return self._cold[key] if record is None else self._encode(record)

    def trim(self) -> None:
        """Move the objects not used lately to bytes once there are more than `hot` young ones."""
        if len(self._young) <= self._hot:
            return
        for key, record in self._old.items():
            self._cold[key] = self._encode(record)
        self._old, self._young = self._young, {}
