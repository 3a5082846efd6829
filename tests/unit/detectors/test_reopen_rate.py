from __future__ import annotations

import pytest

from detectors.event import Ticket
from detectors.reopen_rate import ReopenRate
from tests.contract.detector_driver import DAY, Run, Talk


def solved(conversation: str, at: float, customer: str = "", **data: bool) -> Talk:
    talk = Talk(conversation, customer=customer or conversation, category="refund")
    RUN.turns([talk("conversation.resolved", at, data=data or None)])
    return talk


RUN = Run(ReopenRate())


@pytest.fixture(autouse=True)
def fresh() -> None:
    RUN.states.clear()


@pytest.mark.parametrize(("again", "value"), [(11, 0.11), (12, 0.12)])
def test_003_16_cases_that_come_back_over_cases_solved(again: int, value: float) -> None:
    talks = [solved(f"c-{number}", number) for number in range(100)]
    RUN.turns(talk.customer_says(200.0, "还是不行") for talk in talks[:again])
    for keys in ({"queue_id": "q-1"}, {"issue_category": "refund"}):
        reading = RUN.at(300.0, **keys)
        assert (reading.value, reading.n) == (value, 100)


@pytest.mark.parametrize(("days", "value"), [(7.0, 1.0), (7.1, 0.0)])
def test_the_same_customer_with_the_same_issue_within_a_week_came_back(days: float, value: float) -> None:
    solved("c-1", 0.0, "u-1")
    solved("c-2", days * DAY, "u-1")
    assert RUN.at(days * DAY + 60, queue_id="q-1").value == value


def test_a_reopened_ticket_came_back_and_an_unsolved_one_was_never_solved() -> None:
    talk = solved("c-1", 0.0)
    RUN.turns([talk("ticket.status_changed", 60.0, ticket=Ticket("t", previous="resolved", current="reopened"))])
    solved("c-2", 70.0, resolved=False)
    reading = RUN.at(300.0, queue_id="q-1")
    assert (reading.value, reading.n) == (1.0, 1)
