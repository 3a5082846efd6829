"""The calendar of a service centre: zone, opening hours, holidays and 调休 working days.

Baselines by hour of the week, timers in business hours and days in reports all ask here, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

__all__ = ["Calendar", "CalendarParams", "DayType", "OpeningHours"]

DayType = Literal["workday", "weekend"]

HOURS_OF_WEEK = 168
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_DAY_S = 86_400


def _minute(text: str) -> int:
    """Minutes since midnight of `HH:MM`; `24:00` is the day's end."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours + minutes).isdecimal() or len(minutes) != 2:
        raise ValueError(f"{text!r} is no time of day; write it as in '09:00-21:30'")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 24 * 60:
        raise ValueError(f"{text!r} is no time of day; the last one is 24:00")
    return total


def _span(value: Any) -> Any:
    """`"09:00-21:30"` as (540, 1290); the end lies after the begin (a night is two spans)."""
    if not isinstance(value, str):
        raise ValueError("opening hours are texts; put '09:00-21:00' in quotes")  # noqa: TRY004 - pydantic wants ValueError
    begin, dash, end = value.partition("-")
    span = (_minute(begin.strip()), _minute(end.strip())) if dash else (0, 0)
    if span[0] >= span[1]:
        raise ValueError(f"{value!r}: the end must lie after the begin; write a night as two spans, '22:00-24:00' and '00:00-06:00'")
    return span


Span = Annotated[tuple[int, int], BeforeValidator(_span, json_schema_input_type=str)]
_ALWAYS: tuple[Span, ...] = ((0, 24 * 60),)


class OpeningHours(BaseModel):
    """When the centre is open, by the type of the day: spans of local time; no span is a closed day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workday: tuple[Span, ...] = _ALWAYS
    weekend: tuple[Span, ...] = _ALWAYS

    @field_validator("workday", "weekend")
    @classmethod
    def _apart(cls, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        ordered = tuple(sorted(spans))
        if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
            raise ValueError("the spans overlap; join them")
        return ordered


class CalendarParams(BaseModel):
    """`calendar:` of the policy. `holidays` are days off, `extra_working_days` (调休) weekend days that are worked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = "Asia/Shanghai"
    opening_hours: OpeningHours = Field(default_factory=OpeningHours)
    holidays: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone; names look like Asia/Shanghai or Europe/Berlin") from None
        return name

    @field_validator("extra_working_days")
    @classmethod
    def _weekend_days(cls, days: frozenset[date]) -> frozenset[date]:
        for day in sorted(days):
            if day.weekday() < _SATURDAY:
                raise ValueError(f"{day} is a {day:%A}, no day of a weekend")
        return days


class Calendar:
    """Local time, the type of days, and business time. All arguments are epoch seconds.

    A holiday counts like a Sunday (on a Saturday: like that Saturday), a worked weekend day like the weekday next to it: Saturday like
    Friday, Sunday like Monday. So their hours are compared with hours of their kind.

    >>> calendar = Calendar(CalendarParams(opening_hours={"workday": ["09:00-18:00"], "weekend": []}, holidays=["2026-10-01"],
    ...     extra_working_days=["2026-10-10"]))
    >>> thursday, saturday = (datetime.fromisoformat(f"2026-10-{day}T10:30:00+08:00").timestamp() for day in ("01", "10"))
    >>> calendar.day_type(thursday), calendar.hour_of_week(thursday), calendar.day_type(saturday), calendar.hour_of_week(saturday)
    ('weekend', 154, 'workday', 106)
    >>> calendar.is_open(thursday), calendar.is_open(saturday), calendar.business_seconds(thursday, saturday) / 3600
    (False, True, 55.5)
    """

    def __init__(self, params: CalendarParams | None = None) -> None:
        self.params = params if params is not None else CalendarParams()
        self.zone = ZoneInfo(self.params.time_zone)

    def local(self, at: float) -> datetime:
        """The local date and time."""
        return datetime.fromtimestamp(at, self.zone)

    def day(self, at: float) -> date:
        """The local day."""
        return self.local(at).date()

    def day_type(self, at: float) -> DayType:
        """Whether the local day is worked."""
        return self._type_of(self.local(at).date())

    def hour_of_week(self, at: float) -> int:
        """The slot 0..167 (Monday 0:00 is 0) whose hours are like this one."""
        local = self.local(at)
        return self._slot_day(local.date()) * 24 + local.hour

    def is_open(self, at: float) -> bool:
        """Whether the centre is open."""
        local = self.local(at)
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self._spans(local.date()))

    def business_seconds(self, begin: float, end: float) -> float:
        """Open seconds between two moments; 0 when the end is not later. Walks the days between them."""
        if end <= begin:
            return 0.0
        return sum(max(0.0, min(end, closes) - max(begin, opens)) for opens, closes in self._openings(begin, end))

    def _openings(self, begin: float, end: float) -> Iterator[tuple[float, float]]:
        day, last = self.day(begin), self.day(end)
        while day <= last:
            for opens, closes in self._spans(day):
                yield self._moment(day, opens), self._moment(day, closes)
            day += timedelta(days=1)

    def _moment(self, day: date, minute: int) -> float:
        """The epoch seconds of a local time of day; summer time is the zone's affair."""
        extra, minute = divmod(minute, 24 * 60)
        local = datetime.combine(day + timedelta(days=extra), time(minute // 60, minute % 60), tzinfo=self.zone)
        return local.timestamp()

    def _spans(self, day: date) -> tuple[tuple[int, int], ...]:
        hours = self.params.opening_hours
        return hours.workday if self._type_of(day) == "workday" else hours.weekend

    def _type_of(self, day: date) -> DayType:
        if day in self.params.holidays:
            return "weekend"
        worked = day.weekday() < _SATURDAY or day in self.params.extra_working_days
        return "workday" if worked else "weekend"

    def _slot_day(self, day: date) -> int:
        weekday = day.weekday()
        if day in self.params.holidays:
            return max(weekday, _SATURDAY) if weekday >= _SATURDAY else _SUNDAY
        if day in self.params.extra_working_days:
            return _FRIDAY if weekday == _SATURDAY else 0
        return weekday
