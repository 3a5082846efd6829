"""How versions of what is learnt from words look, for people and for machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.table import Table

from config.model_store import ModelVersion

__all__ = ["day", "plain", "table"]


def plain(version: ModelVersion) -> dict[str, Any]:
    """A version as JSON."""
    found: dict[str, Any] = msgspec.to_builtins(version)
    return {**found, "trained_until": day(version), "examples": version.examples}


def day(version: ModelVersion) -> str:
    """Until when it was trained, ISO 8601 in UTC."""
    return datetime.fromtimestamp(version.trained_until, UTC).isoformat(timespec="minutes")


def table(version: ModelVersion) -> Table:
    """What each part has learnt, and how good it is beside what is said without it."""
    heads = ("part 部分", "used 启用", "labels 标注", "usual 常见", "acc. 准确", "before 之前", "AUC", "before 之前", "error 误差")
    rows = Table(*heads, box=None)
    rows.columns[0].no_wrap = True
    for name, each in version.quality.items():
        used = "yes 是" if name.split(":")[0] in version.served else "no 否"
        figures = (each.usual, each.accuracy, each.accuracy_before, each.auc, each.auc_before, each.error)
        rows.add_row(name, used, str(each.n), *("–" if figure is None else f"{figure:.3f}" for figure in figures))
    return rows
