"""Growth of a kind's share, simulated: 10 % of 200 events an hour, doubled for 12 h, each rule at a false alarm in four weeks."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from functools import partial
from math import exp, sqrt
from typing import Any

from benchmarks._trend_read import Speed, highest_alarms, recall
from detectors.trend.share import Share

__all__ = ["measure"]

PER_HOUR = 12
STEP_S = 300.0
EVENTS_H = 200.0
SHARE = 0.1
GROWTH = 2.0
WANDER = 0.15
"""A real share wanders: the standard deviation of its logarithm, and what a step of 5 minutes keeps of it (half within 3 h)."""
KEPT = 0.5 ** (1 / 36)
LASTS = 12 * PER_HOUR
WARM = 7 * 24 * PER_HOUR
CLEAN_WEEKS = 40
RUNS = 100
WEEK = 7 * 24 * PER_HOUR
ALLOWED_WEEK = 0.25
APART = 6 * PER_HOUR

Steps = list[tuple[int, int]]
Rule = Callable[[Steps], list[float]]


def measure(seed: int) -> dict[str, Any]:
    """Each rule's threshold on 40 clean weeks, then 100 doublings of its own seeds."""
    rng = random.Random(seed)
    clean = _steps(rng, WARM + CLEAN_WEEKS * WEEK)
    onsets = [(WARM, _steps(rng, WARM, LASTS)) for _ in range(RUNS)]
    fixed = _steps(rng, WARM + CLEAN_WEEKS * WEEK)
    found: dict[str, Any] = {"clean_weeks": CLEAN_WEEKS, "doublings": RUNS}
    for name, rule in _rules().items():
        speed = Speed()
        limit = _limit(speed.of(len(clean), partial(rule, clean)))
        delays = [_delay(speed.of(len(steps), partial(rule, steps)), onset, limit) for onset, steps in onsets]
        found[name] = {"threshold": round(limit, 3), **recall(delays), "points_s": speed.per_second()}
        found[name]["false_alarms_week_on_other_weeks"] = round(_alarms(rule(fixed), limit) / CLEAN_WEEKS, 3)
    return found


def _steps(rng: random.Random, length: int, grown: int = 0) -> Steps:
    """Hits and trials of steps of 5 minutes, the last `grown` with a doubled share."""
    found, wander = [], 0.0
    for step in range(length + grown):
        trials = _poisson(rng, EVENTS_H / PER_HOUR)
        wander = KEPT * wander + sqrt(1 - KEPT * KEPT) * WANDER * rng.gauss(0, 1)
        share = SHARE * exp(wander) * (GROWTH if step >= length else 1)
        found.append((sum(rng.random() < share for _ in range(trials)), trials))
    return found


def _poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _alarms(scores: list[float], limit: float) -> int:
    last, found = -APART, 0
    for place, score in enumerate(scores):
        if score >= limit and place >= WARM:
            found += place - last >= APART
            last = place
    return found


def _limit(scores: list[float]) -> float:
    """The lowest of the scores with at most the allowed alarms."""
    return highest_alarms(set(scores[WARM:]), lambda limit: _alarms(scores, limit) <= ALLOWED_WEEK * CLEAN_WEEKS)


def _delay(scores: list[float], onset: int, limit: float) -> float | None:
    if any(score >= limit for score in scores[onset - 2 : onset]):
        return None
    found = next((place for place, score in enumerate(scores[onset:]) if score >= limit), None)
    return None if found is None else (found + 1) * STEP_S / 60


def _rules() -> dict[str, Rule]:
    return {
        "bernoulli_cusum": lambda steps: _share(steps, "score"),
        "share_z": lambda steps: _share(steps, "z"),
        "share_ratio_3h": lambda steps: _share(steps, "ratio"),
        "count_3h": _counted,
    }


def _share(steps: Steps, what: str) -> list[float]:
    # Without the reset, so that a threshold can be chosen afterwards: until the first alarm it changes nothing.
    share = Share(limit=1e9 if what == "score" else 5.0)
    state, scores = share.new(), []
    for place, (hits, trials) in enumerate(steps):
        reading = share.learn_one(state, STEP_S * place, hits=hits, trials=trials)
        scores.append(getattr(reading, what) * (1e9 if what == "score" else 1.0) if reading else 0.0)
    return scores


def _counted(steps: Steps) -> list[float]:
    """The kind's count of 3 h, whatever else there is."""
    window: deque[int] = deque(maxlen=3 * PER_HOUR)
    scores = []
    for hits, _ in steps:
        window.append(hits)
        scores.append(float(sum(window)))
    return scores
