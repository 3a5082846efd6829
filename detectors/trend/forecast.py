"""The next hours of a series of hourly counts, with intervals: a profile of the week times a level."""

from __future__ import annotations

from math import exp, sqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from detectors.base import State
from detectors.outlook import Accuracy, Expected
from detectors.river_state import MeanState, mean_after

__all__ = ["Forecast", "ForecastState"]

HOUR_S: Final = 3600
DAY: Final = 24
WEEK: Final = 168
HORIZON: Final = 24
DAY_MEMORY: Final = 10
WEEK_MEMORY: Final = 6
SHRINK: Final = 2.0
LEVEL_FADE: Final = 0.5 ** (1 / 12)
LEVEL_PRIOR: Final = 20.0
LEVELS: Final = (0.3, 3.0)
RETURN: Final = 0.5 ** (1 / 8)
"""How fast the level returns to 1 hour by hour ahead."""
SPREAD_RATE: Final = 1 / 168
SURPRISE: Final = 16.0
STEPS: Final = (1, 6, 24)
TOTAL_EVERY: Final = 6
WIDTHS: Final = (1.2816, 1.96)
"""Of intervals of 80 % and 95 %, in standard deviations, as long as nothing shows that errors are not normal."""
MISSED: Final = (0.2, 0.05)
WIDTH_RATE: Final = 0.02
WIDEST: Final = 5.0
ACCURACY_REMEMBERED: Final = 4 * WEEK


class ForecastState(State):
    """What is known of one series.

    `hour`, the last one since the epoch, and `n` learnt; `day` and `week`, mean and visits by hour; `level`, fading sums of counts and
    profile; `spread`, variance over mean of the errors 1, 6 and 24 h ahead, and `spread_of_day` of the sum of 24 h; `widths` of their
    intervals in standard deviations; `made` and `made_of_day`, what was forecast and waits for its hour: due, place in the spread, mean,
    and how far its intervals reach; `past`, the last 24 h; `judged`, River means of what came of the forecasts, by name.
    """

    hour: int = -1
    n: int = 0
    day: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    week: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    level: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float, float] = (2.0, 2.0, 2.0)
    spread_of_day: float = 8.0
    widths: tuple[float, float] = WIDTHS
    widths_of_day: tuple[float, float] = WIDTHS
    made: list[tuple[int, int, float, float, float]] = msgspec.field(default_factory=list)
    made_of_day: list[tuple[int, int, float, float, float]] = msgspec.field(default_factory=list)
    past: list[float] = msgspec.field(default_factory=list)
    judged: dict[str, MeanState] = msgspec.field(default_factory=dict)


class Forecast:
    """Forecasts the next 24 h of counts.

    An hour's mean is its hour of the week drawn towards its hour of the day, times a level of the last hours (half-life 12 h) that
    returns to 1. The variance is mean times the learnt ratio of squared error to mean at 1, 6 and 24 h ahead, between them by straight
    lines: the intervals are wider further ahead. The errors of a day go together, so the sum of 24 h has a ratio of its own. Errors are
    not normal, bursts make them heavy: how many deviations an interval reaches is learnt from how often it missed (I. Gibbs, E. Candès,
    Adaptive conformal inference under distribution shift, NeurIPS 2021). Measured against River's SNARIMAX and HoltWinters in
    benchmarks/README.md.

    Limits: None before a day; a day is repeated until there is a week. Special days are not known. Memory: 192 means, 35 forecasts: 7 kB,
    80 B when empty.

    >>> forecast, state = Forecast(), ForecastState()
    >>> for hour in range(24 * 21):
    ...     forecast.learn_one(state, hour * 3600.0, 40 + 20 * (hour % 24 in range(9, 18)))
    >>> [round(each.mean) for each in forecast.next_day(state)][8:11], round(forecast.total(state).mean)
    ([40, 60, 60], 1140)
    """

    def new(self) -> ForecastState:
        """A series of which nothing is known."""
        return ForecastState()

    def learn_one(self, state: ForecastState, time: float, count: float) -> None:
        """A whole hour's count, in order of time (s since the epoch, shifted by the caller to local time).

        Up to a day of hours left out count as 0; a longer gap teaches nothing.
        """
        hour = int(time // HOUR_S)
        if hour <= state.hour or not 0 <= count < 1e12:
            return
        if state.hour >= 0:
            self.fill(state, hour - 1)
        self._learn(state, hour, float(count))

    def fill(self, state: ForecastState, hour: int) -> None:
        """Go on to the end of an hour (its number) without counts: they are 0, or unknown where more than a day is missing."""
        if hour - state.hour > DAY:
            state.hour, state.past = hour, []
        for missing in range(state.hour + 1, hour + 1):
            self._learn(state, missing, 0.0)

    def copy(self, state: ForecastState) -> ForecastState:
        """One that may learn what is not certain yet; the state stays as it is."""
        lists = {"made": list(state.made), "made_of_day": list(state.made_of_day)}
        return replace(state, day=dict(state.day), week=dict(state.week), judged=dict(state.judged), **lists)

    def next_day(self, state: ForecastState) -> list[Expected]:
        """The 24 h after the last one learnt, empty before a day is known."""
        if state.n < DAY:
            return []
        return [self._expected(state, ahead) for ahead in range(1, HORIZON + 1)]

    def total(self, state: ForecastState) -> Expected | None:
        """The sum of the next 24 h; None before a day is known."""
        if state.n < DAY:
            return None
        mean = self._mean_of_day(state)
        return _span((state.hour + 1) * HOUR_S, mean, sqrt(mean * state.spread_of_day), state.widths_of_day)

    def accuracy(self, state: ForecastState) -> Accuracy | None:
        """What came of the forecasts; None before the first sum of 24 h could be judged."""
        if "total" not in state.judged:
            return None
        mean = {name: value for name, (_, value) in state.judged.items()}
        count, total = max(mean["count"], 1e-9), max(mean["total"], 1e-9)
        return Accuracy(
            int(state.judged["error"][0]),
            mean["error"] / count,
            mean["naive"] / count,
            mean["in80"],
            mean["in95"],
            mean["total_error"] / total,
            mean["total_in80"],
        )

    def mean(self, state: ForecastState, ahead: int) -> float:
        """The mean count of the hour so many hours after the last one."""
        counts, profile = state.level
        level = min(LEVELS[1], max(LEVELS[0], (counts + LEVEL_PRIOR) / (profile + LEVEL_PRIOR)))
        return max(0.05, self._usual(state, state.hour + ahead) * (1 + (level - 1) * RETURN ** (ahead - 1)))

    def _mean_of_day(self, state: ForecastState) -> float:
        return sum(self.mean(state, ahead) for ahead in range(1, HORIZON + 1))

    def _usual(self, state: ForecastState, hour: int) -> float:
        by_day = state.day.get(hour % DAY, (0.0, 0))[0]
        by_week, visits = state.week.get(hour % WEEK, (0.0, 0))
        return (SHRINK * by_day + visits * by_week) / (SHRINK + visits)

    def _expected(self, state: ForecastState, ahead: int) -> Expected:
        mean = self.mean(state, ahead)
        one, six, day = state.spread
        part = (ahead - 1) / 5 if ahead <= 6 else (ahead - 6) / 18
        spread = one + part * (six - one) if ahead <= 6 else six + part * (day - six)
        return _span((state.hour + ahead) * HOUR_S, mean, sqrt(mean * spread), state.widths)

    def _learn(self, state: ForecastState, hour: int, count: float) -> None:
        naive = abs(count - state.past[0]) if len(state.past) == DAY else 0.0
        state.past = [*state.past, count][-DAY:]
        self._check(state, hour, count, naive)
        self._check_day(state, hour)
        usual = self._usual(state, hour) if hour % DAY in state.day else count
        known = min(count, 3 * usual + 10)
        state.level = (state.level[0] * LEVEL_FADE + known, state.level[1] * LEVEL_FADE + usual)
        for table, key, memory in ((state.day, hour % DAY, DAY_MEMORY), (state.week, hour % WEEK, WEEK_MEMORY)):
            mean, visits = table.get(key, (0.0, 0))
            visits = min(visits + 1, memory)
            table[key] = (mean + (known - mean) / visits, visits)
        state.hour, state.n = hour, state.n + 1
        if state.n >= DAY:
            self._promise(state)

    def _promise(self, state: ForecastState) -> None:
        """Remember what is forecast now, to be judged by."""
        for place, ahead in enumerate(STEPS):
            mean = self.mean(state, ahead)
            sd = sqrt(mean * state.spread[place])
            state.made.append((state.hour + ahead, place, mean, state.widths[0] * sd, state.widths[1] * sd))
        if state.hour % TOTAL_EVERY == 0:
            mean = self._mean_of_day(state)
            sd = sqrt(mean * state.spread_of_day)
            state.made_of_day.append((state.hour + HORIZON, 0, mean, state.widths_of_day[0] * sd, state.widths_of_day[1] * sd))

    def _check(self, state: ForecastState, hour: int, count: float, naive: float) -> None:
        """Learn from the forecasts made for this hour how good they are."""
        spread, due = list(state.spread), [each for each in state.made if each[0] == hour]
        state.made = [each for each in state.made if each[0] > hour]
        for _, place, mean, reach80, reach95 in due:
            error = abs(count - mean)
            spread[place] = _learnt(spread[place], error * error / mean)
            state.widths = _adapted(state.widths, error > reach80, error > reach95)
            _judge(state, in80=error <= reach80, in95=error <= reach95)
            if STEPS[place] == HORIZON:
                _judge(state, error=error, naive=naive, count=count)
        state.spread = (spread[0], spread[1], spread[2])

    def _check_day(self, state: ForecastState, hour: int) -> None:
        """The same of the sum of 24 h that ends with this hour."""
        due = [each for each in state.made_of_day if each[0] == hour]
        state.made_of_day = [each for each in state.made_of_day if each[0] > hour]
        total = sum(state.past)
        for _, _, mean, reach80, reach95 in due:
            error = abs(total - mean)
            state.spread_of_day = _learnt(state.spread_of_day, error * error / mean, TOTAL_EVERY)
            state.widths_of_day = _adapted(state.widths_of_day, error > reach80, error > reach95)
            _judge(state, total_error=error, total=total, total_in80=error <= reach80)


def _span(time: float, mean: float, sd: float, widths: tuple[float, float]) -> Expected:
    narrow, wide = widths[0] * sd, widths[1] * sd
    return Expected(float(time), mean, max(0.0, mean - narrow), mean + narrow, max(0.0, mean - wide), mean + wide)


def _learnt(spread: float, ratio: float, weight: int = 1) -> float:
    """The ratio of variance to mean with one more error, which counts at most sixteenfold."""
    return spread + weight * SPREAD_RATE * (min(ratio, SURPRISE * spread) - spread)


def _adapted(widths: tuple[float, float], *missed: bool) -> tuple[float, float]:
    """Wider after a miss, a little narrower after a hit: where the two balance, as many miss as should."""
    first, second = (
        min(WIDEST, max(usual / WIDEST, width * exp(WIDTH_RATE * (miss - share))))
        for width, miss, share, usual in zip(widths, missed, MISSED, WIDTHS, strict=True)
    )
    return first, max(first, second)


def _judge(state: ForecastState, **values: float) -> None:
    for name, value in values.items():
        state.judged[name] = mean_after(state.judged.get(name, (0.0, 0.0)), float(value), memory=ACCURACY_REMEMBERED)
