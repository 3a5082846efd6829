"""How fast it is, against a Faust agent that does nothing: `python -m benchmarks.throughput [--json]`.

Everything is measured in one run, on the same events, on an embedded Kafka of its own. See benchmarks/README.md for the method.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks._cluster import Watcher, fill
from benchmarks._events import ending, from_file, simulated
from streams.broker import Broker
from streams.cli._shared import run
from streams.errors import FenghuoError
from streams.wiring import Layout

__all__ = ["main", "summary"]

EVENTS = 60_000
LIMIT_S = 300.0
GROUPS: dict[str, tuple[str, str | None]] = {
    "aiokafka": ("bench-aiokafka", None),
    "noop_agent": ("bench-noop", None),
    "worker": ("fenghuo-intake", "fenghuo"),
}
"""For each reader the group that reads the events, and the one of its stages."""

METHOD = (
    "One process a contender, one after the other, all reading the same topic of 4 partitions, one CloudEvent a record, produced before. "
    "The clock starts when the first record is in the contender's hands (the worker's stages are assigned and loaded by then) and stops "
    "when the committed offsets have reached the end of the topic and, for the worker, of its internal topics: alerts are durable then. "
    "CPU by step: the same code on the same events in one process; transport is the worker's CPU without them. Replay reads a file."
)


class Measured(msgspec.Struct):
    """What one contender used: wall clock and CPU seconds, and its peak memory."""

    seconds: float
    cpu_s: float
    rss_mb: float


class BenchmarkFailed(FenghuoError):
    """A contender ended before it was done."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print it; the exit code."""
    options = _arguments(argv)
    try:
        found = _run(options)
    except FenghuoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found) if options.json else _table(found))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--events", type=_positive, help=f"how many events: of the simulation {EVENTS}, of a file all by default")
    parser.add_argument("--data", type=Path, metavar="FILE", help="JSONL of CloudEvents (plain, .gz, .zst) instead of the simulation")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation; the same seed gives the same events (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one event is needed")
    return number


def _run(options: argparse.Namespace) -> dict[str, Any]:
    _say(f"{options.data or 'simulated events'} ...")
    values = from_file(options.data, options.events) if options.data else simulated(options.events or EVENTS, options.seed)
    records = ending(values, Layout().events)
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as folder:
        file = Path(folder) / "events.jsonl"
        file.write_bytes(b"".join(record.value + b"\n" for record in records))
        measured = {"replay": msgspec.convert(_told("replay", file), Measured)}
        costs = _told("steps", file)
        broker = Broker(data=Path(folder) / "kafka", progress=not options.json)
        broker.start()
        try:
            run(fill(broker.bootstrap, records))
            measured |= {name: run(_read(name, broker.bootstrap)) for name in GROUPS}
        finally:
            broker.stop()
    return summary(len(records), measured, costs)


def _told(name: str, file: Path) -> dict[str, Any]:
    """What a contender that needs no Kafka says."""
    _say(f"{name} ...")
    done = subprocess.run(_command(name, str(file)), stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise BenchmarkFailed(f"{name} ended with code {done.returncode}; its messages are above")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def _read(name: str, bootstrap: str) -> Measured:
    """Run a reader until it has committed everything."""
    _say(f"{name} ...")
    child = await asyncio.create_subprocess_exec(*_command(name, bootstrap), stdout=asyncio.subprocess.PIPE)
    out = child.stdout
    if out is None:
        raise BenchmarkFailed(f"{name} has no output")
    try:
        watching = asyncio.create_task(Watcher.wait(bootstrap, *GROUPS[name], LIMIT_S))
        began = _line(name, await out.readline())["began"]
        ended = await watching
        child.send_signal(signal.SIGTERM)
        report = _line(name, await out.readline())
        await child.wait()
    except TimeoutError:
        raise BenchmarkFailed(f"{name} has not read everything within {LIMIT_S:.0f} s: give fewer --events") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return Measured(ended - began, report["cpu_s"], report["rss_mb"])


def _command(name: str, argument: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks._child", name, argument]


def _line(name: str, line: bytes) -> dict[str, Any]:
    if not line:
        raise BenchmarkFailed(f"{name} ended too early; its messages are above")
    found: dict[str, Any] = json.loads(line)
    return found


def summary(records: int, measured: dict[str, Measured], costs: dict[str, float]) -> dict[str, Any]:
    """The object that `--json` prints, from what was measured over so many records and the CPU seconds of each step.

    >>> one = Measured(seconds=2.0, cpu_s=1.0, rss_mb=90.0)
    >>> found = summary(1000, dict.fromkeys(("replay", "aiokafka", "noop_agent", "worker"), one), {"parse": 0.4})
    >>> found["worker_events_s"], found["ratio_to_noop_agent"], found["cpu_us_per_event"]
    (500, 1.0, {'parse': 400.0, 'transport': 600.0, 'worker': 1000.0, 'noop_agent': 1000.0, 'aiokafka': 1000.0, 'replay': 1000.0})
    """
    speed = {name: records / each.seconds for name, each in measured.items()}
    cpu = {name: seconds / records * 1e6 for name, seconds in costs.items()}
    used = {name: measured[name].cpu_s / records * 1e6 for name in ("worker", "noop_agent", "aiokafka", "replay")}
    cpu["transport"] = used["worker"] - sum(cpu.values())
    return {
        "replay_events_s": round(speed["replay"]),
        "worker_events_s": round(speed["worker"]),
        "noop_agent_events_s": round(speed["noop_agent"]),
        "aiokafka_events_s": round(speed["aiokafka"]),
        "ratio_to_noop_agent": round(speed["worker"] / speed["noop_agent"], 3),
        "cpu_ratio_to_noop_agent": round(used["noop_agent"] / used["worker"], 3),
        "cpu_us_per_event": {name: round(each, 1) for name, each in (cpu | used).items()},
        "peak_rss_mb": round(measured["worker"].rss_mb, 1),
        "events": records,
        "seconds": {name: round(each.seconds, 2) for name, each in measured.items()},
        "rss_mb": {name: round(each.rss_mb, 1) for name, each in measured.items()},
        "python": platform.python_version(),
        "method": METHOD,
    }


def _table(found: dict[str, Any]) -> str:
    """The same for people."""
    noop = found["noop_agent_events_s"]
    lines = [f"{found['events']} records", "", f"{'':<22}{'events/s':>10}{'of no-op':>10}{'CPU µs':>8}{'MB':>7}"]
    for name in ("aiokafka", "noop_agent", "worker", "replay"):
        speed, cpu = found[f"{name}_events_s"], found["cpu_us_per_event"][name]
        lines.append(f"{name:<22}{speed:>10}{speed / noop:>10.2f}{cpu:>8.1f}{found['rss_mb'][name]:>7.0f}")
    lines += ["", f"worker to no-op agent: {found['ratio_to_noop_agent']} by the clock, {found['cpu_ratio_to_noop_agent']} by CPU"]
    lines += ["", "CPU µs an event, by step of the worker"]
    others = found["rss_mb"]
    lines += [f"  {name:<20}{cpu:>10.1f}" for name, cpu in found["cpu_us_per_event"].items() if name not in others]
    return "\n".join(lines)


def _say(text: str, write: Callable[[str], object] = sys.stderr.write) -> None:
    write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
