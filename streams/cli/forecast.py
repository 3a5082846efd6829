"""`fenghuo forecast`: how many conversations and complaints the next 24 hours will bring, and how good such forecasts have been."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.loader import load_policy
from detectors.base import Scope
from detectors.outlook import Expected, Outlook
from streams.cli._shared import AppId, Bootstrap, Json, layout, run, settings
from streams.forecasts import forecast_data
from streams.kafka import client_options
from streams.readings import forecasts
from streams.stages import build_wiring

__all__ = ["register"]

SERIES = {"conversations": "会话", "complaints": "投诉"}


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("forecast")(forecast)


def forecast(
    bootstrap: Bootstrap = None,
    app_id: AppId = "fenghuo",
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    hours: Annotated[bool, typer.Option("--hours", help="Hour by hour, not only the sum of 24 h.")] = False,
    json_: Json = False,
) -> None:
    """Show what a running worker expects of the next 24 h, from its state on Kafka. 未来 24 小时的会话量与投诉量预测。"""
    policy = load_policy(config)
    found = settings(bootstrap)
    known = run(forecasts(build_wiring(policy, layout(found), durable=False), client_options(found.kafka), app_id))
    if json_:
        typer.echo(json.dumps([forecast_data(*each) for each in known], ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not known:
        console.print("no forecast yet: a worker needs one day of conversations 尚无预测：需要至少一天的会话数据")
        return
    console.print(_table(known, policy.calendar.zone, hours=hours))
    console.print("[dim]error: of an hour a day ahead, over the mean count 提前一天的平均误差 · covered: within 80 % 区间命中率[/dim]")


def _table(known: list[tuple[Scope, Outlook]], zone: tzinfo, *, hours: bool) -> Table:
    table = Table("scope 范围", "series 序列", "from 起", box=None, padding=(0, 2, 0, 0))
    for name in ("expected 预计", "80 %", "error 误差", "yesterday 同昨日", "covered 命中"):
        table.add_column(name, justify="right")
    for scope, outlook in known:
        name, series = " ".join(scope.fields().values()), f"{SERIES.get(outlook.series, '')} {outlook.series}"
        accuracy = outlook.accuracy
        shares = ["–"] * 3 if accuracy is None else [f"{each:.0%}" for each in (accuracy.error, accuracy.naive, accuracy.covered80)]
        table.add_row(escape(name), series, *_cells(outlook.total, zone), *shares, style="bold" if hours else None)
        for each in outlook.hours if hours else ():
            table.add_row("", "", *_cells(each, zone))
    return table


def _cells(expected: Expected, zone: tzinfo) -> tuple[str, str, str]:
    start = datetime.fromtimestamp(expected.time, zone).strftime("%m-%d %H:%M")
    return start, f"{expected.mean:.0f}", f"{expected.low80:.0f} – {expected.high80:.0f}"
