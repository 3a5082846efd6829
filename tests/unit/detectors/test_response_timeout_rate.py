from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Agent, Message
from detectors.response_timeout_rate import ResponseTimeoutRate
from tests.contract.detector_driver import Run, Talk


def run(*waits: float | None, data: dict[str, Any] | None = None, channel: str = "chat") -> Run:
    made, turns = Run(ResponseTimeoutRate()), []
    for number, wait in enumerate(waits):
        talk = Talk(f"c-{number}", channel=channel)
        turns.append(talk("conversation.queued", float(number), data=data))
        if wait is not None:
            turns.append(talk.customer_says(number + 1.0, "在吗"))
            turns.append(
                talk("message.created", number + wait, agent=Agent("a-1"), message=Message(role="agent", direction="out", text="在"))
            )
    return made.turns(sorted(turns, key=lambda turn: turn.now))


@pytest.mark.parametrize(("late", "value"), [(39, 0.39), (40, 0.4)])
def test_003_14_forty_of_a_hundred_waits_beyond_their_target(late: int, value: float) -> None:
    reading = run(*[10.0] * (100 - late), *[190.0] * late).at(400.0, queue_id="q-1")
    assert (reading.value, reading.n) == (value, 100)


@pytest.mark.parametrize(("wait", "value"), [(180.0, 0.0), (180.5, 1.0)])
def test_a_wait_as_long_as_its_target_is_in_time(wait: float, value: float) -> None:
    assert run(wait).at(300.0, queue_id="q-1").value == value


@pytest.mark.parametrize(
    ("sla", "value"), [({"target_s": 20.0}, 1.0), ({"kind": "frt", "target_s": 20.0}, 1.0), ({"kind": "rt", "target_s": 20.0}, 0.0)]
)
def test_an_agreement_for_first_responses_sets_the_target(sla: dict[str, Any], value: float) -> None:
    assert run(30.0, data={"sla": sla}).at(100.0, queue_id="q-1").value == value


def test_who_still_waits_beyond_the_target_is_late() -> None:
    made = run(None, 10.0)
    assert [made.at(now, queue_id="q-1").value for now in (100.0, 181.0)] == [0.0, 0.5]


def test_who_is_never_answered_is_forgotten_in_the_end() -> None:
    made = run(None)
    (state,) = made.states.values()
    assert not made.detector.idle(state, 3600.0)
    assert made.detector.idle(state, 5 * 3600.0)
