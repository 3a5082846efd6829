"""One alert in full, for a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.store.queries import Queries
from config.settings import Settings
from streams.cli._shared import TIER_COLOURS
from streams.stores import open_store

__all__ = ["print_detail", "recorded"]


async def recorded(found: Settings, data: dict[str, Any]) -> dict[str, Any]:
    """What the store knows beside the alert itself; nothing where FENGHUO_STORE__URL names none."""
    if found.store.url is None:
        return {}
    place = (data["scope"]["tenant_id"], data["alert_id"])
    async with open_store(found) as store:
        queries = Queries(store.reader)
        return {
            "history": [event["data"] for event in await queries.history(*place)],
            "deliveries": await queries.deliveries(*place),
            "acknowledgements": await queries.acknowledgements(*place),
            "feedback": await queries.feedback(*place),
        }


def print_detail(console: Console, data: dict[str, Any], more: dict[str, Any]) -> None:
    """Print figures, evidence, actions, and what the store knows."""
    title, colour = data.get("title") or {}, TIER_COLOURS.get(str(data.get("tier")), "white")
    console.print(f"[{colour}]● {escape(str(data.get('tier')))}[/{colour}] [bold]{escape(title.get('zh', ''))}[/bold]")
    console.print(escape(title.get("en", "")))
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in _facts(data):
        facts.add_row(f"[dim]{name}[/dim]", escape(value))
    console.print(facts)
    for each in data.get("suggested_actions") or []:
        text = each.get("text") or {}
        console.print(f"→ {escape(text.get('zh', ''))}\n  [dim]{escape(text.get('en', ''))}[/dim]")
    for each in data.get("evidence") or []:
        console.print(f"[dim]“{escape(str(each.get('excerpt_masked', '')))}” {escape(str(each.get('event_id', '')))}[/dim]")
    _print_recorded(console, more)


def _facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    scope = " ".join(f"{key}={value}" for key, value in (data.get("scope") or {}).items())
    held = data.get("acknowledged") or {}
    facts = [
        ("id", str(data.get("alert_id"))),
        ("state 状态", f"{data.get('state')} (revision {data.get('revision')})"),
        ("indicator 指标", str(data.get("indicator"))),
        ("scope 范围", scope),
        ("value 数值", f"{data.get('value')} {data.get('unit', '')} (threshold 阈值 {data.get('threshold')})"),
        ("event time 事件时间", str(data.get("event_time"))),
        ("detected 检测时间", str(data.get("detected_at"))),
    ]
    return [*facts, ("acknowledged 确认", f"{held['by']} {held.get('at', '')} {held.get('comment', '')}")] if held else facts


def _print_recorded(console: Console, more: dict[str, Any]) -> None:
    tables = {
        "history 历史": [[str(each["revision"]), each["state"], each["tier"], each["detected_at"]] for each in more.get("history", ())],
        "deliveries 通知": [
            [row["receiver"], f"revision {row['revision']} {row['step']}", row["result"], _time(row["at"]), row["reason"]]
            for row in more.get("deliveries", ())
        ],
        "said 处置": [
            [row["kind"], row["by"], _time(row["at"]), row["comment"]]
            for row in (*more.get("acknowledgements", ()), *more.get("feedback", ()))
        ],
    }
    for heading, rows in tables.items():
        if rows:
            table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title=heading, title_justify="left")
            for row in rows:
                table.add_row(*(escape(str(cell)) for cell in row))
            console.print(table)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(timespec="seconds")
