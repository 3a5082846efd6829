"""One worker: topics, clients, intake, stages, deliveries and metrics, started in order, watched, and stopped in order.

A fault anywhere stops the whole worker: the state on Kafka is always one to go on from, so a clean restart is the best repair.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from alerts.outbox import Backoff
from config.settings import KafkaSettings, Limits
from streams.app import SESSION_S, build_app
from streams.changelog import Changelog
from streams.command_intake import CommandIntake, CommandPorts
from streams.deliver import Deliverer
from streams.errors import FenghuoError, Halt
from streams.intake import Intake, IntakePorts
from streams.kafka import administer, client_options, consumer, producer, require_broker
from streams.metrics import Metrics, MetricsServer
from streams.runner import AT_HEADER, Pulse, Runner
from streams.signals import on_stop
from streams.topics import APP_ID, INTERNAL_EVENTS, apply, changelog_of, declare, internal, plan, stages_of, verify
from streams.watchdog import Progress, Watchdog
from streams.wiring import Layout

if TYPE_CHECKING:
    import faust
    from aiokafka import AIOKafkaProducer, ConsumerRecord
    from faust.types.tuples import TP, Message

    from detectors.event import Event
    from streams.deliver import Receiver
    from streams.intake import Rejected
    from streams.runner import Build

__all__ = ["Companion", "Worker", "WorkerOptions", "WorkerParts"]

log = logging.getLogger(__name__)

HOPS = 4
STOP_S = 9.0


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker runs. `until_idle` seconds without anything to do end it; `metrics_port` None serves no metrics.

    `instance_id`, unique among the workers of an application and the same after a restart, lets a worker that was killed go on at once
    instead of after the session's 10 s. The price: what a stopped worker had stays with it for these 10 s.
    """

    kafka: KafkaSettings
    layout: Layout = field(default_factory=Layout)
    app_id: str = APP_ID
    limits: Limits = field(default_factory=Limits)
    until_idle: float | None = None
    create_topics: bool = True
    replication: int = -1
    instance_id: str | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None


class Companion(Protocol):
    """What a worker runs beside its stages. A fault of it ends the worker."""

    async def start(self) -> None:
        """Connect."""

    async def run(self) -> None:
        """Work until `stop`."""

    async def stop(self) -> None:
        """Finish within a few seconds."""


@dataclass(frozen=True)
class WorkerParts:
    """What a worker runs: stages by name and partition, a parser of input records, and the receivers of pages by name.

    `refresh` is called once a second, in a thread: it takes over what has changed on disk. `models` is called once a second too: the
    versions in use by name, each with the event time (epoch s) until which it was trained. `beside` are further parts by name, made with
    the worker's metrics, started last and stopped when nothing is written any more.
    """

    build: Build
    parse: Callable[[ConsumerRecord], Event | Rejected]
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    backoff: Backoff | None = None
    refresh: Callable[[], object] | None = None
    models: Callable[[], Mapping[str, tuple[str, float]]] = dict
    beside: Mapping[str, Callable[[Metrics], Companion]] = field(default_factory=dict)


class Worker:
    """One process of the application. Make it inside the event loop, `await run()` once."""

    def __init__(self, options: WorkerOptions, parts: WorkerParts, metrics: Metrics | None = None) -> None:
        self.options = options
        self.parts = parts
        self.metrics = metrics or Metrics()
        self.server: MetricsServer | None = None
        self._topics = stages_of(options.app_id)
        self._client = client_options(options.kafka)
        self._pulse = Pulse(SESSION_S)
        self._producers: dict[str, AIOKafkaProducer] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._fault: BaseException | None = None
        self._watchdog = Watchdog()
        self._models: dict[str, str] = {}
        self._began = time.monotonic()

    # -- life

    async def run(self) -> None:
        """Work until a signal, `stop`, or idleness. Raises a FenghuoError when a fault ended it; what is durable stays durable."""
        await require_broker(self._client)
        await self._prepare_topics()
        on_stop(self._signalled)
        self._build()
        try:
            starting = asyncio.create_task(self._start())
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
            else:
                starting.cancel()
            await stopping
        finally:
            await self._shut_down()
        if isinstance(self._fault, FenghuoError):
            raise self._fault
        if self._fault is not None:
            message = f"the worker stopped on an unexpected error, see the log above: {self._fault!r}"
            raise FenghuoError(message) from self._fault

    def stop(self) -> None:
        """Ask for a clean end."""
        self._stop.set()

    def fail(self, where: str, error: BaseException) -> None:
        """End the worker because of a fault; the first one counts."""
        if self._fault is None and not self._stop.is_set():
            self._fault = error
            expected = isinstance(error, FenghuoError)
            log.error("worker.fault where=%s error=%s", where, error, exc_info=None if expected else error)
            self.metrics.add("loop_errors_total", where)
        self._stop.set()

    async def refresh(self, refresh: Callable[[], object]) -> None:
        """Call it once a second until `stop`, in a thread, so that the event loop goes on meanwhile."""
        while not self._stop.is_set():
            await asyncio.sleep(1.0)
            await asyncio.to_thread(refresh)

    @property
    def ready(self) -> bool:
        """Whether every assigned stage has its state."""
        return self._runner.ready

    # -- start

    async def _prepare_topics(self) -> None:
        options = self.options
        async with administer(self._client) as admin:
            differences = await plan(admin, declare(options.layout, options.app_id))
            verify(differences, may_create=options.create_topics)
            if options.create_topics:
                missing = [difference for difference in differences if difference.kind == "create"]
                await apply(admin, missing, replication=options.replication)

    def _signalled(self, number: signal.Signals) -> None:
        log.info("worker.signal name=%s", number.name)
        self.stop()

    def _build(self) -> None:
        options = self.options
        changelogs = {name: Changelog(changelog_of(name, options.app_id), self._client) for name in self._topics}
        self._producers = {name: producer(self._client, client_id=f"{options.app_id}-{name}") for name in self._topics}
        self._runner = Runner(self.parts.build, changelogs, self._producers, self.metrics, self._pulse, options.app_id)
        self._app: faust.App = build_app(options.app_id, options.kafka, self._take, options.instance_id)
        self._app.on_partitions_assigned.connect(self._on_assigned)  # type: ignore[arg-type]
        self._app.on_partitions_revoked.connect(self._on_revoked)  # type: ignore[arg-type]
        self._intake = Intake(
            IntakePorts(
                make_consumer=lambda: consumer(self._client, **self._member("intake")),
                make_producer=lambda: producer(self._client, client_id=f"{options.app_id}-intake"),
                parse=self.parts.parse,
                position=lambda partition: self._runner.position("conversations", partition),
                metrics=self.metrics,
                limits=options.limits,
                topic=internal(INTERNAL_EVENTS, options.app_id),
            )
        )
        self._commands = self._command_intake()
        self._deliverers = [
            Deliverer(name, receiver, self._client, self._member(f"deliver-{name}"), self.metrics, backoff=self.parts.backoff)
            for name, receiver in sorted(self.parts.receivers.items())
        ]

        self._beside = {name: make(self.metrics) for name, make in self.parts.beside.items()}

    def _command_intake(self) -> CommandIntake:
        options = self.options
        ports = CommandPorts(
            make_consumer=lambda: consumer(self._client, **self._member("commands")),
            make_producer=lambda: producer(self._client, client_id=f"{options.app_id}-commands"),
            metrics=self.metrics,
            partitions=options.layout.alerts,
            app_id=options.app_id,
        )
        return CommandIntake(ports)

    def _member(self, part: str) -> dict[str, Any]:
        """How this worker takes part in the consumer group of one of its parts."""
        options = self.options
        return {
            "group_id": f"{options.app_id}-{part}",
            "group_instance_id": options.instance_id,
            "session_timeout_ms": int(SESSION_S * 1000),
            "client_id": f"{options.app_id}-{part}",
        }

    async def _start(self) -> None:
        options = self.options
        if options.metrics_port is not None:
            self.server = MetricsServer(self.metrics, options.metrics_host, options.metrics_port, lambda: self.ready)
            await self._serve(self.server)
        self._pulse.start()
        for made in self._producers.values():
            await made.start()
        await self._app.start()
        await self._intake.start()
        self._spawn("intake", self._intake.run())
        await self._commands.start()
        self._spawn("commands", self._commands.run())
        for deliverer in self._deliverers:
            await deliverer.start()
            self._spawn(f"deliver-{deliverer.name}", deliverer.run())
        for name, companion in self._beside.items():
            await companion.start()
            self._spawn(name, companion.run())
        self._spawn("watch", self._watch())
        if self.parts.refresh is not None:
            self._spawn("refresh", self.refresh(self.parts.refresh))
        if options.until_idle is not None:
            self._spawn("until-idle", self._until_idle(options.until_idle))
        log.info("worker.started app_id=%s seconds=%.2f", options.app_id, time.monotonic() - self._began)

    async def _serve(self, server: MetricsServer) -> None:
        try:
            await server.start()
        except OSError as error:
            message = f"metrics cannot be served on {server.host}:{server.port} ({error.strerror}): give another --metrics-port"
            raise FenghuoError(message) from error
        log.info("metrics.served host=%s port=%d", server.host, server.port)

    def _spawn(self, name: str, work: Awaitable[None]) -> None:
        self._tasks.append(asyncio.create_task(self._guard(name, work), name=name))

    async def _guard(self, name: str, work: Awaitable[None]) -> None:
        """The outer loop of everything that runs beside the agents."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker must end and say so
            self.fail(name, error)

    # -- agents and their assignment

    async def _take(self, stage: str, message: Message) -> bool:
        """The outer loop of the agents: nothing is raised into Faust, and after a fault nothing is acknowledged any more."""
        try:
            if await self._runner.run(stage, message.partition, message.value or b"", message.offset, _record_time(message)):
                return True
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker must end and say so
            self.fail(stage, error)
        if self._fault is not None:
            await asyncio.Event().wait()
        return False

    async def _on_assigned(self, _app: faust.App, assigned: Iterable[TP], **_: Any) -> None:
        names = {topic: name for name, topic in self._topics.items()}
        pairs = [(names[tp.topic], tp.partition) for tp in assigned if tp.topic in names]
        log.info("stages.assigned count=%d", len(pairs))
        self._watchdog.forget()
        self._runner.assign(pairs)

    async def _on_revoked(self, _app: faust.App, revoked: Iterable[TP], **_: Any) -> None:
        log.info("stages.revoked count=%d", len(list(revoked)))
        try:
            await self._runner.revoke()
        except Halt as error:
            self.fail("rebalance", error)

    # -- watching

    async def _watch(self) -> None:
        """Once a second: lags, event time, and whether everything still moves."""
        while not self._stop.is_set():
            await asyncio.sleep(1.0)
            if self._app.crashed:
                message = "the Kafka consumer of the stages has crashed, see the log above; restart the worker"
                raise Halt(message)
            self._pulse.check()
            for partition, lag in self._intake.lags().items():
                self.metrics.set("lag_records", lag, "intake", str(partition))
            for partition, mark in self._intake.watermarks().items():
                self.metrics.set("watermark_seconds", mark, str(partition))
            for stage, partition in self._runner.assigned():
                self._look(stage, partition)
            self._show_models()

    def _show_models(self) -> None:
        found = self.parts.models()
        for name, before in self._models.items():
            if name not in found or found[name][0] != before:
                self.metrics.set("model_info", 0, name, before)
        for name, (version, trained_until) in found.items():
            self.metrics.set("model_info", 1, name, version)
            self.metrics.set("model_trained_until_seconds", trained_until, name)
        self._models = {name: version for name, (version, _) in found.items()}

    def _look(self, stage: str, partition: int) -> None:
        progress = self._progress(stage, partition)
        position = progress.position if progress.position is not None else progress.committed
        if progress.end is not None and position is not None:
            self.metrics.set("lag_records", max(0, progress.end - position), stage, str(partition))
        if not self._runner.ready:
            self._watchdog.forget()
            return
        complaint = self._watchdog.look(f"{stage}/{partition}", progress, time.monotonic())
        if complaint is not None:
            self.metrics.add("watchdog_restarts_total")
            message = f"{complaint}; restart the worker"
            raise Halt(message)

    def _progress(self, stage: str, partition: int) -> Progress:
        target = TopicPartition(self._topics[stage], partition)
        committed = self._app.monitor.tp_committed_offsets.get(target)
        end = self._app.consumer.highwater(target) if target in self._app.consumer.assignment() else None
        return Progress(self._runner.position(stage, partition), committed, end)

    async def _until_idle(self, seconds: float) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
            parts = (self._commands.last, *(item.last for item in self._deliverers))
            last = max(self._began, self._intake.last_event, self._runner.last_output, *parts)
            if time.monotonic() - last < seconds or not self._settled():
                continue
            if await self._drained() and self._settled():
                log.info("worker.idle seconds=%.0f", seconds)
                self.stop()

    def _settled(self) -> bool:
        read = self._intake.settled and self._commands.pending == 0
        return self._runner.ready and read and all(item.pending == 0 for item in self._deliverers)

    async def _drained(self) -> bool:
        """Whether all that the stages are given now, and what comes of it stage by stage, is processed, by whichever worker."""
        outputs = self._runner.last_output
        async with administer(self._client) as admin:
            for _ in range(HOPS):
                ends = await self._ends()
                while not self._stop.is_set():
                    committed = await admin.list_consumer_group_offsets(self.options.app_id)
                    if all(self._reached(target, end, committed) for target, end in ends.items()):
                        break
                    await asyncio.sleep(0.1)
        return outputs == self._runner.last_output

    async def _ends(self) -> dict[TopicPartition, int]:
        layout = self.options.layout
        counts = {"conversations": layout.events, "scopes": layout.scopes, "alerts": layout.alerts}
        targets = [TopicPartition(self._topics[name], partition) for name, count in counts.items() for partition in range(count)]
        reader = consumer(self._client)
        await reader.start()
        try:
            return dict(await reader.end_offsets(targets))
        finally:
            await reader.stop()

    def _reached(self, target: TopicPartition, end: int, committed: Mapping[TopicPartition, Any]) -> bool:
        stage = next(name for name, topic in self._topics.items() if topic == target.topic)
        position = self._runner.position(stage, target.partition)
        if position is None:
            position = committed[target].offset if target in committed else 0
        return position >= end

    # -- stop

    async def _shut_down(self) -> None:
        """Stop in the order of the data: no new input, finish what is in progress, commit, leave. Bounded in time."""
        began = time.monotonic()
        self._stop.set()
        for task in self._tasks:
            if task.get_name() != "intake":
                task.cancel()
        steps: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
            ("intake", self._intake.stop),
            ("commands", self._commands.stop),
            *((f"deliver-{item.name}", item.stop) for item in self._deliverers),
            ("runner", lambda: self._runner.revoke(2.0)),
            ("commit", self._commit),
            ("app", self._app.stop),
            *((f"producer-{name}", made.stop) for name, made in self._producers.items()),
            *((name, companion.stop) for name, companion in self._beside.items()),
        ]
        if self.server is not None:
            steps.append(("metrics", self.server.stop))
        for name, step in steps:
            left = max(0.2, STOP_S - (time.monotonic() - began))
            await self._bounded(name, step, min(left, 4.0))
        self._pulse.stop()
        log.info("worker.stopped seconds=%.2f", time.monotonic() - began)

    async def _commit(self) -> None:
        await asyncio.sleep(0)
        if self._fault is None and self._app.consumer.assignment():
            await self._app.consumer.commit()

    async def _bounded(self, name: str, step: Callable[[], Awaitable[Any]], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await step()
        except (TimeoutError, KafkaError, FenghuoError) as error:
            log.warning("worker.stop_step step=%s error=%r", name, error)
        except Exception as error:  # a failing step must not keep the others from stopping
            log.warning("worker.stop_step step=%s", name, exc_info=error)


def _record_time(message: Message) -> float | None:
    """The record time of the newest event behind an internal record, from its header."""
    value = dict(message.headers or ()).get(AT_HEADER)
    return None if value is None else int(value) / 1000
