"""The four numbers of one indicator in one place, compiled for deciding."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["Ladder", "wilson_lower"]

_Z95 = 1.6448536269514722
"""The normal quantile of one-sided 95 %."""

WILSON_MINIMUM = 8
"""Below this many trials a Wilson bound decides nothing (rule 6)."""

HOLD = 0.2
"""The part of the gap between two tiers a value must go back before the upper one lets go (rule 7)."""


def wilson_lower(share: float, n: float) -> float:
    """The one-sided 95 % lower Wilson bound of an observed share (0..1) of `n` trials.

    >>> [round(wilson_lower(0.3, n), 3) for n in (10, 30, 100)]
    [0.127, 0.184, 0.231]
    """
    share = min(1.0, max(0.0, share))
    square = _Z95 * _Z95 / n
    spread = _Z95 * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return (share + square / 2 - spread) / (1 + square)


class Ladder:
    """Thresholds, hold lines and minimum samples of blue, yellow, orange, red; None where there is no such tier.

    Built from the numbers as configured; a `low` direction is turned round inside, so that more is always worse here.
    `start` and `end` are the unit's range. A tier's *hold line* lies 20 % of its gap to the next lower tier below its own number
    (the lowest: 20 % of its gap to the next higher; the only one: at its number). A value beyond the line lets the tier go. A line
    that would lie outside the range is set to the range's end and let go there, or the tier could never end.

    >>> ladder = Ladder((0.1, 0.15, 0.2, 0.3), (20, 20, 40, 40), start=0.0, end=1.0)
    >>> ladder.reached(0.22, n=30), ladder.reached(0.22, n=40), ladder.held(0.145, 2), ladder.held(0.139, 2)
    (2, 3, 2, 1)
    """

    __slots__ = ("_ends", "_holds", "_sign", "_steps", "lowest", "numbers", "samples")

    def __init__(
        self,
        numbers: Sequence[float | None],
        samples: Sequence[float] = (0, 0, 0, 0),
        *,
        low: bool = False,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        self._sign = -1.0 if low else 1.0
        self.numbers = tuple(numbers)
        self.samples = tuple(samples)
        self._steps = tuple(None if number is None else number * self._sign for number in numbers)
        normal = -end if low and end is not None else start if not low else None
        self._ends = -math.inf if normal is None else normal
        self._holds = tuple(self._hold(index) for index in range(len(self._steps)))
        self.lowest = min((step for step in self._steps if step is not None), default=math.inf)

    def _hold(self, index: int) -> float | None:
        step = self._steps[index]
        if step is None:
            return None
        lower = [other for other in self._steps[:index] if other is not None]
        higher = [other for other in self._steps[index + 1 :] if other is not None]
        gap = step - lower[-1] if lower else higher[0] - step if higher else 0.0
        return max(step - HOLD * gap, self._ends)

    def calm(self, value: float) -> bool:
        """True when the value lies below every number: nothing burns, nothing to light."""
        return value * self._sign < self.lowest

    def reached(self, value: float, *, n: float = math.inf) -> int:
        """The highest tier whose number the value has reached with at least its minimum sample; 0 where none is."""
        value *= self._sign
        for index in range(len(self._steps) - 1, -1, -1):
            step = self._steps[index]
            if step is not None and value >= step and n >= self.samples[index]:
                return index + 1
        return 0

    def assured(self, share: float, n: float) -> int:
        """The highest tier a rate of `n` trials has passed with 95 % confidence (rule 6)."""
        if n < WILSON_MINIMUM:
            return 0
        bound = wilson_lower(share, n) if self._sign > 0 else 1 - wilson_lower(1 - share, n)
        return self.reached(bound)

    def held(self, value: float, tier: int) -> int:
        """The highest tier, from `tier` downwards, that the value still holds; 0 where it holds none."""
        value *= self._sign
        for index in range(tier - 1, -1, -1):
            hold = self._holds[index]
            if hold is not None and (value > hold or (value == hold and hold > self._ends)):
                return index + 1
        return 0

    def number(self, tier: int) -> float | None:
        """The configured number of a tier; None for no tier and for one that does not exist."""
        return self.numbers[tier - 1] if tier > 0 else None
