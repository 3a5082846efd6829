"""The links of the transmission chain: planted lags, and series without any link."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from math import exp, pi, sin, sqrt
from pathlib import Path
from typing import Any

from benchmarks._trend_read import Speed, columns, quantile, read_json, seconds
from detectors.trend.lag import Lag, LagReading

__all__ = ["measure", "simulated"]

CLOSE_H = 0.2
DAYS = 7
RUNS = 12
STEP_S = 300.0
PER_DAY = 288
BEFORE = 200
LAGS_H = (0.9, 1.1, 1.2)
SPREADS = (0.3, 0.35, 0.4)
RESPONSE = 96


def measure(folder: Path, seed: int) -> dict[str, Any]:
    """Every file of the folder, and chains simulated in the same way with other widths: `runs` of 7 days at equal signal and noise."""
    truth = read_json(folder / "truth.json")
    speed, found = Speed(), dict[str, Any]()
    for name, about in sorted(truth.items()):
        file = folder / f"{name}.csv.gz"
        if file.exists():
            table = columns(file)
            times = [seconds(each) for each in next(iter(table.values()))]
            chain = [[float(each) for each in values] for values in list(table.values())[1:]]
            found[name] = _judged([_read(times, chain, about["signs"], speed)], about["lags_h"])
            found[name] |= {f"after_{DAYS}_days": _judged([_read(times[: DAYS * PER_DAY], chain, about["signs"], speed)], about["lags_h"])}
    for name, linked in (("simulated_snr1", True), ("simulated_null", False)):
        rng = random.Random(seed)
        chains = [simulated(rng, DAYS, linked=linked) for _ in range(RUNS)]
        times = [STEP_S * step for step in range(DAYS * PER_DAY)]
        found[name] = _judged([_read(times, chain, ["-"] * 3, speed) for chain in chains], list(LAGS_H) if linked else None)
    return {**found, "points_s": speed.per_second()}


def _read(times: list[float], chain: list[list[float]], signs: list[str], speed: Speed) -> list[LagReading]:
    """One reading for each link, after all of it."""
    readings: list[LagReading] = []
    for number, sign in enumerate(signs):
        lag = Lag(-1 if sign == "-" else 1)
        state = lag.new()

        def learn(first: Iterable[float] = chain[number], second: Iterable[float] = chain[number + 1], lag: Lag = lag) -> list[float]:
            for time, x, y in zip(times, first, second, strict=False):
                lag.learn_one(state, time, x, y)  # noqa: B023 - called before the next round
            return []

        speed.of(len(times), learn)
        reading = lag.read(state)
        if reading:
            readings.append(reading)
    return readings


def _judged(runs: list[list[LagReading]], lags: list[float] | None) -> dict[str, Any]:
    """Errors of links and of their total; how many links are believed."""
    every = [reading for run in runs for reading in run]
    linked = round(sum(each.linked for each in every) / max(1, len(every)), 4)
    strong = {
        "links": len(every),
        "linked": linked,
        "z": [round(quantile([each.z for each in every], share), 2) for share in (0.0, 0.5, 1.0)],
    }
    if lags is None:
        return strong
    errors = [reading.lag_h - lag for run in runs for reading, lag in zip(run, lags, strict=True)]
    totals = [sum(reading.lag_h for reading in run) - sum(lags) for run in runs]
    return {
        **strong,
        "mean_error_h": round(sum(abs(each) for each in errors) / len(errors), 3),
        "within_0.2_h": round(sum(abs(each) <= CLOSE_H + 1e-9 for each in errors) / len(errors), 3),
        "total_mean_error_h": round(sum(abs(each) for each in totals) / len(totals), 3),
        "total_bias_h": round(sum(totals) / len(totals), 3),
        "total_within_0.2_h": round(sum(abs(each) <= CLOSE_H + 1e-9 for each in totals) / len(totals), 3),
    }


def simulated(rng: random.Random, days: int, *, linked: bool, snr: float = 1.0) -> list[list[float]]:
    """Four series of 5-minute values, each the delayed and spread negative of the one before, with noise and a season."""
    length = days * PER_DAY + BEFORE
    first = _noise(rng, length, 0.9)
    for _ in range(days):
        begin, width = rng.randrange(length - 60), rng.randrange(12, 36)
        for place in range(width):
            first[begin + place] += 2 * sin(pi * place / width) ** 2
    chain = [first]
    for lag, spread in zip(LAGS_H, SPREADS, strict=True):
        signal = _delayed(chain[-1], lag, spread) if linked else [0.0] * length
        sd = sqrt(sum(each * each for each in signal) / length) or 1.0
        chain.append([-each / sd * snr + noise for each, noise in zip(signal, _noise(rng, length, 0.7), strict=True)])
    phases = [rng.uniform(0, 2 * pi) for _ in chain]
    return [
        [value + 2 * sin(2 * pi * step / PER_DAY + phase) for step, value in enumerate(values)][BEFORE:]
        for values, phase in zip(chain, phases, strict=True)
    ]


def _noise(rng: random.Random, length: int, memory: float) -> list[float]:
    """An AR(1) of unit variance."""
    values, last = [], rng.gauss(0, 1)
    for _ in range(length):
        last = memory * last + sqrt(1 - memory * memory) * rng.gauss(0, 1)
        values.append(last)
    return values


def _delayed(values: list[float], lag_h: float, spread: float) -> list[float]:
    """The values through a gamma-shaped response."""
    shape = 1 / spread**2
    hours = [(place + 0.5) / 12 for place in range(RESPONSE)]
    weights = [(hour / lag_h) ** (shape - 1) * exp(-(hour / lag_h - 1) * shape) for hour in hours]
    total = sum(weights)
    window, found = deque([0.0] * RESPONSE, maxlen=RESPONSE), []
    for value in values:
        window.appendleft(value)
        found.append(sum(map(float.__mul__, weights, window)) / total)
    return found
