"""Clients of Kafka, made from the settings: one place for addresses, TLS, SASL and what every client of ours needs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from config.settings import KafkaSettings
from streams.changelog import BATCH_BYTES
from streams.errors import BrokerUnavailable
from streams.topics import MAX_BATCH_BYTES

__all__ = ["DEFAULT_BOOTSTRAP", "address", "administer", "client_options", "consumer", "producer", "require_broker"]

DEFAULT_BOOTSTRAP = "127.0.0.1:9092"
FETCH_BYTES = 4 << 20
FETCH_WAIT_MS = 50


def client_options(kafka: KafkaSettings) -> dict[str, Any]:
    """The options every aiokafka client takes. Raises SettingsError when a certificate cannot be read."""
    return {"bootstrap_servers": DEFAULT_BOOTSTRAP, **kafka.kafka_options()}


def producer(options: dict[str, Any], **more: Any) -> AIOKafkaProducer:
    """A producer that waits for all replicas and keeps order. Idempotent: it retries until the broker answers, and never writes twice.

    Batches may be as large as a whole change set of a stage, so that one is written atomically.
    """
    settings = {
        "acks": "all",
        "enable_idempotence": True,
        "max_batch_size": BATCH_BYTES + (2 << 20),
        "max_request_size": MAX_BATCH_BYTES - (1 << 20),
        "request_timeout_ms": 20_000,
    }
    return AIOKafkaProducer(**{**options, **settings, **more})


def consumer(options: dict[str, Any], *topics: str, **more: Any) -> AIOKafkaConsumer:
    """A consumer with short waits and large fetches; commits only when told to."""
    settings = {
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": FETCH_WAIT_MS,
        "max_partition_fetch_bytes": FETCH_BYTES,
    }
    return AIOKafkaConsumer(*topics, **{**options, **settings, **more})


@asynccontextmanager
async def administer(options: dict[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, started and closed."""
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def address(options: Mapping[str, Any]) -> str:
    """Where the cluster is, for people."""
    servers = options["bootstrap_servers"]
    return servers if isinstance(servers, str) else ",".join(servers)


@asynccontextmanager
async def _quiet() -> AsyncIterator[None]:
    """Without aiokafka's own lines about each attempt: one line of ours says it at the end."""
    logger = logging.getLogger("aiokafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


async def require_broker(options: dict[str, Any], timeout_s: float = 10.0) -> None:
    """Return once a broker answers. Raises BrokerUnavailable when none does within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            async with _quiet(), asyncio.timeout(max(0.5, deadline - time.monotonic())), administer(options):
                return
        except (KafkaError, OSError, TimeoutError) as error:
            if time.monotonic() >= deadline:
                message = (
                    f"no Kafka answers at {address(options)} within {timeout_s:.0f} s ({type(error).__name__}):"
                    " start one with `fenghuo broker up`, or give its address with --bootstrap"
                )
                raise BrokerUnavailable(message) from error
        await asyncio.sleep(0.25)
