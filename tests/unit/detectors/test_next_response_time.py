from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Call, Message
from detectors.next_response_time import NextResponseTime
from tests.contract.detector_driver import Talk, restored

DETECTOR = NextResponseTime()


def after(*turns: Any) -> Any:
    state = DETECTOR.new()
    for turn in turns:
        DETECTOR.learn_one(state, turn)
    return restored(state)


def wait(state: Any, now: float) -> tuple[float, bool] | None:
    reading = DETECTOR.score_one(state, now)
    return None if reading is None else (reading.value, reading.closed)


def answered(talk: Talk) -> list[Any]:
    return [talk.customer_says(0.0, "在吗"), talk.agent_says(5.0, "在的请讲")]


def test_003_15_the_wait_for_a_further_answer_grows_while_there_is_none() -> None:
    talk = Talk()
    state = after(*answered(talk), talk.customer_says(100.0, "查物流"))
    assert [wait(state, now) for now in (100.0, 159.9, 160.0)] == [(0, False), (pytest.approx(59.9), False), (60, False)]
    assert [DETECTOR.due_at(state, level) for level in (60.0, 120.0, 300.0, 900.0)] == [160.0, 220.0, 400.0, 1000.0]


def test_the_wait_for_the_first_answer_is_not_counted_here() -> None:
    state = after(Talk().customer_says(100.0, "查物流"))
    assert wait(state, 500.0) is None
    assert DETECTOR.due_at(state, 60.0) is None


def test_asking_again_does_not_set_the_clock_back() -> None:
    talk = Talk()
    state = after(*answered(talk), talk.customer_says(100.0, "查物流"), talk.customer_says(190.0, "有人吗"))
    assert wait(state, 220.0) == (120, False)


def test_each_turn_has_its_own_wait_and_the_longest_is_remembered() -> None:
    talk = Talk()
    turns = [*answered(talk), talk.customer_says(100.0, "查物流"), talk.agent_says(190.0, "已发货了")]
    assert wait(after(*turns), 190.0) == (90, True)
    reading = DETECTOR.score_one(after(*turns, talk.customer_says(200.0, "几时到")), 210.0)
    assert reading is not None
    assert (reading.value, reading.closed, reading.n, reading.sample["longest_s"]) == (10, False, 2, 90)


@pytest.mark.parametrize("text", [("好", "的"), ("谢谢", "你"), ("嗯嗯", "知道", "了")])
def test_thanks_and_consent_wait_for_nothing(text: tuple[str, ...]) -> None:
    talk = Talk()
    state = after(*answered(talk), talk.customer_says(100.0, *text))
    assert wait(state, 5000.0) is None


@pytest.mark.parametrize("message", [{"private": True}, {"partial": True}, {"content_type": "template"}, {"content_type": "auto"}])
def test_what_is_not_meant_for_the_customer_or_automatic_is_no_answer(message: dict[str, Any]) -> None:
    talk = Talk()
    state = after(*answered(talk), talk.customer_says(100.0, "查物流"), talk.agent_says(110.0, "稍等", **message))
    assert wait(state, 160.0) == (60, False)


def test_a_bot_answers_too() -> None:
    talk = Talk()
    state = after(*answered(talk), talk.customer_says(100.0, "查物流"), talk.agent_says(110.0, "已发货", role="bot"))
    assert wait(state, 400.0) == (10, True)


@pytest.mark.parametrize("kind", ["conversation.resolved", "conversation.abandoned", "call.ended"])
def test_the_end_of_the_conversation_ends_the_wait(kind: str) -> None:
    talk = Talk()
    end = talk.customer_says(100.0, "查物流"), talk(kind, 150.0, call=Call() if kind == "call.ended" else None)
    state = after(*answered(talk), *end)
    assert wait(state, 400.0) == (50, True)
    assert DETECTOR.due_at(state, 60.0) is None


def test_a_question_that_arrives_after_its_answer_begins_no_wait() -> None:
    talk = Talk()
    state = after(*answered(talk), talk.agent_says(110.0, "已发货了"), talk.customer_says(100.0, "查物流"))
    assert wait(state, 400.0) is None


def test_system_messages_change_nothing() -> None:
    talk = Talk()
    system = talk("message.created", 120.0, message=Message(role="system", text="x"))
    state = after(*answered(talk), talk.customer_says(100.0, "查物流"), system)
    assert wait(state, 160.0) == (60, False)
