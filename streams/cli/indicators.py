"""`fenghuo indicators`: what is watched, at which numbers, what is computed, and what it reads now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.rule import Rule, Tiers
from alerts.tier import Tier
from alerts.values import show
from config.loader import Policy, load_policy
from detectors.base import Reading
from streams.catalogue import DIMENSIONS, about, computing, detail, keyed_by, numbers, params, place, plain, sample
from streams.cli._shared import TIER_COLOURS, AppId, Json, layout, run, settings
from streams.errors import UsageError
from streams.kafka import client_options
from streams.readings import Standing, current
from streams.stages import build_wiring

__all__ = ["register"]

DIRECTIONS = {"high": ("≥", "high 越高越差"), "low": ("≤", "low 越低越差"), "event": ("≥", "event 事件计数")}

Where = Annotated[str | None, typer.Option("--bootstrap", help="Also what they read now, from the state on this Kafka (host:port).")]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("indicators")(indicators)


def indicators(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this one in detail.", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    bootstrap: Where = None,
    app_id: AppId = "fenghuo",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many readings of each, the gravest first.")] = 5,
    json_: Json = False,
) -> None:
    """Show the indicators in force with their tiers, or one in detail; with --bootstrap what they read now. 查看生效的指标与当前读数。"""
    policy = load_policy(config)
    if id_ is not None and id_ not in policy.rules:
        raise UsageError(f"no indicator {id_!r} is in force in {policy.file}; {_instead(id_, policy.rules)}`fenghuo indicators` lists them")
    standing = _standing(policy, bootstrap, app_id, top) if bootstrap is not None else None
    chosen = list(policy.rules.values()) if id_ is None else [policy.rules[id_]]
    if json_:
        found = [{**(plain(rule) if id_ is None else detail(policy, rule)), **_now(rule, standing)} for rule in chosen]
        typer.echo(json.dumps(found if id_ is None else found[0], ensure_ascii=False))
        return
    console = Console(highlight=False)
    if id_ is None and standing is None:
        _print_all(console, policy)
    elif id_ is not None:
        _print_one(console, policy, policy.rules[id_])
    if standing is not None:
        _print_standing(console, chosen, standing)


def _instead(wrong: str, known: Iterable[str]) -> str:
    """The names that are most like a wrong one."""
    found = get_close_matches(wrong, known, n=3)
    return f"did you mean {' or '.join(found)}? " if found else ""


def _standing(policy: Policy, bootstrap: str, app_id: str, top: int) -> dict[str, Standing]:
    """What the workers of an application have in their state."""
    found = settings(bootstrap)
    low = {rule.id: rule.direction == "low" for rule in policy.rules.values()}
    wiring = build_wiring(policy, layout(found), durable=False)
    return run(current(wiring, client_options(found.kafka), app_id, low=low, top=top))


def _now(rule: Rule, standing: Mapping[str, Standing] | None) -> dict[str, Any]:
    """The readings of one indicator for machines; nothing where no broker was asked."""
    if standing is None:
        return {}
    found = standing.get(rule.id, Standing(0, 0, []))
    gravest = [_reading(reading, tier) for reading, tier in found.gravest]
    return {"current": {"scopes": found.scopes, "burning": found.burning, "readings": gravest}}


def _reading(reading: Reading, tier: Tier) -> dict[str, Any]:
    return {
        "scope": reading.scope.fields(),
        "value": round(reading.value, 6),
        "tier": tier.label if tier else None,
        "n": reading.n,
        "baseline": reading.baseline,
        "baseline_days": reading.baseline_days,
        "time": datetime.fromtimestamp(reading.time, UTC).isoformat(timespec="seconds"),
    }


# -- for people


def _print_all(console: Console, policy: Policy) -> None:
    table = Table("indicator 指标", box=None, padding=(0, 2, 0, 0))
    for tier in _tiers():
        table.add_column(f"{tier.label} {tier.zh}", justify="right", style=TIER_COLOURS[tier.label], no_wrap=True)
    for rule in policy.rules.values():
        table.add_row(_heading(rule), *numbers(rule, rule.tiers))
    console.print(table)
    guard = "literal thresholds: no minimum sample, no guard 按原始数值，不设最小样本" if policy.literal else "★ core 核心指标"
    console.print(f"[dim]{len(policy.rules)} indicators of {escape(policy.file)} · {guard} · fenghuo indicators ID[/dim]", soft_wrap=True)


def _heading(rule: Rule) -> str:
    """Name, and in small what the numbers beside it mean."""
    least = sample(rule.min_sample)
    kind = f"{DIMENSIONS[rule.dimension]} {rule.dimension} · {DIRECTIONS[rule.direction][0]} {rule.unit}"
    small = " · ".join([kind, *([f"n ≥ {least}"] if least != "–" else []), *([rule.window] if rule.window else [])])
    return f"[bold]{rule.id}[/bold]{' ★' if rule.core else ''}\n{escape(rule.name.zh)} {escape(rule.name.en)}\n[dim]{escape(small)}[/dim]"


def _print_one(console: Console, policy: Policy, rule: Rule) -> None:
    console.print(f"[bold]{rule.id}[/bold]  {escape(rule.name.zh)}  {escape(rule.name.en)}{'  ★' if rule.core else ''}")
    console.print(_facts(rule))
    for name, detector in computing(policy, rule):
        console.print(f"\n[bold]{name}[/bold] [dim]by {keyed_by(detector)}[/dim]")
        console.print(escape(about(detector)), soft_wrap=True)
        shown = {key: value for key, value in params(detector).items() if key != "calendar"}
        if shown:
            console.print(f"params 参数: {escape(', '.join(f'{key}={value}' for key, value in shown.items()))}", style="dim")


def _facts(rule: Rule) -> Table:
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("dimension 维度", f"{DIMENSIONS[rule.dimension]} {rule.dimension}")
    facts.add_row("formula 公式", escape(rule.formula))
    facts.add_row("event fields 事件字段", escape(", ".join(rule.fields)))
    facts.add_row("unit 单位", f"{escape(rule.unit)}, {DIRECTIONS[rule.direction][1]}")
    facts.add_row("tiers 等级", _coloured(rule, rule.tiers))
    facts.add_row("min sample 最小样本", sample(rule.min_sample))
    facts.add_row("window 窗口", escape(rule.window))
    for each in rule.overrides:
        facts.add_row(f"override 覆盖 {escape(place(each))}", _coloured(rule, each.tiers))
    if rule.literal is not None:
        facts.add_row("literal 原始数值", _coloured(rule, rule.literal))
    facts.add_row("source 来源", escape(rule.source))
    facts.add_row("title 标题", escape(f"{rule.title.zh} · {rule.title.en}"))
    facts.add_row("actions 建议动作", ", ".join(f"{each.template}{f' (from {each.least})' if each.least else ''}" for each in rule.actions))
    return facts


def _print_standing(console: Console, rules: list[Rule], standing: Mapping[str, Standing]) -> None:
    """The gravest readings, an indicator under the other; those without any are left out."""
    table = Table("indicator 指标", "scope 范围", "now 当前", "tier 等级", "n", "usual 基线", box=None, padding=(0, 2, 0, 0))
    for rule in rules:
        found = standing.get(rule.id)
        for index, (reading, tier) in enumerate(found.gravest if found else ()):
            name = f"{rule.id} ({found.burning}/{found.scopes})" if found and not index else ""
            scope = " ".join(f"{key}={value}" for key, value in reading.scope.fields().items())
            usual = "" if reading.baseline is None else f"{reading.baseline:.4g}"
            value = show(reading.value, rule.unit, rule.show)
            label = f"{tier.zh} {tier.label}" if tier else ""
            table.add_row(name, escape(scope), value, label, f"{reading.n:g}", usual, style=TIER_COLOURS[tier.label] if tier else None)
    console.print(table if table.row_count else "no readings yet: has a worker run here? 尚无读数，请确认 worker 已运行")


def _tiers() -> list[Tier]:
    return [tier for tier in Tier if tier]


def _coloured(rule: Rule, tiers: Tiers) -> str:
    texts = zip(_tiers(), numbers(rule, tiers), strict=True)
    return "  ".join(f"[{TIER_COLOURS[tier.label]}]{tier.zh} {tier.label} {text}[/{TIER_COLOURS[tier.label]}]" for tier, text in texts)
