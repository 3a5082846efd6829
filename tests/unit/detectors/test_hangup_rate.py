from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Agent, Call
from detectors.hangup_rate import HangupRate
from tests.contract.detector_driver import Run, Talk


def run(unsolved: int, others: int, **call: Any) -> Run:
    made = Run(HangupRate())
    for number in range(unsolved + others):
        hung: dict[str, Any] = {"disconnected_by": "customer", "connected": True, **call}
        data = {"resolved": number >= unsolved}
        made.turns([Talk(f"c-{number}", channel="voice")("call.ended", number, call=Call(**hung), data=data, agent=Agent("a-1", "human"))])
    return made


@pytest.mark.parametrize(("unsolved", "value"), [(5, 0.125), (6, 0.15)])
def test_004_26_calls_the_customer_ends_unsolved_are_counted_for_queue_and_agent(unsolved: int, value: float) -> None:
    made = run(unsolved, 40 - unsolved)
    for reading in (made.at(60.0, queue_id="q-1"), made.at(60.0, agent_id="a-1")):
        assert (reading.value, reading.n) == (value, 40)


def test_calls_the_agent_ends_are_no_hangups() -> None:
    assert run(4, 0, disconnected_by="agent").at(60.0, queue_id="q-1").value == 0.0


def test_calls_never_connected_and_calls_of_unknown_end_are_not_counted() -> None:
    assert run(4, 4, connected=False).states == {}
    assert run(4, 4, disconnected_by=None).states == {}


def test_where_nobody_says_whether_it_was_solved_nothing_is_said() -> None:
    assert Run(HangupRate()).turns([Talk()("call.ended", 0.0, call=Call(disconnected_by="customer"))]).states == {}
