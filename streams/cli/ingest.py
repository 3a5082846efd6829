"""`fenghuo ingest`: events from files or standard input to Kafka."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from streams.cli._shared import Bootstrap, Json, human, layout, run, settings
from streams.files import Line, read_lines, total_bytes
from streams.ingest import Ingest, Ingested
from streams.kafka import administer, client_options, producer, require_broker
from streams.topics import DEAD_LETTERS, EVENTS, apply, declare, plan, verify

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("ingest")(ingest)


def ingest(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSONL of CloudEvents, plain, .gz or .zst; - is standard input.")],
    bootstrap: Bootstrap = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="At most so many lines a second.")] = None,
    speed: Annotated[float | None, typer.Option(min=0.001, help="Pace by event time: 1 as it happened, 60 an hour in a minute.")] = None,
    json_: Json = False,
) -> None:
    """Write events to the input topic, each line as it is; what is no event becomes a dead letter there. 导入事件文件。"""
    console = human()
    columns = (TextColumn("ingest"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("ingest", total=total_bytes(files))
        lines = read_lines(files, lambda count: bar.advance(task, count))
        report = run(_ingest(bootstrap, lines, rate, speed))
    if json_:
        typer.echo(json.dumps(dataclasses.asdict(report)))
        return
    pace = report.lines / report.seconds if report.seconds > 0 else 0.0
    console.print(f"{report.lines} events written in {report.seconds:.1f} s ({pace:,.0f}/s), {report.heartbeats} heartbeats")
    if report.oversized:
        console.print(f"[yellow]{report.oversized} lines were too large: see the dead-letter topic[/yellow]")


async def _ingest(bootstrap: str | None, lines: Iterator[Line], rate: float | None, speed: float | None) -> Ingested:
    found = settings(bootstrap)
    options = client_options(found.kafka)
    await require_broker(options)
    async with administer(options) as admin:
        wanted = [topic for topic in declare(layout(found)) if topic.name in {EVENTS, DEAD_LETTERS}]
        missing = [difference for difference in await plan(admin, wanted) if difference.kind == "create"]
        verify(missing, may_create=found.topics.create)
        await apply(admin, missing, replication=found.topics.replication)
    writer = producer(options, linger_ms=5, max_batch_size=256 << 10, client_id="fenghuo-ingest")
    await writer.start()
    try:
        return await Ingest(writer, rate=rate, speed=speed).run(lines)
    finally:
        await writer.stop()
