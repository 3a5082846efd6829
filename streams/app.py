"""The Faust app: three agents on byte topics, and the settings that were found to be needed. Nothing else.

An agent hands each record to `take` and acknowledges it only when that says so. `take` never raises: an exception in an agent would
make Faust skip the record and restart the agent with a growing delay.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from yarl import URL

from config.settings import KafkaSettings
from streams.kafka import DEFAULT_BOOTSTRAP, FETCH_BYTES, FETCH_WAIT_MS
from streams.topics import MAX_BATCH_BYTES, stages_of

if TYPE_CHECKING:
    import aiokafka
    from faust.streams import Stream
    from faust.types import StreamT, TransportT
    from faust.types.tuples import Message

__all__ = ["SESSION_S", "Take", "build_app"]

SESSION_S = 10.0
COMMIT_S = 1.0
BUFFER = 32

_log = logging.getLogger("faust")

Take = Callable[[str, "Message"], Awaitable[bool]]


class _Thread(AIOKafkaConsumerThread):
    """Faust fixes the wait of a fetch at 1.5 s: a partition whose data is not in the running fetch would wait that long."""

    logger = _log

    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - read when it starts; Faust has no setting for it
        return consumer


class _Consumer(Consumer):
    logger = _log

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class _Transport(Transport):
    Consumer = _Consumer


class _App(faust.App):
    """Faust without tables: no folder for data, and a transport with short fetches."""

    logger = _log

    def _new_transport(self) -> TransportT:
        return _Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """Nothing is stored on disk."""


def build_app(
    app_id: str, kafka: KafkaSettings, take: Take, instance_id: str | None = None, *, topics: Mapping[str, str] | None = None
) -> faust.App:
    """Make the app, with an agent for each of `topics` (by stage). It starts nothing and connects to nothing.

    `instance_id` makes this worker a static member of its group.
    """
    app = _App(
        app_id,
        broker=[URL(f"kafka://{server.strip()}") for server in (kafka.bootstrap or DEFAULT_BOOTSTRAP).split(",")],
        broker_credentials=_credentials(kafka),
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=COMMIT_S,
        broker_max_poll_interval=300.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance_id,
        consumer_max_fetch_size=FETCH_BYTES,
        producer_max_request_size=MAX_BATCH_BYTES,
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_bind="127.0.0.1",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
    )
    for stage, topic in (stages_of(app_id) if topics is None else topics).items():
        _add_agent(app, stage, topic, take)
    return app


def _add_agent(app: faust.App, stage: str, topic: str, take: Take) -> None:
    channel = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def agent(stream: StreamT[bytes]) -> None:
        async for event in cast("Stream[bytes]", stream).noack().events():
            if await take(stage, event.message):
                event.ack()

    app.agent(channel, name=f"fenghuo-{stage}", concurrency=1)(agent)


def _credentials(kafka: KafkaSettings) -> Any:
    context = kafka.kafka_options().get("ssl_context")
    if kafka.security_protocol.startswith("SASL"):
        password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else None
        return SASLCredentials(username=kafka.sasl_username, password=password, ssl_context=context, mechanism=kafka.sasl_mechanism)
    return SSLCredentials(context) if context is not None else None
