"""Takes commands from the feedback topic into the alert stage's own input.

Time and order come through one log (decision 0004), and so do commands: each becomes a record of the alert stage's internal topic, in the
partition that has its tenant, whatever partition and key its sender chose. A record is committed once that is durable; what is written
twice after a crash is known by its offset. What is no command goes to the dead letters with its reason.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from alerts.command import CommandReject, decode_command
from streams.command_record import command_record
from streams.dead_letter import dead_letter
from streams.stage import Send
from streams.topics import FEEDBACK, internal

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

    from streams.metrics import Metrics

__all__ = ["CommandIntake", "CommandPorts", "to_record"]

log = logging.getLogger(__name__)

BATCH: Final = 200


@dataclass(frozen=True)
class CommandPorts:
    """What the intake needs: clients, the metrics, and how many partitions the alert stage has."""

    make_consumer: Callable[[], AIOKafkaConsumer]
    make_producer: Callable[[], AIOKafkaProducer]
    metrics: Metrics
    partitions: int
    app_id: str
    clock: Callable[[], float] = time.monotonic


def to_record(record: ConsumerRecord, partitions: int) -> Send | CommandReject:
    """A record of the feedback topic as one of the alert stage's topic. Private data in comments is masked."""
    command = decode_command(record.value, record_time=record.timestamp / 1000)
    if isinstance(command, CommandReject):
        return command
    return command_record(command, partitions, partition=record.partition, offset=record.offset)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, done: dict[TopicPartition, int]) -> None:
        self._done = done

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        for target in revoked:
            self._done.pop(target, None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        pass


class CommandIntake:
    """The commands of one worker's share of the feedback topic. Any number of workers share them as a consumer group."""

    def __init__(self, ports: CommandPorts) -> None:
        self.last = -1e9
        """When a command was last taken (monotonic s)."""
        self._ports = ports
        self._consumer = ports.make_consumer()
        self._producer = ports.make_producer()
        self._done: dict[TopicPartition, int] = {}
        self._stopping = False

    async def start(self) -> None:
        """Connect and join the group."""
        await self._producer.start()
        self._consumer.subscribe([FEEDBACK], listener=_Listener(self._done))
        await self._consumer.start()

    async def run(self) -> None:
        """Take commands until `stop`. Raises KafkaError when Kafka refuses for good."""
        while not self._stopping:
            records = await self._consumer.getmany(timeout_ms=100, max_records=BATCH)
            for target, found in records.items():
                await asyncio.gather(*[await self._send(record) for record in found])
                self._done[target] = found[-1].offset + 1
            if records:
                self.last = self._ports.clock()
                await self._commit()

    async def stop(self) -> None:
        """Leave the group. What is not committed comes again."""
        self._stopping = True
        await self._consumer.stop()
        await self._producer.stop()

    @property
    def pending(self) -> int:
        """How many of this worker's partitions hold records not taken yet. A worker without partitions has nothing to wait for."""
        ends = {target: self._consumer.highwater(target) for target in self._consumer.assignment()}
        return sum(1 for target, end in ends.items() if end is None or (target in self._done and self._done[target] < end))

    async def _send(self, record: ConsumerRecord) -> asyncio.Future[object]:
        ports = self._ports
        made = to_record(record, ports.partitions)
        if isinstance(made, CommandReject):
            ports.metrics.add("rejects_total", made.reason)
            log.warning("command.reject partition=%d offset=%d reason=%s path=%s", record.partition, record.offset, made.reason, made.path)
            made = dead_letter(record, made)
        sent: asyncio.Future[object] = await self._producer.send(
            internal(made.topic, ports.app_id), made.value, made.key, made.partition, headers=list(made.headers)
        )
        return sent

    async def _commit(self) -> None:
        try:
            await self._consumer.commit(self._done)
        except (CommitFailedError, IllegalStateError):
            log.info("command.commit_after_rebalance")
            self._done.clear()
        except KafkaError as error:
            log.warning("command.commit_failed error=%r", error)
