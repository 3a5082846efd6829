"""`fenghuo replay`: recorded events through the whole pipeline, without a broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from config.loader import load_policy
from streams.cli._shared import parser, settings, settle
from streams.dead_letter import to_json_line
from streams.errors import UsageError
from streams.files import read_lines, total_bytes
from streams.pipeline import Pipeline
from streams.replay import Replay, Report
from streams.stages import build_wiring
from streams.wiring import Layout

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("replay")(replay)


def replay(
    events: Annotated[list[Path], typer.Argument(help="JSONL files of CloudEvents, plain, .gz or .zst; - is standard input.")],
    out: Annotated[Path, typer.Option(help="Where the alerts go, one CloudEvent a line; - is standard output.")] = Path("alerts.jsonl"),
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    dead_letter: Annotated[Path | None, typer.Option(help="Where lines that are no events go, with the reason.")] = None,
    as_of: Annotated[datetime | None, typer.Option(help="The present of the replay: later events are rejects. Default: now.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Replay recorded events: the same alerts as on Kafka, in one process, deterministic. 回放事件文件。"""
    console = Console(stderr=True)
    present = as_of.timestamp() if as_of is not None else time.time()
    console.print(f"as of {datetime.fromtimestamp(present).astimezone().isoformat(timespec='seconds')}", style="dim")
    policy = load_policy(config)
    pipeline = Pipeline(build_wiring(policy, Layout(1, 1, 1), durable=False))
    settle()
    with _progress(console, events) as advance:
        # The files are looked for before anything is overwritten.
        lines = read_lines(events, advance)
        with _output(out) as alerts, _output(dead_letter) as letters:
            run = Replay(pipeline, parser(settings()), present, lambda line, found: _write(letters, to_json_line(line, found)))
            for alert in run.run(lines):
                _write(alerts, alert + b"\n")
    if json_:
        typer.echo(json.dumps(_summary(run.report)))
    else:
        _print(console, run.report, out)


def _write(file: BinaryIO | None, data: bytes) -> None:
    if file is not None:
        file.write(data)


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
    elif str(path) == "-":
        yield typer.get_binary_stream("stdout")
    else:
        try:
            with path.open("wb") as file:
                yield file
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _progress(console: Console, paths: list[Path]) -> Iterator[Callable[[int], object]]:
    columns = (TextColumn("replay"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replay", total=total_bytes(paths))
        yield lambda count: bar.advance(task, count)


def _summary(report: Report) -> dict[str, object]:
    return {
        "lines": report.lines,
        "events": report.events,
        "rejects": dict(report.rejects),
        "duplicates": report.duplicates,
        "late": report.late,
        "alerts": dict(report.alerts),
        "states": dict(report.states),
    }


def _print(console: Console, report: Report, out: Path) -> None:
    table = Table(show_header=False, box=None)
    rejected = ", ".join(f"{reason} {count}" for reason, count in sorted(report.rejects.items())) or "none"
    table.add_row("events 事件", f"{report.events} of {report.lines} lines")
    table.add_row("rejects 拒收", rejected)
    table.add_row("duplicates 重复, late 迟到", f"{report.duplicates}, {report.late}")
    for tier, colour in (("red", "red"), ("orange", "dark_orange"), ("yellow", "yellow"), ("blue", "blue")):
        table.add_row(f"[{colour}]{tier}[/{colour}]", str(report.alerts.get(tier, 0)))
    console.print(table)
    console.print(f"alerts written to {out}")
