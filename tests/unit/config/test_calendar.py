from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.calendar import Calendar, CalendarParams


def calendar(**params: Any) -> Calendar:
    return Calendar(CalendarParams.model_validate(params))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_the_week_begins_on_monday_at_midnight_of_the_zone() -> None:
    found = calendar()
    assert found.hour_of_week(at("2026-11-09T00:00:00+08:00")) == 0
    assert found.hour_of_week(at("2026-11-08T15:59:59+00:00")) == 167
    assert found.day(at("2026-11-08T16:00:00+00:00")) == date(2026, 11, 9)


@pytest.mark.parametrize(
    ("day", "kind", "slot"),
    [
        ("2026-10-01", "weekend", 6),  # a Thursday off
        ("2026-10-03", "weekend", 5),  # a Saturday off
        ("2026-10-10", "workday", 4),  # a Saturday worked
        ("2026-09-20", "workday", 0),  # a Sunday worked
        ("2026-10-17", "weekend", 5),
        ("2026-10-12", "workday", 0),
    ],
)
def test_holidays_are_like_weekends_and_worked_weekends_like_workdays(day: str, kind: str, slot: int) -> None:
    found = calendar(holidays=["2026-10-01", "2026-10-03"], extra_working_days=["2026-10-10", "2026-09-20"])
    noon = at(f"{day}T12:00:00+08:00")
    assert (found.day_type(noon), found.hour_of_week(noon)) == (kind, slot * 24 + 12)


HOURS = {"workday": ["09:00-12:00", "13:30-18:00"], "weekend": ["22:00-24:00", "00:00-02:00"]}


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-09T08:59:59", False),
        ("2026-11-09T09:00:00", True),
        ("2026-11-09T12:00:00", False),
        ("2026-11-09T13:30:00", True),
        ("2026-11-09T18:00:00", False),
        ("2026-11-14T23:59:59", True),
        ("2026-11-15T01:59:59", True),
        ("2026-11-15T02:00:00", False),
    ],
)
def test_a_span_includes_its_begin_and_not_its_end(moment: str, open_: bool) -> None:
    assert calendar(opening_hours=HOURS).is_open(at(f"{moment}+08:00")) is open_


def test_business_time_counts_open_seconds_only() -> None:
    found = calendar(opening_hours=HOURS)
    assert found.business_seconds(at("2026-11-09T11:00:00+08:00"), at("2026-11-09T14:00:00+08:00")) == 1.5 * 3600
    assert found.business_seconds(at("2026-11-09T00:00:00+08:00"), at("2026-11-16T00:00:00+08:00")) == (5 * 7.5 + 2 * 4) * 3600
    assert found.business_seconds(5.0, 5.0) == found.business_seconds(6.0, 5.0) == 0


def test_a_calendar_that_never_closes_counts_every_second() -> None:
    begin = at("2026-11-09T11:00:00.250+08:00")
    assert calendar().business_seconds(begin, begin + 1e6) == pytest.approx(1e6)


def test_summer_time_shifts_the_hours_with_the_clock() -> None:
    found = calendar(time_zone="Europe/Berlin", opening_hours={"weekend": ["00:00-24:00"], "workday": []})
    assert found.business_seconds(at("2026-03-29T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00")) == 23 * 3600
    assert found.hour_of_week(at("2026-03-29T01:30:00+00:00")) == 6 * 24 + 3


@given(
    st.integers(min_value=0, max_value=4_000_000_000), st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=10**6)
)
def test_business_time_adds_up(begin: int, first: int, second: int) -> None:
    found = calendar(opening_hours=HOURS)
    whole = found.business_seconds(begin, begin + first + second)
    assert whole == pytest.approx(
        found.business_seconds(begin, begin + first) + found.business_seconds(begin + first, begin + first + second)
    )


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_every_hour_has_a_slot_and_the_next_hour_another(moment: int) -> None:
    found = calendar()
    slot = found.hour_of_week(moment)
    assert 0 <= slot < 168
    assert found.hour_of_week(moment + timedelta(hours=1).seconds) == (slot + 1) % 168
