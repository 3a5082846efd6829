"""Surges in counts: false alarms, time in alarm, recall and delay, beside two rules that need no learning to speak of."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import msgspec

from benchmarks._trend_read import Speed, read_json, recall, seconds, series
from detectors.trend.surge import Surge

__all__ = ["Series", "false_alarms", "first_alarms", "measure"]

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
APART_S = 6 * 3600.0
STRICT = 2


class Series(msgspec.Struct):
    """One file: its times (s) and counts, tick in s, surges and spans that do not count (s), and where warm-up ends (s)."""

    name: str
    times: list[float]
    counts: list[float]
    tick: float
    surges: list[tuple[float, float]]
    excluded: list[tuple[float, float]]
    warm: float

    @property
    def clean(self) -> bool:
        """Whether no surge was injected."""
        return self.name.endswith("__clean")

    def counted(self) -> list[bool]:
        """The ticks outside of warm-up and excluded spans."""
        return [time >= self.warm and not any(a <= time <= b for a, b in self.excluded) for time in self.times]


Contender = Callable[[Series], list[float]]


def measure(folder: Path) -> dict[str, Any]:
    """Every series of the folder, each contender at its threshold of 1."""
    events = read_json(folder / "events.json")
    files = [read(folder, name, about) for name, about in sorted(events.items()) if (folder / f"{name}.csv.gz").exists()]
    found: dict[str, Any] = {"series": len({each.name.partition("__")[0] for each in files})}
    for name, contender in (("surge", learnt), ("naive_2x", naive), ("hour_of_week_2x", hour_of_week)):
        speed = Speed()
        scores = {each.name: speed.of(len(each.counts), partial(contender, each)) for each in files}
        found[name] = {**_summary(files, scores), "points_s": speed.per_second()}
        if name == "surge":
            found["surge"]["by_series"] = _by_series(files, scores)
            found["surge_at"] = {f"{limit:.2f}": _summary(files, scores, limit) for limit in (0.7, 0.8, 0.9, 1.1, 1.3, 1.6)}
    return found


def read(folder: Path, name: str, about: dict[str, Any]) -> Series:
    """One file with what `events.json` says about it."""
    times, counts = series(folder / f"{name}.csv.gz")
    spans = {key: [(seconds(a), seconds(b)) for a, b in about.get(key, [])] for key in ("surges", "exclude")}
    warm = times[0] + about["warmup_days"] * DAY_S
    return Series(name, times, counts, about["tick_min"] * 60.0, spans["surges"], spans["exclude"], warm)


def learnt(file: Series) -> list[float]:
    """The score of `Surge`."""
    surge = Surge(round(file.tick))
    state, scores = surge.new(), []
    for time, count in zip(file.times, file.counts, strict=True):
        reading = surge.learn_one(state, time, count)
        scores.append(reading.score if reading else 0.0)
    return scores


def naive(file: Series) -> list[float]:
    """The count of 3 h over twice the mean of all before."""
    return _against(file, lambda _, past: past[0] / past[1] if past[1] else 0.0)


def hour_of_week(file: Series) -> list[float]:
    """The count of 3 h over twice the sum of the medians of the same hour of the week."""
    known: dict[int, deque[float]] = {}

    def usual(time: float, past: tuple[float, int]) -> float:
        values = known.get(int(time % WEEK_S // 3600))
        return median(values) if values else past[0] / max(1, past[1])

    return _against(file, usual, known)


def _against(file: Series, usual: Callable[[float, tuple[float, int]], float], known: dict[int, deque[float]] | None = None) -> list[float]:
    window: deque[tuple[float, float]] = deque(maxlen=round(3 * 3600 / file.tick))
    past, scores = (0.0, 0), []
    for time, count in zip(file.times, file.counts, strict=True):
        window.append((count, usual(time, past)))
        past = (past[0] + count, past[1] + 1)
        if known is not None:
            known.setdefault(int(time % WEEK_S // 3600), deque(maxlen=64)).append(count)
        scores.append(sum(each[0] for each in window) / (2 * sum(each[1] for each in window) + 1e-9) if past[1] > 1 else 0.0)
    return scores


def false_alarms(times: list[float], on: list[bool], counted: list[bool]) -> int:
    """Alarms that begin 6 h or more after the last tick in alarm, at a tick that counts.

    >>> hours = [3600.0 * n for n in range(12)]
    >>> false_alarms(hours, [n in (1, 2, 8, 11) for n in range(12)], [True] * 12)
    2
    """
    last, found = float("-inf"), 0
    for time, alarm, counts in zip(times, on, counted, strict=True):
        if alarm:
            found += time - last >= APART_S and counts
            last = time
    return found


def first_alarms(file: Series, on: list[bool]) -> list[float | None]:
    """Minutes from each surge's onset to the end of its first tick in alarm; None if it is missed, or the alarm was on before."""
    delays: list[float | None] = []
    for begin, end in file.surges:
        first = bisect_left(file.times, begin)
        place = next((n for n in range(first, len(on)) if on[n] or file.times[n] > end), len(on))
        found = place < len(on) and on[place] and file.times[place] <= end
        early = any(on[max(0, first - STRICT) : first])
        delays.append((file.times[place] + file.tick - begin) / 60 if found and not early else None)
    return delays


def _summary(files: list[Series], scores: dict[str, list[float]], limit: float = 1.0) -> dict[str, Any]:
    rates, shares, alarms, weeks = [], [], 0, 0.0
    delays: dict[str, list[float | None]] = {}
    for file in files:
        on = [score >= limit for score in scores[file.name]]
        if file.clean:
            counted = file.counted()
            number, span = false_alarms(file.times, on, counted), sum(counted) * file.tick / WEEK_S
            alarms, weeks = alarms + number, weeks + span
            rates.append(number / span if span else 0.0)
            shares.append(sum(a and c for a, c in zip(on, counted, strict=True)) / max(1, sum(counted)))
        else:
            delays.setdefault(file.name.rpartition("__")[2], []).extend(first_alarms(file, on))
    return {
        "false_alarms_week": round(alarms / weeks, 3) if weeks else None,
        "false_alarms_week_mean_of_series": round(fmean(rates), 3) if rates else None,
        "time_in_alarm": round(fmean(shares), 4) if shares else None,
        **{size: recall(found) for size, found in sorted(delays.items())},
    }


def _by_series(files: list[Series], scores: dict[str, list[float]]) -> dict[str, Any]:
    names = sorted({each.name.partition("__")[0] for each in files})
    return {name: _summary([each for each in files if each.name.partition("__")[0] == name], scores) for name in names}
