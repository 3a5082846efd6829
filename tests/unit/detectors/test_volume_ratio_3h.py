from __future__ import annotations

from typing import Any

import pytest

from detectors.base import Observation, Scope
from detectors.event import Campaign
from detectors.volume_ratio_3h import VolumeRatio3h
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

TENANT = Scope("acme")
QUEUE = Scope("acme", (("queue_id", "q-1"),))
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


def test_an_opened_conversation_is_told_to_tenant_queue_and_issue() -> None:
    talk = Talk(category="refund.slow", product_id="sku-1")
    scopes = Run(VolumeRatio3h()).turns([talk("conversation.opened", MIDNIGHT), talk.customer_says(MIDNIGHT + 1, "在吗")]).states
    assert [scope.kind for scope in scopes] == ["tenant", "queue_id", "issue_category"]


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
