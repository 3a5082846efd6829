from __future__ import annotations

import pytest

from detectors.base import Observation, Reading, Scope, Turn
from detectors.service_attitude_by_agent import ServiceAttitudeByAgent
from detectors.service_attitude_score import ServiceAttitudeScore
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

FORBIDDEN = {"attitude.forbidden": ("关我什么事",)}
GREETING = {"attitude.greeting": ("您好",)}


def told(turns: list[Turn]) -> list[Observation]:
    """What one conversation tells of its agents."""
    detector = ServiceAttitudeScore()
    state = detector.new()
    found: list[Observation] = []
    for turn in turns:
        detector.learn_one(state, turn)
        found += detector.tell(state, turn)
    return found


def score(run: Run, conversation: str, at: float, value: float) -> None:
    run.learn(Observation("service_attitude_by_agent", Scope("acme", (("agent_id", "a-1"),)), at, value, conversation_id=conversation))


def at(run: Run, now: float) -> Reading:
    return run.at(now, agent_id="a-1")


@pytest.mark.parametrize("value", [85.0, 75.0, 60.0, 40.0, 84.9])
def test_004_12_an_agent_has_the_mean_of_the_conversations_of_a_day(value: float) -> None:
    run = Run(ServiceAttitudeByAgent())
    for number, off in enumerate((-5.0, 0.0, 5.0)):
        score(run, f"c-{number}", 100.0, value + off)
    assert (at(run, 200.0).value, at(run, 200.0).n) == (value, 3)


def test_what_is_six_hours_older_weighs_half() -> None:
    run = Run(ServiceAttitudeByAgent())
    score(run, "c-1", 0.0, 100.0)
    score(run, "c-2", 6 * HOUR, 40.0)
    assert at(run, 7 * HOUR).value == 60.0


def test_a_conversation_counts_once_with_its_last_score() -> None:
    run = Run(ServiceAttitudeByAgent())
    for value in (100.0, 60.0, 20.0):
        score(run, "c-1", 100.0, value)
    assert (at(run, 200.0).value, at(run, 200.0).n) == (20.0, 1)


def test_yesterday_is_forgotten() -> None:
    run = Run(ServiceAttitudeByAgent())
    score(run, "c-1", 0.0, 10.0)
    score(run, "c-2", HOUR, 90.0)
    assert at(run, DAY).value == 90.0
    (state,) = run.states.values()
    assert run.detector.idle(state, DAY + HOUR)


def test_a_conversation_tells_from_the_third_utterance_on_and_only_what_is_new() -> None:
    talk = Talk("c-1")
    turns = [talk.agent_says(at, "话", hits=hits) for at, hits in enumerate((GREETING, {}, {}, {}, FORBIDDEN))]
    found = told([*turns, talk("conversation.resolved", 10.0)])
    assert [(each.value, each.time) for each in found] == [(100.0, 2), (60.0, 4), (57.0, 10.0)]
    assert {each.scope for each in found} == {Scope("acme", (("agent_id", "a-1"),))}
    assert (found[1].terms, found[1].event_id, found[1].excerpt) == (("关我什么事",), "c-1-5", "话")


def test_who_takes_over_is_not_judged_by_what_was_before() -> None:
    talk = Talk("c-1")
    turns = [talk.agent_says(at, "话", hits=hits) for at, hits in enumerate((GREETING, FORBIDDEN, {}))]
    turns += [talk.agent_says(10.0 + at, "话", agent="a-2") for at in range(3)]
    assert [(each.scope.get("agent_id"), each.value) for each in told(turns)] == [("a-1", 60.0), ("a-2", 100.0)]


def test_what_a_bot_or_the_customer_says_tells_nothing_of_an_agent() -> None:
    talk = Talk("c-1")
    turns = [talk.agent_says(at, "话", agent="b-1", role="bot") for at in range(4)]
    assert told([*turns, talk.customer_says(9.0, "骗子")]) == []


def test_sixty_four_conversations_are_kept_the_last_ones() -> None:
    run = Run(ServiceAttitudeByAgent())
    for number in range(100):
        score(run, f"c-{number}", float(number), 0.0 if number < 36 else 100.0)
    assert (at(run, 200.0).value, at(run, 200.0).n) == (100.0, 64)
