"""`fenghuo replay`: recorded events through the whole pipeline, without a broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from config.loader import load_policy
from streams.cli._models import day
from streams.cli._shared import parser, settings, settle
from streams.dead_letter import to_json_line
from streams.errors import UsageError
from streams.files import Line, read_lines, total_bytes
from streams.lead_time import LeadTime, Outcomes, lead_times
from streams.model_watch import ModelWatch
from streams.pipeline import Pipeline
from streams.records import Reject
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
    lead_time: Annotated[bool, typer.Option("--lead-time", help="Also how long before escalations, complaints, low ratings.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Replay recorded events: the same alerts as on Kafka, in one process, deterministic. 回放事件文件。"""
    console = Console(stderr=True)
    present = as_of.timestamp() if as_of is not None else time.time()
    console.print(f"as of {datetime.fromtimestamp(present).astimezone().isoformat(timespec='seconds')}", style="dim")
    policy = load_policy(config)
    learnt = ModelWatch(policy.models) if policy.models is not None else None
    pipeline = Pipeline(build_wiring(policy, Layout(1, 1, 1), durable=False, model=learnt))
    version = learnt.version if learnt is not None else None
    if version is not None:
        console.print(f"model version {version.number}, trained until {day(version)} 模型版本", style="dim")
    settle()
    foreseen = _Foreseen() if lead_time else None
    with _progress(console, events) as advance:
        # The files are looked for before anything is overwritten.
        lines = read_lines(events, advance)
        with _output(out) as alerts, _output(dead_letter) as letters:
            run = Replay(pipeline, parser(settings()), present, partial(_reject, letters), foreseen.outcomes.add if foreseen else None)
            for alert in run.run(lines):
                _write(alerts, alert + b"\n")
                if foreseen:
                    foreseen.add(alert)
    found = foreseen.found() if foreseen else None
    if json_:
        more = {"model": version.number} if version is not None else {}
        typer.echo(json.dumps({**_summary(run.report), **more, **({"lead_time": _plain(found)} if found is not None else {})}))
        return
    _print(console, run.report, out)
    if found is not None:
        _print_lead_times(console, found)


class _Foreseen:
    """The alerts of a replay beside what they should have foretold. Memory grows with both."""

    def __init__(self) -> None:
        self.outcomes = Outcomes()
        self._alerts: list[dict[str, Any]] = []

    def add(self, alert: bytes) -> None:
        """Keep one alert's revision, as far as it matters."""
        self._alerts.append({**json.loads(alert)["data"], "evidence": None, "suggested_actions": None})

    def found(self) -> dict[str, LeadTime]:
        """By indicator."""
        return lead_times(self._alerts, self.outcomes.found)


def _reject(file: BinaryIO | None, line: Line, found: Reject) -> None:
    _write(file, to_json_line(line, found))


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
        "commands": report.commands,
        "rejects": dict(report.rejects),
        "duplicates": report.duplicates,
        "late": report.late,
        "alerts": dict(report.alerts),
        "states": dict(report.states),
        "forecasts": report.forecasts,
    }


def _print(console: Console, report: Report, out: Path) -> None:
    table = Table(show_header=False, box=None)
    rejected = ", ".join(f"{reason} {count}" for reason, count in sorted(report.rejects.items())) or "none"
    table.add_row("events 事件", f"{report.events} of {report.lines} lines")
    if report.commands:
        table.add_row("commands 命令", str(report.commands))
    table.add_row("rejects 拒收", rejected)
    table.add_row("duplicates 重复, late 迟到", f"{report.duplicates}, {report.late}")
    for tier, colour in (("red", "red"), ("orange", "dark_orange"), ("yellow", "yellow"), ("blue", "blue")):
        table.add_row(f"[{colour}]{tier}[/{colour}]", str(report.alerts.get(tier, 0)))
    console.print(table)
    console.print(f"alerts written to {out}")


def _plain(found: dict[str, LeadTime]) -> dict[str, dict[str, float | None]]:
    return {
        name: {
            "alerts": each.alerts,
            "outcomes": each.outcomes,
            "median_s": each.median_s,
            "precision": each.precision,
            "recall": each.recall,
        }
        for name, each in found.items()
    }


def _print_lead_times(console: Console, found: dict[str, LeadTime]) -> None:
    """Those that foretold anything, the longest lead first."""
    table = Table("indicator 指标", "lead 提前 (h)", "precision 精确率", "recall 召回率", box=None)
    told = [(name, each) for name, each in found.items() if each.median_s is not None]
    for name, each in sorted(told, key=lambda row: -(row[1].median_s or 0.0)):
        shares = ["–" if share is None else f"{share:.0%}" for share in (each.precision, each.recall)]
        table.add_row(name, f"{(each.median_s or 0.0) / 3600:.2f}", *shares)
    console.print(table if told else "no alert was followed by an escalation, a complaint or a low rating within 72 h")
