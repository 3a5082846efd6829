"""How far a measurement has come, on standard error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["steps"]

T = TypeVar("T")


def steps(each: Sequence[T], what: str) -> Iterator[T]:
    """The steps one by one, counted: with a bar in a terminal, else with a line before and one after.

    >>> list(steps([1, 2], "kills"))
    [1, 2]
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        console.print(f"{what}: {len(each)} ...")
        yield from each
        console.print(f"{what}: done")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield from progress.track(each, description=what)
