"""SIGKILL of a worker at each step between an event and its page, on a real Kafka: how many pages an alert has in the end."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from alerts.page import Page
from benchmarks._delivery_pager import Pager
from config.settings import KafkaSettings
from streams.broker import Broker
from streams.kafka import administer, client_options, consumer, producer
from streams.topics import ALERTS, EVENTS, OUTBOX, apply, declare, plan
from streams.wiring import Layout

__all__ = ["STEPS", "measure", "told"]

STEPS: Final = ("event_written", "alert_written", "page_written", "request_open", "request_answered")
LIMIT_S: Final = 60.0
LAYOUT: Final = Layout(events=1, scopes=1, alerts=1)
POLICY: Final = """
profile: core
enable: [queue_length]
stages: [route]
routes: [{{receivers: [ops], match: {{indicator: queue_length}}}}]
receivers: [{{name: ops, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_BENCH_SECRET}}]
outbox: {{first_s: 0.2, cap_s: 1.0}}
"""


class Site:
    """A worker that can be killed, the broker's topics beside it, and who gets its pages."""

    def __init__(self, bootstrap: str, folder: Path, pager: Pager) -> None:
        self.pager = pager
        self._folder = folder
        self._options = client_options(KafkaSettings(bootstrap=bootstrap))
        self._producer: AIOKafkaProducer = producer(self._options)
        self._reader: AIOKafkaConsumer = consumer(self._options)
        self._worker: asyncio.subprocess.Process | None = None
        self._environment = {
            **os.environ,
            "FENGHUO_BENCH_SECRET": "whsec_" + base64.b64encode(b"0" * 32).decode(),
            "FENGHUO_KAFKA__BOOTSTRAP": bootstrap,
            **{f"FENGHUO_TOPICS__{name}": "1" for name in ("EVENTS", "SCOPES", "ALERTS")},
        }

    async def open(self) -> None:
        """Make the topics and connect."""
        async with administer(self._options) as admin:
            await apply(admin, await plan(admin, declare(LAYOUT)))
        await self._producer.start()
        await self._reader.start()
        (self._folder / "policy.yaml").write_text(POLICY.format(port=self.pager.port), encoding="utf-8")

    async def close(self) -> None:
        """Disconnect; the worker is killed."""
        await self.kill()
        await self._reader.stop()
        await self._producer.stop()

    async def start(self) -> None:
        """Start a worker, the successor of the one that was killed."""
        command = [sys.executable, "-m", "streams", "worker", "--config", str(self._folder / "policy.yaml")]
        options = ["--metrics-port", "0", "--instance-id", "bench"]
        with (self._folder / "worker.log").open("ab") as log:
            self._worker = await asyncio.create_subprocess_exec(*command, *options, env=self._environment, stdout=log, stderr=log)

    async def kill(self) -> None:
        """SIGKILL."""
        if self._worker is not None and self._worker.returncode is None:
            self._worker.kill()
            await self._worker.wait()

    async def fire(self, name: str) -> None:
        """An event that lights a red fire at once: 500 people wait in a queue of this name."""
        data = {"tenant_id": "acme", "queue": {"queue_id": name, "waiting": 500}}
        event = {
            "specversion": "1.0",
            "id": name,
            "source": "/tenants/acme/bench",
            "type": "fenghuo.queue.snapshot.v1",
            "subject": name,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
        await self._producer.send_and_wait(EVENTS, json.dumps(event).encode(), b"acme/" + name.encode())

    async def written(self, topic: str, name: str) -> None:
        """Wait until a topic has a record about a name."""
        partition = TopicPartition(topic, 0)
        self._reader.assign([partition])
        await self._reader.seek_to_beginning(partition)
        async for record in self._reader:
            value = record.value or b""
            if name.encode() in (msgspec.json.decode(value, type=Page).body if topic == OUTBOX else value):
                return


async def measure(kills: int, bootstrap: str | None = None) -> dict[str, Any]:
    """For each step, so many kills there: pages an alert had, at a receiver that rings at each request and at one that knows ids."""
    async with _site(bootstrap) as site:
        found = {}
        await site.start()
        for step in STEPS:
            sys.stderr.write(f"kills: {step} ...\n")
            names = [f"{step.replace('_', '-')}-{number:04d}" for number in range(kills)]
            for name in names:
                await _killed(site, step, name)
            found[step] = told(site.pager, names)
        return found


def told(pager: Pager, names: list[str]) -> dict[str, Any]:
    """How many alerts had how many pages: `plain` counts requests, `idempotent` different pages; `never` had none.

    >>> pager = Pager(lambda body: [])
    >>> pager.rings.update(["a", "a", "b"]); pager.ids["a"].add("1"); pager.ids["b"].add("2")
    >>> told(pager, ["a", "b"])
    {'kills': 2, 'plain': {1: 1, 2: 1}, 'idempotent': {1: 2}, 'never': 0}
    """
    plain = Counter(pager.rings[name] for name in names)
    idempotent = Counter(len(pager.ids[name]) for name in names)
    return {"kills": len(names), "plain": dict(sorted(plain.items())), "idempotent": dict(sorted(idempotent.items())), "never": plain[0]}


async def _killed(site: Site, step: str, name: str) -> None:
    """Fire, kill at the step, start again, and wait until the page has arrived."""
    if step == "request_open":
        site.pager.hold(name)
    async with asyncio.timeout(LIMIT_S):
        await site.fire(name)
        await _reached(site, step, name)
    await site.kill()
    site.pager.let_go()
    await site.start()
    async with asyncio.timeout(LIMIT_S):
        await site.pager.answered(name)
        # A page of the killed worker's that comes again is sent before one that is written now.
        last = f"{name}-after"
        await site.fire(last)
        await site.pager.answered(last)


async def _reached(site: Site, step: str, name: str) -> None:
    if step == "alert_written":
        await site.written(ALERTS, name)
    elif step == "page_written":
        await site.written(OUTBOX, name)
    elif step == "request_open":
        await site.pager.opened(name)
    elif step == "request_answered":
        await site.pager.answered(name)


def _queues(body: Any) -> list[str]:
    """The queue of a page that tells of a fire's beginning."""
    data = body["data"]
    return [data["scope"]["queue_id"]] if data["state"] == "raised" else []


@asynccontextmanager
async def _site(bootstrap: str | None) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as folder:
        broker = None if bootstrap is not None else Broker(data=Path(folder) / "kafka", progress=False)
        if broker is not None:
            await asyncio.to_thread(broker.start)
        pager = Pager(_queues)
        await pager.start()
        site = Site(bootstrap or (broker.bootstrap if broker is not None else ""), Path(folder), pager)
        try:
            await site.open()
            yield site
        finally:
            await site.close()
            await pager.stop()
            if broker is not None:
                await asyncio.to_thread(broker.stop)
