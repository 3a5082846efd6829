"""One day: when it is, and what its queues look like."""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulate.world import HOUR

__all__ = ["Curve", "Day"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the simulation: its number from 0, its midnight in epoch milliseconds, and its day of the week (Monday 0)."""

    number: int
    midnight: int
    weekday: int

    def at(self, hour: float) -> int:
        """Epoch milliseconds of an hour of this day, 0..24 and beyond."""
        return self.midnight + int(hour * HOUR)


@dataclass(frozen=True, slots=True)
class Curve:
    """People waiting on one queue during an incident: straight up to `peak` at `top`, so until `fall`, gone at `end` (epoch ms)."""

    start: int
    top: int
    fall: int
    end: int
    peak: int

    def waiting(self, at: int) -> int:
        """People who wait because of it at that time."""
        if at < self.start or at >= self.end:
            return 0
        if at < self.top:
            return self.peak * (at - self.start) // (self.top - self.start)
        return self.peak if at < self.fall else self.peak * (self.end - at) // (self.end - self.fall)
