"""`fenghuo indicators`: what is watched, at which numbers, and what is computed."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.rule import Override, Rule, Samples, Tiers
from alerts.tier import Tier
from alerts.values import show
from config.loader import Policy, load_policy
from detectors.base import Detector, ScopeDetector
from streams.cli._shared import TIER_COLOURS, Json
from streams.errors import UsageError

__all__ = ["register"]

DIMENSIONS = {"behaviour": "行为", "emotion": "情感", "structure": "结构", "trend": "趋势"}
DIRECTIONS = {"high": ("≥", "high 越高越差"), "low": ("≤", "low 越低越差"), "event": ("≥", "event 事件计数")}


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("indicators")(indicators)


def indicators(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this one in detail.", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    json_: Json = False,
) -> None:
    """Show the indicators in force with their tiers, or one in detail. 查看生效的指标。"""
    policy = load_policy(config)
    if id_ is not None and id_ not in policy.rules:
        raise UsageError(f"no indicator {id_!r} is in force in {policy.file}; there are: {', '.join(policy.rules)}")
    if json_:
        found: Any = [_plain(rule) for rule in policy.rules.values()] if id_ is None else _detail(policy, policy.rules[id_])
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if id_ is None:
        _print_all(console, policy)
    else:
        _print_one(console, policy, policy.rules[id_])


# -- for machines


def _plain(rule: Rule) -> dict[str, Any]:
    """One indicator as the list shows it."""
    return {
        "id": rule.id,
        "name": {"zh": rule.name.zh, "en": rule.name.en},
        "dimension": rule.dimension,
        "core": rule.core,
        "unit": rule.unit,
        "direction": rule.direction,
        "tiers": rule.tiers.model_dump(),
        "min_sample": rule.min_sample.model_dump(),
        "window": rule.window,
    }


def _detail(policy: Policy, rule: Rule) -> dict[str, Any]:
    """One indicator with all there is about it."""
    return {
        **_plain(rule),
        "range": rule.range,
        "title": {"zh": rule.title.zh, "en": rule.title.en},
        "overrides": [each.model_dump(exclude_none=True) for each in rule.overrides],
        "literal": rule.literal.model_dump() if rule.literal is not None else None,
        "literal_thresholds": policy.literal,
        "actions": [{"template": each.template, "from": each.least} for each in rule.actions],
        "detectors": [
            {"name": name, "keyed_by": _keyed_by(each), "about": _about(each), "params": _params(each)}
            for name, each in _computing(policy, rule)
        ],
        "policy": {"file": policy.file, "version": policy.version},
    }


def _computing(policy: Policy, rule: Rule) -> list[tuple[str, Detector[Any]]]:
    """The detectors whose readings are this indicator's."""
    return [(name, each) for name, each in policy.detectors.items() if each.indicator == rule.id]


def _about(detector: Detector[Any]) -> str:
    """What it computes and where its limits are: the prose of its docstring."""
    return (inspect.getdoc(type(detector)) or "").partition("\n>>>")[0].strip()


def _keyed_by(detector: Detector[Any]) -> str:
    return "scope" if isinstance(detector, ScopeDetector) else "conversation"


def _params(detector: Detector[Any]) -> dict[str, Any]:
    return detector.params.model_dump(mode="json") if isinstance(detector.params, BaseModel) else {}


# -- for people


def _print_all(console: Console, policy: Policy) -> None:
    table = Table("indicator 指标", box=None, padding=(0, 2, 0, 0))
    for tier in _tiers():
        table.add_column(f"{tier.label} {tier.zh}", justify="right", style=TIER_COLOURS[tier.label], no_wrap=True)
    for rule in policy.rules.values():
        table.add_row(_heading(rule), *_numbers(rule, rule.tiers))
    console.print(table)
    guard = "literal thresholds: no minimum sample, no guard 按原始数值，不设最小样本" if policy.literal else "★ core 核心指标"
    console.print(f"[dim]{len(policy.rules)} indicators of {escape(policy.file)} · {guard} · fenghuo indicators ID[/dim]", soft_wrap=True)


def _heading(rule: Rule) -> str:
    """Name, and in small what the numbers beside it mean."""
    sample = _sample(rule.min_sample)
    kind = f"{DIMENSIONS[rule.dimension]} {rule.dimension} · {DIRECTIONS[rule.direction][0]} {rule.unit}"
    small = " · ".join([kind, *([f"n ≥ {sample}"] if sample != "–" else []), *([rule.window] if rule.window else [])])
    return f"[bold]{rule.id}[/bold]{' ★' if rule.core else ''}\n{escape(rule.name.zh)} {escape(rule.name.en)}\n[dim]{escape(small)}[/dim]"


def _print_one(console: Console, policy: Policy, rule: Rule) -> None:
    console.print(f"[bold]{rule.id}[/bold]  {escape(rule.name.zh)}  {escape(rule.name.en)}{'  ★' if rule.core else ''}")
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("dimension 维度", f"{DIMENSIONS[rule.dimension]} {rule.dimension}")
    facts.add_row("unit 单位", f"{escape(rule.unit)}, {DIRECTIONS[rule.direction][1]}")
    facts.add_row("tiers 等级", _coloured(rule, rule.tiers))
    facts.add_row("min sample 最小样本", _sample(rule.min_sample))
    facts.add_row("window 窗口", escape(rule.window))
    for each in rule.overrides:
        facts.add_row(f"override 覆盖 {escape(_place(each))}", _coloured(rule, each.tiers))
    if rule.literal is not None:
        facts.add_row("literal 原始数值", _coloured(rule, rule.literal))
    facts.add_row("title 标题", escape(f"{rule.title.zh} · {rule.title.en}"))
    facts.add_row("actions 建议动作", ", ".join(f"{each.template}{f' (from {each.least})' if each.least else ''}" for each in rule.actions))
    console.print(facts)
    for name, detector in _computing(policy, rule):
        console.print(f"\n[bold]{name}[/bold] [dim]by {_keyed_by(detector)}[/dim]")
        console.print(escape(_about(detector)), soft_wrap=True)
        params = {key: value for key, value in _params(detector).items() if key != "calendar"}
        if params:
            console.print(f"params 参数: {escape(', '.join(f'{key}={value}' for key, value in params.items()))}", style="dim")


def _tiers() -> list[Tier]:
    return [tier for tier in Tier if tier]


def _numbers(rule: Rule, tiers: Tiers) -> list[str]:
    """The four numbers as people read them, a dash where there is no such tier."""
    times = "×" if rule.show == "times" else ""
    return ["–" if number is None else f"{show(number, rule.unit, rule.show)}{times}" for number in tiers.numbers()]


def _coloured(rule: Rule, tiers: Tiers) -> str:
    texts = zip(_tiers(), _numbers(rule, tiers), strict=True)
    return "  ".join(f"[{TIER_COLOURS[tier.label]}]{tier.zh} {tier.label} {text}[/{TIER_COLOURS[tier.label]}]" for tier, text in texts)


def _sample(samples: Samples) -> str:
    """One number where it is the same for all tiers, else each."""
    numbers = samples.numbers()
    if not any(numbers):
        return "–"
    return f"{numbers[0]:g}" if len(set(numbers)) == 1 else " / ".join(f"{number:g}" for number in numbers)


def _place(override: Override) -> str:
    return override.segment or next(
        f"{name}={value}" for name, value in (("tenant", override.tenant), ("channel", override.channel)) if value
    )
