from __future__ import annotations

from collections.abc import Iterable

import pytest

from detectors.agent_emotional_exposure import AgentEmotionalExposure, longest_streak, union
from detectors.base import Observation, Scope, Turn
from detectors.context import mood
from detectors.event import Agent
from tests.contract.detector_driver import Run, Talk

MINUTE = 60.0
WHO = Scope("acme", (("agent_id", "a-1"),))


def news(at_min: float, conversation: str, *, upset: bool) -> Observation:
    return Observation("agent_emotional_exposure", WHO, at_min * MINUTE, float(upset), conversation_id=conversation)


def run(*spans: tuple[str, float, float]) -> Run:
    """Contacts (conversation, first minute, last minute), with news every ten minutes."""
    found = Run(AgentEmotionalExposure())
    for conversation, begin, end in spans:
        for minute in range(int(begin), int(end), 10):
            found.learn(news(minute, conversation, upset=True))
        found.learn(news(end, conversation, upset=False))
    return found


def minutes(found: Run, now_min: float) -> float:
    return found.at(now_min * MINUTE, agent_id="a-1").value


def upset_call(conversation: str, start: float, end: float, agent: str = "a-1") -> Iterable[Turn]:
    talk = Talk(conversation)
    yield talk("conversation.assigned", start, agent=Agent(agent))
    at = start
    while at < end:
        yield talk.customer_says(at, "气死", "我", "了", sentiment=-0.9)
        at += 5 * MINUTE
    yield talk("conversation.resolved", end)


def test_the_minutes_of_upset_conversations_add_up() -> None:
    assert minutes(run(("c-1", 0, 10), ("c-2", 20, 50)), 60) == 40


def test_overlapping_conversations_count_once() -> None:
    found = run(("c-1", 0, 30), ("c-2", 10, 20), ("c-3", 25, 40))
    reading = found.at(60 * MINUTE, agent_id="a-1")
    assert (reading.value, reading.n) == (40, 3)
    assert reading.variables == {"agent": "a-1", "agent_id": "a-1", "minutes": 40, "n_calls": 3}


def test_only_the_last_two_hours_count() -> None:
    found = run(("c-1", 0, 60), ("c-2", 60, 120))
    assert [minutes(found, now) for now in (120, 150, 180, 240)] == [120, 90, 60, 0]


def test_a_conversation_that_left_the_window_is_no_longer_counted() -> None:
    assert run(("c-1", 0, 60), ("c-2", 60, 120)).at(200 * MINUTE, agent_id="a-1").n == 1


def test_an_open_conversation_grows_with_the_clock_and_ended_with_its_last_news_once_it_is_silent_for_half_an_hour() -> None:
    found = Run(AgentEmotionalExposure())
    for minute in (0, 5):
        found.learn(news(minute, "c-1", upset=True))
    assert [minutes(found, now) for now in (5, 10, 35, 36, 90)] == [5, 10, 35, 5, 5]


def test_news_after_a_silence_is_another_contact() -> None:
    found = Run(AgentEmotionalExposure())
    for minute in (0, 31):
        found.learn(news(minute, "c-1", upset=True))
    found.learn(news(40, "c-1", upset=False))
    assert minutes(found, 60) == 9


@pytest.mark.parametrize(("gap", "streak"), [(9, 69.0), (10, 30.0)])
def test_a_break_of_ten_minutes_ends_a_streak(gap: int, streak: float) -> None:
    reading = run(("c-1", 0, 30), ("c-2", 30 + gap, 60 + gap)).at(90 * MINUTE, agent_id="a-1")
    assert reading.sample["longest_streak_min"] == streak


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_news_does_not_matter(order: tuple[int, ...]) -> None:
    told = (news(0, "c-1", upset=True), news(12, "c-1", upset=True), news(20, "c-1", upset=False))
    found = Run(AgentEmotionalExposure())
    for each in order:
        found.learn(told[each])
    assert minutes(found, 60) == 20


def test_a_conversation_counts_from_the_first_upset_utterance_to_its_end() -> None:
    found = Run(AgentEmotionalExposure()).turns([*upset_call("c-1", 0.0, 600.0), *upset_call("c-2", 900.0, 1500.0)])
    assert found.at(3600.0, agent_id="a-1").value == 20


@pytest.mark.parametrize(("sentiment", "upset"), [(-0.5, True), (-0.49, False)])
def test_a_customer_is_upset_from_a_mean_of_minus_a_half(sentiment: float, upset: bool) -> None:
    talk = Talk()
    turns = [talk("conversation.assigned", 0.0, agent=Agent("a-1")), talk.customer_says(1.0, "哼", sentiment=sentiment)]
    assert bool(Run(AgentEmotionalExposure()).turns(turns).states) is upset


def test_a_soothed_customer_is_no_exposure_any_more() -> None:
    talk = Talk()
    turns = [talk("conversation.assigned", 0.0, agent=Agent("a-1")), talk.customer_says(0.0, "哼", sentiment=-0.8)]
    assert mood(-0.8, 0.9) > -0.5
    found = Run(AgentEmotionalExposure()).turns([*turns, talk.customer_says(300.0, "谢谢", sentiment=0.9)])
    assert minutes(found, 60) == 5


def test_a_conversation_handed_on_goes_to_the_other_agent() -> None:
    talk = Talk()
    turns = [
        talk("conversation.assigned", 0.0, agent=Agent("a-1")),
        talk.customer_says(0.0, "哼", sentiment=-0.8),
        talk("conversation.assigned", 600.0, agent=Agent("a-2")),
        talk("conversation.resolved", 900.0),
    ]
    found = Run(AgentEmotionalExposure()).turns(turns)
    assert (found.at(3600.0, agent_id="a-1").value, found.at(3600.0, agent_id="a-2").value) == (10, 5)


def test_spans_are_joined_where_they_touch() -> None:
    assert union([(5, 6), (0, 2), (2, 3)]) == [(0, 3), (5, 6)]
    assert longest_streak([], 600.0) == 0
