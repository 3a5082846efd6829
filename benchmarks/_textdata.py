"""Reading the files a text benchmark is given, and timing what is done with them."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["auc", "json_lines", "name_of", "rate", "tab_rows"]

_T = TypeVar("_T")


def name_of(path: Path) -> str:
    """What a file is called in the report.

    >>> name_of(Path("sentiment/os10.tsv.gz"))
    'os10'
    """
    return path.name.split(".")[0]


def _lines(path: Path) -> Iterator[str]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as packed:
            yield from packed
    else:
        with path.open(encoding="utf-8") as plain:
            yield from plain


def tab_rows(path: Path) -> list[tuple[str, str]]:
    """The (label, text) of each line of a TSV file, plain or .gz; lines without a tab are left out."""
    split = (line.rstrip("\r\n").split("\t", 1) for line in _lines(path))
    return [(parts[0], parts[1]) for parts in split if len(parts) == 2]


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file, plain or .gz, in their order."""
    return [json.loads(line) for line in _lines(path) if line.strip()]


def rate(work: Callable[[_T], object], items: Sequence[_T]) -> float:
    """How many items a second the work takes, by the CPU clock of this process (single-threaded work)."""
    began = time.process_time()
    for item in items:
        work(item)
    return len(items) / max(time.process_time() - began, 1e-9)


def auc(scored: Iterable[tuple[float, bool]]) -> float | None:
    """Area under the ROC curve of (score, is positive): the share of pairs in right order, ties half; None with one class only.

    >>> auc([(0.1, False), (0.4, True), (0.35, True), (0.8, False)]), auc([(0.5, True), (0.5, False)]), auc([(0.5, True)])
    (0.5, 0.5, None)
    """
    ordered = sorted(scored)
    positives = sum(label for _, label in ordered)
    negatives = len(ordered) - positives
    if not positives or not negatives:
        return None
    ranks, start = 0.0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        ranks += sum(label for _, label in ordered[start:end]) * (start + 1 + end) / 2  # the mean rank of the tied
        start = end
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)
