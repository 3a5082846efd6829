"""Real workers on a real Kafka that can be killed, and who gets their pages."""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import os
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from alerts.command import Command, encode_command
from alerts.page import Page
from benchmarks._delivery_pager import Pager
from config.settings import KafkaSettings
from streams.broker import Broker
from streams.kafka import administer, client_options, consumer, producer
from streams.topics import EVENTS, FEEDBACK, OUTBOX, apply, declare, plan
from streams.wiring import Layout

__all__ = ["LIMIT_S", "Site", "ended_queues", "lit_queues", "open_site"]

LIMIT_S: Final = 60.0
_STOP_S: Final = 15.0

# Each worker is a process of its own, but what it only reads was loaded before, once, in the server that forks it: 3 s less for each kill.
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["benchmarks._delivery_preload"])


class Site:
    """Workers by name, the topics of a layout, and a receiver's address in the policy (`{port}`)."""

    def __init__(self, bootstrap: str, folder: Path, pager: Pager, policy: str, layout: Layout) -> None:
        self.pager = pager
        self.app_id = f"bench-{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._policy = policy
        self._layout = layout
        self._options = client_options(KafkaSettings(bootstrap=bootstrap))
        self._producer: AIOKafkaProducer = producer(self._options)
        self._reader: AIOKafkaConsumer = consumer(self._options)
        self._found: dict[str, int] = {}
        self._workers: dict[str, ForkServerProcess] = {}
        self._environment = {
            "FENGHUO_BENCH_SECRET": "whsec_" + base64.b64encode(b"0" * 32).decode(),
            "FENGHUO_KAFKA__BOOTSTRAP": bootstrap,
            "FENGHUO_TOPICS__EVENTS": str(layout.events),
            "FENGHUO_TOPICS__SCOPES": str(layout.scopes),
            "FENGHUO_TOPICS__ALERTS": str(layout.alerts),
        }

    async def open(self) -> None:
        """Make the topics and connect."""
        async with administer(self._options) as admin:
            await apply(admin, await plan(admin, declare(self._layout, self.app_id)))
        await self._producer.start()
        await self._reader.start()
        (self._folder / "policy.yaml").write_text(self._policy.format(port=self.pager.port), encoding="utf-8")

    async def close(self) -> None:
        """Disconnect; the workers are killed."""
        for name in list(self._workers):
            await self.kill(name)
        await self._reader.stop()
        await self._producer.stop()

    async def start(self, name: str = "bench", *, named: bool = True) -> None:
        """Start a worker. A `named` one goes on at once where one of its name was killed; another waits for the session's end."""
        arguments = ["worker", "--config", str(self._folder / "policy.yaml"), "--app-id", self.app_id, "--metrics-port", "0"]
        arguments += ["--instance-id", name] if named else []
        process = _FORKS.Process(target=_work, args=(arguments, self._environment, str(self._log(name))), daemon=True)
        await asyncio.to_thread(process.start)
        self._workers[name] = process

    async def kill(self, name: str = "bench") -> None:
        """SIGKILL."""
        process = self._workers.pop(name, None)
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)

    async def stop(self, name: str) -> None:
        """SIGTERM, and wait for the end."""
        process = self._workers.pop(name)
        process.terminate()
        await asyncio.to_thread(process.join, _STOP_S)
        if process.exitcode is None:
            process.kill()

    def restored(self, name: str) -> int:
        """How many partitions of the alert stage a worker of this name has taken over so far."""
        log = self._log(name)
        return log.read_text(encoding="utf-8").count("stage.restored stage=alerts") if log.exists() else 0

    async def fire(self, queue: str, tenant: str = "acme") -> None:
        """An event that lights a red fire at once: 500 people wait in a queue."""
        event = {
            "specversion": "1.0",
            "id": queue,
            "source": f"/tenants/{tenant}/bench",
            "type": "fenghuo.queue.snapshot.v1",
            "subject": queue,
            "time": datetime.now(UTC).isoformat(),
            "data": {"tenant_id": tenant, "queue": {"queue_id": queue, "waiting": 500}},
        }
        await self._producer.send_and_wait(EVENTS, json.dumps(event).encode(), f"{tenant}/{queue}".encode())

    async def tell(self, command: Command) -> None:
        """A command of somebody's."""
        await self._producer.send_and_wait(FEEDBACK, encode_command(command), command.tenant.encode())

    async def resolve(self, queue: str, tenant: str = "acme") -> None:
        """Somebody ends the alert of a queue."""
        key = f"queue_length|queue={queue}"
        await self.tell(Command(id=f"resolve-{queue}", tenant=tenant, kind="resolve", by="bench", at=time.time(), alert_key=key))

    async def settled(self, receiver: str = "ops") -> None:
        """Wait until all pages written so far are delivered for good: a kill now makes none of them come again."""
        partition = TopicPartition(OUTBOX, 0)
        end = (await self._reader.end_offsets([partition]))[partition]
        async with administer(self._options) as admin:
            while True:
                committed = await admin.list_consumer_group_offsets(f"{self.app_id}-deliver-{receiver}")
                if partition in committed and committed[partition].offset >= end:
                    return
                await asyncio.sleep(0.05)

    async def written(self, topic: str, name: str) -> None:
        """Wait until partition 0 of a topic has a record about a name. Of two names, the one that was written first is asked for first."""
        partition = TopicPartition(topic, 0)
        self._reader.assign([partition])
        self._reader.seek(partition, self._found.get(topic, 0))
        async for record in self._reader:
            value = record.value or b""
            if name.encode() in (msgspec.json.decode(value, type=Page).body if topic == OUTBOX else value):
                self._found[topic] = record.offset
                return

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def lit_queues(body: Any) -> list[str]:
    """The queue of a page that tells of a fire's beginning."""
    data = body["data"]
    return [data["scope"]["queue_id"]] if data["state"] == "raised" else []


def ended_queues(body: Any) -> list[str]:
    """The same, and `<queue>-end` of one that tells of its end.

    >>> ended_queues({"data": {"state": "resolved", "scope": {"queue_id": "q-1"}}})
    ['q-1-end']
    """
    data = body["data"]
    return [f"{data['scope']['queue_id']}-end"] if data["state"] == "resolved" else lit_queues(body)


@asynccontextmanager
async def open_site(
    policy: str, *, layout: Layout, names: Callable[[Any], list[str]] = lit_queues, bootstrap: str | None = None
) -> AsyncIterator[Site]:
    """A site, on a broker of its own unless one is given."""
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-", ignore_cleanup_errors=True) as folder:
        broker = None if bootstrap is not None else Broker(data=Path(folder) / "kafka", progress=False)
        if broker is not None:
            await asyncio.to_thread(broker.start)
        pager = Pager(names)
        await pager.start()
        made = Site(bootstrap or (broker.bootstrap if broker is not None else ""), Path(folder), pager, policy, layout)
        try:
            await made.open()
            yield made
        finally:
            await made.close()
            await pager.stop()
            if broker is not None:
                await asyncio.to_thread(broker.stop)


def _work(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """`fenghuo worker` in this process, which was forked for it."""
    from streams.cli import main  # noqa: PLC0415 - in the process that runs it

    os.environ.update(environment)
    with Path(log).open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.argv = ["fenghuo", *arguments]
    main()
