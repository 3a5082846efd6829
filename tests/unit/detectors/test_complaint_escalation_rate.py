from __future__ import annotations

import pytest

from detectors.complaint_escalation_rate import ComplaintEscalationRate
from detectors.event import Ticket
from tests.contract.detector_driver import Run, Talk


def run(complaints: int, escalated: int) -> Run:
    made = Run(ComplaintEscalationRate())
    for number in range(complaints):
        talk = Talk(f"t-{number}", channel="ticket")
        made.turns([talk("ticket.created", number, ticket=Ticket("t", "complaint"))])
        if number < escalated:
            made.turns([talk("ticket.escalated", number + 5.0, ticket=Ticket("t", escalated_to="regulator"))])
    return made


@pytest.mark.parametrize(("escalated", "value"), [(14, 0.14), (15, 0.15)])
def test_004_07_escalated_tickets_over_complaints(escalated: int, value: float) -> None:
    reading = run(100, escalated).at(300.0, queue_id="q-1")
    assert (reading.value, reading.n) == (value, 100)


def test_a_conversation_that_ends_as_a_complaint_is_one() -> None:
    made = Run(ComplaintEscalationRate()).turns(
        [Talk("a", is_complaint=True)("conversation.resolved", 1.0), Talk("b")("conversation.resolved", 1.0)]
    )
    assert made.at(300.0, queue_id="q-1").n == 1
