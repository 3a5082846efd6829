from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from detectors.base import Observation, Scope
from detectors.event import Campaign
from detectors.volume_ratio_3h import VolumeRatio3h
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

TENANT = Scope("acme")
QUEUE = Scope("acme", (("queue_id", "q-1"),))
PRODUCT = Scope("acme", (("product_id", "sku-1"),))
MIDNIGHT = 1_790_006_400.0
"""A local midnight in Asia/Shanghai (2026-09-22, a Tuesday)."""


def rate_at(hour: int) -> int:
    """Conversations an hour: few by night, many by day."""
    return 30 if 8 <= hour < 22 else 4


def learn(run: Run, begin: float, hours: float, *, factor: float = 1.0, scope: Scope = TENANT, terms: tuple[str, ...] = ()) -> None:
    """Conversations evenly within each hour, `factor` times the usual."""
    for hour in range(int(hours)):
        start = begin + hour * HOUR
        count = round(rate_at(int((start - MIDNIGHT) // HOUR) % 24) * factor)
        for each in range(count):
            run.learn(Observation("volume_ratio_3h", scope, start + (each + 0.5) * HOUR / count, terms=terms))


def usual(days: int, scope: Scope = TENANT, **params: Any) -> Run:
    run = Run(VolumeRatio3h(VolumeRatio3h.Params(**params)))
    learn(run, MIDNIGHT, days * 24, scope=scope)
    return run


def test_a_usual_day_reads_about_one_and_lights_nothing() -> None:
    run = usual(8)
    for hour in range(1, 25):
        learn(run, MIDNIGHT + 8 * DAY + (hour - 1) * HOUR, 1)
        reading = run.at(MIDNIGHT + 8 * DAY + hour * HOUR)
        assert reading.value == pytest.approx(1, abs=0.06)
        assert not reading.guard


def test_004_24_twice_the_usual_in_three_hours_reads_two_with_an_open_guard() -> None:
    run = usual(8)
    noon = MIDNIGHT + 8 * DAY + 12 * HOUR
    learn(run, MIDNIGHT + 8 * DAY, 12)
    learn(run, noon, 3, factor=2.0)
    reading = run.at(noon + 3 * HOUR)
    assert [reading.value, reading.baseline] == [pytest.approx(2, abs=0.02), pytest.approx(90, abs=1)]
    assert reading.n == 180
    assert reading.guard
    assert (reading.start, reading.end) == (noon, noon + 3 * HOUR)


def test_the_window_slides_by_five_minutes() -> None:
    run = usual(8)
    noon = MIDNIGHT + 8 * DAY + 12 * HOUR
    learn(run, MIDNIGHT + 8 * DAY, 12)
    learn(run, noon, 3, factor=2.0)
    values = [run.at(noon + minutes * 60).value for minutes in (0, 5, 60, 120, 180)]
    assert values == sorted(values)
    assert values[:2] == pytest.approx([1, 1 + 1 / 36], abs=0.02)


@pytest.mark.parametrize(("excess", "opens"), [(1.30, False), (1.60, True)])
def test_the_guard_asks_for_three_standard_deviations(excess: float, opens: bool) -> None:
    run = usual(8)
    noon = MIDNIGHT + 8 * DAY + 12 * HOUR
    learn(run, MIDNIGHT + 8 * DAY, 12)
    learn(run, noon, 3, factor=excess)
    reading = run.at(noon + 3 * HOUR)
    assert reading.sd is not None
    assert reading.baseline is not None
    assert (reading.n - reading.baseline > 3 * reading.sd) is opens
    assert reading.guard is opens


def test_the_sample_says_what_was_expected_and_within_which_bounds() -> None:
    run = usual(8)
    noon = MIDNIGHT + 8 * DAY + 12 * HOUR
    learn(run, MIDNIGHT + 8 * DAY, 12)
    learn(run, noon, 3, factor=2.0)
    usually, now = run.at(noon), run.at(noon + 3 * HOUR)
    assert now.sample["expected"] == now.baseline
    assert now.sample["low"] < now.sample["expected"] < now.sample["high"] < now.n
    assert usually.sample["low"] < usually.n < usually.sample["high"]
    assert round(usually.sample["z"]) == 0
    assert 8 < now.sample["days"] < 9
    assert now.sample["z"] > 3


def test_a_rise_that_today_explains_stays_dark() -> None:
    """A day that has been half as busy again from its morning on is a busy day; its noon alone passes three standard deviations."""
    run = usual(14)
    today = MIDNIGHT + 14 * DAY
    for hour in range(8, 22):
        learn(run, today + hour * HOUR, 1, factor=1.0 + min(0.6, 0.1 * (hour - 7)))
    reading = run.at(today + 22 * HOUR)
    assert reading.sd is not None
    assert reading.baseline is not None
    assert reading.n - reading.baseline > 3 * reading.sd
    assert not reading.guard


def test_the_surge_statistic_is_silent_for_three_days_and_the_deviations_decide_alone() -> None:
    run = usual(2)
    learn(run, MIDNIGHT + 2 * DAY, 12)
    learn(run, MIDNIGHT + 2 * DAY + 12 * HOUR, 3, factor=3.0)
    reading = run.at(MIDNIGHT + 2 * DAY + 15 * HOUR)
    assert (reading.sample["surge"], reading.guard) == (0.0, True)


def test_the_half_hour_zones_and_holidays_find_their_place_in_the_week() -> None:
    kolkata = VolumeRatio3h(VolumeRatio3h.Params(calendar={"time_zone": "Asia/Kolkata", "holidays": ["2026-10-01"]}))
    for day, place in (("2026-09-30", 2), ("2026-10-01", 6), ("2026-10-02", 4)):
        noon = datetime.fromisoformat(f"{day}T12:30:00+05:30").timestamp()
        half = (noon + kolkata._shift_of(int(noon // HOUR))) // 1800
        assert ((half // 48 + 3) % 7, half % 48) == (place, 25)


def test_the_morning_is_no_surge_on_the_second_day_and_untrusted_on_the_first() -> None:
    run = Run(VolumeRatio3h())
    for hour in range(48):
        learn(run, MIDNIGHT + hour * HOUR, 1)
        if hour >= 6:
            reading = run.detector.score_one(run.states[TENANT], MIDNIGHT + (hour + 1) * HOUR)
            assert reading is None or not reading.guard


def test_one_day_of_experience_is_enough_for_a_large_surge() -> None:
    run = usual(1)
    learn(run, MIDNIGHT + DAY, 12)
    learn(run, MIDNIGHT + DAY + 12 * HOUR, 3, factor=4.0)
    assert run.at(MIDNIGHT + DAY + 15 * HOUR).guard


def test_a_small_series_is_known_after_a_day_though_its_first_hours_were_only_counted() -> None:
    run = Run(VolumeRatio3h())
    for minute in range(0, 27 * 60, 20):
        run.learn(Observation("volume_ratio_3h", TENANT, MIDNIGHT + minute * 60.0))
    for second in range(60):
        run.learn(Observation("volume_ratio_3h", TENANT, MIDNIGHT + DAY + 3 * HOUR + 60.0 * second))
    assert run.at(MIDNIGHT + DAY + 4 * HOUR).guard


def test_the_hour_of_the_week_counts_the_more_the_oftener_it_was_seen() -> None:
    run = Run(VolumeRatio3h())
    for day in range(28):
        learn(run, MIDNIGHT + day * DAY, 24, factor=2.0 if day % 7 == 4 else 1.0)
    saturday = MIDNIGHT + 32 * DAY + 15 * HOUR
    reading = run.at(saturday)
    assert reading.baseline is not None
    assert 130 < reading.baseline < 180


def test_an_incident_does_not_become_usual() -> None:
    run = usual(8)
    before = run.at(MIDNIGHT + 9 * DAY + 15 * HOUR).baseline
    learn(run, MIDNIGHT + 8 * DAY, 12)
    learn(run, MIDNIGHT + 8 * DAY + 12 * HOUR, 3, factor=10.0)
    learn(run, MIDNIGHT + 8 * DAY + 15 * HOUR, 20)
    after = run.at(MIDNIGHT + 9 * DAY + 15 * HOUR).baseline
    assert before is not None
    assert after is not None
    assert before < after < 1.12 * before


def test_a_lasting_change_becomes_usual_within_weeks() -> None:
    run = usual(8)
    learn(run, MIDNIGHT + 8 * DAY, 21 * 24, factor=2.0)
    assert run.at(MIDNIGHT + 29 * DAY - 8 * HOUR).value < 1.4


def test_a_declared_campaign_is_expected() -> None:
    run = usual(8, QUEUE)
    evening = MIDNIGHT + 8 * DAY + 18 * HOUR
    learn(run, MIDNIGHT + 8 * DAY, 18, scope=QUEUE)
    declare(run, evening - DAY, Campaign("c", evening, evening + 4 * HOUR, 3.0, {"queue_id": "q-1"}))
    learn(run, evening, 3, factor=3.0, scope=QUEUE)
    reading = run.at(evening + 3 * HOUR, queue_id="q-1")
    assert reading.value == pytest.approx(1, abs=0.05)
    assert not reading.guard
    assert run.at(evening + HOUR, queue_id="q-1").value == pytest.approx(1, abs=0.05)


def declare(run: Run, at: float, campaign: Campaign) -> None:
    talk = Talk("camp-1", queue=None)
    run.turns([talk("campaign.scheduled", at, conversation=None, campaign=campaign)])


def test_twice_what_a_campaign_was_declared_for_still_stands_out() -> None:
    run = usual(8, QUEUE)
    evening = MIDNIGHT + 8 * DAY + 18 * HOUR
    declare(run, evening - DAY, Campaign("c", evening, evening + 4 * HOUR, 3.0, {"queue_id": "q-1"}))
    learn(run, MIDNIGHT + 8 * DAY, 18, scope=QUEUE)
    learn(run, evening, 3, factor=6.0, scope=QUEUE)
    reading = run.at(evening + 3 * HOUR, queue_id="q-1")
    assert reading.value == pytest.approx(2, abs=0.05)
    assert reading.guard


@pytest.mark.parametrize(
    ("scope", "part"), [({"queue_id": "q-1"}, 2.0), ({"queue_id": "q-2"}, 1.0), ({}, 2.0), ({"queue_id": "q-1", "product_id": "x"}, 1.0)]
)
def test_a_campaign_of_another_scope_is_not_ours(scope: dict[str, str], part: float) -> None:
    run = usual(8, QUEUE)
    evening = MIDNIGHT + 8 * DAY + 18 * HOUR
    plain = run.at(evening, queue_id="q-1").baseline
    declare(run, evening - DAY, Campaign("c", evening - DAY, evening, 2.0, scope))
    assert run.at(evening, queue_id="q-1").baseline == pytest.approx(part * plain)  # type: ignore[operator]


def test_for_the_tenant_a_campaign_counts_by_its_part() -> None:
    run = Run(VolumeRatio3h())
    for queue in ("q-1", "q-2", "q-3", "q-4"):
        learn(run, MIDNIGHT, 1, terms=(f"queue_id={queue}",))
    for hour in range(1, 8 * 24):
        learn(run, MIDNIGHT + hour * HOUR, 1, terms=(f"queue_id=q-{1 + hour % 4}",))
    noon = MIDNIGHT + 8 * DAY
    plain = run.at(noon).baseline
    declare(run, noon - DAY, Campaign("c", noon - DAY, noon, 3.0, {"queue_id": "q-1"}))
    assert run.at(noon).baseline == pytest.approx(1.5 * plain, rel=0.1)  # type: ignore[operator]


def test_a_campaign_declared_before_a_scope_appears_reaches_it() -> None:
    run = Run(VolumeRatio3h())
    declare(run, MIDNIGHT, Campaign("c", MIDNIGHT, MIDNIGHT + 9 * DAY, 2.0, {}))
    learn(run, MIDNIGHT, 24)
    assert len(run.states[TENANT].campaigns) == 1


def test_a_late_conversation_counts_in_its_own_bucket() -> None:
    run = usual(1)
    now = MIDNIGHT + DAY
    before = run.at(now).n
    run.learn(Observation("volume_ratio_3h", TENANT, now - 2 * HOUR))
    run.learn(Observation("volume_ratio_3h", TENANT, now - 30 * DAY))
    assert run.at(now).n == before + 1


def test_counts_added_up_on_the_way_weigh_as_many() -> None:
    run = usual(1)
    before = run.at(MIDNIGHT + DAY).n
    run.learn(Observation("volume_ratio_3h", TENANT, MIDNIGHT + DAY - HOUR, 5.0, cell=True))
    assert run.at(MIDNIGHT + DAY).n == before + 5


def test_an_opened_conversation_is_told_to_the_tenant_and_to_all_it_belongs_to() -> None:
    talk = Talk(category="refund.slow", product_id="sku-1")
    talk.context.department_id = "d-1"
    scopes = Run(VolumeRatio3h()).turns([talk("conversation.opened", MIDNIGHT), talk.customer_says(MIDNIGHT + 1, "在吗")]).states
    assert [scope.kind for scope in scopes] == ["tenant", "queue_id", "issue_category", "product_id", "department_id", "channel"]


def test_a_channels_reading_is_judged_by_the_numbers_of_that_channel() -> None:
    channel = Scope("acme", (("channel", "voice"),))
    assert usual(1, channel).at(MIDNIGHT + DAY, channel="voice").channel == "voice"
    assert usual(1).at(MIDNIGHT + DAY).channel is None


def trickle(days: int, scope: Scope = PRODUCT) -> Run:
    """One conversation a day, an hour later each time."""
    run = Run(VolumeRatio3h())
    for day in range(days):
        run.learn(Observation("volume_ratio_3h", scope, MIDNIGHT + day * DAY + (8 + day % 10) * HOUR, terms=("product_id=sku-1",)))
    return run


def test_a_product_that_is_hardly_asked_about_costs_half_a_kilobyte() -> None:
    assert len(msgspec.msgpack.encode(trickle(60).states[PRODUCT])) < 500


@pytest.mark.parametrize(("count", "opens"), [(4, False), (30, True)])
def test_a_quiet_series_lights_when_many_come_at_once(count: int, opens: bool) -> None:
    run, now = trickle(20), MIDNIGHT + 20 * DAY + 12 * HOUR
    for each in range(count):
        run.learn(Observation("volume_ratio_3h", PRODUCT, now - HOUR + each * 60.0))
    reading = run.at(now, product_id="sku-1")
    assert (reading.n, reading.guard) == (count, opens)
    assert reading.baseline == pytest.approx(3 / 24, rel=0.2)


def test_a_quiet_series_that_grows_busy_gets_a_profile_and_loses_it_again() -> None:
    run = trickle(20)
    learn(run, MIDNIGHT + 20 * DAY, 72, scope=PRODUCT)
    state = run.states[PRODUCT]
    assert len(state.day) == 24
    assert run.at(MIDNIGHT + 23 * DAY, product_id="sku-1").guard is False
    for day in range(90, 130):
        run.learn(Observation("volume_ratio_3h", PRODUCT, MIDNIGHT + day * DAY))
    assert (state.day, state.week, state.surge.profile) == ({}, {}, {})


def test_the_grid_waits_for_another_conversation_while_too_few_came() -> None:
    run, now = trickle(20), MIDNIGHT + 20 * DAY
    for each in range(9):
        run.learn(Observation("volume_ratio_3h", PRODUCT, now + each))
    state, then = run.states[PRODUCT], now + HOUR
    assert run.detector.quiet_until(state, then) == now + 8 + 3 * HOUR
    run.learn(Observation("volume_ratio_3h", PRODUCT, now + 9))
    assert run.detector.quiet_until(state, then) == then


@pytest.mark.parametrize(("days", "known"), [(1, 1), (6, 6), (7, 7), (30, 7.2)])
def test_the_baseline_is_as_old_as_the_series_up_to_the_week_it_remembers(days: int, known: float) -> None:
    assert usual(days).at(MIDNIGHT + days * DAY).baseline_days == pytest.approx(known, abs=0.06)


def test_the_title_names_what_is_most_talked_about_now() -> None:
    run = Run(VolumeRatio3h())
    learn(run, MIDNIGHT, 24, terms=("issue_category=invoice",))
    learn(run, MIDNIGHT + DAY, 12, factor=3.0, terms=("issue_category=refund.slow",))
    reading = run.at(MIDNIGHT + DAY + 12 * HOUR)
    assert reading.variables["top_issue"] == "refund.slow"
    assert reading.variables["scope"] == "acme"


def test_a_scope_is_idle_three_hours_after_its_last_conversation_and_kept_for_weeks() -> None:
    run = usual(1)
    state, last = run.states[TENANT], MIDNIGHT + DAY
    assert [run.detector.idle(state, last + hours * HOUR) for hours in (2.8, 3.1)] == [False, True]
    assert [run.detector.expired(state, last + days * DAY) for days in (34, 35)] == [False, True]


def test_a_night_of_silence_is_learnt_as_such() -> None:
    run = usual(2)
    run.learn(Observation("volume_ratio_3h", TENANT, MIDNIGHT + 4 * DAY))
    quiet = run.at(MIDNIGHT + 3 * DAY + 15 * HOUR).baseline
    assert quiet is not None
    assert quiet < 75
