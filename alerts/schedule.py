"""Hours of the week, in local time: when a window is open, who is on duty."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from alerts.rule import Stanza

__all__ = ["Weekly"]

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _minute(value: object) -> object:
    """Minutes since midnight of `HH:MM`; 24:00 is the day's end."""
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not (hours + minutes).isdecimal() or len(minutes) != 2 or int(minutes) > 59 or int(hours) * 60 + int(minutes) > 1440:
        raise ValueError(f"{value!r} is no time of day; write it in quotes, as in '09:30'")
    return int(hours) * 60 + int(minutes)


Minute = Annotated[int, BeforeValidator(_minute, json_schema_input_type=str)]


class Weekly(Stanza):
    """Some hours of some days; where `until` is not after `from` they end on the next day. Local time, so an hour a clock skips is skipped.

    >>> from zoneinfo import ZoneInfo
    >>> night = Weekly.model_validate({"days": ["fri"], "from": "22:00", "until": "06:00"})
    >>> def at(text): return datetime.fromisoformat(f"2026-11-{text}+08:00").timestamp()
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> [night.ends(at(text), zone) is not None for text in ("20T21:59", "20T22:00", "21T05:59", "21T06:00", "21T22:30")]
    [False, True, True, False, False]
    """

    days: list[Day] = list(DAYS)
    start: Minute = Field(default=0, alias="from", validate_default=False)
    until: Minute = Field(default=1440, validate_default=False)

    def ends(self, now: float, zone: tzinfo) -> float | None:
        """When the hours that run now are over (epoch s); None while none run."""
        local = datetime.fromtimestamp(now, zone)
        for back in (0, 1):
            day = (local - timedelta(days=back)).date()
            if DAYS[day.weekday()] not in self.days:
                continue
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            length = self.until - self.start if self.until > self.start else self.until - self.start + 1440
            begin = midnight + timedelta(minutes=self.start)
            end = midnight + timedelta(minutes=self.start + length)
            if begin.timestamp() <= now < end.timestamp():
                return end.timestamp()
        return None
