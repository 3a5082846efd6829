"""The Numenta Anomaly Benchmark's scores (A. Lavin and S. Ahmad, ICMLA 2015), beside River's detectors.

The rules are those of NAB's sweeper: the first 15 % of a file (750 points at most) do not count; of the alarms in a window the earliest
counts, by its place; each alarm outside costs, less so just after a window; one threshold for all files, the best for each profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import exp
from pathlib import Path
from typing import Any

import msgspec
from river import anomaly, base, drift, stats

from benchmarks._trend_read import Speed, read_json, seconds, series
from detectors.trend.ranksum import RankSum

__all__ = ["File", "Profile", "measure", "nab_score", "places"]

PROBATION = 0.15
PROBATION_MOST = 750
NEWS = 100
SLOW_FILES = 6
"""River's half-space trees take minutes for all files: they are run on every sixth."""


class Profile(msgspec.Struct):
    """What is gained by a window found, and lost by one missed and by a false alarm."""

    tp: float = 1.0
    fn: float = 1.0
    fp: float = 0.11


class File(msgspec.Struct):
    """One file: times (s), values, and its windows by first and last index."""

    times: list[float]
    values: list[float]
    windows: list[tuple[int, int]]


Place = tuple[int, float]
"""The window a point lies in (-1 = none) and what an alarm there is worth, before weights."""


def measure(folder: Path) -> dict[str, Any]:
    """All contenders over all files."""
    config = read_json(folder / "config" / "profiles.json")
    profiles = {name: _profile(each["CostMatrix"]) for name, each in config.items()}
    windows = read_json(folder / "labels" / "combined_windows.json")
    files = {name: _read(folder / "data" / f"{name}.gz", spans) for name, spans in windows.items()}
    found: dict[str, Any] = {"files": len(files)}
    for name, contender, some in _contenders():
        chosen = {key: file for place, (key, file) in enumerate(files.items()) if not some or place % SLOW_FILES == 0}
        speed = Speed()
        scores = {key: speed.of(len(file.values), partial(contender, file)) for key, file in chosen.items()}
        found[name] = {"files": len(chosen), "points_s": speed.per_second()}
        for profile, costs in profiles.items():
            score, limit = nab_score(chosen.values(), scores.values(), costs)
            found[name][profile] = {"score": round(score, 2), "threshold": round(limit, 4)}
        if name == "rank_sum":
            fixed = {key: nab_score(chosen.values(), scores.values(), costs, at=RankSum.threshold)[0] for key, costs in profiles.items()}
            found[name]["at_its_own_threshold"] = {key: round(score, 2) for key, score in fixed.items()}
    return found


def _profile(costs: dict[str, float]) -> Profile:
    return Profile(costs["tpWeight"], costs["fnWeight"], costs["fpWeight"])


def _read(file: Path, spans: list[list[str]]) -> File:
    times, values = series(file if file.exists() else file.with_suffix(""))
    index = {time: place for place, time in enumerate(times)}
    return File(times, values, [(index[seconds(a)], index[seconds(b)]) for a, b in spans])


def _sigmoid(place: float) -> float:
    """What an alarm is worth: 1 at a window's beginning, 0 at its end, -1 long after."""
    return -1.0 if place > 3 else 2 / (1 + exp(5 * place)) - 1


def places(length: int, windows: list[tuple[int, int]]) -> Iterator[Place]:
    """Window and worth of every point, of the first ones too.

    >>> [(window, round(worth, 2)) for window, worth in places(5, [(1, 2)])]
    [(-1, -1.0), (0, 1.0), (0, 0.86), (-1, -0.99), (-1, -1.0)]
    """
    past: tuple[int, int] | None = None
    number = 0
    for point in range(length):
        if number < len(windows) and windows[number][0] <= point:
            first, last = windows[number]
            width = last - first + 1
            yield number, _sigmoid(-(last - point + 1) / width) / _sigmoid(-1.0)
            if point == last:
                past, number = (last, width), number + 1
        else:
            yield -1, _sigmoid((point - past[0]) / max(1, past[1] - 1)) if past else -1.0


def nab_score(files: Iterable[File], scores: Iterable[list[float]], profile: Profile, *, at: float | None = None) -> tuple[float, float]:
    """The score of all files (a perfect detector 100, one that is silent 0) at the best threshold, or `at` one, and that threshold."""
    points, windows = [], 0
    for number, (file, values) in enumerate(zip(files, scores, strict=True)):
        first = min(int(PROBATION * len(values)), PROBATION_MOST)
        worth = list(places(len(values), file.windows))
        windows += len({window for window, _ in worth[first:]} - {-1})
        points += [(score, number, *worth[place]) for place, score in enumerate(values) if place >= first and score > 0]
    points.sort(key=lambda each: -each[0])
    total = best = -profile.fn * windows
    limit, held = float("inf"), dict[tuple[int, int], float]()
    for place, (score, number, window, worth_) in enumerate(points):
        if at is not None and score < at:
            break
        if window < 0:
            total += profile.fp * worth_
        else:
            before = held.get((number, window), -profile.fn)
            held[number, window] = max(before, profile.tp * worth_)
            total += held[number, window] - before
        last = place + 1 == len(points) or points[place + 1][0] < score
        if last and total > best:
            best, limit = total, score
    reached = best if at is None else total
    return 100 * (reached + profile.fn * windows) / ((profile.tp + profile.fn) * max(1, windows)), limit if at is None else at


def _contenders() -> list[tuple[str, Callable[[File], list[float]], bool]]:
    return [
        ("rank_sum", _rank_sum, False),
        ("river_standard_absolute_deviation", _deviation, False),
        ("river_page_hinkley", lambda file: _drift(file, drift.PageHinkley()), False),
        ("river_adwin", lambda file: _drift(file, drift.ADWIN()), False),
        ("river_half_space_trees", _trees, True),
    ]


def _rank_sum(file: File) -> list[float]:
    detector = RankSum()
    state = detector.new()
    return [detector.learn_one(state, time, value) for time, value in zip(file.times, file.values, strict=True)]


def _news(scores: list[float]) -> list[float]:
    """Scores that exceed all of the 100 before: it helps every detector."""
    return [score if score > max(scores[max(0, place - NEWS) : place], default=0.0) else 0.0 for place, score in enumerate(scores)]


def _deviation(file: File) -> list[float]:
    detector, scores = anomaly.StandardAbsoluteDeviation(sub_stat=stats.Mean()), []
    for value in file.values:
        scores.append(abs(detector.score_one(None, value)))
        detector.learn_one(None, value)
    return _news(scores)


def _drift(file: File, detector: base.DriftDetector) -> list[float]:
    low, high = min(file.values[:PROBATION_MOST]), max(file.values[:PROBATION_MOST])
    scores = []
    for value in file.values:
        detector.update((value - low) / (high - low or 1.0))
        scores.append(float(detector.drift_detected))
    return _news(scores)


def _trees(file: File) -> list[float]:
    low, high = min(file.values[:PROBATION_MOST]), max(file.values[:PROBATION_MOST])
    detector, scores = anomaly.HalfSpaceTrees(seed=1), []
    for value in file.values:
        x = {"value": min(1.0, max(0.0, (value - low) / (high - low or 1.0)))}
        scores.append(float(detector.score_one(x)))
        detector.learn_one(x)
    return _news(scores)
