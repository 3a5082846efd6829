"""What the trend benchmarks share: files of numbers, and the speed of a loop."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["Speed", "columns", "highest_alarms", "quantile", "read_json", "recall", "seconds", "series"]


def read_json(file: Path) -> Any:
    """A JSON file's content."""
    return json.loads(file.read_text(encoding="utf-8"))


def seconds(stamp: str) -> float:
    """A time without zone, taken as UTC, in s since the epoch.

    >>> seconds("1970-01-02 00:00:01")
    86401.0
    """
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()


def columns(file: Path) -> dict[str, list[str]]:
    """The columns of a CSV file with a header, plain or gzipped, by name."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def series(file: Path) -> tuple[list[float], list[float]]:
    """Times (s) and values of a CSV file whose first two columns they are."""
    times, values = list(columns(file).values())[:2]
    return [seconds(each) for each in times], [float(each) for each in values]


def recall(delays: list[float | None]) -> dict[str, float | int | None]:
    """What share was found, how many there were, and the median delay of those found.

    >>> recall([10.0, None, 30.0, 20.0])
    {'recall': 0.75, 'delay_min': 20.0, 'n': 4}
    """
    found = [each for each in delays if each is not None]
    share = round(len(found) / len(delays), 3) if delays else None
    return {"recall": share, "delay_min": round(median(found), 1) if found else None, "n": len(delays)}


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies.

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def highest_alarms(scores: set[float], allowed: Callable[[float], bool]) -> float:
    """The lowest limit among the scores such that it and all higher ones are allowed, tried ever more coarsely from the top.

    From the top, as few alarms also come of a limit so low that one alarm lasts for ever.

    >>> highest_alarms({1.0, 2.0, 3.0}, lambda limit: limit != 1.0)
    2.0
    """
    ordered, place, found = sorted(scores, reverse=True), 0, float("inf")
    while place < len(ordered) and allowed(ordered[place]):
        found, place = ordered[place], place + 1 + place // 50
    return found


class Speed:
    """Counts points and the CPU time they took: the only figure that differs from run to run."""

    def __init__(self) -> None:
        self.points = 0
        self.spent = 0.0

    def of(self, points: int, work: Callable[[], list[float]]) -> list[float]:
        """The result of the work, which is charged for so many points."""
        began = time.process_time()
        found = work()
        self.spent += time.process_time() - began
        self.points += points
        return found

    def per_second(self) -> int:
        """Points a second of CPU."""
        return round(self.points / self.spent) if self.spent else 0
