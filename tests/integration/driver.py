"""The real commands on a real Kafka: a recording and what its replay says; ingest, worker and tail on a cluster; a webhook's receiver."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, web
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2

from streams.batches import decode_events
from streams.records import partition_key
from streams.simulate.recording import lines
from streams.simulate.simulation import Simulation
from streams.topics import ALERTS, EVENTS, INTERNAL_EVENTS, internal
from streams.wiring import Layout
from tests.integration.harness import ROOT, Cluster, WorkerProcess, until

INCIDENTS = ["angry", "fatigue", "leak", "pingpong", "promise", "queue", "similar", "waiting"]
DISORDER_S = 28.0
"""Less than the lateness allowed: what is later than this is left out of a recording."""

LAYOUT = Layout(events=4, scopes=4, alerts=1)

Change = tuple[str, str, str]


@dataclass(frozen=True)
class Said:
    """What a run said: the (alert_id, tier, state) of every change, and the ids of the CloudEvents, each with its bytes."""

    changes: set[Change] = field(default_factory=set)
    bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, alerts: Iterable[bytes]) -> Self:
        said = cls()
        for body in alerts:
            alert = json.loads(body)
            data = alert["data"]
            said.changes.add((data["alert_id"], data["tier"], data["state"]))
            said.bodies.setdefault(alert["id"], body)
        return said

    def indicators(self) -> set[str]:
        return {json.loads(body)["data"]["indicator"] for body in self.bodies.values()}


def differences(expected: Said, found: Said) -> str:
    """Which alerts differ, for a message one can start from."""
    known = {**expected.bodies, **found.bodies}
    names = {(data["alert_id"], data["tier"], data["state"]): data for data in (json.loads(body)["data"] for body in known.values())}
    shown = [
        f"{sign} {change[1]:<6} {change[2]:<8} {names[change]['event_time']} {names[change]['indicator']} {names[change]['scope']}"
        for sign, changes in (("missing", expected.changes - found.changes), ("unexpected", found.changes - expected.changes))
        for change in sorted(changes, key=lambda each: str(names[each]["event_time"]))
    ]
    return "\n".join([f"{len(expected.changes)} expected, {len(found.changes)} found", *shown[:40]])


def assert_same(expected: Said, found: Said) -> None:
    """The same changes under the same ids."""
    assert found.changes == expected.changes, differences(expected, found)
    assert set(found.bodies) == set(expected.bodies)


@dataclass(frozen=True)
class Recording:
    """A file of events with what `fenghuo replay` says about it."""

    path: Path
    lines: list[bytes]
    said: Said
    summary: dict[str, Any]

    @classmethod
    def make(cls, folder: Path, found: Iterable[bytes]) -> Self:
        """Write the lines and replay them."""
        kept, path, out = list(found), folder / "events.jsonl", folder / "alerts.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in kept))
        summary = json.loads(fenghuo("replay", str(path), "--out", str(out), "--json"))
        return cls(path, kept, Said.of(out.read_bytes().splitlines()), summary)

    def by_partition(self, count: int) -> list[list[bytes]]:
        """The lines as `ingest` spreads them over partitions."""
        parts: list[list[bytes]] = [[] for _ in range(count)]
        for line in self.lines:
            parts[partition_of(partition_key(line) or b"", count)].append(line)
        return parts


def simulated(*, seed: int = 5, malformed: bool = True) -> list[bytes]:
    """Two small days with incidents that need no baseline, without the events that come later than the lateness allows."""
    start = datetime(2025, 9, 1, tzinfo=timezone(timedelta(hours=8)))
    simulation = Simulation(seed=seed, start=start, days=2, rate=0.1, incidents=INCIDENTS)
    kept, latest = [], 0.0
    for line in lines(simulation, malformed=malformed):
        moment = time_of(line)
        latest = max(latest, moment or 0.0)
        if moment is None or moment >= latest - DISORDER_S:
            kept.append(line)
    return kept


def partition_of(key: bytes, count: int) -> int:
    """The partition that Kafka's clients choose for a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % count


def time_of(line: bytes) -> float | None:
    """The event time of a line (epoch s), None where it has none."""
    try:
        return datetime.fromisoformat(json.loads(line)["time"]).timestamp()
    except (ValueError, KeyError, TypeError):
        return None


def fenghuo(*arguments: str, settings: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; its standard output. A command that fails shows what it said."""
    command = ["env", *(f"{name}={value}" for name, value in (settings or {}).items()), sys.executable, "-m", "streams", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Site(Cluster):
    """A cluster on which the real commands run."""

    def __init__(self, bootstrap: str, folder: Path, layout: Layout = LAYOUT) -> None:
        super().__init__(bootstrap, folder, layout)
        self._logs = itertools.count()
        self.settings = {
            "FENGHUO_KAFKA__BOOTSTRAP": bootstrap,
            "FENGHUO_TOPICS__EVENTS": str(layout.events),
            "FENGHUO_TOPICS__SCOPES": str(layout.scopes),
            "FENGHUO_TOPICS__ALERTS": str(layout.alerts),
        }

    @property
    def intake(self) -> str:
        """The consumer group that reads the events topic."""
        return f"{self.app_id}-intake"

    async def with_layout(self, layout: Layout) -> Self:
        """The same cluster with other partition counts, and empty."""
        other = type(self)(self.bootstrap, self.folder, layout)
        other.workers, other.settings = self.workers, {**self.settings, **other.settings}
        await other.reset()
        return other

    def start(self, *arguments: str) -> WorkerProcess:
        """Start a command and do not wait for its end."""
        command = [sys.executable, "-m", "streams", *arguments]
        process = WorkerProcess(command, self.folder / f"{arguments[0]}{next(self._logs)}.log", self.settings)
        self.workers.append(process)
        return process

    def worker(self, *more: str) -> WorkerProcess:
        return self.start("worker", "--app-id", self.app_id, "--metrics-port", "0", *more)

    async def work(self, *more: str, idle: int = 1, seconds: float = 60.0) -> WorkerProcess:
        """Run a worker until nothing is left to do."""
        worker = self.worker("--until-idle", str(idle), *more)
        assert await worker.wait(seconds) == 0, worker.log.read_text(encoding="utf-8")
        return worker

    async def command(self, *arguments: str) -> str:
        return await asyncio.to_thread(fenghuo, *arguments, settings=self.settings)

    async def tail(self) -> Said:
        """What `alerts tail` prints."""
        printed = await self.command("alerts", "tail", "--from-start", "--until-idle", "2", "--json")
        return Said.of(line.encode() for line in printed.splitlines())

    async def alerts(self) -> Said:
        """What lies on the alerts topic."""
        return Said.of(record.value for record in await self.read(ALERTS))

    async def alert_count(self) -> int:
        return sum((await self.ends(ALERTS)).values())

    async def wait_for_alerts(self, count: int, seconds: float = 30.0) -> None:
        async def there() -> bool:
            return await self.alert_count() >= count

        await until(there, seconds)

    async def read_by(self, offsets: Mapping[TopicPartition, int], seconds: float = 30.0) -> None:
        """Wait until the intake has read up to the given offsets, durably."""

        async def reached() -> bool:
            committed = await self.committed(self.intake, EVENTS)
            return all(committed.get(target, 0) >= offset for target, offset in offsets.items())

        await until(reached, seconds)

    async def wait_until_told_idle(self, *partitions: int) -> None:
        """Wait until the conversation stage has been told that partitions (all, if none is named) have been at their end for 2 s."""
        wanted = set(partitions or range(self.layout.events))

        async def told() -> bool:
            last = {record.partition: record.value for record in await self.read(internal(INTERNAL_EVENTS, self.app_id))}
            return all(partition in last and decode_events(last[partition]).idle for partition in wanted)

        await until(told)

    async def send(self, *values: bytes) -> None:
        """Write values to the events topic, each under its key."""
        await self.produce((partition_of(partition_key(value) or b"", self.layout.events), value) for value in values)

    async def produce(self, records: Iterable[tuple[int, bytes]], headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Write values to partitions of the events topic, with no heartbeat between them."""
        producer = AIOKafkaProducer(**self.client, linger_ms=5)
        await producer.start()
        for partition, value in records:
            await producer.send(EVENTS, value, key=partition_key(value), partition=partition, headers=list(headers))
        await producer.stop()


async def metrics_of(worker: WorkerProcess) -> dict[str, float]:
    """The samples of a worker's metrics endpoint, each under its name with its labels."""
    await worker.wait_for_log("metrics.served")
    served = next(line for line in worker.log.read_text(encoding="utf-8").splitlines() if "metrics.served" in line)
    port = int(served.rsplit("port=", 1)[1])
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        text = await response.text()
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in samples}


@dataclass(frozen=True)
class Post:
    """A page as it came in."""

    event_id: str
    alert_id: str
    revision: int
    state: str
    body: bytes


class Receiver:
    """A webhook on loopback that checks signatures after Standard Webhooks. `status` is what it answers."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.status = 200
        self.port = 0
        self.asked = 0
        self.forged = 0
        self.posts: list[Post] = []
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen; on the same port as the last time."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Refuse connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        if not self._signed(request.headers, body):
            self.forged += 1
            return web.Response(status=401)
        if self.status == 200:
            data = json.loads(body)["data"]
            self.posts.append(Post(request.headers["webhook-id"], data["alert_id"], data["revision"], data["state"], body))
        return web.Response(status=self.status)

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        event_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        digest = hmac.new(self.key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signatures = [each.removeprefix("v1,") for each in headers["webhook-signature"].split()]
        fresh = abs(time.time() - int(stamp)) < 300
        return fresh and any(hmac.compare_digest(each, base64.b64encode(digest).decode()) for each in signatures)

    def ids(self) -> set[str]:
        return {post.event_id for post in self.posts}
