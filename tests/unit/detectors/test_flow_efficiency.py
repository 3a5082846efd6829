from __future__ import annotations

import pytest

from detectors.base import Reading, Scope
from detectors.event import Agent, Ticket
from detectors.flow_efficiency import FlowEfficiency
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

AGENT = Agent("a-1", "human")


def item(run: Run, name: str, touched: float, elapsed: float | None, *, kind: str | None = "complaint", at: float = 0.0) -> Talk:
    """A ticket that d-front hands to d-finance, where it is worked on for some time of the time it takes."""
    talk = Talk(name, channel="ticket", queue=None)
    talk.conversation.department_id = "d-front"
    run.turns([talk("ticket.created", at, ticket=Ticket(name, kind))])
    talk.conversation.department_id = "d-finance"
    run.turns([talk.moved(at, "d-front", "d-finance")])
    if touched:
        run.turns([talk("conversation.assigned", at + 1, agent=AGENT, ticket=Ticket(name, kind))])
        run.turns([talk("ticket.status_changed", at + 1 + touched, ticket=Ticket(name, kind, current="pending"))])
    if elapsed is not None:
        run.turns([talk("ticket.status_changed", at + elapsed, ticket=Ticket(name, kind, current="resolved"))])
    return talk


def pair(run: Run, now: float) -> Reading | None:
    state = run.states[Scope("acme", (("department_id", "d-finance"),))]
    return next(iter(run.detector.score_parts(state, now)), None)


@pytest.mark.parametrize(("touched", "value"), [(4000, 0.4), (2500, 0.25), (1500, 0.15), (800, 0.08), (4100, 0.41), (790, 0.079)])
def test_004_30_between_two_departments_it_is_touch_time_over_elapsed_time(touched: float, value: float) -> None:
    run = Run(FlowEfficiency())
    for number in range(20):
        item(run, f"t-{number}", touched, 10_000.0)
    reading = pair(run, 10_000.0)
    assert reading is not None
    assert (reading.value, reading.n) == (value, 20)
    assert reading.scope == Scope("acme", (("from_department_id", "d-front"), ("to_department_id", "d-finance")))
    assert reading.variables["pair"] == "d-front → d-finance"


def test_004_30_and_over_all_departments_of_a_type_of_ticket() -> None:
    run = Run(FlowEfficiency())
    for number in range(20):
        item(run, f"t-{number}", 2500.0, 10_000.0)
    reading = run.at(10_000.0, ticket_type="complaint")
    assert (reading.value, reading.n, reading.variables["pair"]) == (0.25, 20, "complaint")


def test_what_still_waits_counts_at_its_present_age() -> None:
    run = Run(FlowEfficiency())
    item(run, "t-1", 1000.0, 2000.0)
    item(run, "t-2", 0.0, None)
    reading = pair(run, 3000.0)
    assert reading is not None
    assert (reading.value, reading.n, reading.variables["backlog"]) == (0.2, 2, 1)


def test_what_is_being_worked_on_counts_up_to_now() -> None:
    run = Run(FlowEfficiency())
    talk = item(run, "t-1", 0.0, None)
    run.turns([talk("ticket.status_changed", 1000.0, ticket=Ticket("t-1", current="open"))])
    reading = pair(run, 2000.0)
    assert reading is not None
    assert reading.value == 0.5


def test_where_nobody_reports_work_nothing_is_said() -> None:
    run = Run(FlowEfficiency())
    for number in range(20):
        item(run, f"t-{number}", 0.0, 10_000.0)
    assert pair(run, 10_000.0) is None
    assert run.detector.score_one(run.states[Scope("acme", (("ticket_type", "complaint"),))], 10_000.0) is None


def test_a_bot_does_not_work_on_it() -> None:
    run = Run(FlowEfficiency())
    talk = item(run, "t-1", 0.0, None)
    run.turns([talk("conversation.assigned", 10.0, agent=Agent("b-1", "bot"))])
    assert pair(run, 2000.0) is None


def test_handed_on_it_counts_for_the_next_pair_from_nothing() -> None:
    run = Run(FlowEfficiency())
    talk = item(run, "t-1", 500.0, None)
    talk.conversation.department_id = None
    run.turns([talk.moved(1000.0, "d-finance", "d-tech"), talk("conversation.assigned", 1500.0, agent=AGENT)])
    there = run.states[Scope("acme", (("department_id", "d-tech"),))]
    (reading,) = run.detector.score_parts(there, 2000.0)
    assert (reading.value, reading.variables["pair"]) == (0.5, "d-finance → d-tech")
    before = pair(run, 2000.0)
    assert before is not None
    assert (before.value, before.n) == (0.5, 1)


def test_after_a_day_an_item_counts_no_more() -> None:
    run = Run(FlowEfficiency())
    item(run, "t-1", 1000.0, 2000.0)
    state = run.states[Scope("acme", (("department_id", "d-finance"),))]
    assert pair(run, DAY - 1) is not None
    assert pair(run, DAY + HOUR) is None
    assert run.detector.idle(state, DAY + HOUR)


def test_of_a_huge_backlog_a_fair_part_tells_the_same() -> None:
    run = Run(FlowEfficiency())
    for number in range(2000):
        item(run, f"t-{number}", 1000.0, None, at=float(number))
    reading = pair(run, 12_000.0)
    state = run.states[Scope("acme", (("department_id", "d-finance"),))]
    assert reading is not None
    assert len(state.open) <= 256
    assert reading.value == pytest.approx(1000 / 11_000, rel=0.05)
    assert reading.variables["backlog"] == pytest.approx(2000, rel=0.2)
