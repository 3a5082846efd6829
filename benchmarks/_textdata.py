"""Reading the files a text benchmark is given, and timing what is done with them."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from detectors.text.quality import auc

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
