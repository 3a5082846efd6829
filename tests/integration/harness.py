"""What integration tests do to a cluster: fill it, read it, run workers on it, and wait for things to become true."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from config.settings import KafkaSettings
from streams.changelog import Changelog
from streams.kafka import administer, client_options
from streams.topics import EVENTS, apply, changelog_of, declare, plan
from streams.wiring import Layout
from tests.integration.fakes import LAYOUT

ROOT = Path(__file__).parents[2]


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
    """Wait for something to become true; what it became."""
    deadline = time.monotonic() + seconds
    while True:
        result = await condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {condition}")
        await asyncio.sleep(0.05)


class WorkerProcess:
    """A command in a process of its own: a worker of fake stages, or a real one."""

    def __init__(self, command: list[str], log: Path, settings: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as file:
            environment = {**os.environ, "PYTHONHASHSEED": "random", **(settings or {})}
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env=environment)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 12.0) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def last_words(self, lines: int = 20) -> str:
        """The end of its log, without what the Kafka client repeats while no broker answers."""
        told = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line for line in told if " aiokafka" not in line][-lines:])

    async def wait(self, seconds: float = 60.0) -> int:
        await until(self._ended, seconds)
        return self.process.returncode

    async def wait_for_log(self, text: str, seconds: float = 30.0) -> None:
        async def found() -> bool:
            return text in self.log.read_text(encoding="utf-8", errors="replace")

        await until(found, seconds)

    async def _ended(self) -> bool:
        return self.process.poll() is not None


class Cluster:
    """A cluster with the topics of a layout; fake workers have the default one."""

    def __init__(self, bootstrap: str, folder: Path, layout: Layout = LAYOUT) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.layout = layout
        self.app_id = f"test-{uuid.uuid4().hex[:8]}"
        self.client = client_options(KafkaSettings(bootstrap=bootstrap))
        self.workers: list[WorkerProcess] = []
        self._names = itertools.count()
        self._ids = itertools.count()

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()

    async def reset(self) -> None:
        """Delete and make all topics."""
        wanted = declare(self.layout, self.app_id)
        async with administer(self.client) as admin:
            have = [name for name in await admin.list_topics() if name.startswith(("fenghuo", "test-"))]
            if have:
                await admin.delete_topics(have)

                async def gone() -> bool:
                    return not any(name.startswith(("fenghuo", "test-")) for name in await admin.list_topics())

                await until(gone)
            await apply(admin, await plan(admin, wanted), replication=1)

            async def made() -> bool:
                return all(difference.kind == "ok" for difference in await plan(admin, wanted))

            await until(made)

    def worker(self, *more: str) -> WorkerProcess:
        command = [sys.executable, "-m", "tests.integration.fakes", "--bootstrap", self.bootstrap, "--app-id", self.app_id, *more]
        worker = WorkerProcess(command, self.folder / f"worker{next(self._names)}.log")
        self.workers.append(worker)
        return worker

    async def feed(self, count: int, *, rate: float | None = None, bad_every: int = 0) -> list[str]:
        """Produce events, at most `rate` a second; the ids (`key/id`) of the good ones."""
        ids = []
        producer = AIOKafkaProducer(**self.client, linger_ms=2)
        await producer.start()
        began = time.monotonic()
        for done in range(count):
            number = next(self._ids)
            subject = f"k{number % 97}"
            if bad_every and done % bad_every == bad_every - 1:
                await producer.send(EVENTS, b"not an event", key=subject.encode())
                continue
            line = {"time": 1e9 + number * 0.1, "id": f"e{number}", "subject": subject, "text": "x" * 200}
            await producer.send(EVENTS, json.dumps(line).encode(), key=subject.encode())
            ids.append(f"{subject}/e{number}")
            if rate is not None and done % 20 == 19:
                await asyncio.sleep(max(0.0, began + done / rate - time.monotonic()))
        await producer.stop()
        return ids

    async def read(self, topic: str) -> list[Any]:
        """All records of a topic, partition by partition."""
        consumer = AIOKafkaConsumer(**self.client, auto_offset_reset="earliest")
        await consumer.start()
        try:
            targets = await self._targets(consumer, topic)
            consumer.assign(targets)
            ends = await consumer.end_offsets(targets)
            records: list[Any] = []
            for target in targets:
                consumer.seek(target, (await consumer.beginning_offsets([target]))[target])
                while await consumer.position(target) < ends[target]:
                    records += (await consumer.getmany(target, timeout_ms=500)).get(target, [])
            return records
        finally:
            await consumer.stop()

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        consumer = AIOKafkaConsumer(**self.client)
        await consumer.start()
        try:
            return dict(await consumer.end_offsets(await self._targets(consumer, topic)))
        finally:
            await consumer.stop()

    async def _targets(self, consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
        count = next(declared.partitions for declared in declare(self.layout, self.app_id) if declared.name == topic)
        return [TopicPartition(topic, partition) for partition in range(count)]

    async def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        async with administer(self.client) as admin:
            offsets = await admin.list_consumer_group_offsets(group)
        return {target: found.offset for target, found in offsets.items() if target.topic == topic}

    async def delete_before(self, offsets: dict[TopicPartition, int]) -> None:
        """Delete the records below the given offsets, as retention would."""
        async with administer(self.client) as admin:
            await admin.delete_records({target: RecordsToDelete(before_offset=offset) for target, offset in offsets.items()})

    async def counts(self, stage: str, partitions: int) -> Counter[str]:
        """What the stages of a name have counted by key, from their changelogs."""
        total: Counter[str] = Counter()
        for partition in range(partitions):
            restored = await Changelog(changelog_of(stage, self.app_id), self.client).read(partition)
            for key, value in restored.records.items():
                if key != b"meta":
                    total[key.decode()] += int(value)
        return total

    async def fences(self, stage: str, partition: int) -> dict[str, int]:
        restored = await Changelog(changelog_of(stage, self.app_id), self.client).read(partition)
        return msgspec.msgpack.decode(restored.records[b"meta"], type=tuple[dict[str, int], int])[0]


def by_key(ids: Iterable[str]) -> Counter[str]:
    return Counter(name.split("/")[0] for name in ids)
