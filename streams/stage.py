"""What a stage is to whoever runs it: bytes in, effects out, state as a changelog of keys and values.

A runner (a Faust agent on Kafka; `streams/pipeline.py` in replay and tests) does, for each record and in this order:

1. `effects = stage.process(value)`;
2. send `effects.sends` and wait until they are durable;
3. write `stage.changes()` to the changelog, atomically, and wait;
4. only then acknowledge the record.

After a crash the record comes again: the state is the one before it, the outputs are the same with the same ids, and who
reads them drops what it had already. Outputs before state: nothing a state skips was ever unsent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

import msgspec

from streams.shown import Shown

__all__ = ["Effects", "Send", "Stage"]


class Send(msgspec.Struct, gc=False):
    """One record to produce. `topic` is one of `streams/topics.py`; `partition` None lets the key decide; `value` None is a tombstone."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class Effects(msgspec.Struct):
    """What processing one record caused: records to send, counts for the metrics by (name, label values), and what is on display.

    A reading of None is on display no more.
    """

    sends: list[Send] = msgspec.field(default_factory=list)
    counts: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    readings: dict[Shown, float | None] = msgspec.field(default_factory=dict)


class Stage(Protocol):
    """One partition of one stage. Plain and synchronous; owns its state; raises only `streams.errors.Halt` on a gap in its input."""

    partition: int

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Load the state from the changelog's live records, in any order. Called once, before the first record."""

    def process(self, value: bytes) -> Effects:
        """Take one record of the stage's input topic."""

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """What changed since the last call: state key and value, None for a key that is gone. Empty when nothing must be kept."""
