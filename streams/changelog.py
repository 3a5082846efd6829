"""State of a stage on Kafka: a compacted topic, one partition per partition of the stage.

One step of a stage is one atomic write: its changes travel in one producer batch, which a broker appends as a whole or not at all.
What is too big for one batch is framed by two marker records; a reader drops a frame that was never closed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

__all__ = ["BATCH_BYTES", "Changelog", "Restored", "fold"]

log = logging.getLogger(__name__)

BATCH_BYTES = 12 << 20
OPEN, CLOSE = b"\x00open", b"\x00close"
_OVERHEAD = 24

Change = tuple[bytes, bytes | None]


@dataclass
class Restored:
    """The live records of one partition, the offset after the last one, and whether it ends in a frame that was never closed."""

    records: dict[bytes, bytes]
    end: int
    dangling: bool = False


class _Fold:
    """Records taken in one by one: the live state so far, and the frame that is open."""

    def __init__(self) -> None:
        self.state: dict[bytes, bytes] = {}
        self.frame: list[Change] | None = None

    def add(self, key: bytes, value: bytes | None) -> None:
        if key == OPEN:
            self.frame = []
        elif key == CLOSE:
            for change in self.frame or ():
                self._put(*change)
            self.frame = None
        elif self.frame is not None:
            self.frame.append((key, value))
        else:
            self._put(key, value)

    def _put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = value


def fold(records: Iterable[Change]) -> tuple[dict[bytes, bytes], bool]:
    """The last value of each key, without keys that are gone and without an unclosed frame; and whether one was open at the end.

    >>> fold([(b"a", b"1"), (b"b", b"2"), (b"a", None)])
    ({b'b': b'2'}, False)
    >>> fold([(b"a", b"1"), (OPEN, b""), (b"a", b"2")])
    ({b'a': b'1'}, True)
    """
    folded = _Fold()
    for key, value in records:
        folded.add(key, value)
    return folded.state, folded.frame is not None


class Changelog:
    """One stage's changelog topic. `client` are the connection options of an aiokafka client."""

    def __init__(self, topic: str, client: Mapping[str, Any], *, batch_bytes: int = BATCH_BYTES) -> None:
        self.topic = topic
        self._client = dict(client)
        self._batch_bytes = batch_bytes

    async def read(self, partition: int) -> Restored:
        """Read a partition from its beginning to the end it has now. Memory: the live records, and those of one open frame."""
        target = TopicPartition(self.topic, partition)
        consumer = AIOKafkaConsumer(
            **self._client, enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=8 << 20, fetch_max_wait_ms=100
        )
        folded = _Fold()
        await consumer.start()
        try:
            consumer.assign([target])
            end = int((await consumer.end_offsets([target]))[target])
            consumer.seek(target, (await consumer.beginning_offsets([target]))[target])
            while await consumer.position(target) < end:
                for record in (await consumer.getmany(target, timeout_ms=1000)).get(target, ()):
                    if record.offset < end:
                        folded.add(record.key, record.value)
        finally:
            await consumer.stop()
        return Restored(folded.state, end, folded.frame is not None)

    async def end(self, partition: int) -> int:
        """The offset that the next record of a partition will get."""
        target = TopicPartition(self.topic, partition)
        consumer = AIOKafkaConsumer(**self._client, enable_auto_commit=False)
        await consumer.start()
        try:
            return int((await consumer.end_offsets([target]))[target])
        finally:
            await consumer.stop()

    async def write(
        self, producer: AIOKafkaProducer, partition: int, changes: Sequence[Change], *, framed: bool = False
    ) -> tuple[int, int]:
        """Append the changes as a whole and wait until they are durable; returns (bytes of keys and values, end offset).

        `framed` puts the markers round them even if they fit into one batch: needed once after a dangling frame.
        `producer` must be idempotent, with `max_batch_size` of at least `batch_bytes` and a margin of one record.
        """
        payload = sum(len(key) + len(value or b"") for key, value in changes)
        size = payload + _OVERHEAD * len(changes)
        if framed or size > self._batch_bytes:
            changes = [(OPEN, b"1"), *changes, (CLOSE, b"1")]
        if size > self._batch_bytes:
            log.warning("changelog.frame topic=%s partition=%d bytes=%d", self.topic, partition, size)
        end = 0
        for part in self._parts(changes):
            batch = producer.create_batch()
            for key, value in part:
                if batch.append(key=key, value=value, timestamp=None) is None:
                    message = f"a state record of {len(value or b'')} bytes does not fit into a batch of the changelog {self.topic}"
                    raise ValueError(message)
            metadata = await (await producer.send_batch(batch, self.topic, partition=partition))
            end = metadata.offset + len(part)
        return payload, end

    def _parts(self, changes: Sequence[Change]) -> Iterable[Sequence[Change]]:
        start = size = 0
        for index, (key, value) in enumerate(changes):
            length = len(key) + len(value or b"") + _OVERHEAD
            if size + length > self._batch_bytes and index > start:
                yield changes[start:index]
                start, size = index, 0
            size += length
        yield changes[start:]
