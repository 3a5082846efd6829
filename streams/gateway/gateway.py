"""The gateway as a process: topics checked, producer started, port opened, and all of it closed in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from config.settings import Settings
from streams.errors import UsageError
from streams.gateway.beats import Beats
from streams.gateway.bus import KafkaBus
from streams.gateway.checker import Checker
from streams.gateway.desk import Desk
from streams.gateway.http_log import http_logger
from streams.gateway.meters import Meters
from streams.gateway.policy import GatewayPolicy
from streams.gateway.remembered import Events
from streams.gateway.server import Server, build_web_app
from streams.kafka import administer, client_options, producer, require_broker
from streams.signals import on_stop
from streams.topics import DEAD_LETTERS, EVENTS, apply, declare, plan, verify

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from streams.gateway.bus import Bus
    from streams.wiring import Layout

__all__ = ["Gateway", "build_server", "make_producer"]

log = logging.getLogger(__name__)

STOP_S = 15.0


def build_server(settings: Settings, policy: GatewayPolicy, bus: Bus) -> Server:
    """The HTTP side over a bus: judging, memory, heartbeats and metrics put together."""
    gateway, meters = settings.gateway, Meters()
    checker = Checker(min(gateway.max_event_bytes, settings.limits.max_record_bytes))
    desk = Desk(bus, checker, meters, Events(gateway.remembered), Beats(bus, meters))
    return Server(gateway, policy, desk, meters)


def make_producer(options: dict[str, Any], timeout_s: float) -> AIOKafkaProducer:
    """A producer that gives up what is not acknowledged in time.

    It is not idempotent: such a one never gives a batch up, while a client waits. Doubles are dropped by (source, id).
    """
    return producer(
        options,
        enable_idempotence=False,
        linger_ms=2,
        max_batch_size=1 << 20,
        request_timeout_ms=max(1000, int(timeout_s * 1000)),
        client_id="fenghuo-gateway",
    )


@dataclass
class Gateway:
    """One gateway. `await run()` once; `announce` is called with the address when it listens."""

    settings: Settings
    layout: Layout
    policy: GatewayPolicy
    announce: Callable[[str], object] = lambda _address: None

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`. Raises FenghuoError where there is no broker, topic or free port."""
        self._stopping = asyncio.Event()
        on_stop(lambda _: self.stop())
        options = client_options(self.settings.kafka)
        await require_broker(options)
        await self._prepare_topics(options)
        timeout_s = self.settings.gateway.ack_timeout_s
        writer = make_producer(options, timeout_s)
        await writer.start()
        try:
            bus = KafkaBus(writer, await writer.partitions_for(EVENTS), timeout_s)
            await self._serve(build_server(self.settings, self.policy, bus))
        finally:
            await self._flush(writer)

    def stop(self) -> None:
        """Ask for a clean end."""
        self._stopping.set()

    async def _serve(self, server: Server) -> None:
        runner = web.AppRunner(build_web_app(server), access_log=None, logger=http_logger(), auto_decompress=False, shutdown_timeout=STOP_S)
        beating = asyncio.create_task(server.desk.beats.run(self._stopping))
        try:
            await runner.setup()
            self.announce(await self._listen(runner))
            await self._stopping.wait()
            log.info("gateway.stopping inflight_bytes=%d", server.admission.used)
            server.stopping = True
        finally:
            self._stopping.set()
            await runner.cleanup()
            await beating
            await server.desk.beats.beat()

    async def _listen(self, runner: web.AppRunner) -> str:
        gateway = self.settings.gateway
        try:
            await web.TCPSite(runner, gateway.host, gateway.port).start()
        except OSError as error:
            raise UsageError(
                f"port {gateway.port} of {gateway.host} cannot be opened ({error.strerror or error}):"
                " choose another with --port, 0 takes a free one"
            ) from error
        host, port = runner.addresses[0][:2]
        log.info("gateway.listening host=%s port=%d", host, port)
        return f"http://{host}:{port}"

    async def _prepare_topics(self, options: dict[str, Any]) -> None:
        async with administer(options) as admin:
            wanted = [topic for topic in declare(self.layout) if topic.name in {EVENTS, DEAD_LETTERS}]
            missing = [difference for difference in await plan(admin, wanted) if difference.kind == "create"]
            verify(missing, may_create=self.settings.topics.create)
            await apply(admin, missing, replication=self.settings.topics.replication)

    @staticmethod
    async def _flush(writer: AIOKafkaProducer) -> None:
        """Close the producer; one that waits for a broker that is gone is left behind: nothing in it was acknowledged."""
        try:
            async with asyncio.timeout(5.0):
                await writer.stop()
        except TimeoutError:
            log.warning("gateway.producer_abandoned")
