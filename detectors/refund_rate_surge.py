"""How much more is returned than usual on this day of the week."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after

__all__ = ["RefundRateSurge"]

HOUR_S: Final = 3600
DAY_H: Final = 24
HOURS_KEPT: Final = 4 * DAY_H
GAP_H: Final = 2 * DAY_H
"""Hours between an hour and its being learnt: today's incident is not what today is compared with."""
WEEKS_REMEMBERED: Final = 4.0
DAYS_REMEMBERED: Final = 14.0
LEAST_VISITS: Final = 12.0
"""Hours of a day of the week from which its own rate weighs as much as that of all days."""
FORGET_S: Final = 35 * 86_400.0
HOURS_KNOWN: Final = 1000
"""Hours whose day of the week is remembered: each is asked for hundreds of times."""


class RefundRateSurgeParams(Params):
    """`min_hours` learnt before anything is usual; an excess of `sigmas` standard deviations; `calendar` is the policy's."""

    min_hours: int = Field(default=24, ge=1)
    sigmas: float = Field(default=3.0, gt=0)
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class RefundRateSurgeState(State):
    """Hours, each (number since the epoch, refunds, orders, sales); River means per hour of refunds and of orders.

    By day of the week (0..6), and of all days. `hour` is the next hour to learn, `born` the first. Orders are what the refunds were
    reported with, sales are used where nothing was.
    """

    hours: list[tuple[int, float, float, float]] = msgspec.field(default_factory=list)
    hour: int = -1
    week: dict[int, tuple[MeanState, MeanState]] = msgspec.field(default_factory=dict)
    level: tuple[MeanState, MeanState] = ((0.0, 0.0), (0.0, 0.0))
    born: int = -1


class RefundRateSurge(ScopeDetector[RefundRateSurgeState]):
    """The refund rate of the last 24 h over the usual one, less 1, for each product, and for the tenant where no product is named.

    A rate is refunds (`refund.metric`) over their denominators, or over sales (`sale.metric`) where none came with them. Usual is the
    mean rate of the same days of the week (four weeks, by River), drawn towards that of all days while these are few; an hour is
    learnt two days later and at most 1.3 times what was usual. `n` is the number of refunds in the window, which goes by whole hours; a
    report counts in the middle of the time it is about. The guard asks for a day learnt and an excess above three standard deviations.
    Memory: 96 hours and 8 pairs of means (about 3 kB).

    >>> from detectors.base import Scope
    >>> detector = RefundRateSurge()
    >>> state = detector.new()
    >>> for hour in range(24 * 8):
    ...     for term, count in (("refunds", 13 if hour >= 24 * 7 else 10), ("orders", 100)):
    ...         detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, count, terms=(term,)))
    >>> reading = detector.score_one(state, 24 * 8 * 3600.0 - 1)
    >>> round(reading.value, 3), reading.n, reading.guard
    (0.3, 312.0, True)
    """

    indicator = "refund_rate_surge"
    State = RefundRateSurgeState
    Params = RefundRateSurgeParams
    step_s = 300.0

    def __init__(self, params: RefundRateSurgeParams | None = None) -> None:
        super().__init__(params)
        self.calendar = Calendar(self.params.calendar)
        self._days: dict[int, int] = {}

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each report of refunds or sales."""
        event, metric = turn.event, turn.event.metric
        if metric is None or metric.count is None or metric.count < 0 or event.type not in ("refund.metric", "sale.metric"):
            return ()
        parts = {"refunds": metric.count, "orders": metric.denominator} if event.type == "refund.metric" else {"sales": metric.count}
        scope = turn.scope(product_id=metric.product_id)
        time = event.time - (metric.window_s or 0.0) / 2
        name = name_of(type(self))
        return [Observation(name, scope, time, value, terms=(part,), cell=True) for part, value in parts.items() if value is not None]

    def learn_one(self, state: RefundRateSurgeState, observation: Observation) -> None:
        """Add to the hour, and learn those that are old enough."""
        hour = int(observation.time // HOUR_S)
        if state.hour < 0:
            state.hour = state.born = hour
        newest = max(hour, state.hours[-1][0]) if state.hours else hour
        for row in [row for row in state.hours if state.hour <= row[0] < newest - GAP_H]:
            self._learn_hour(state, row)
        state.hour = max(state.hour, newest - GAP_H)
        if hour <= newest - HOURS_KEPT:
            return
        place = ("refunds", "orders", "sales").index(observation.terms[0])
        known = {row[0]: row for row in state.hours}
        counts = list(known.get(hour, (hour, 0.0, 0.0, 0.0))[1:])
        counts[place] += observation.value
        known[hour] = (hour, counts[0], counts[1], counts[2])
        state.hours = [known[each] for each in sorted(known) if each > newest - HOURS_KEPT]

    def score_one(self, state: RefundRateSurgeState, now: float) -> Reading | None:
        """The surge, -1 at least; 0 without guard before anything is usual. Variables `pct`, `n`."""
        if not state.hours:
            return None
        until = int(now // HOUR_S) + 1
        window = [row for row in state.hours if until - DAY_H <= row[0] < until]
        refunds, orders = _sums(window)
        usual = self._usual_of(state, window)
        if not usual:
            return Reading(now, 0.0, n=refunds, guard=False)
        surge = refunds / (usual * orders) - 1 if orders else 0.0
        expected = usual * orders
        learnt = state.level[0][0]
        spread = sqrt(max(1.0, expected) * (1 + DAY_H / max(learnt, 1.0)))
        return Reading(
            now,
            round(surge, 9),
            n=refunds,
            start=now - DAY_H * HOUR_S,
            end=now,
            baseline=usual,
            guard=learnt >= self.params.min_hours and refunds - expected > self.params.sigmas * spread,
            variables={"pct": round(100 * surge, 1), "n": refunds},
            baseline_days=(now / HOUR_S - state.born) / DAY_H,
        )

    def idle(self, state: RefundRateSurgeState, now: float) -> bool:
        """No report in the window."""
        return not state.hours or state.hours[-1][0] < int(now // HOUR_S) + 1 - DAY_H

    def expired(self, state: RefundRateSurgeState, now: float) -> bool:
        """Five weeks without a report."""
        return not state.hours or state.hours[-1][0] * HOUR_S + FORGET_S < now

    def _learn_hour(self, state: RefundRateSurgeState, row: tuple[int, float, float, float]) -> None:
        refunds, orders = _sums([row])
        if not orders:
            return
        usual = self._usual(state, row[0])
        if usual and state.level[0][0] >= self.params.min_hours:
            refunds = min(refunds, max(1.3 * usual * orders, usual * orders + 3 * sqrt(usual * orders)))
        day = self._day(row[0])
        mine = state.week.get(day, ((0.0, 0.0), (0.0, 0.0)))
        state.week[day] = _learnt(mine, refunds, orders, WEEKS_REMEMBERED * DAY_H)
        state.level = _learnt(state.level, refunds, orders, DAYS_REMEMBERED * DAY_H)

    def _usual_of(self, state: RefundRateSurgeState, window: list[tuple[int, float, float, float]]) -> float | None:
        """The usual rate of the window's hours, weighed by their orders."""
        rated = [(self._usual(state, hour), orders or sales) for hour, _, orders, sales in window]
        known = [(rate, orders) for rate, orders in rated if rate is not None and orders]
        whole = sum(orders for _, orders in known)
        return sum(rate * orders for rate, orders in known) / whole if whole else self._usual(state, state.hour)

    def _usual(self, state: RefundRateSurgeState, hour: int) -> float | None:
        """The usual rate of an hour; None before anything was learnt."""
        all_refunds, all_orders = state.level
        if not all_orders[1]:
            return None
        rate = all_refunds[1] / all_orders[1]
        refunds, orders = state.week.get(self._day(hour), ((0.0, 0.0), (0.0, 0.0)))
        if not orders[1]:
            return rate
        return (refunds[0] * refunds[1] / orders[1] + LEAST_VISITS * rate) / (refunds[0] + LEAST_VISITS)

    def _day(self, hour: int) -> int:
        """The day of the week an hour is compared with."""
        known = self._days.get(hour)
        if known is not None:
            return known
        if len(self._days) >= HOURS_KNOWN:
            self._days.clear()
        self._days[hour] = day = self.calendar.hour_of_week(hour * HOUR_S + HOUR_S / 2) // DAY_H
        return day


def _sums(rows: list[tuple[int, float, float, float]]) -> tuple[float, float]:
    """Refunds, and the orders they belong to."""
    refunds, orders, sales = (sum(row[place] for row in rows) for place in (1, 2, 3))
    return refunds, orders or sales


def _learnt(means: tuple[MeanState, MeanState], refunds: float, orders: float, memory: float) -> tuple[MeanState, MeanState]:
    return mean_after(means[0], refunds, memory=memory), mean_after(means[1], orders, memory=memory)
