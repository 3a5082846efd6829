from __future__ import annotations

import pytest

from detectors.agent_reply_repetition import AgentReplyRepetition
from detectors.agent_reply_repetition_by_agent import AgentReplyRepetitionByAgent
from detectors.base import Observation, Reading, Turn
from detectors.windowed_rate import NO, YES
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

SAME = "请您耐心等待处理结果"
OTHERS = ("包裹昨天已经发出", "退款三个工作日到账", "发票会寄到公司地址", "维修人员明天上门", "优惠券月底前有效")


def told(turns: list[Turn]) -> list[Observation]:
    """What one conversation tells of its agents."""
    detector = AgentReplyRepetition()
    state = detector.new()
    found: list[Observation] = []
    for turn in turns:
        detector.learn_one(state, turn)
        found += detector.tell(state, turn)
    return found


def day(repeated: int, total: int, *, at: float = 1000.0, now: float = 2000.0) -> Reading:
    """An agent's replies in conversations of five, so many of them repeats."""
    run = Run(AgentReplyRepetitionByAgent())
    for number in range(total):
        talk = Talk(f"c-{number}")
        for observation in told([talk.agent_says(at, SAME), talk.agent_says(at + 1, SAME if number < repeated else OTHERS[0])])[1:]:
            run.learn(observation)
    return run.at(now, agent_id="a-1")


@pytest.mark.parametrize(("repeated", "value"), [(3, 0.15), (4, 0.2), (6, 0.3), (10, 0.5), (14, 0.7), (20, 1.0)])
def test_001_23_the_share_of_an_agents_replies_of_a_day(repeated: int, value: float) -> None:
    reading = day(repeated, 20)
    assert (reading.value, reading.n, reading.rate, reading.guard) == (value, 20, True, True)


def test_nineteen_replies_are_too_few() -> None:
    assert not day(19, 19).guard


def test_each_reply_is_told_once_with_whether_it_repeated() -> None:
    talk = Talk()
    found = told([talk.agent_says(1.0, SAME), talk.customer_says(2.0, SAME), talk.agent_says(3.0, OTHERS[0]), talk.agent_says(4.0, SAME)])
    assert [observation.terms for observation in found] == [NO, NO, YES]
    assert {observation.scope.get("agent_id") for observation in found} == {"a-1"}


def test_a_bot_has_replies_of_its_own() -> None:
    talk = Talk()
    found = told([talk.agent_says(1.0, SAME), talk.agent_says(2.0, SAME, role="bot", agent="bot-1")])
    assert [(observation.scope.get("agent_id"), observation.terms) for observation in found] == [("a-1", NO), ("bot-1", YES)]


def test_a_bot_without_a_name_is_not_counted_for_the_agent_of_the_conversation() -> None:
    talk = Talk()
    first, second = talk.agent_says(1.0, SAME), talk.agent_says(2.0, SAME, role="bot")
    second.event.agent = None
    assert len(told([first, second])) == 1


def test_yesterday_is_forgotten() -> None:
    assert day(20, 20, now=1000.0 + DAY - HOUR).n == 20
    assert day(20, 20, now=1000.0 + DAY + HOUR).n == 0
