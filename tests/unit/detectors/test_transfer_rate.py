from __future__ import annotations

import pytest

from detectors.event import Place, Ticket, Transfer
from detectors.transfer_rate import TransferRate
from tests.contract.detector_driver import Run, Talk


def run(moved: int, others: int, *, times: int = 1) -> Run:
    made = Run(TransferRate())
    for number in range(moved + others):
        talk = Talk(f"c-{number}")
        if number < moved:
            hop = Transfer(Place("q-1", "d-1"), Place("q-2", "d-2"), "cold")
            made.turns(talk("conversation.transferred", number, transfer=hop) for _ in range(times))
        made.turns([talk("conversation.resolved", number + 1.0)])
    return made


@pytest.mark.parametrize(("moved", "value"), [(41, 0.41), (42, 0.42)])
def test_001_03_conversations_handed_on_over_those_handled(moved: int, value: float) -> None:
    reading = run(moved, 100 - moved).at(200.0, queue_id="q-1")
    assert (reading.value, reading.n) == (value, 100)


def test_three_transfers_of_one_conversation_are_one_conversation() -> None:
    reading = run(1, 1, times=3).at(60.0, queue_id="q-1")
    assert (reading.value, reading.n) == (0.5, 2)


def test_asking_a_colleague_and_moving_a_ticket_are_no_transfers() -> None:
    hop = Transfer(Place("q-1"), Place("q-2"), "consult")
    ticket = Transfer(Place("q-1"), Place("q-2"), "cold")
    turns = [
        Talk("c-1")("conversation.transferred", 0.0, transfer=hop),
        Talk("c-2")("conversation.transferred", 0.0, transfer=ticket, ticket=Ticket("t")),
    ]
    assert Run(TransferRate()).turns(turns).states == {}
