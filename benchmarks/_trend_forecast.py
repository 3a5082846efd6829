"""The next 24 h of hourly counts: the profile against River's SNARIMAX and HoltWinters, each forecast made before its hours are known."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path
from statistics import fmean
from typing import Any

from river import linear_model, optim, preprocessing, time_series

from benchmarks._trend_read import Speed, series
from detectors.trend.forecast import Forecast

__all__ = ["hourly", "measure"]

DAY = 24
WARM = 14 * DAY
EVERY = 6

Ahead = list[tuple[int, float]]
"""Hour's place and forecast."""


def measure(folder: Path) -> dict[str, Any]:
    """Every clean series: mean absolute errors of all hours ahead over those of a repetition of the same hour a week before."""
    found, speed = dict[str, Any](), Speed()
    for file in sorted(folder.glob("*__clean.csv.gz")):
        hours, counts = hourly(*series(file))
        if len(counts) >= 2 * WARM:
            found[file.name.partition("__")[0]] = _compare(hours, counts, speed)
    ratios = [each for each in found.values() if isinstance(each, dict)]
    if ratios:
        names = [name for name in ratios[0] if name != "coverage"]
        found["mae_ratio_mean"] = {name: round(fmean(each[name] for each in ratios), 3) for name in names}
        found["coverage_mean"] = {key: round(fmean(each["coverage"][key] for each in ratios), 3) for key in ("80", "95", "day80")}
    return {**found, "points_s": speed.per_second()}


def hourly(times: list[float], counts: list[float]) -> tuple[list[int], list[float]]:
    """Whole hours (numbers since the epoch) and their counts, the first and the last left out.

    >>> hourly([0.0, 3600.0, 5400.0, 7200.0], [1.0, 2.0, 3.0, 4.0])
    ([1], [5.0])
    """
    sums: dict[int, float] = {}
    for time, count in zip(times, counts, strict=True):
        hour = int(time // 3600)
        sums[hour] = sums.get(hour, 0.0) + count
    hours = list(range(min(sums) + 1, max(sums)))
    return hours, [sums.get(hour, 0.0) for hour in hours]


def _compare(hours: list[int], counts: list[float], speed: Speed) -> dict[str, Any]:
    ours, coverage = _profile(hours, counts)
    speed.of(len(counts), lambda: _learnt(hours, counts))
    made = {
        "profile": ours,
        "snarimax": _river(counts, lambda: time_series.SNARIMAX(p=2, d=0, q=1, m=DAY, sp=2, sq=0, regressor=_regressor())),
        "holt_winters": _river(counts, lambda: time_series.HoltWinters(alpha=0.1, beta=0.001, gamma=0.2, seasonality=7 * DAY)),
    }
    naive = fmean(abs(counts[place] - counts[place - 7 * DAY]) for place, _ in ours)
    errors = {name: fmean(abs(counts[place] - mean) for place, mean in each) for name, each in made.items()}
    return {**{name: round(each / naive, 3) for name, each in errors.items()}, "coverage": coverage}


def _profile(hours: list[int], counts: list[float]) -> tuple[Ahead, dict[str, float]]:
    forecast = Forecast()
    state, made = forecast.new(), []
    inside: dict[str, list[bool]] = {"80": [], "95": [], "day80": []}
    for place, (hour, count) in enumerate(zip(hours, counts, strict=True)):
        forecast.learn_one(state, hour * 3600.0, count)
        if _due(place, counts):
            total = forecast.total(state)
            inside["day80"].append(total is not None and total.low80 <= sum(counts[place + 1 : place + 1 + DAY]) <= total.high80)
            for ahead, each in enumerate(forecast.next_day(state), start=1):
                real = counts[place + ahead]
                made.append((place + ahead, each.mean))
                inside["80"].append(each.low80 <= real <= each.high80)
                inside["95"].append(each.low95 <= real <= each.high95)
    return made, {key: round(fmean(each), 3) for key, each in inside.items()}


def _learnt(hours: list[int], counts: list[float]) -> list[float]:
    """Learning alone, the part that costs at every hour."""
    forecast = Forecast()
    state = forecast.new()
    for hour, count in zip(hours, counts, strict=True):
        forecast.learn_one(state, hour * 3600.0, count)
    return []


def _due(place: int, counts: list[float]) -> bool:
    """Every 6 h, once warm and while a whole day follows."""
    return place >= WARM and place % EVERY == 0 and place + DAY < len(counts)


def _regressor() -> Any:
    """As River's own examples have it: unscaled, gradient descent diverges on counts."""
    return preprocessing.StandardScaler() | linear_model.LinearRegression(intercept_init=0, optimizer=optim.SGD(0.01), intercept_lr=0.3)


def _river(counts: list[float], new: Callable[[], Any]) -> Ahead:
    """River's forecast of the roots of the counts, which steadies both models; one outside of what was ever seen is cut off there."""
    model, made, most = new(), [], 0.0
    for place, count in enumerate(counts):
        root = sqrt(count)
        model.learn_one(root)
        most = max(most, root)
        if _due(place, counts):
            made += [(place + ahead, min(most, max(0.0, mean)) ** 2) for ahead, mean in enumerate(model.forecast(horizon=DAY), start=1)]
    return made
