"""Notices that nothing moves although there is work: commits that stall, a stage that hangs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress", "Watchdog"]


@dataclass(frozen=True)
class Progress:
    """Where one partition of a stage stands: offsets; None where not known yet."""

    position: int | None
    committed: int | None
    end: int | None


@dataclass
class _Seen:
    value: int | None
    since: float


class Watchdog:
    """Keeps, for each partition, since when its position and its commit stand still while there is more to do.

    >>> watchdog = Watchdog(limit_s=60)
    >>> watchdog.look("conversations/0", Progress(10, 10, 20), now=0.0)
    >>> watchdog.look("conversations/0", Progress(10, 10, 20), now=61.0)
    'conversations/0 has processed nothing for 61 s although 10 records wait'
    >>> watchdog.look("conversations/0", Progress(20, 10, 20), now=62.0)
    >>> watchdog.look("conversations/0", Progress(30, 10, 30), now=122.0)
    'conversations/0 has committed nothing for 61 s although 20 records are processed'
    """

    def __init__(self, limit_s: float = 60.0) -> None:
        self._limit = limit_s
        self._positions: dict[str, _Seen] = {}
        self._commits: dict[str, _Seen] = {}

    def look(self, name: str, progress: Progress, now: float) -> str | None:
        """Take one look; the complaint when something has stood still for longer than the limit."""
        position, committed, end = progress.position, progress.committed, progress.end
        waiting = 0 if end is None else end - (position if position is not None else committed or 0)
        behind = 0 if position is None else position - (committed or 0)
        idle = self._still(self._positions, name, position, now, busy=waiting > 0)
        stalled = self._still(self._commits, name, committed, now, busy=behind > 0)
        if idle is not None:
            return f"{name} has processed nothing for {idle:.0f} s although {waiting} records wait"
        if stalled is not None:
            return f"{name} has committed nothing for {stalled:.0f} s although {behind} records are processed"
        return None

    def forget(self) -> None:
        """Start anew: the assignment has changed."""
        self._positions.clear()
        self._commits.clear()

    def _still(self, seen: dict[str, _Seen], name: str, value: int | None, now: float, *, busy: bool) -> float | None:
        last = seen.get(name)
        if last is None or last.value != value or not busy:
            seen[name] = _Seen(value, now)
            return None
        return now - last.since if now - last.since > self._limit else None
