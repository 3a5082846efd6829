"""Panels of what indicators read, with title, unit and tiers as the catalogue has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

from alerts.rule import Rule
from config.loader import load_policy
from streams.shown import KINDS
from tools.dashboards.panel import TIERS, Panel, label

__all__ = ["now", "over_time"]

_PLACES: Final = {kind: name for name, kind in KINDS.items()}
_UNITS: Final = {"ratio": "percentunit", "s": "s", "min": "m"}
_FACTORS: Final = frozenset(
    {"average_handle_time", "complaint_rate", "department_load_ratio", "dept_dwell_ratio", "mention_surge", "volume_ratio_3h"}
)
"""Ratios that are multiples of the usual, no shares of a whole."""


def over_time(indicator: str, scope: str, *, chosen: str = "", width: int = 12) -> Panel:
    """An indicator's readings over time, a line for each id of a kind of scope; tiers are dashed lines."""
    rule = _rules()[indicator]
    queries = {"{{key}}": _reading(indicator, scope, chosen)}
    link = _alerts(indicator, scope)
    return Panel(_title(rule), _about(rule), queries, _unit(rule), width=width, steps=_steps(rule), console=link)


def now(indicator: str, scope: str, *, width: int = 12) -> Panel:
    """The ten ids of a kind of scope with the highest readings now, or the lowest where low is bad."""
    rule = _rules()[indicator]
    best = "bottomk" if rule.direction == "low" else "topk"
    query = f"{best}(10, {_reading(indicator, scope)})"
    shape: dict[str, Any] = {"kind": "bargauge", "width": width, "height": 8}
    link = _alerts(indicator, scope)
    return Panel(_title(rule), _about(rule), {"{{key}}": query}, _unit(rule), steps=_steps(rule), console=link, **shape)


def _alerts(indicator: str, scope: str) -> str:
    """The console's alerts of an indicator about what was clicked, also those that are over."""
    place = "tenant=" if scope == "tenant" else f"scope={_PLACES[scope]}:"
    return f"/alerts?indicator={indicator}&open=all&{place}{label('key')}"


def _reading(indicator: str, scope: str, chosen: str = "") -> str:
    ids = f',key=~"${chosen}"' if chosen else ""
    return f'max by (key) (fenghuo_reading{{indicator="{indicator}",scope="{scope}",tenant=~"$tenant"{ids}}})'


@cache
def _rules() -> Mapping[str, Rule]:
    return load_policy().rules


def _title(rule: Rule) -> str:
    return f"{rule.name.zh} {rule.name.en}"


def _about(rule: Rule) -> str:
    return f"{rule.id}: {rule.formula}. Window: {rule.window}. 公式与窗口见 docs/indicators.md。"


def _unit(rule: Rule) -> str:
    return "short" if rule.id in _FACTORS else _UNITS.get(rule.unit, "short")


def _steps(rule: Rule) -> list[tuple[str, float | None]]:
    """Colours from a value up: of an indicator that is bad when low, each tier's colour ends where its number is."""
    numbers = {tier: number for tier, number in rule.tiers.model_dump().items() if number is not None}
    if rule.direction != "low":
        return [("transparent", None), *sorted(((TIERS[tier], number) for tier, number in numbers.items()), key=lambda step: step[1])]
    rising = sorted(numbers, key=lambda tier: numbers[tier])
    return [
        (TIERS[rising[0]], None),
        *((TIERS[above], numbers[tier]) for tier, above in pairwise(rising)),
        ("transparent", numbers[rising[-1]]),
    ]
