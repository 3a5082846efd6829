"""Drift of a score: recall and delay of ramps and steps, each detector at one false alarm in 100 h, beside River's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from river import drift

from benchmarks._trend_read import Speed, columns, highest_alarms, read_json, recall
from detectors.trend.drift import Drift, DriftReading

__all__ = ["delay", "limit_for", "measure"]

PER_HOUR = 30
MINUTES = 2
WITHIN = 6 * PER_HOUR
APART = 6 * PER_HOUR
STRICT = 2
RATE_H = 100

Scores = dict[str, list[float]]


def measure(folder: Path, _seed: int) -> dict[str, Any]:
    """Every detector over every column of every file."""
    onsets: dict[str, int | None] = read_json(folder / "onsets.json")
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("*.csv.gz")):
        data = {name: [float(each) for each in values] for name, values in columns(file).items() if name in onsets}
        found[file.name.removesuffix(".csv.gz")] = _file(data, onsets)
    return found


def _file(data: Scores, onsets: dict[str, int | None]) -> dict[str, Any]:
    clean = [name for name in data if onsets[name] is None]
    found: dict[str, Any] = {"clean_hours": sum(len(data[name]) for name in clean) / PER_HOUR}
    for name, contender in _contenders().items():
        speed = Speed()
        scores = {key: speed.of(len(values), partial(contender, values)) for key, values in data.items()}
        limit = limit_for([scores[key] for key in clean])
        delays: dict[str, list[float | None]] = {}
        for key, onset in onsets.items():
            if onset is not None and key in data:
                delays.setdefault(key.rpartition("_")[0], []).append(delay(scores[key], onset, limit))
        found[name] = {"threshold": round(limit, 4), "points_s": speed.per_second(), **{key: recall(each) for key, each in delays.items()}}
    found["onset_told"] = _onsets(data, onsets)
    return found


def _onsets(data: Scores, onsets: dict[str, int | None]) -> dict[str, Any]:
    """At the detector's own limits: false alarms in 100 h, and of the drifts found the share whose kind was told rightly."""
    alarms, hours, told = 0, 0.0, dict[str, list[bool]]()
    for name, values in data.items():
        kinds = [reading.onset for reading in _readings(values)]
        begun = [place for place, kind in enumerate(kinds) if kind and (place == 0 or kinds[place - 1] is None)]
        onset = onsets[name]
        if onset is None:
            alarms, hours = alarms + _separate(begun), hours + len(values) / PER_HOUR
            continue
        first = next((place for place in begun if onset <= place < onset + WITHIN), None)
        if first is not None:
            told.setdefault(name.rpartition("_")[0], []).append(kinds[first] == ("sudden" if name.startswith("step") else "gradual"))
    shares = {key: round(sum(each) / len(each), 3) for key, each in told.items()}
    return {"false_alarms_100h": round(100 * alarms / hours, 2) if hours else None, "right": shares}


def _separate(places: list[int]) -> int:
    """How many of them begin 6 h or more after the one before."""
    return sum(1 for number, place in enumerate(places) if not number or place - places[number - 1] >= APART)


def limit_for(scores: list[list[float]]) -> float:
    """The lowest limit with at most one false alarm in 100 h; alarms within 6 h are one.

    >>> limit_for([[0.0] * 2999 + [3.0]])
    3.0
    """
    allowed = sum(len(each) for each in scores) / PER_HOUR / RATE_H
    return highest_alarms({score for each in scores for score in each if score > 0}, lambda limit: _over(scores, limit) <= allowed)


def _over(scores: list[list[float]], limit: float) -> int:
    return sum(_separate([place for place, score in enumerate(each) if score >= limit]) for each in scores)


def delay(scores: list[float], onset: int, limit: float) -> float | None:
    """Minutes to the end of the first point over the limit; None if there is none within 6 h, or it was over just before.

    >>> delay([0.0] * 10 + [2.0], onset=8, limit=1.0)
    6.0
    """
    if any(score >= limit for score in scores[max(0, onset - STRICT) : onset]):
        return None
    found = next((place for place, score in enumerate(scores[onset : onset + WITHIN]) if score >= limit), None)
    return None if found is None else float((found + 1) * MINUTES)


def _readings(values: list[float]) -> list[DriftReading]:
    detector = Drift(side=1)
    state = detector.new()
    return [detector.learn_one(state, value) for value in values]


def _contenders() -> dict[str, Callable[[list[float]], list[float]]]:
    return {
        "cusum": lambda values: [each.sudden for each in _readings(values)],
        "ramp_filter": lambda values: [each.gradual for each in _readings(values)],
        "both": lambda values: [max(each.sudden, each.gradual) for each in _readings(values)],
        "river_page_hinkley_0.25": lambda values: _page_hinkley(values, 0.25),
        "river_page_hinkley_0.5": lambda values: _page_hinkley(values, 0.5),
        "river_adwin": _adwin,
    }


def _page_hinkley(values: list[float], delta: float) -> list[float]:
    """River's statistic, which it does not publish: what it compares with its threshold, upwards."""
    detector, scores = drift.PageHinkley(delta=delta, threshold=1e9, alpha=1.0, mode="up"), []
    for value in values:
        detector.update(value)
        scores.append(float(detector._sum_increase - detector._min_increase))  # noqa: SLF001 - it has no other name
    return scores


def _adwin(values: list[float]) -> list[float]:
    """1 where it detects a change, at its own significance."""
    detector, scores = drift.ADWIN(delta=0.002), []
    for value in values:
        detector.update(value)
        scores.append(float(detector.drift_detected))
    return scores
