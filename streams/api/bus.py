"""How the API gives commands: a port, and its implementation on Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiokafka.errors import KafkaError

from alerts.command import Command, encode_command
from streams.kafka import producer
from streams.topics import FEEDBACK
from streams.wiring import partition_of

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

__all__ = ["Bus", "BusUnavailable", "KafkaBus"]

SEND_S: Final = 10.0


class BusUnavailable(Exception):
    """The command is not known to be durable. Given again with the same id it counts once."""


class Bus(Protocol):
    """Where commands go."""

    async def send(self, command: Command) -> None:
        """Return once the command is durable. Raises BusUnavailable."""


class KafkaBus:
    """The feedback topic: acknowledged by all replicas, in the partition where the tenant's alerts are decided (of `partitions`)."""

    def __init__(self, client: Mapping[str, Any], partitions: int) -> None:
        self._producer: AIOKafkaProducer = producer(dict(client), client_id="fenghuo-commands", linger_ms=0)
        self._partitions = partitions

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def send(self, command: Command) -> None:
        """Write it, and wait until it is written."""
        partition = partition_of(command.tenant, self._partitions)
        try:
            async with asyncio.timeout(SEND_S):
                await self._producer.send_and_wait(FEEDBACK, encode_command(command), command.tenant.encode(), partition)
        except (KafkaError, TimeoutError) as error:
            raise BusUnavailable(f"Kafka did not take the command ({type(error).__name__})") from error
