from __future__ import annotations

import pytest

from detectors.base import Observation, Reading, Scope
from detectors.event import Ticket
from detectors.issue_share_growth import ISSUES_KEPT, IssueShareGrowth, two_proportion_z
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

TENANT = Scope("acme")


def hours(made: Run, first: int, last: int, **counts: float) -> Run:
    for hour in range(first, last):
        for issue, count in counts.items():
            made.learn(Observation("issue_share_growth", TENANT, hour * HOUR, count, terms=(issue,)))
    return made


def of(made: Run, now: float, issue: str) -> Reading:
    parts = made.detector.score_parts(made.states[TENANT], now)
    return next(part for part in parts if part.scope == Scope("acme", (("issue_category", issue),)))


def usual(**counts: float) -> Run:
    """Seven days; then three hours are silent, so that the window holds only what follows."""
    return hours(Run(IssueShareGrowth()), 0, 168, **(counts or {"refund": 200.0, "other": 800.0}))


@pytest.mark.parametrize(
    ("refunds", "growth"), [(2290, 2.9), (2300, 3), (2490, 4.9), (2500, 5), (2990, 9.9), (3000, 10), (3990, 19.9), (4000, 20)]
)
def test_004_32_the_share_of_an_issue_grows_by_percentage_points(refunds: int, growth: float) -> None:
    made = hours(usual(), 171, 172, refund=refunds, other=10_000 - refunds)
    reading = of(made, 171.5 * HOUR, "refund")
    assert (reading.value, reading.n, reading.guard) == (growth, 10_000, True)


@pytest.mark.parametrize(("refunds", "value"), [(429, 12.9), (430, 20.0), (520, 22.0)])
def test_001_20_an_issue_that_grows_to_43_percent_reads_as_red_and_tells_its_growth(refunds: int, value: float) -> None:
    made = hours(usual(refund=300.0, other=700.0), 171, 172, refund=refunds, other=1000 - refunds)
    reading = of(made, 171.5 * HOUR, "refund")
    assert (reading.value, reading.guard) == (value, True)
    assert reading.sample["growth"] == pytest.approx(refunds / 10 - 30)


def test_an_issue_that_always_has_half_of_the_complaints_is_no_news() -> None:
    made = hours(usual(refund=500.0, other=500.0), 171, 172, refund=520, other=480)
    assert of(made, 171.5 * HOUR, "refund").value == 2.0


@pytest.mark.parametrize(("refunds", "guard"), [(16, False), (22, True)])
def test_003_17_a_growth_that_chance_explains_is_guarded(refunds: int, guard: bool) -> None:
    made = hours(usual(), 171, 172, refund=refunds, other=50 - refunds)
    assert of(made, 171.5 * HOUR, "refund").guard is guard


def test_a_young_baseline_is_guarded() -> None:
    made = hours(hours(Run(IssueShareGrowth()), 0, 20, refund=10, other=40), 23, 24, refund=300, other=300)
    assert of(made, 23.5 * HOUR, "refund").guard is False


def test_the_same_hours_of_the_day_are_what_it_is_compared_with() -> None:
    made = Run(IssueShareGrowth())
    for hour in range(168 + 9):
        evening = hour % 24 in (8, 9, 10, 11)
        hours(made, hour, hour + 1, refund=60 if evening else 10, other=40 if evening else 90)
    assert of(made, 177 * HOUR - 1, "refund").baseline == pytest.approx((10 + 10 + 60) / 300)


def test_the_incident_is_not_yet_what_is_usual() -> None:
    made = hours(usual(), 168, 172, refund=900, other=100)
    assert of(made, 171.9 * HOUR, "refund").baseline == pytest.approx(0.2)


def test_a_week_later_a_lasting_change_is_usual_in_part() -> None:
    made = hours(usual(), 168, 336, refund=400, other=600)
    assert 0.25 < (of(made, 336 * HOUR - 1, "refund").baseline or 0) <= 0.4


def test_a_complaint_counts_once_when_its_conversation_ends() -> None:
    complaint, question = Talk("c-1", category="refund", is_complaint=True), Talk("c-2", category="refund", is_complaint=False)
    turns = [talk(kind, at) for talk in (complaint, question) for at, kind in enumerate(("conversation.opened", "conversation.resolved"))]
    turns.append(complaint("ticket.status_changed", 9.0, ticket=Ticket("t", current="closed")))
    made = Run(IssueShareGrowth()).turns(turns)
    assert of(made, 10.0, "refund").n == 1


def test_a_complaint_without_a_category_is_not_counted() -> None:
    assert Run(IssueShareGrowth()).turns([Talk(is_complaint=True)("conversation.resolved", 5.0)]).states == {}


def test_more_issues_than_are_kept_count_towards_the_whole() -> None:
    made = Run(IssueShareGrowth())
    for number in range(ISSUES_KEPT + 10):
        hours(made, 0, 1, **{f"issue-{number}": 1.0})
    parts = list(made.detector.score_parts(made.states[TENANT], 60.0))
    assert (len(parts), parts[0].n) == (ISSUES_KEPT, ISSUES_KEPT + 10)


def test_five_silent_weeks_are_forgotten() -> None:
    made = usual()
    assert not made.detector.expired(made.states[TENANT], 30 * DAY)
    assert made.detector.expired(made.states[TENANT], 43 * DAY)


def test_two_unknown_shares_are_not_told_apart() -> None:
    assert two_proportion_z(0, 0, 1, 10) == two_proportion_z(1, 10, 0, 0) == two_proportion_z(10, 10, 10, 10) == 0
