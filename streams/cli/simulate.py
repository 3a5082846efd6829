"""`fenghuo simulate`: days of a customer-service centre from a seed, with planted incidents and the truth about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from streams.errors import UsageError
from streams.simulate.recording import write, write_truth
from streams.simulate.simulation import Simulation, kinds

__all__ = ["register"]

START = "2025-09-01"
ZONE = timezone(timedelta(hours=8))


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("simulate")(simulate)


def simulate(
    out: Annotated[Path, typer.Option(help="Where the events go: JSONL, packed where the name ends in .gz or .zst; - is standard output.")],
    truth: Annotated[Path | None, typer.Option(help="Where the truth goes: what is planted and must, or must not, be found.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and options give the same bytes.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="Days; incidents are planted on the last one.")] = 9,
    start: Annotated[str, typer.Option(help="First day, ISO 8601; a day without a zone begins at midnight +08:00.")] = START,
    rate: Annotated[float, typer.Option(min=0.01, help="Volume: 1 is about 600 conversations a day.")] = 1.0,
    tenant: Annotated[str, typer.Option(help="Tenant of all events.")] = "demo",
    incidents: Annotated[str, typer.Option(help=f"all, none, or some of: {', '.join(kinds())}.")] = "all",
    malformed: Annotated[bool, typer.Option(help="Put three lines in that are no events, as real files have.")] = True,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Simulate days of a customer-service centre with planted incidents. 模拟客服中心的若干天，并埋入事件。"""
    streamed = str(out) == "-"
    if streamed and json_:
        raise UsageError("--out - and --json both want standard output: write the events to a file, or leave --json out.")
    simulation = Simulation(seed=seed, start=_start(start), days=days, tenant=tenant, rate=rate, incidents=_kinds(incidents))
    console = Console(stderr=True, highlight=False)
    with _progress(console) as progress:
        write(simulation, typer.get_binary_stream("stdout") if streamed else out, malformed=malformed, progress=progress)
    if truth is not None:
        write_truth(simulation, truth)
    summary = _summary(simulation, out, truth)
    if json_:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        _print(console, summary)


def _start(text: str) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--start {text} is no date: write it as {START} or {START}T00:00:00+08:00.") from error
    return start if start.tzinfo is not None else start.replace(tzinfo=ZONE)


def _kinds(text: str) -> list[str] | None:
    if text == "all":
        return None
    return [] if text == "none" else [kind.strip() for kind in text.split(",") if kind.strip()]


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[float], object]]:
    columns = (TextColumn("simulate"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("simulate", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _summary(simulation: Simulation, out: Path, truth: Path | None) -> dict[str, Any]:
    known = simulation.truth
    return {
        "out": str(out),
        "truth": str(truth) if truth is not None else None,
        "events": known.events,
        "malformed": known.malformed,
        "conversations_quiet_day": known.conversations_quiet_day,
        "conversations_scored_day": known.conversations_scored_day,
        "incidents": {each.id: each.onset for each in known.incidents},
        "benign": [each.id for each in known.benign],
    }


def _print(console: Console, summary: dict[str, Any]) -> None:
    planted = "  ".join(f"{name} {onset[11:16]}" for name, onset in sorted(summary["incidents"].items(), key=lambda each: each[1]))
    console.print(f"{summary['events']} events 事件, {summary['malformed']} malformed lines 坏行 -> {summary['out']}", soft_wrap=True)
    console.print(f"planted 埋入: {planted or 'nothing'}", soft_wrap=True)
    console.print(f"benign 无害: {', '.join(summary['benign']) or 'nothing'}", soft_wrap=True)
    if summary["truth"] is not None:
        console.print(f"truth 真相 -> {summary['truth']}", soft_wrap=True)
