"""How many conversations and complaints the next 24 hours will bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.naming import name_of
from detectors.outlook import Expected, Outlook
from detectors.trend.forecast import Forecast, ForecastState
from detectors.windowed_rate import just_closed

__all__ = ["VolumeForecast"]

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0
FORGET_S: Final = 35 * DAY_S
SERIES: Final = ("conversations", "complaints")
HOURS_OPEN: Final = 3
"""Hours that are still counted: what comes late has its hour left open so long."""


class VolumeForecastParams(Params):
    """`calendar` is the policy's."""

    calendar: CalendarParams = Field(default_factory=CalendarParams)


class VolumeForecastState(State):
    """What the forecast knows of each series, and the counts of its hours that are still open, by number since the epoch.

    `shift` in s makes them local hours; `last` is the newest observation's time.
    """

    known: dict[str, ForecastState] = msgspec.field(default_factory=dict)
    open: dict[str, dict[int, float]] = msgspec.field(default_factory=dict)
    last: float = 0.0


class VolumeForecast(ScopeDetector[VolumeForecastState]):
    """Opened conversations and complaints of the next 24 h, for the tenant and each queue, with intervals and their record so far.

    It lights no tier: `fenghuo forecast`, the topic `fenghuo.kpi.v1` and the metrics `fenghuo_forecast_*` show it, made anew each hour.
    A complaint counts at its conversation's end. An hour is learnt three hours after its end, so that what comes late is in it; the
    forecast begins with the present hour and goes 24 h from there. How it is made: detectors/trend/forecast.py, by local hours.

    Limits: nothing before a day, no weekly course before a week; declared campaigns and holidays are not known; where the clocks change,
    one day is an hour off. Memory: two series of 7 kB.

    >>> from detectors.base import Scope
    >>> detector, state = VolumeForecast(), VolumeForecastState()
    >>> for hour in range(24 * 15):
    ...     count = 60.0 if hour % 24 in range(9, 18) else 10.0
    ...     detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, count, terms=("conversations",)))
    >>> (outlook,) = detector.outlook(state, 24 * 15 * 3600.0)
    >>> outlook.series, len(outlook.hours), round(outlook.total.mean), round(outlook.accuracy.error, 2)
    ('conversations', 24, 690, 0.0)
    """

    indicator = "volume_ratio_3h"
    State = VolumeForecastState
    Params = VolumeForecastParams
    step_s = HOUR_S

    def __init__(self, params: VolumeForecastParams | None = None) -> None:
        super().__init__(params)
        self.calendar = Calendar(self.params.calendar)
        self.forecast = Forecast()

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each opened conversation, each complaint at its end: to the tenant and the queue."""
        context = turn.context
        if turn.event.type == "conversation.opened":
            series = "conversations"
        elif context.is_complaint and just_closed(turn):
            series = "complaints"
        else:
            return ()
        scopes = [turn.scope(), *([turn.scope(queue_id=context.queue_id)] if context.queue_id is not None else [])]
        return [Observation(name_of(type(self)), scope, turn.event.time, terms=(series,), cell=True) for scope in scopes]

    def learn_one(self, state: VolumeForecastState, observation: Observation) -> None:
        """Count, and learn the hours that are over for long enough."""
        series, hour = observation.terms[0], int(observation.time // HOUR_S)
        state.last = max(state.last, observation.time)
        newest = int(state.last // HOUR_S)
        for name in SERIES:
            if name in state.known:
                self._close(state.known[name], state.open[name], newest - HOURS_OPEN)
        if series not in SERIES or hour < newest - HOURS_OPEN:
            return
        if series not in state.known:
            # The hour in which a series is first heard of is known in part only.
            state.known[series], state.open[series] = ForecastState(hour=self._local(hour)), {}
        counts = state.open[series]
        counts[hour] = counts.get(hour, 0.0) + observation.value

    def score_one(self, state: VolumeForecastState, now: float) -> Reading | None:
        """Nothing: what is to come is no alarm."""
        return None

    def outlook(self, state: VolumeForecastState, now: float) -> Iterable[Outlook]:
        """The next 24 h of each series that is known for a day. Does not change what was learnt."""
        hour = int(now // HOUR_S)
        for name, known in state.known.items():
            ahead = self.forecast.copy(known)
            self._close(ahead, dict(state.open[name]), hour)
            total = self.forecast.total(ahead)
            if total is not None:
                back = self._local(hour) * HOUR_S - hour * HOUR_S
                hours = tuple(_moved(each, back) for each in self.forecast.next_day(ahead))
                yield Outlook(name, hours, _moved(total, back), self.forecast.accuracy(ahead))

    def idle(self, state: VolumeForecastState, now: float) -> bool:
        """Nothing for a day."""
        return state.last + DAY_S < now

    def expired(self, state: VolumeForecastState, now: float) -> bool:
        """Five weeks without a conversation."""
        return state.last + FORGET_S < now

    def _close(self, known: ForecastState, counts: dict[int, float], until: int) -> None:
        """Learn the hours before `until` that are not learnt yet; those without a count are 0."""
        for hour in sorted(hour for hour in counts if hour < until):
            self.forecast.learn_one(known, self._local(hour) * HOUR_S, counts.pop(hour))
        self.forecast.fill(known, self._local(until - 1))

    def _local(self, hour: int) -> int:
        """The hour's number by local clocks, asked at its middle, for zones that are half an hour off."""
        middle = hour * HOUR_S + HOUR_S / 2
        offset = self.calendar.local(middle).utcoffset()
        return int((middle + (offset.total_seconds() if offset is not None else 0.0)) // HOUR_S)


def _moved(expected: Expected, back: float) -> Expected:
    """The same at the time of the epoch."""
    return replace(expected, time=expected.time - back)
