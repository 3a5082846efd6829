"""`fenghuo alerts`: the alerts on Kafka, as a list of what is open, one in full, as they come, and what is done about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from alerts.command import CommandKind
from alerts.store.rows import CLOSED
from alerts.tier import Tier
from streams.cli._alert_detail import print_detail, recorded
from streams.cli._give import By, Note, command, give, tell
from streams.cli._shared import TIER_COLOURS, Bootstrap, Json, run, settings
from streams.cli._topic import find, states, values
from streams.errors import UsageError
from streams.topics import ALERTS, tier_topic

__all__ = ["register"]

SHOWN = 12
VERDICTS: dict[str, CommandKind] = {"true": "true_positive", "false": "false_positive", "late": "late"}
DONE = {
    "acknowledge": ("已确认", "acknowledged"),
    "in_progress": ("已开始处理", "in progress"),
    "resolve": ("已解决", "resolved"),
    "true_positive": ("已反馈：属实", "judged: right"),
    "false_positive": ("已反馈：误报", "judged: a false alarm"),
    "late": ("已反馈：过晚", "judged: too late"),
}

AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or its first characters (at least 4).")]


def register(cli: typer.Typer) -> None:
    """Add the commands about alerts."""
    alerts = typer.Typer(help="Alerts: see them, say what is done about them. 告警。", no_args_is_help=True)
    alerts.command("list")(list_open)
    alerts.command("show")(show)
    alerts.command("tail")(tail)
    alerts.command("ack")(acknowledge)
    alerts.command("start")(start)
    alerts.command("resolve")(resolve)
    alerts.command("feedback")(feedback)
    alerts.command("missed")(missed)
    cli.add_typer(alerts, name="alerts")


def list_open(
    bootstrap: Bootstrap = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    ids: Annotated[bool, typer.Option("--ids", help="Also the ids, which the other commands take.")] = False,
    json_: Json = False,
) -> None:
    """List the open alerts, the highest fire first. 当前未结束的告警。"""
    alerts = [alert for alert in run(states(bootstrap)) if everything or _data(alert).get("state") not in CLOSED]
    alerts.sort(key=lambda alert: (-_rank(alert), str(_data(alert).get("event_time", ""))))
    if json_:
        typer.echo(json.dumps(alerts, ensure_ascii=False))
        return
    # A person copies the id: it is never cut.
    table = Table(
        *([Column("id", no_wrap=True, min_width=SHOWN)] if ids else []), "tier", "state", "indicator", "scope", "title", "since", box=None
    )
    for alert in alerts:
        data = _data(alert)
        colour = TIER_COLOURS.get(str(data.get("tier")), "white")
        title = data.get("title") or {}
        cells = [str(data.get("tier")), data.get("state"), data.get("indicator"), _scope(data), title.get("zh"), data.get("event_time")]
        shown = [str(data.get("alert_id", ""))[:SHOWN], *cells] if ids else cells
        table.add_row(*(escape(str(cell or "")) for cell in shown), style=colour)
    Console().print(table if alerts else "no open alerts 没有未结束的告警")


def show(alert: AlertId, bootstrap: Bootstrap = None, json_: Json = False) -> None:
    """Show one alert: figures, evidence, what to do; from the store also its history and deliveries. 告警详情。"""

    async def look() -> tuple[dict[str, Any], dict[str, Any]]:
        data = await find(bootstrap, alert)
        return data, await recorded(settings(bootstrap), data)

    data, more = run(look())
    if json_:
        typer.echo(json.dumps({"alert": data, **more}, ensure_ascii=False))
    else:
        print_detail(Console(highlight=False), data, more)


def tail(
    bootstrap: Bootstrap = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest alert there is.")] = False,
    until_idle: Annotated[float | None, typer.Option(min=0, help="Stop when nothing came for so many seconds.")] = None,
    tier: Annotated[str | None, typer.Option(help="Only changes to and from this tier: blue, yellow, orange, red.")] = None,
    json_: Json = False,
) -> None:
    """Show alerts as they come, one change a line; --json prints the CloudEvents. 实时查看告警。"""
    names = [each.label for each in Tier if each]
    if tier is not None and tier not in names:
        raise UsageError(f"--tier {tier}: choose one of {', '.join(names)}")
    console = Console(soft_wrap=True)
    put: Callable[[bytes], None] = typer.echo if json_ else lambda value: console.print(_line(value), highlight=False)
    run(_tail(bootstrap, tier_topic(tier) if tier else ALERTS, put, from_start=from_start, until_idle=until_idle))


def acknowledge(alert: AlertId, bootstrap: Bootstrap = None, by: By = None, comment: Note = "", json_: Json = False) -> None:
    """Say that somebody has seen it: nobody else is called while it does not rise. 确认告警。"""
    _give(bootstrap, alert, "acknowledge", by, comment, as_json=json_)


def start(alert: AlertId, bootstrap: Bootstrap = None, by: By = None, comment: Note = "", json_: Json = False) -> None:
    """Say that somebody works on it. 开始处理告警。"""
    _give(bootstrap, alert, "in_progress", by, comment, as_json=json_)


def resolve(alert: AlertId, bootstrap: Bootstrap = None, by: By = None, comment: Note = "", json_: Json = False) -> None:
    """End it. 解决告警。"""
    _give(bootstrap, alert, "resolve", by, comment, as_json=json_)


def feedback(
    alert: AlertId,
    verdict: Annotated[
        str, typer.Argument(help="true: it was right; false: a false alarm, which also ends it; late: right, but too late.")
    ],
    bootstrap: Bootstrap = None,
    by: By = None,
    comment: Note = "",
    json_: Json = False,
) -> None:
    """Say whether an alert was right. 反馈告警是否属实。"""
    kind = VERDICTS.get(verdict.removesuffix("_positive"))
    if kind is None:
        raise UsageError(f"{verdict} is no verdict: choose one of {', '.join(VERDICTS)}")
    _give(bootstrap, alert, kind, by, comment, as_json=json_)


def missed(
    key: Annotated[str, typer.Argument(help="Indicator and scope of the alert that should have come: 'queue_length|queue=q-logi'.")],
    tenant: Annotated[str, typer.Option(help="Whose alert.")],
    bootstrap: Bootstrap = None,
    by: By = None,
    comment: Note = "",
    json_: Json = False,
) -> None:
    """Report an alert that should have come. 漏报反馈。"""
    if not (key and tenant and (key + tenant).isprintable() and max(len(key), len(tenant)) <= 512):
        raise UsageError("the key and --tenant are texts of 1 to 512 printable characters")
    given = command(tenant, "missed", by=by, comment=comment, alert_key=key)
    run(give(bootstrap, given))
    tell(given, f"已反馈：漏报 reported as missed: {key}", as_json=json_, alert_key=key)


def _give(bootstrap: str | None, alert: str, kind: CommandKind, by: str | None, comment: str, *, as_json: bool) -> None:
    async def work() -> tuple[dict[str, Any], Any]:
        data = await find(bootstrap, alert)
        if kind in {"acknowledge", "in_progress", "resolve"} and data.get("state") in CLOSED:
            raise UsageError(f"alert {data['alert_id'][:12]} is over ({data['state']}): only `fenghuo alerts feedback` can still be given")
        given = command(data["scope"]["tenant_id"], kind, by=by, comment=comment, alert_id=data["alert_id"])
        await give(bootstrap, given)
        return data, given

    data, given = run(work())
    chinese, english = DONE[kind]
    title = (data.get("title") or {}).get("zh", data["alert_key"])
    tell(given, f"{chinese} {english}: {data['alert_id'][:12]} {title}", as_json=as_json)


async def _tail(bootstrap: str | None, topic: str, put: Callable[[bytes], None], *, from_start: bool, until_idle: float | None) -> None:
    async for value in values(bootstrap, topic, from_start=from_start, until_idle=until_idle):
        put(value)


def _data(alert: dict[str, Any]) -> dict[str, Any]:
    data = alert.get("data")
    return data if isinstance(data, dict) else {}


def _rank(alert: dict[str, Any]) -> int:
    return next((int(tier) for tier in Tier if tier.label == _data(alert).get("tier")), 0)


def _scope(data: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in (data.get("scope") or {}).items())


def _line(value: bytes) -> str:
    try:
        alert = json.loads(value)
    except ValueError:
        alert = None
    if not isinstance(alert, dict):
        return escape(repr(value[:200]))
    data = _data(alert)
    colour = TIER_COLOURS.get(str(data.get("tier")), "white")
    title = data.get("title") or {}
    try:
        moment = datetime.fromisoformat(str(data.get("event_time"))).astimezone().strftime("%m-%d %H:%M:%S")
    except ValueError:
        moment = "?"
    text = f"{data.get('tier')!s:<7}{data.get('state')!s:<9}{title.get('zh', data.get('indicator'))}  {title.get('en', '')}"
    return f"[dim]{moment}[/dim] [{colour}]{escape(text)}[/{colour}] [dim]{escape(_scope(data))}[/dim]"
