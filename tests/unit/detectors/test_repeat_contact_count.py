from __future__ import annotations

import pytest

from detectors.base import Scope
from detectors.repeat_contact_count import RepeatContactCount
from tests.contract.detector_driver import DAY, HOUR, Run, Talk


def contacts(count: int, category: str | None = "refund") -> Run:
    issue = {"category": category} if category else {}
    return Run(RepeatContactCount()).turns(Talk(f"c-{n}", **issue)("conversation.opened", n * HOUR) for n in range(count))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 7])
def test_001_29_contacts_of_a_customer_about_an_issue_are_counted(count: int) -> None:
    assert contacts(count).at(count * HOUR, customer_id="u-1", issue_category="refund").value == count


@pytest.mark.parametrize(("now", "count"), [(3 * DAY - 1, 3), (3 * DAY, 2)])
def test_a_contact_counts_for_three_days(now: float, count: int) -> None:
    assert contacts(3).at(now, customer_id="u-1", issue_category="refund").value == count


def test_one_contact_is_not_spoken_of_but_remembered() -> None:
    made = contacts(1)
    state = made.states[Scope("acme", (("customer_id", "u-1"), ("issue_category", "refund")))]
    assert made.detector.score_one(state, HOUR) is None
    assert made.detector.idle(state, HOUR)
    assert not made.detector.expired(state, HOUR)
    assert made.detector.expired(state, 3 * DAY)


def test_many_events_of_one_conversation_are_one_contact() -> None:
    talk = Talk(category="refund")
    turns = [talk("conversation.opened", 0.0), talk.customer_says(1.0, "退款"), talk("conversation.resolved", 2.0)]
    made = Run(RepeatContactCount()).turns(turns)
    assert [len(state.contacts) for state in made.states.values()] == [1]


def test_an_unknown_issue_is_no_repetition() -> None:
    assert contacts(4, None).states == {}
