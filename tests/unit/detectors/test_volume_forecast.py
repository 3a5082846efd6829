from __future__ import annotations

import msgspec
import pytest

from detectors.base import Observation, Scope
from detectors.outlook import Outlook
from detectors.volume_forecast import VolumeForecast, VolumeForecastState
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

TENANT = Scope("acme")
MIDNIGHT = 1_790_006_400.0
"""A local midnight in Asia/Shanghai (2026-09-22, a Tuesday)."""


def learn(run: Run, begin: float, hours: int, *, series: str = "conversations", factor: float = 1.0) -> None:
    """Thirty conversations in each hour from 8 to 22, four by night."""
    for hour in range(hours):
        at = begin + hour * HOUR
        count = 30.0 if 8 <= (at - MIDNIGHT) // HOUR % 24 < 22 else 4.0
        run.learn(Observation("volume_forecast", TENANT, at + 60.0, count * factor, terms=(series,)))


def outlooks(run: Run, now: float) -> dict[str, Outlook]:
    return {each.series: each for each in run.detector.outlook(run.states[TENANT], now)}


def usual(days: int) -> Run:
    run = Run(VolumeForecast())
    learn(run, MIDNIGHT, days * 24)
    return run


def test_the_next_day_is_foretold_hour_by_hour_from_the_present_one() -> None:
    found = outlooks(usual(15), MIDNIGHT + 15 * DAY + 600)["conversations"]
    assert [each.time for each in found.hours] == [MIDNIGHT + 15 * DAY + hour * HOUR for hour in range(24)]
    assert [round(each.mean) for each in found.hours] == [4] * 8 + [30] * 14 + [4] * 2
    assert found.total.mean == pytest.approx(460, abs=3)
    assert found.total.low80 <= found.total.mean <= found.total.high80
    assert all(each.low95 <= each.low80 <= each.mean <= each.high80 <= each.high95 for each in found.hours)


def test_the_record_of_the_forecasts_is_told_with_them() -> None:
    assert outlooks(usual(1), MIDNIGHT + DAY + HOUR)["conversations"].accuracy is None
    run = usual(15)
    learn(run, MIDNIGHT + 15 * DAY, 24, factor=2.0)
    good, bad = (outlooks(run, MIDNIGHT + days * DAY)["conversations"].accuracy for days in (15, 16))
    good = outlooks(usual(15), MIDNIGHT + 15 * DAY)["conversations"].accuracy
    assert good is not None
    assert bad is not None
    assert good.error < 0.02
    assert bad.error > 0.05
    assert good.covered80 > bad.covered80


def test_conversations_count_when_opened_and_complaints_at_their_end() -> None:
    talk = Talk(category="refund.slow", is_complaint=True)
    run = Run(VolumeForecast()).turns([talk("conversation.opened", MIDNIGHT), talk("conversation.resolved", MIDNIGHT + 7200)])
    assert [scope.kind for scope in run.states] == ["tenant", "queue_id"]
    hour = int(MIDNIGHT // HOUR)
    assert run.states[TENANT].open == {"conversations": {hour: 1.0}, "complaints": {hour + 2: 1.0}}


def test_what_comes_late_has_its_hour_left_open() -> None:
    late, dropped = usual(2), usual(2)
    now = MIDNIGHT + 2 * DAY
    late.learn(Observation("volume_forecast", TENANT, now - 2 * HOUR, 50.0, terms=("conversations",)))
    dropped.learn(Observation("volume_forecast", TENANT, now - 9 * HOUR, 50.0, terms=("conversations",)))
    means = [[each.mean for each in outlooks(run, now)["conversations"].hours] for run in (late, dropped, usual(2))]
    assert means[0] != means[2]
    assert means[1] == means[2]


def test_asking_changes_nothing() -> None:
    run = usual(10)
    before = msgspec.msgpack.encode(run.states[TENANT])
    first = outlooks(run, MIDNIGHT + 10 * DAY)
    assert outlooks(run, MIDNIGHT + 10 * DAY) == first
    assert msgspec.msgpack.encode(run.states[TENANT]) == before


def test_a_silent_day_counts_as_zeros_and_a_silent_week_teaches_nothing() -> None:
    run, now = usual(14), MIDNIGHT + 14 * DAY
    after_a_day = outlooks(run, now + 20 * HOUR)["conversations"].total.mean
    after_a_week = outlooks(run, now + 7 * DAY)["conversations"].total.mean
    assert after_a_day < 350
    assert after_a_week > 400


def test_it_is_silent_before_a_day_and_forgotten_after_five_weeks() -> None:
    assert list(VolumeForecast().outlook(VolumeForecastState(), MIDNIGHT)) == []
    run = Run(VolumeForecast())
    learn(run, MIDNIGHT, 20)
    assert outlooks(run, MIDNIGHT + 20 * HOUR) == {}
    state = run.states[TENANT]
    assert [run.detector.expired(state, MIDNIGHT + days * DAY) for days in (30, 37)] == [False, True]


def test_the_state_is_bounded() -> None:
    run = usual(60)
    learn(run, MIDNIGHT, 60 * 24, series="complaints")
    assert len(msgspec.msgpack.encode(run.states[TENANT])) < 16_000
