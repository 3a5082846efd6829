"""How many of those who judge are satisfied."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

from pydantic import Field

from detectors.base import Observation, Params, Reading, Turn
from detectors.windowed_rate import NO, YES, WindowedRate, WindowedRateState

__all__ = ["CsatRate"]

Z95 = 1.6448536269514722
"""The normal quantile of one-sided 95 %."""

SATISFIED = 0.8
"""The part of the scale from which a rating is a good one: 4 of 5."""


class CsatRateParams(Params):
    """Fewer than `least` ratings say nothing, however bad."""

    least: int = Field(default=20, ge=1)


class CsatRate(WindowedRate):
    """Ratings of at least 4 of 5 over all ratings within 24 h, for each queue, agent and issue category.

    Another scale is taken in proportion; one that is not told is 5. The guard asks for 20 ratings. Slots are of 5 minutes. Memory: 290
    slots (about 6 kB).

    >>> from detectors.base import Scope
    >>> detector = CsatRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 18), (NO, 7)):
    ...     detector.learn_one(state, Observation("csat_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 600.0).value
    0.72
    """

    indicator = "csat_rate"
    Params = CsatRateParams
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0
    empty = 1.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each rating."""
        if turn.event.type not in ("csat.rated", "survey.answered"):
            return ()
        good = satisfied(turn.event.data or {})
        if good is None:
            return ()
        context = turn.context
        keys = {"queue_id": context.queue_id, "agent_id": context.agent_id, "issue_category": context.category}
        return self.counted_for(turn, YES if good else NO, **keys)

    def score_one(self, state: WindowedRateState, now: float) -> Reading | None:
        """The share of good ratings, and the bound below which it truly lies with 95 % confidence."""
        reading = super().score_one(state, now)
        if reading is not None:
            reading.guard = reading.n >= self.params.least
            reading.rate = False
            reading.bound = upper(reading.value, reading.n) if reading.n else reading.value
        return reading


def upper(share: float, n: float) -> float:
    """The one-sided 95 % upper Wilson bound of an observed share of `n` trials.

    >>> round(upper(0.7, 30), 3)
    0.816
    """
    square = Z95 * Z95 / n
    spread = Z95 * sqrt(share * (1 - share) / n + square / (4 * n))
    return (share + square / 2 + spread) / (1 + square)


def satisfied(data: dict[str, Any]) -> bool | None:
    """Whether a rating is a good one; None where there is none, or one beyond its scale.

    >>> satisfied({"rating": 4.0, "scale_max": 5.0}), satisfied({"rating": 7.0, "scale_max": 10.0}), satisfied({"nps": 9})
    (True, False, None)
    """
    rating, scale = data.get("rating"), data.get("scale_max", 5.0)
    return None if rating is None or rating > scale else bool(rating >= SATISFIED * scale)
