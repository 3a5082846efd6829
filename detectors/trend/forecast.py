"""The next hours of a series of hourly counts, with intervals: a profile of the week times a level."""

from __future__ import annotations

from math import sqrt
from typing import Final

import msgspec

from detectors.base import State

__all__ = ["Expected", "Forecast", "ForecastState"]

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
ERROR_RATE: Final = 1 / 168
Z80: Final = 1.2816
Z95: Final = 1.96


class ForecastState(State):
    """What is known of one series.

    `hour`, the last one since the epoch, and `n` learnt; `day` and `week`, mean and visits by hour; `level`, fading sums of counts and
    profile; `spread`, variance over mean of the errors 1, 6 and 24 h ahead; `made`, the forecasts of these that wait for their hour;
    `error`, the mean absolute error of 24 h ahead, and that of a repetition of the day before; `past`, the last 24 h.
    """

    hour: int = -1
    n: int = 0
    day: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    week: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    level: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float, float] = (2.0, 2.0, 2.0)
    made: list[tuple[int, int, float]] = msgspec.field(default_factory=list)
    error: tuple[float, float] = (0.0, 0.0)
    past: list[float] = msgspec.field(default_factory=list)


class Expected(msgspec.Struct, frozen=True):
    """One hour to come: its start `time` in s, the `mean` count, and the intervals that should hold 80 % and 95 % of such hours."""

    time: float
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float


class Forecast:
    """Forecasts the next 24 h of counts.

    An hour's mean is its hour of the week drawn towards its hour of the day, times a level of the last hours (half-life 12 h) that
    returns to 1. The variance is mean times the learnt ratio of squared error to mean at 1, 6 and 24 h ahead, between them by straight
    lines: the intervals are wider further ahead. Measured against River's SNARIMAX and HoltWinters in benchmarks/README.md.

    Limits: None before a day; a day is repeated until there is a week. Special days are not known. Memory: 192 means, 72 forecasts: 6 kB,
    80 B when empty.

    >>> forecast, state = Forecast(), ForecastState()
    >>> for hour in range(24 * 21):
    ...     forecast.learn_one(state, hour * 3600.0, 40 + 20 * (hour % 24 in range(9, 18)))
    >>> [round(each.mean) for each in forecast.next_day(state)][8:11]
    [40, 60, 60]
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
        if state.hour >= 0 and hour - state.hour <= DAY:
            for missing in range(state.hour + 1, hour):
                self._learn(state, missing, 0.0)
        self._learn(state, hour, float(count))

    def next_day(self, state: ForecastState) -> list[Expected]:
        """The 24 h after the last one learnt, empty before a day is known."""
        if state.n < DAY:
            return []
        return [self._expected(state, ahead) for ahead in range(1, HORIZON + 1)]

    def mean(self, state: ForecastState, ahead: int) -> float:
        """The mean count of the hour so many hours after the last one."""
        counts, profile = state.level
        level = min(LEVELS[1], max(LEVELS[0], (counts + LEVEL_PRIOR) / (profile + LEVEL_PRIOR)))
        return max(0.05, self._usual(state, state.hour + ahead) * (1 + (level - 1) * RETURN ** (ahead - 1)))

    def _usual(self, state: ForecastState, hour: int) -> float:
        by_day = state.day.get(hour % DAY, (0.0, 0))[0]
        by_week, visits = state.week.get(hour % WEEK, (0.0, 0))
        return (SHRINK * by_day + visits * by_week) / (SHRINK + visits)

    def _expected(self, state: ForecastState, ahead: int) -> Expected:
        mean = self.mean(state, ahead)
        one, six, day = state.spread
        part = (ahead - 1) / 5 if ahead <= 6 else (ahead - 6) / 18
        spread = one + part * (six - one) if ahead <= 6 else six + part * (day - six)
        sd = sqrt(mean * spread)
        bounds = [max(0.0, mean + z * sd) for z in (-Z80, Z80, -Z95, Z95)]
        return Expected(float((state.hour + ahead) * HOUR_S), mean, *bounds)

    def _learn(self, state: ForecastState, hour: int, count: float) -> None:
        self._check(state, hour, count)
        usual = self._usual(state, hour) if hour % DAY in state.day else count
        known = min(count, 3 * usual + 10)
        state.level = (state.level[0] * LEVEL_FADE + known, state.level[1] * LEVEL_FADE + usual)
        for table, key, memory in ((state.day, hour % DAY, DAY_MEMORY), (state.week, hour % WEEK, WEEK_MEMORY)):
            mean, visits = table.get(key, (0.0, 0))
            visits = min(visits + 1, memory)
            table[key] = (mean + (known - mean) / visits, visits)
        state.hour, state.n = hour, state.n + 1
        state.past = [*state.past, count][-DAY:]
        if state.n >= DAY:
            state.made += [(hour + ahead, place, self.mean(state, ahead)) for place, ahead in enumerate(STEPS)]

    def _check(self, state: ForecastState, hour: int, count: float) -> None:
        """Learn from the forecasts made for this hour how good they are."""
        spread, waiting = list(state.spread), []
        for due, place, mean in state.made:
            if due > hour:
                waiting.append((due, place, mean))
            elif due == hour:
                ratio = (count - mean) ** 2 / mean
                spread[place] += SPREAD_RATE * (min(ratio, SURPRISE * spread[place]) - spread[place])
                if STEPS[place] == HORIZON:
                    ours, naive = state.error
                    repeated = state.past[0] if len(state.past) == DAY else count
                    state.error = (ours + ERROR_RATE * (abs(count - mean) - ours), naive + ERROR_RATE * (abs(count - repeated) - naive))
        state.made = waiting
        state.spread = (spread[0], spread[1], spread[2])
