"""`fenghuo topics`: what the cluster must have, and making it so."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from streams.cli._shared import AppId, Bootstrap, Json, human, layout, run, settings
from streams.kafka import administer, client_options, require_broker
from streams.topics import Difference, apply, declare, plan, verify

__all__ = ["register"]

COLOURS = {"ok": "green", "create": "yellow", "config": "yellow", "partitions": "bold red"}


def register(cli: typer.Typer) -> None:
    """Add `topics plan` and `topics apply`."""
    topics = typer.Typer(help="Topics: partitions, retention, compaction. 主题。", no_args_is_help=True)
    topics.command("plan")(show_plan)
    topics.command("apply")(apply_plan)
    cli.add_typer(topics, name="topics")


def show_plan(bootstrap: Bootstrap = None, app_id: AppId = "fenghuo", json_: Json = False) -> None:
    """Show how the topics differ from what is declared; changes nothing. 查看差异。"""
    _print(run(_plan(bootstrap, app_id)), as_json=json_)


def apply_plan(bootstrap: Bootstrap = None, app_id: AppId = "fenghuo", json_: Json = False) -> None:
    """Create what is missing and set what differs. Partition counts are never changed. 创建或更新主题。"""
    done = run(_apply(bootstrap, app_id))
    _print(done, as_json=json_)
    human().print(f"{len(done)} topics created or changed" if done else "nothing to do: all topics are as declared")


async def _plan(bootstrap: str | None, app_id: str) -> list[Difference]:
    found = settings(bootstrap)
    options = client_options(found.kafka)
    await require_broker(options)
    async with administer(options) as admin:
        return await plan(admin, declare(layout(found), app_id))


async def _apply(bootstrap: str | None, app_id: str) -> list[Difference]:
    found = settings(bootstrap)
    options = client_options(found.kafka)
    await require_broker(options)
    async with administer(options) as admin:
        differences = await plan(admin, declare(layout(found), app_id))
        verify(differences, may_create=True)
        return await apply(admin, differences, replication=found.topics.replication)


def _print(differences: list[Difference], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "topic": difference.topic.name,
                "state": difference.kind,
                "partitions": difference.topic.partitions,
                "config": dict(difference.topic.config),
                "detail": difference.detail,
            }
            for difference in differences
        ]
        typer.echo(json.dumps(rows))
        return
    table = Table("topic", "partitions", "state", "detail", box=None)
    for difference in differences:
        colour = COLOURS[difference.kind]
        table.add_row(difference.topic.name, str(difference.topic.partitions), f"[{colour}]{difference.kind}[/{colour}]", difference.detail)
    Console().print(table)
