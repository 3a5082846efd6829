from __future__ import annotations

from typing import Any

import pytest

from detectors.base import Reading, Scope
from detectors.dept_dwell_ratio import DeptDwellRatio, DeptDwellRatioParams
from detectors.event import Ticket
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

MINUTE = 60.0


def item(run: Run, name: str, came: float, went: float | None, origin: str = "d-front") -> Talk:
    """A ticket that is handed to d-finance and, unless `went` is None, resolved."""
    talk = Talk(name, channel="ticket", queue=None)
    run.turns([talk.moved(came, origin, "d-finance")])
    if went is not None:
        run.turns([talk("ticket.status_changed", went, ticket=Ticket(name, current="resolved"))])
    return talk


def experienced(items: int = 30, dwell: float = HOUR, **params: Any) -> Run:
    """A department that took an hour for each item a day ago."""
    run = Run(DeptDwellRatio(DeptDwellRatioParams(**params)))
    for number in range(items):
        item(run, f"before-{number}", number * MINUTE, number * MINUTE + dwell)
    return run


def at(run: Run, now: float) -> Reading:
    return run.at(now, department_id="d-finance")


@pytest.mark.parametrize("ratio", [1.2, 1.5, 2.0, 3.0])
def test_004_31_items_still_open_count_at_their_present_age(ratio: float) -> None:
    run = experienced()
    for number in range(10):
        item(run, f"t-{number}", DAY, None)
    reading = at(run, DAY + ratio * HOUR)
    assert (reading.value, reading.n, reading.guard) == (ratio, 10, True)
    assert at(run, DAY + ratio * HOUR - 30).value < ratio


def test_004_31_it_names_the_backlog_its_oldest_item_and_who_feeds_it() -> None:
    run = experienced()
    for number in range(10):
        item(run, f"t-{number}", DAY + number, None, "d-front" if number % 3 else "d-shop")
    reading = at(run, DAY + 2 * HOUR)
    named = {name: reading.variables[name] for name in ("backlog", "oldest_age_h", "feeder", "dwell_ratio")}
    assert named == {"backlog": 10, "oldest_age_h": 2.0, "feeder": "d-front", "dwell_ratio": 2.0}
    assert reading.evidence[0].conversation_id == "t-0"


def test_003_12_it_names_the_stage_of_the_sale_its_items_are_of() -> None:
    run = Run(DeptDwellRatio())
    for number, stage in enumerate(("aftersale", "aftersale", "presale")):
        talk = Talk(f"t-{number}", channel="ticket")
        talk.conversation.stage = stage
        run.turns([talk.moved(0.0, "d-front", "d-finance")])
    assert at(run, HOUR).variables["stage"] == "aftersale"


@pytest.mark.parametrize(("hours", "value"), [(4.2, 1.0), (6.3, 1.5)])
def test_000_12_4_2_hours_can_be_what_it_is_measured_by(hours: float, value: float) -> None:
    run = Run(DeptDwellRatio(DeptDwellRatioParams(sla_s=4.2 * HOUR)))
    for number in range(10):
        item(run, f"t-{number}", 0.0, None)
    reading = at(run, hours * HOUR)
    assert (reading.value, reading.guard) == (value, True)


@pytest.mark.parametrize(("items", "guard"), [(30, True), (29, False)])
def test_a_baseline_needs_thirty_items(items: int, guard: bool) -> None:
    run = experienced(items)
    item(run, "t-1", DAY, None)
    assert at(run, DAY + HOUR).guard == guard


def test_what_left_counts_for_four_hours() -> None:
    run = experienced()
    item(run, "t-1", DAY, DAY + 2 * HOUR)
    assert (at(run, DAY + 6 * HOUR - 1).value, at(run, DAY + 6 * HOUR - 1).n) == (2.0, 1)
    assert run.detector.score_one(run.states[Scope("acme", (("department_id", "d-finance"),))], DAY + 6 * HOUR) is None


def test_a_plain_chat_is_no_item_and_one_that_is_handed_on_is() -> None:
    run = Run(DeptDwellRatio())
    chat = Talk("c-1")
    chat.conversation.department_id = "d-finance"
    run.turns([chat("conversation.opened", 0.0), chat.customer_says(10.0, "在吗")])
    assert run.states == {}
    chat.conversation.department_id = None
    run.turns([chat.moved(60.0, "d-finance", "d-tech")])
    assert [scope.get("department_id") for scope in run.states] == ["d-tech"]


def test_what_is_handed_on_dwells_no_longer_here_but_there() -> None:
    run = Run(DeptDwellRatio(DeptDwellRatioParams(sla_s=HOUR)))
    talk = item(run, "t-1", 0.0, None)
    run.turns([talk.moved(HOUR, "d-finance", "d-tech")])
    assert at(run, 3 * HOUR).value == 1.0
    assert run.at(3 * HOUR, department_id="d-tech").value == 2.0


def test_a_ticket_that_is_opened_again_dwells_anew() -> None:
    run = Run(DeptDwellRatio(DeptDwellRatioParams(sla_s=HOUR)))
    talk = item(run, "t-1", 0.0, HOUR)
    run.turns([talk("ticket.status_changed", DAY, ticket=Ticket("t-1", current="reopened"))])
    reading = at(run, DAY + 2 * HOUR)
    assert (reading.value, reading.n) == (2.0, 1)


def test_an_incident_is_not_measured_by_itself() -> None:
    run = experienced()
    for number in range(20):
        item(run, f"slow-{number}", DAY, DAY + 5 * HOUR + number)
    item(run, "t-1", DAY + 10 * HOUR, None)
    assert at(run, DAY + 10 * HOUR).baseline == HOUR
    item(run, "t-2", DAY + 12 * HOUR, None)
    (state,) = run.states.values()
    assert state.usual.count(DAY + 12 * HOUR) == 50
    assert max(high for _, _, high in state.usual.bins.values()) == 2 * HOUR


def test_only_open_hours_count_where_the_policy_says_so() -> None:
    hours = {"opening_hours": {"workday": ["09:00-18:00"], "weekend": []}, "time_zone": "UTC"}
    evening = 1_772_816_400.0  # Friday 17:00 UTC
    for business, value in ((True, 1.0), (False, 64.0)):
        run = Run(DeptDwellRatio(DeptDwellRatioParams(sla_s=HOUR, business_hours=business, calendar=hours)))
        item(run, "t-1", evening, None)
        assert at(run, evening + 64 * HOUR).value == value


def test_of_a_huge_backlog_a_fair_part_is_followed_and_the_whole_is_told() -> None:
    run = experienced()
    for number in range(3000):
        item(run, f"t-{number}", DAY + number, None)
    (state,) = run.states.values()
    reading = at(run, DAY + 3000 + HOUR)
    assert len(state.open) <= 320
    assert reading.variables["backlog"] == pytest.approx(3000, rel=0.15)
    assert reading.value == pytest.approx((1500 + HOUR) / HOUR, rel=0.05)


def test_a_busy_department_learns_from_a_fair_part() -> None:
    run = Run(DeptDwellRatio())
    for number in range(6000):
        item(run, f"t-{number}", number * 20.0, number * 20.0 + HOUR)
    (state,) = run.states.values()
    assert len(state.done) <= 256
    assert at(run, 6000 * 20.0).value == pytest.approx(1.0, abs=0.1)
    assert at(run, 6000 * 20.0).guard
