"""How many events the gateway takes, beside an aiohttp handler that only reads the body: `python -m benchmarks.gateway [--json]`.

All in one run, on the same bodies: the handler, the gateway over a bus that forgets, the gateway over an embedded Kafka. See
benchmarks/README.md for the method.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession, TCPConnector

from benchmarks._cluster import fill
from benchmarks._events import simulated
from benchmarks._gateway_child import TOKEN
from streams.broker import Broker
from streams.cli._shared import run
from streams.errors import FenghuoError

__all__ = ["bodies", "main", "summary"]

EVENTS = 60_000
BATCH = 500
SINGLE = 3_000
POSTERS = 4
NAMES = ("plain", "fake", "kafka")

METHOD = (
    "One process a contender, one after the other; the poster is another process and keeps 4 connections busy. The same simulated "
    "events, batches of 500 as a JSON array, each event with an id of its own; then single events. events_s is by the clock, until the "
    "last answer; events_per_cpu_s by the contender's own CPU seconds: what it does on one core that it has to itself. With Kafka an "
    "answer comes after acks=all. plain: an aiohttp handler that reads the body and answers."
)


class Measured(msgspec.Struct):
    """What one contender did with so many events: seconds by the clock, its CPU seconds, and the longest half and hundredth (ms)."""

    events: int
    seconds: float
    cpu_s: float
    p50_ms: float
    p99_ms: float


class BenchmarkFailed(FenghuoError):
    """A contender ended or refused."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help=f"how many events in batches (default {EVENTS})")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"events of a batch (default {BATCH})")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation; the same seed gives the same events (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    options = parser.parse_args(argv)
    try:
        found = _run(options)
    except FenghuoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found) if options.json else _table(found))
    return 0


def bodies(values: Sequence[bytes], size: int) -> list[bytes]:
    """JSON arrays of so many events each.

    >>> bodies([b"1", b"2", b"3"], 2)
    [b'[1,2]', b'[3]']
    """
    return [b"[" + b",".join(values[start : start + size]) + b"]" for start in range(0, len(values), size)]


def _run(options: argparse.Namespace) -> dict[str, Any]:
    values = simulated(options.events + SINGLE, options.seed)
    many, single = bodies(values[SINGLE:], options.batch), values[:SINGLE]
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as folder:
        broker = Broker(data=Path(folder) / "kafka", progress=not options.json)
        broker.start()
        try:
            run(fill(broker.bootstrap, []))
            measured = {name: run(_measure(name, broker.bootstrap, many, single)) for name in NAMES}
        finally:
            broker.stop()
    return summary(options.batch, measured)


async def _measure(name: str, bootstrap: str, many: Sequence[bytes], single: Sequence[bytes]) -> tuple[Measured, Measured]:
    """One contender's figures for batches and for single events."""
    sys.stderr.write(f"{name} ...\n")
    command = [sys.executable, "-m", "benchmarks._gateway_child", name, bootstrap]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        line = await child.stdout.readline() if child.stdout is not None else b""
        if not line:
            raise BenchmarkFailed(f"{name} ended too early; its messages are above")
        address = f"http://127.0.0.1:{json.loads(line)['port']}"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        async with ClientSession(address, headers=headers, connector=TCPConnector(limit=POSTERS)) as session:
            first = await _post(session, "/v1/events:batch", many, sum(body.count(b'"specversion"') for body in many))
            return first, await _post(session, "/v1/events", single, len(single))
    finally:
        child.send_signal(signal.SIGTERM)
        await child.wait()


async def _post(session: ClientSession, path: str, found: Sequence[bytes], events: int) -> Measured:
    waiting, took = iter(found), []

    async def poster() -> None:
        for body in waiting:
            began = time.perf_counter()
            async with session.post(path, data=body) as answer:
                text = await answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 202:
                raise BenchmarkFailed(f"{path} answered {answer.status}: {text[:300]!r}")

    cpu, began = await _cpu(session), time.perf_counter()
    await asyncio.gather(*(poster() for _ in range(POSTERS)))
    seconds = time.perf_counter() - began
    took.sort()
    return Measured(
        events, seconds, await _cpu(session) - cpu, took[len(took) // 2] * 1000, took[min(len(took) - 1, len(took) * 99 // 100)] * 1000
    )


async def _cpu(session: ClientSession) -> float:
    async with session.get("/cpu") as answer:
        found: dict[str, float] = await answer.json()
        return found["cpu_s"]


def summary(batch: int, measured: dict[str, tuple[Measured, Measured]]) -> dict[str, Any]:
    """The object that `--json` prints.

    >>> one = Measured(1000, 2.0, 0.5, 3.0, 9.0)
    >>> found = summary(500, dict.fromkeys(("plain", "fake", "kafka"), (one, one)))
    >>> found["batches"]["kafka"]["events_s"], found["ratio_to_plain"]["kafka"], found["singles"]["fake"]["events_per_cpu_s"]
    (500, 1.0, 2000)
    """
    plain = measured["plain"][0]
    return {
        "batch": batch,
        "batches": {name: _shown(found[0]) for name, found in measured.items()},
        "singles": {name: _shown(found[1]) for name, found in measured.items()},
        "ratio_to_plain": {name: round(plain.seconds / found[0].seconds, 3) for name, found in measured.items()},
        "cpu_ratio_to_plain": {name: round(plain.cpu_s / found[0].cpu_s, 3) for name, found in measured.items()},
        "python": platform.python_version(),
        "method": METHOD,
    }


def _shown(found: Measured) -> dict[str, float]:
    return {
        "events": found.events,
        "events_s": round(found.events / found.seconds),
        "events_per_cpu_s": round(found.events / found.cpu_s),
        "cpu_us_per_event": round(found.cpu_s / found.events * 1e6, 1),
        "p50_ms": round(found.p50_ms, 1),
        "p99_ms": round(found.p99_ms, 1),
    }


def _table(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{'':<10}{'':<8}{'events/s':>10}{'/CPU s':>10}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}"]
    for group in ("batches", "singles"):
        for name, one in found[group].items():
            figures = f"{one['events_s']:>10}{one['events_per_cpu_s']:>10}{one['cpu_us_per_event']:>9}{one['p50_ms']:>9}{one['p99_ms']:>9}"
            lines.append(f"{group:<10}{name:<8}{figures}")
    ratios = ", ".join(f"{name} {ratio}" for name, ratio in found["ratio_to_plain"].items())
    return "\n".join([*lines, "", f"batches to plain by the clock: {ratios}"])


if __name__ == "__main__":
    raise SystemExit(main())
