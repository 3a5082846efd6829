"""A metric of any kind has left its usual course."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.event import Metric
from detectors.naming import name_of
from detectors.river_state import VarState, var_after
from detectors.trend.ranksum import RankSum, RankSumState

__all__ = ["WATCHER", "CusumDriftOfMetric", "watched"]

WATCHER: Final = "cusum_drift_of_metric"
REMEMBERED: Final = 2000
SURPRISE: Final = 3.0
"""What one point may say at most, in standard deviations; one that the rank sum calls an anomaly, so much more."""
ANOMALOUS: Final = 9.0
LEAST_PART: Final = 0.01
"""The least standard deviation, as a part of the mean."""
VISITS: Final = 3
SLOT_S: Final = 1800.0
DAY_S: Final = 86_400.0
HELD_S: Final = 3600.0
FORGET_S: Final = 35 * DAY_S


class CusumDriftOfMetricParams(Params):
    """The allowance `k`; `points` learnt before anything is told; at `reset` the alarm has been given, and the next point starts from 0."""

    k: float = Field(default=0.5, gt=0)
    points: int = Field(default=100, ge=20)
    reset: float = Field(default=8.0, gt=0)


class CusumDriftOfMetricState(State):
    """One metric: `rank` is what the rank sum knows, with the means by half-hour of the day; `usual` a River Var of what is left.

    `up` and `down` are the sums, `point` and `baseline` the last point and its usual value, `score` the rank sum's last anomaly, of the
    time `at`; `name` and `name_en` of the metric, `last` the newest point's time.
    """

    rank: RankSumState = msgspec.field(default_factory=RankSumState)
    usual: VarState = (0.0, 0.0, 0.0)
    up: float = 0.0
    down: float = 0.0
    point: float = 0.0
    baseline: float = 0.0
    score: float = 0.0
    at: float = -DAY_S
    name: str = ""
    last: float = -1.0
    name_en: str = ""


class CusumDriftOfMetric(ScopeDetector[CusumDriftOfMetricState]):
    """A two-sided CUSUM of a business metric (`metric.point`), told only where a rank sum over six features sees an anomaly.

    The points are the metric's count or amount, over its denominator where there is one; or the readings of an indicator that the policy
    names under `watch`, one at each step of the grid, in the reading's scope with the key `metric`. z is the point's distance from the
    mean of its half-hour of the day (from three days on, before that from the mean of all), in standard deviations of these distances
    (River's); S = max(0, S + z - 0.5) up, the same down, and the higher one is the value. A point says at most 3, one that the rank sum
    (trend/ranksum.py, measured on the Numenta Anomaly Benchmark) calls an anomaly at most 9: so a wild point lights at once, `onset`
    sudden.

    The guard asks for 100 points and for an anomaly within the last hour: business metrics wander, and a sum of their points alone would
    light every day. `n` is the number of points, `sample` has the rank sum's `score`, an anomaly from 26. Limits: an anomaly of the
    course, not of the level (a day without its peak) has a score, but may have no S; a metric is known by its name and product, 64
    characters of the name; points come in order of time, one that comes late is left out. Memory: that of the rank sum, 10 kB at most.

    >>> from detectors.base import Scope
    >>> detector = CusumDriftOfMetric()
    >>> state = detector.new()
    >>> for n in range(600):
    ...     detector.learn_one(state, Observation("", Scope("acme"), 300.0 * n, 50.0 + n % 3, terms=("logins",)))
    >>> reading = detector.score_one(state, 180_000.0)
    >>> reading.value < 3, reading.guard
    (True, False)
    >>> detector.learn_one(state, Observation("", Scope("acme"), 180_000.0, 500.0, terms=("logins",)))
    >>> reading = detector.score_one(state, 180_000.0)
    >>> reading.value, reading.guard, reading.onset
    (8.5, True, 'sudden')
    """

    indicator = "cusum_drift"
    types = frozenset({"metric.point"})
    State = CusumDriftOfMetricState
    Params = CusumDriftOfMetricParams
    step_s = 300.0
    at_once = True

    def __init__(self, params: CusumDriftOfMetricParams | None = None) -> None:
        super().__init__(params)
        self.rank = RankSum()

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each point, to its metric."""
        metric = turn.event.metric
        value = _value(metric) if metric is not None else None
        if metric is None or value is None:
            return ()
        scope = turn.scope(metric=metric.name[:64], product_id=metric.product_id)
        return (Observation(name_of(type(self)), scope, turn.event.time, value, terms=(metric.name[:64],)),)

    def learn_one(self, state: CusumDriftOfMetricState, observation: Observation) -> None:
        """Weigh the point by what was known before it, then learn it."""
        time, value = observation.time, observation.value
        if time <= state.last or not -1e100 < value < 1e100:
            return
        if observation.terms:
            state.name, state.name_en = observation.terms[0], observation.terms[-1]
        mean, visits = state.rank.season.get(int(time % DAY_S // SLOT_S), (0.0, 0))
        state.baseline = mean if visits >= VISITS else state.rank.mean
        score = self.rank.learn_one(state.rank, time, value)
        anomalous = score >= self.rank.threshold
        if anomalous:
            state.score, state.at = score, time
        off = value - state.baseline
        self._add(state, off, ANOMALOUS if anomalous else SURPRISE)
        weight, past, squares = state.usual
        kept = min(weight, REMEMBERED)
        spread = _deviation(state)
        # A wild point says little of how points usually scatter.
        known = max(-SURPRISE * spread, min(SURPRISE * spread, off)) if weight >= self.params.points else off
        state.usual = var_after((kept, past, squares * kept / weight if weight else 0.0), known)
        state.last, state.point = time, value

    def score_one(self, state: CusumDriftOfMetricState, now: float) -> Reading | None:
        """The higher sum; variables `series_zh`, `series_en`, `usual`, `point`; sample `up`, `down`, `score`."""
        if state.last < 0:
            return None
        spoken, learnt = now - state.at <= HELD_S, state.usual[0]
        return Reading(
            now,
            round(max(state.up, state.down), 9),
            n=learnt,
            baseline=state.baseline,
            sd=_deviation(state),
            guard=learnt >= self.params.points and spoken,
            closed=now - state.last > DAY_S,
            variables={
                "series_zh": state.name,
                "series_en": state.name_en,
                "usual": round(state.baseline, 4),
                "point": round(state.point, 4),
            },
            sample={"up": state.up, "down": state.down, "score": state.score if spoken else 0.0},
            onset="sudden",
        )

    def idle(self, state: CusumDriftOfMetricState, now: float) -> bool:
        """The last anomaly has been told, and the alert it raised is over."""
        return state.last < 0 or now - state.last > DAY_S + self.step_s or now - state.at > HELD_S + self.step_s

    def expired(self, state: CusumDriftOfMetricState, now: float) -> bool:
        """Five weeks without a point."""
        return state.last + FORGET_S < now

    def _add(self, state: CusumDriftOfMetricState, off: float, most: float) -> None:
        """Both sums with one more point."""
        if state.usual[0] < self.params.points:
            return
        z = max(-most, min(most, off / _deviation(state)))
        given = max(state.up, state.down) >= self.params.reset
        up, down = (0.0, 0.0) if given else (state.up, state.down)
        state.up, state.down = max(0.0, up + z - self.params.k), max(0.0, down - z - self.params.k)


def watched(reading: Reading, names: tuple[str, str]) -> Observation:
    """A reading of an indicator as a point of a metric of its scope, called by its names in Chinese and English."""
    scope = Scope(reading.scope.tenant, (*reading.scope.keys, ("metric", reading.indicator)))
    return Observation(WATCHER, scope, reading.time, reading.value, terms=names)


def _value(metric: Metric) -> float | None:
    """What a report says: its count or amount, over the denominator where there is one."""
    value = metric.count if metric.count is not None else metric.amount
    if value is None or metric.denominator is None:
        return value
    return value / metric.denominator if metric.denominator else None


def _deviation(state: CusumDriftOfMetricState) -> float:
    """The standard deviation of points about their usual values."""
    weight, _, squares = state.usual
    found = sqrt(max(0.0, squares / (weight - 1))) if weight > 1 else 0.0
    return max(found, LEAST_PART * abs(state.rank.mean), 1e-9)
