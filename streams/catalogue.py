"""The catalogue of indicators: as plain data, and as the page `docs/indicators.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from alerts.rule import Override, Rule, Samples, Tiers
from alerts.values import show
from config.loader import Policy
from detectors.base import Detector, ScopeDetector

__all__ = ["DIMENSIONS", "about", "computing", "detail", "keyed_by", "numbers", "page", "params", "place", "plain", "sample"]

DIMENSIONS: Final = {"behaviour": "行为", "emotion": "情感", "structure": "结构", "trend": "趋势"}
_SIGNS: Final = {"high": "≥", "low": "≤", "event": "≥"}
_HEAD: Final = """\
# Indicators 指标

{count} indicators, {core} of them core (★), in four dimensions. A value at or past a tier's number, in the bad
direction (≥ or ≤), is in that tier. Made by `python tools/write_indicators.py` from `config/indicators.yaml` and the detectors;
`fenghuo indicators ID` shows the same in a terminal.

共{count}项指标，其中核心指标{core}项（★），分为四个维度。数值达到或越过某等级的阈值即进入该等级。
本页由 `python tools/write_indicators.py` 生成。

Sources: S0 to S4 are the source documents of the requirements; a code is a product or standard that was read (Chatwoot, Zendesk, Amazon
Connect, Genesys, Aliyun SCA, Google, SQM, EARS and others). A number without a source is a default of ours, to be tuned by verdicts.
来源：S0–S4 为需求来源文件，其余代码为所参考的产品或标准；未注明来源的数值为默认值，可根据反馈调整。
"""


def plain(rule: Rule) -> dict[str, Any]:
    """One indicator as a list shows it."""
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
        "formula": rule.formula,
        "fields": rule.fields,
        "source": rule.source,
    }


def detail(policy: Policy, rule: Rule) -> dict[str, Any]:
    """One indicator with all there is about it."""
    return {
        **plain(rule),
        "range": rule.range,
        "title": {"zh": rule.title.zh, "en": rule.title.en},
        "overrides": [each.model_dump(exclude_none=True) for each in rule.overrides],
        "literal": rule.literal.model_dump() if rule.literal is not None else None,
        "literal_thresholds": policy.literal,
        "actions": [{"template": each.template, "from": each.least} for each in rule.actions],
        "detectors": [
            {"name": name, "keyed_by": keyed_by(each), "about": about(each), "params": params(each)}
            for name, each in computing(policy, rule)
        ],
        "policy": {"file": policy.file, "version": policy.version},
    }


def computing(policy: Policy, rule: Rule) -> list[tuple[str, Detector[Any]]]:
    """The detectors whose readings are this indicator's."""
    return [(name, each) for name, each in policy.detectors.items() if each.indicator == rule.id]


def about(detector: Detector[Any]) -> str:
    """What it computes and where its limits are: the prose of its docstring."""
    return (inspect.getdoc(type(detector)) or "").partition("\n>>>")[0].strip()


def keyed_by(detector: Detector[Any]) -> str:
    """`scope` for what is wider than a conversation."""
    return "scope" if isinstance(detector, ScopeDetector) else "conversation"


def params(detector: Detector[Any]) -> dict[str, Any]:
    """Its parameters in force."""
    return detector.params.model_dump(mode="json") if isinstance(detector.params, BaseModel) else {}


def numbers(rule: Rule, tiers: Tiers) -> list[str]:
    """The four numbers as people read them, a dash where there is no such tier."""
    times = "×" if rule.show == "times" else ""
    return ["–" if number is None else f"{show(number, rule.unit, rule.show)}{times}" for number in tiers.numbers()]


def sample(samples: Samples) -> str:
    """One number where it is the same for all tiers, else each."""
    found = samples.numbers()
    if not any(found):
        return "–"
    return f"{found[0]:g}" if len(set(found)) == 1 else " / ".join(f"{number:g}" for number in found)


def place(override: Override) -> str:
    """Where an override holds."""
    return override.segment or next(
        f"{name}={value}" for name, value in (("tenant", override.tenant), ("channel", override.channel)) if value
    )


def page(policy: Policy) -> str:
    """The whole catalogue as Markdown: a table for each dimension, then each indicator."""
    rules = list(policy.rules.values())
    out = [_HEAD.format(count=len(rules), core=sum(rule.core for rule in rules))]
    for dimension, name in DIMENSIONS.items():
        own = [rule for rule in rules if rule.dimension == dimension]
        out.append(f"\n## {name} {dimension} ({len(own)})\n")
        out.append("| indicator | 蓝 blue | 黄 yellow | 橙 orange | 红 red | unit | n ≥ | window |\n|---|---|---|---|---|---|---|---|")
        out += [_row(rule) for rule in own]
        for rule in own:
            out += _section(policy, rule)
    return "\n".join(out) + "\n"


def _row(rule: Rule) -> str:
    tiers = " | ".join(f"{_SIGNS[rule.direction]} {number}" if number != "–" else number for number in numbers(rule, rule.tiers))
    star = " ★" if rule.core else ""
    return f"| [{rule.id}](#{rule.id}){star}<br>{rule.name.zh} | {tiers} | {rule.unit} | {sample(rule.min_sample)} | {rule.window} |"


def _section(policy: Policy, rule: Rule) -> Iterator[str]:
    """One indicator: formula, fields, source, texts, then what its detectors say of themselves."""
    yield f"\n### {rule.id}\n"
    yield f"**{rule.name.zh} · {rule.name.en}**{' ★' if rule.core else ''}\n"
    yield f"- formula 公式: {rule.formula}"
    yield f"- event fields 事件字段: {', '.join(f'`{each}`' for each in rule.fields)}"
    yield f"- source 来源: {rule.source}"
    for override in rule.overrides:
        tiers = " / ".join(numbers(rule, override.tiers))
        yield f"- for {place(override)}: {tiers}"
    yield f"- title 标题: {rule.title.zh} · {rule.title.en}"
    yield f"- suggested actions 建议动作: {', '.join(f'`{each.template}`' for each in rule.actions)}"
    for name, detector in computing(policy, rule):
        shown = {key: value for key, value in params(detector).items() if key not in ("calendar", "approved")}
        yield f"\n`{name}`, by {keyed_by(detector)}. {about(detector)}"
        if shown:
            yield f"\nParams: {', '.join(f'`{key}: {value}`' for key, value in shown.items())}"
