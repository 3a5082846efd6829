"""`fenghuo routes`: who would get an alert, and why not the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.explain import RouteSays, explain, receivers_of
from alerts.route import RouteRule
from alerts.tier import Tier
from config.loader import load_policy
from streams.api.server import routes_of
from streams.cli._pairs import pairs
from streams.cli._shared import Json
from streams.errors import UsageError

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add `routes test`."""
    routes = typer.Typer(help="Who gets which alert. 路由。", no_args_is_help=True)
    routes.callback()(lambda: None)
    routes.command("test")(try_routes)
    cli.add_typer(routes, name="routes")


def try_routes(
    labels: Annotated[list[str], typer.Option(help="Labels of the alert: indicator=queue_length,queue_id=q-logi; may be given again.")],
    tier: Annotated[str, typer.Option(help="How high it burns: blue, yellow, orange, red.")] = "red",
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    json_: Json = False,
) -> None:
    """Say which receivers would get an alert, by which route, and why the other routes do not fit. 测试路由。"""
    if tier not in [each.label for each in Tier if each]:
        raise UsageError(f"--tier {tier}: choose one of {', '.join(each.label for each in Tier if each)}")
    policy = load_policy(config)
    given = pairs(labels, "--labels")
    rule = policy.rules.get(given.get("indicator", ""))
    known = {"dimension": rule.dimension} if rule is not None else {}
    rules = routes_of(policy.steps)
    says = explain(rules, {**known, **given}, Tier.named(tier))
    if json_:
        routes = [{"route": each.index, "receivers": each.receivers, "fits": each.fits, "why": each.why} for each in says]
        typer.echo(json.dumps({"receivers": receivers_of(says), "routes": routes}, ensure_ascii=False))
    else:
        _print(rules, says)


def _print(rules: list[RouteRule], says: list[RouteSays]) -> None:
    console = Console()
    if not rules:
        console.print("the policy has no routes: nobody is paged; add some to routes: 策略中没有路由，不会通知任何人")
        return
    table = Table("route", "receivers 接收方", "", "why not 原因", box=None)
    for each in says:
        sign = "[green]✓[/green]" if each.fits else "[red]✗[/red]"
        table.add_row(f"routes.{each.index}", escape(", ".join(each.receivers)), sign, escape("; ".join(each.why)))
    console.print(table)
    console.print(f"→ {escape(', '.join(receivers_of(says)) or 'nobody 无人')}")
