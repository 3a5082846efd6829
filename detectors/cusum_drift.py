"""A drift: a series that has moved a little, and stays there."""

from __future__ import annotations

from collections.abc import Iterable
from math import copysign, exp, log, sqrt
from typing import Final

import msgspec
from msgspec.structs import replace
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.event import Event
from detectors.naming import name_of
from detectors.river_state import VarState, var_after
from detectors.windowed_rate import just_closed

__all__ = ["CusumDrift", "normal_of_t"]

HOUR_S: Final = 3600
GAP: Final = 5
"""Points between a point and its being learnt: a drift shows before it becomes the usual."""
REMEMBERED: Final = 500
SURPRISE: Final = 3.0
"""What one point may say at most, in standard deviations: a single hour is no drift."""
SILENT_S: Final = 3 * 86_400.0
FORGET_S: Final = 35 * 86_400.0

_SERIES: Final = {
    "mood": (-1.0, 0.05, "客户情绪", "customer sentiment"),
    "handle_time": (1.0, 0.05, "处理时长", "handle time"),
    "complaint_share": (1.0, 0.0, "投诉占比", "share of complaints"),
    "dwell": (1.0, 0.05, "部门处理时长", "time in the department"),
}
"""The bad direction, the least standard deviation of a point, and what the series is called."""


def normal_of_t(t: float, freedom: float) -> float:
    """The normal quantile of the same probability as Student's t, within 0.02 up to 3 for 4 degrees of freedom and more.

    Source: D. L. Wallace, Bounds on normal approximations to Student's and the chi-square distributions, Ann. Math. Stat. 30 (1959).

    >>> round(normal_of_t(2.086, 20), 3), round(normal_of_t(-2.776, 4), 2)
    (1.96, -1.95)
    """
    size = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log(1 + t * t / freedom))
    return copysign(size, t)


class CusumDriftParams(Params):
    """The allowance `k` (half the shift looked for), `points` learnt before a drift is told, `least` values in a point.

    At `reset` the alarm has been given in full, and the next point starts from 0.
    """

    k: float = Field(default=0.5, gt=0)
    points: int = Field(default=20, ge=3)
    least: int = Field(default=5, ge=1)
    reset: float = Field(default=8.0, gt=0)


class Series(State):
    """One series. The point in the making: `n` values, their `sum`, `last` the newest hour of one.

    `usual` is a River Var of the points learnt, `recent` those still to learn, `s` the sum, `run` how many points it is of, `point` the
    last one.
    """

    n: float = 0.0
    sum: float = 0.0
    last: int = -1
    usual: VarState = (0.0, 0.0, 0.0)
    recent: list[float] = msgspec.field(default_factory=list)
    s: float = 0.0
    run: int = 0
    point: float = 0.0


class CusumDriftState(State):
    """The series of one scope, and the time of the newest observation."""

    series: dict[str, Series] = msgspec.field(default_factory=dict)
    label: str = ""
    last: float = 0.0


class CusumDrift(ScopeDetector[CusumDriftState]):
    """One-sided CUSUM: S = max(0, S + z - 0.5), the highest of a scope's series, in standard deviations of their points.

    Series: of an agent the customers' sentiment at the end and the logarithm of the handle time; of an issue category the share of
    complaints; of a department the logarithm of the time a case stays. A point is the mean of whole hours, as many as hold five values.
    z is against mean and deviation of the series' earlier points (River's), learnt five points later, the last 500 weighing most; by
    Student's distribution it is made normal, so that few points err no more often than many (self-starting: D. M. Hawkins, Self-starting
    Cusum charts for location and scale, The Statistician 36 (1987) 299-315). A point says at most 3. A share's deviation is at least
    binomial.

    In control a series passes 5 once in about 930 points, 8 hardly ever (E. S. Page, Continuous inspection schemes, Biometrika 41 (1954);
    k = 0.5). The guard asks for 20 points learnt and three in the run. `n` is the number of points learnt. At 8 the sum starts again. The
    onset is gradual. Limits: no course of the day is known, a scope whose evenings always differ drifts in the evening; a scope that
    was not heard of for three days closes. Memory: two series of about 100 bytes.

    >>> from detectors.base import Scope
    >>> detector = CusumDrift()
    >>> state = detector.new()
    >>> def hour(number, share):
    ...     for _ in range(10):
    ...         detector.learn_one(state, Observation("", Scope("acme"), number * 3600.0, terms=("complaint_share",), extra=(share,)))
    >>> for number in range(60):
    ...     hour(number, 0.1 if number % 2 else 0.3)
    >>> for number in range(60, 65):
    ...     hour(number, 0.5)
    ...     print(round(detector.score_one(state, (number + 1) * 3600.0).value, 1))
    1.8
    3.5
    5.3
    7.1
    8.9
    """

    indicator = "cusum_drift"
    types = frozenset({"conversation.resolved", "conversation.abandoned", "ticket.status_changed", "conversation.transferred"})
    State = CusumDriftState
    Params = CusumDriftParams
    step_s = float(HOUR_S)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each conversation at its end, to its agent and issue category; each stay in a department at its end."""
        context, event = turn.context, turn.event
        found: list[Observation] = []
        if just_closed(turn):
            figures = {"mood": context.sentiment, "handle_time": _logarithm(context.opened, event.time)}
            share = {"complaint_share": None if context.is_complaint is None else float(context.is_complaint)}
            if context.agent_type != "bot":
                found += self._told(turn, "agent_id", context.agent_id, figures)
            found += self._told(turn, "issue_category", context.category, share)
        if _left(turn, event):
            found += self._told(
                turn, "department_id", turn.department_before, {"dwell": _logarithm(turn.department_since_before, event.time)}
            )
        return found

    def learn_one(self, state: CusumDriftState, observation: Observation) -> None:
        """Add each value to its point; a point whose hours are over and that holds enough is taken in first."""
        state.label = observation.scope.keys[0][1] if observation.scope.keys else observation.scope.tenant
        hour = int(observation.time // HOUR_S)
        for name, value in zip(observation.terms, observation.extra, strict=False):
            if name not in _SERIES:
                continue
            series = self._after(name, state.series.get(name, Series()), hour)
            series.n, series.sum, series.last = series.n + 1, series.sum + value, max(series.last, hour)
            state.series[name] = series
        state.last = max(state.last, observation.time)

    def score_one(self, state: CusumDriftState, now: float) -> Reading | None:
        """The highest sum; variables `series_zh`, `series_en`, `run` (points since it left 0), `usual`, `point`."""
        known = {name: self._after(name, series, int(now // HOUR_S)) for name, series in state.series.items()}
        if not known:
            return None
        name = max(sorted(known), key=lambda each: known[each].s if known[each].usual[0] >= self.params.points else -1.0)
        series, (_, _, zh, en) = known[name], _SERIES[name]
        learnt = series.usual[0]
        return Reading(
            now,
            round(series.s, 9),
            n=learnt,
            baseline=series.usual[1],
            sd=_deviation(series.usual) if learnt > 1 else None,
            guard=learnt >= self.params.points and series.run >= 3,
            closed=now - state.last > SILENT_S,
            variables={
                "series_zh": zh,
                "series_en": en,
                "run": series.run,
                "usual": _plain(name, series.usual[1]),
                "point": _plain(name, series.point),
            },
            onset="gradual",
        )

    def idle(self, state: CusumDriftState, now: float) -> bool:
        """No point is in the making that the end of its hour would complete."""
        hour = int(now // HOUR_S)
        return all(series.n < self.params.least or series.last < hour for series in state.series.values())

    def expired(self, state: CusumDriftState, now: float) -> bool:
        """Five weeks without an observation."""
        return state.last + FORGET_S < now

    def _after(self, name: str, series: Series, hour: int) -> Series:
        """A copy of the series as it is when this hour begins."""
        if series.n < self.params.least or hour <= series.last:
            return replace(series)
        sign, floor, *_ = _SERIES[name]
        mean, usual = series.sum / series.n, series.usual
        recent = [*series.recent, mean]
        total, run = (series.s, series.run) if series.s < self.params.reset else (0.0, 0)
        if usual[0] >= 3:
            z = sign * _standardised(mean, usual, max(floor, _binomial(name, usual[1], series.n)))
            total = max(0.0, total + min(z, SURPRISE) - self.params.k)
            run = run + 1 if total else 0
        if len(recent) > GAP:
            weight, past, squares = usual
            kept = min(weight, REMEMBERED)
            usual = var_after((kept, past, squares * kept / weight if weight else 0.0), recent.pop(0))
        return Series(usual=usual, recent=recent, s=total, run=run, point=mean, last=series.last)

    def _told(self, turn: Turn, key: str, value: str | None, figures: dict[str, float | None]) -> list[Observation]:
        known = {name: figure for name, figure in figures.items() if figure is not None}
        if value is None or not known:
            return []
        scope = turn.scope(**{key: value})
        return [Observation(name_of(type(self)), scope, turn.event.time, terms=tuple(known), extra=tuple(known.values()))]


def _left(turn: Turn, event: Event) -> bool:
    """Whether this event ends a stay in a department."""
    since = turn.department_since_before
    if turn.department_before is None or since is None or event.late or turn.closed_before:
        return False
    return turn.context.department_since != since or turn.context.closed is not None


def _logarithm(begin: float | None, end: float) -> float | None:
    """Of the minutes between; None where they are not known or nothing."""
    return log((end - begin) / 60) if begin is not None and end > begin else None


def _plain(name: str, value: float) -> float:
    """A point as people read it: times in minutes."""
    return round(exp(value) if name in ("handle_time", "dwell") else value, 2)


def _deviation(usual: VarState) -> float:
    return sqrt(max(0.0, usual[2] / (usual[0] - 1)))


def _binomial(name: str, share: float, n: float) -> float:
    """The least deviation a share of `n` can have."""
    return sqrt(max(share * (1 - share), 1 / n) / n) if name == "complaint_share" else 0.0


def _standardised(mean: float, usual: VarState, floor: float) -> float:
    """A point in standard deviations of a normal one; the usual mean's own error is counted."""
    n = usual[0]
    t = (mean - usual[1]) / (max(_deviation(usual), floor) * sqrt(1 + 1 / n))
    return normal_of_t(t, n - 1)
