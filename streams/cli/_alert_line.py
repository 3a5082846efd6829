"""One alert as one line of a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.markup import escape

from streams.cli._shared import TIER_COLOURS

__all__ = ["alert_line"]

FIRES = {"red": "红 red", "orange": "橙 orange", "yellow": "黄 yellow", "blue": "蓝 blue"}
STATES = {
    "raised": "点燃",
    "updated": "变化",
    "acknowledged": "已确认",
    "in_progress": "处理中",
    "resolved": "解除",
    "expired": "过期",
    "false_positive": "误报",
}
ENDED = frozenset({"resolved", "expired", "false_positive"})


def alert_line(data: dict[str, Any]) -> str:
    """The line as rich markup: event time, fire, state, titles in both languages, what to do first.

    >>> title = {"zh": "排队312人", "en": "312 waiting"}
    >>> alert_line({"tier": "red", "state": "raised", "event_time": "2026-11-11T00:03:12.481+08:00", "title": title})
    '[dim]11-11 00:03:12[/dim] [bold red]● 红 red    点燃 排队312人 · 312 waiting[/bold red]'
    """
    tier, state = str(data.get("tier")), str(data.get("state"))
    colour = TIER_COLOURS.get(tier, "white") if state not in ENDED else "dim"
    title = data.get("title") or {}
    try:
        moment = datetime.fromisoformat(str(data.get("event_time"))).strftime("%m-%d %H:%M:%S")
    except ValueError:
        moment = "?"
    dot = "○" if state in ENDED else "●"
    text = f"{dot} {FIRES.get(tier, tier):<9}{STATES.get(state, state)} {title.get('zh', '')} · {title.get('en', '')}"
    return f"[dim]{moment}[/dim] [{colour}]{escape(text)}[/{colour}]{_advice(data, state)}"


def _advice(data: dict[str, Any], state: str) -> str:
    actions = data.get("suggested_actions") or []
    if state in ENDED or not actions or str(data.get("tier")) not in ("orange", "red"):
        return ""
    text = (actions[0].get("text") or {}).get("zh", "")
    return f"\n                 [italic dim]→ {escape(text)}[/italic dim]" if text else ""
