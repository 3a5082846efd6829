from __future__ import annotations

import pytest

from detectors.response_within_30s_rate import ResponseWithin30sRate
from tests.contract.detector_driver import Run, Talk


def run(*waits: float | None, channel: str = "chat") -> Run:
    """One conversation a second; each asks and is answered after its wait, or not at all."""
    turns = []
    for number, wait in enumerate(waits):
        talk = Talk(f"c-{number}", channel=channel)
        turns.append(talk.customer_says(float(number), "在吗"))
        if wait is not None:
            turns.append(talk.agent_says(number + wait, "在的"))
    return Run(ResponseWithin30sRate()).turns(sorted(turns, key=lambda turn: turn.now))


@pytest.mark.parametrize(("wait", "value"), [(30.0, 1.0), (30.1, 0.0)])
def test_001_25_an_answer_after_thirty_seconds_is_in_time_and_no_later(wait: float, value: float) -> None:
    assert run(wait).at(60.0, queue_id="q-1").value == value


@pytest.mark.parametrize(("quick", "value"), [(51, 0.51), (92, 0.92)])
def test_001_25_the_rate_is_of_all_first_answers(quick: int, value: float) -> None:
    reading = run(*[10.0] * quick, *[40.0] * (100 - quick)).at(200.0, queue_id="q-1")
    assert (reading.value, reading.n) == (value, 100)


@pytest.mark.parametrize(("now", "n"), [(30.0, 1), (32.0, 2)])
def test_who_still_waits_counts_once_it_is_too_long(now: float, n: int) -> None:
    assert run(5.0, None).at(now, queue_id="q-1").n == n


def test_only_the_first_answer_counts_and_greetings_answer_nothing() -> None:
    talk = Talk()
    turns = [
        talk.agent_says(0.0, "您好", role="bot"),
        talk.customer_says(10.0, "在吗"),
        talk.agent_says(50.0, "在的"),
        talk.agent_says(52.0, "请说"),
    ]
    reading = Run(ResponseWithin30sRate()).turns(turns).at(60.0, queue_id="q-1")
    assert (reading.value, reading.n) == (0.0, 1)


def test_private_and_automatic_messages_are_no_answers() -> None:
    talk = Talk()
    turns = [talk.customer_says(0.0, "在吗"), talk.agent_says(1.0, "记录", private=True), talk.agent_says(2.0, "稍等", content_type="auto")]
    assert Run(ResponseWithin30sRate()).turns(turns).at(40.0, queue_id="q-1").value == 0.0


def test_on_voice_the_wait_ends_with_the_connection() -> None:
    talk = Talk(channel="voice")
    turns = [talk("conversation.opened", 0.0), talk("conversation.connected", 20.0), talk.customer_says(25.0, "喂")]
    reading = Run(ResponseWithin30sRate()).turns(turns).at(300.0, queue_id="q-1")
    assert (reading.value, reading.n) == (1.0, 1)


@pytest.mark.parametrize(("after", "n"), [(20.0, 0), (40.0, 1)])
def test_who_leaves_soon_needed_no_answer(after: float, n: int) -> None:
    gone, other = Talk("c-1"), Talk("c-2")
    turns = [
        gone.customer_says(0.0, "在吗"),
        gone("conversation.abandoned", after),
        other.customer_says(50.0, "喂"),
        other.agent_says(51.0, "您好"),
    ]
    assert Run(ResponseWithin30sRate()).turns(turns).at(60.0, queue_id="q-1").n == n + 1


def test_tickets_have_other_clocks() -> None:
    assert run(4.0, channel="ticket").states == {}
