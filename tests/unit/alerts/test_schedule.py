from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.schedule import Weekly

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def weekly(**stanza: Any) -> Weekly:
    return Weekly.model_validate(stanza)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@given(st.integers(0, 10_080), st.integers(0, 1439), st.integers(1, 1440))
def test_a_moment_is_in_the_hours_of_every_day_exactly_when_its_time_of_day_is(minute: int, start: int, until: int) -> None:
    hours = weekly(**{"from": f"{start // 60}:{start % 60:02}", "until": f"{until // 60}:{until % 60:02}"})
    of_day = minute % 1440
    inside = start <= of_day < until if until > start else of_day >= start or of_day < until
    end = hours.ends(at("2026-03-02T00:00") + minute * 60, SHANGHAI)
    assert (end is not None) == inside
    assert end is None or (end - at("2026-03-02T00:00")) % 86_400 == until * 60 % 86_400


def test_a_day_named_alone_is_the_whole_day() -> None:
    assert weekly(days=["sat"]).ends(at("2026-03-07T12:00"), SHANGHAI) == at("2026-03-08T00:00")
    assert weekly(days=["sat"]).ends(at("2026-03-08T00:00"), SHANGHAI) is None


def test_hours_are_local_also_where_the_clock_changes() -> None:
    night = weekly(**{"from": "22:00", "until": "06:00"})
    assert night.ends(at("2026-03-28T23:00", BERLIN), BERLIN) == at("2026-03-29T06:00", BERLIN)
    assert night.ends(at("2026-03-29T05:59", BERLIN), BERLIN) == at("2026-03-29T06:00", BERLIN)


@pytest.mark.parametrize(
    "wrong", [{"from": "9"}, {"from": "24:01"}, {"until": "12:60"}, {"until": 1200}, {"days": ["monday"]}, {"hours": 3}]
)
def test_what_is_no_time_of_day_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        weekly(**wrong)
