"""What a dashboard is made of, before Grafana's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["NAMES", "TENANT", "TIERS", "Dashboard", "Panel", "Row", "label"]

TIERS: Final = {"red": "#dc2626", "orange": "#f97316", "yellow": "#eab308", "blue": "#2563eb"}
TENANT: Final = ("租户 Tenant", "label_values(fenghuo_reading, tenant)")
"""The variable of dashboards on readings."""
NAMES: Final = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}


def label(name: str) -> str:
    """The value of a label of the series that was clicked, for a link.

    >>> label("key")
    '${__field.labels.key:percentencode}'
    """
    return f"${{__field.labels.{name}:percentencode}}"


@dataclass(frozen=True)
class Panel:
    """One panel: its queries by their legends, how wide and high it is on the grid of 24 columns.

    `console` is the page of the console that a click leads to; it may hold a series' labels (`label`).
    """

    title: str
    about: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    stacked: bool = False
    steps: Sequence[tuple[str, float | None]] = ()
    exemplars: bool = False
    console: str = "/alerts"


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it, laid out from left to right."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """One file: `variables` are label values to choose from, name -> (label, query)."""

    name: str
    title: str
    about: str
    rows: Sequence[Row]
    variables: Mapping[str, tuple[str, str]] = field(default_factory=dict)
