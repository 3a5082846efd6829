"""Live alerts from Kafka to the readers of the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from streams.api.hub import Hub, Live
from streams.kafka import consumer
from streams.topics import ALERTS

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

__all__ = ["Tail"]


class Tail:
    """Follows the alerts topic from its end, all `partitions`, in no group: every API process sees every alert."""

    def __init__(
        self, hub: Hub, client: Mapping[str, Any], partitions: int, *, make_consumer: Callable[..., AIOKafkaConsumer] = consumer
    ) -> None:
        self._hub = hub
        self._consumer = make_consumer(dict(client))
        self._targets = [TopicPartition(ALERTS, partition) for partition in range(partitions)]
        self._stopping = False

    async def start(self) -> None:
        """Connect, and go behind the last alert there is."""
        await self._consumer.start()
        self._consumer.assign(self._targets)
        for target, end in (await self._consumer.end_offsets(self._targets)).items():
            self._consumer.seek(target, end)
            self._hub.ends[target.partition] = end

    async def run(self) -> None:
        """Publish until `stop`. Raises KafkaError when Kafka refuses for good."""
        while not self._stopping:
            found = await self._consumer.getmany(timeout_ms=200)
            for records in found.values():
                for record in records:
                    self._hub.ends[record.partition] = record.offset + 1
                    live = _live(record.value)
                    if live is not None:
                        self._hub.publish(live)

    async def stop(self) -> None:
        """Disconnect."""
        self._stopping = True
        await self._consumer.stop()


def _live(value: bytes | None) -> Live | None:
    """The message of a record; None for one that is no alert. Written anew, so that it is on one line."""
    try:
        event = json.loads(value or b"")
        data, name = event["data"], event["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(name, str) or not name.isprintable() or not isinstance(data.get("scope"), dict):
        return None
    return Live(name, data, json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
