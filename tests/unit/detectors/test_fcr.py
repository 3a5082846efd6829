from __future__ import annotations

import pytest

from detectors.base import Reading, Scope
from detectors.fcr import Fcr
from tests.contract.detector_driver import DAY, Run, Talk, restored


def solved(run: Run, name: str, at: float, customer: str, *, queue: str = "q-1", category: str = "refund", **data: bool) -> Talk:
    talk = Talk(name, customer=customer, queue=queue, category=category)
    run.turns([talk("conversation.opened", at - 60), talk("conversation.resolved", at, data=data or None)])
    return talk


def rates(run: Run, now: float) -> dict[str | None, Reading]:
    (state,) = run.states.values()
    return {reading.scope.get("queue_id"): reading for reading in run.detector.score_parts(restored(state), now)}


def after(back: int, *, total: int = 50, queue: str = "q-1", category: str = "refund", later: float = 3600.0) -> Reading:
    """Fifty customers are helped in q-1; some of them come back."""
    run = Run(Fcr())
    for number in range(total):
        solved(run, f"c-{number}", 1000.0, f"u-{number}")
    for number in range(back):
        run.turns([Talk(f"again-{number}", customer=f"u-{number}", queue=queue, category=category)("conversation.opened", 1000.0 + later)])
    return rates(run, 1000.0 + 7200.0)["q-1"]


@pytest.mark.parametrize(("back", "value"), [(9, 0.82), (10, 0.8), (15, 0.7), (20, 0.6), (25, 0.5), (26, 0.48)])
def test_001_26_who_does_not_come_back_was_helped_at_once(back: int, value: float) -> None:
    reading = after(back)
    assert (reading.value, reading.n, reading.rate) == (value, 50, True)


def test_001_08_what_is_not_solved_is_named_with_its_issue() -> None:
    variables = after(20).variables
    assert (variables["issue"], variables["unresolved_rate"], variables["count"]) == ("refund", "40.0%", 20)


def test_a_contact_in_another_queue_counts_where_it_was_solved_first() -> None:
    assert after(20, queue="q-2").value == 0.6


def test_another_issue_is_another_matter() -> None:
    assert after(20, category="invoice").value == 1.0


def test_a_conversation_that_ran_beside_does_not_follow() -> None:
    run = Run(Fcr())
    other = Talk("c-2", customer="u-1", category="refund")
    run.turns([other("conversation.opened", 900.0)])
    solved(run, "c-1", 1000.0, "u-1")
    run.turns([other("conversation.resolved", 2000.0)])
    assert rates(run, 3000.0)["q-1"].value == 1.0


def test_a_conversation_that_is_opened_again_was_not_solved() -> None:
    run = Run(Fcr())
    talk = solved(run, "c-1", 1000.0, "u-1")
    run.turns([talk.customer_says(2000.0, "还是不行")])
    reading = rates(run, 3000.0)["q-1"]
    assert (reading.value, reading.n) == (0.0, 1)


def test_contacts_without_an_issue_or_a_solution_are_not_counted() -> None:
    run = Run(Fcr())
    solved(run, "c-1", 1000.0, "u-1")
    solved(run, "c-2", 1000.0, "u-2", resolved=False)
    talk = Talk("c-3", customer="u-3")
    run.turns([talk("conversation.opened", 900.0), talk("conversation.resolved", 1000.0)])
    gone = Talk("c-4", customer="u-4", category="refund")
    run.turns([gone("conversation.opened", 900.0), gone("conversation.abandoned", 1000.0)])
    assert rates(run, 2000.0)["q-1"].n == 1


def test_after_a_day_a_contact_counts_no_more() -> None:
    run = Run(Fcr())
    solved(run, "c-1", 1000.0, "u-1")
    (state,) = run.states.values()
    assert "q-1" in rates(run, 999.0 + DAY)
    assert rates(run, 1000.0 + DAY) == {}
    assert not run.detector.idle(state, 1000.0 + DAY)
    assert run.detector.idle(state, 1000.0 + 8 * DAY)


def test_of_a_very_busy_tenant_a_fair_part_tells_the_same_rate() -> None:
    run = Run(Fcr())
    for number in range(12_000):
        solved(run, f"c-{number}", 100.0 + number, f"u-{number}")
        if number % 4 == 0:
            run.turns([Talk(f"again-{number}", customer=f"u-{number}", category="refund")("conversation.opened", 101.0 + number)])
    (state,) = run.states.values()
    reading = rates(run, 13_000.0)["q-1"]
    assert state.recent.count <= 2048
    assert state.past.count <= 2048
    assert reading.value == pytest.approx(0.75, abs=0.04)


def test_more_queues_than_have_names_are_left_out() -> None:
    run = Run(Fcr())
    for number in range(300):
        solved(run, f"c-{number}", 1000.0, f"u-{number}", queue=f"q-{number}")
    assert len(rates(run, 2000.0)) == 256
    solved(run, "c-new", 1000.0 + 9 * DAY, "u-new", queue="q-new")
    assert list(rates(run, 2000.0 + 9 * DAY)) == ["q-new"]
    assert Scope("acme") in run.states


def a_week_later(back: int, *, total: int = 50, came: float = 3 * DAY, now: float = 7.5 * DAY) -> Run:
    """Fifty customers are helped, some of them come back days later, and one is helped today."""
    run = Run(Fcr())
    for number in range(total):
        solved(run, f"c-{number}", 1000.0, f"u-{number}")
    for number in range(back):
        run.turns([Talk(f"again-{number}", customer=f"u-{number}", category="refund")("conversation.opened", 1000.0 + came)])
    solved(run, "c-today", now - 3600.0, "u-today")
    return run


@pytest.mark.parametrize(("back", "value"), [(9, 0.82), (10, 0.8), (15, 0.7), (20, 0.6), (25, 0.5)])
def test_001_26_who_came_back_within_a_week_is_seen_in_the_lagged_figure(back: int, value: float) -> None:
    reading = rates(a_week_later(back), 7.5 * DAY)["q-1"]
    assert (reading.value, reading.n, reading.sample) == (value, 50, {"lagged": value, "lagged_total": 50})
    assert (reading.start, reading.end) == (-0.5 * DAY, 0.5 * DAY)


def test_of_fewer_contacts_than_fifty_the_early_estimate_is_read_with_the_lagged_one_beside_it() -> None:
    reading = rates(a_week_later(20, total=49), 7.5 * DAY)["q-1"]
    assert (reading.value, reading.n, reading.end) == (1.0, 1, 7.5 * DAY)
    assert reading.sample["lagged"] == pytest.approx(29 / 49)


def test_who_comes_back_after_more_than_a_week_has_another_matter() -> None:
    run = a_week_later(20, came=7 * DAY + 1, now=7 * DAY + 3600.0)
    assert rates(run, 7.5 * DAY)["q-1"].sample["lagged"] == 1.0
    run = a_week_later(20, came=7 * DAY, now=7 * DAY + 3600.0)
    assert rates(run, 7.5 * DAY)["q-1"].sample["lagged"] == 0.6


def test_nothing_is_lagged_before_a_week_has_passed_nor_after_eight_days() -> None:
    run = a_week_later(20)
    seen = ["q-1" in rates(run, 1000.0 + 7 * DAY - 1), "q-1" in rates(run, 1000.0 + 7 * DAY)]
    assert seen == [False, True]
    assert "lagged" not in rates(run, 1000.0 + 8 * DAY)["q-1"].sample
