from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Call, Message
from detectors.first_response_time import FirstResponseTime
from tests.contract.detector_driver import Talk, restored

DETECTOR = FirstResponseTime()


def after(*turns: Any) -> Any:
    state = DETECTOR.new()
    for turn in turns:
        DETECTOR.learn_one(state, turn)
    return restored(state)


def wait(state: Any, now: float) -> tuple[float, bool] | None:
    reading = DETECTOR.score_one(state, now)
    return None if reading is None else (reading.value, reading.closed)


def test_the_wait_grows_while_nobody_answers() -> None:
    state = after(Talk().customer_says(100.0, "在吗"))
    assert [wait(state, now) for now in (100.0, 159.9, 160.0)] == [(0, False), (pytest.approx(59.9), False), (60, False)]


def test_the_clock_is_due_when_a_level_is_reached() -> None:
    state = after(Talk().customer_says(100.0, "在吗"))
    assert [DETECTOR.due_at(state, level) for level in (30.0, 900.0)] == [130.0, 1000.0]


def test_the_clock_is_not_set_back_by_further_messages() -> None:
    talk = Talk()
    state = after(talk.customer_says(100.0, "在吗"), talk.customer_says(150.0, "有人吗"))
    assert DETECTOR.due_at(state, 60.0) == 160.0


@pytest.mark.parametrize("role", ["agent", "bot"])
def test_an_answer_ends_the_wait_and_closes_it(role: str) -> None:
    talk = Talk()
    state = after(talk.customer_says(100.0, "在吗"), talk.agent_says(145.0, "在的", role=role))
    assert wait(state, 145.0) == (45, True)
    assert DETECTOR.due_at(state, 60.0) is None


@pytest.mark.parametrize("message", [{"private": True}, {"partial": True}, {"content_type": "template"}, {"content_type": "auto"}])
def test_what_the_customer_does_not_get_from_a_person_or_bot_is_no_answer(message: dict[str, Any]) -> None:
    talk = Talk()
    assert wait(after(talk.customer_says(100.0, "在吗"), talk.agent_says(101.0, "您好", **message)), 130.0) == (30, False)


@pytest.mark.parametrize(("at", "answers"), [(3.0, False), (3.1, True)])
def test_a_greeting_within_three_seconds_of_the_opening_is_automatic(at: float, answers: bool) -> None:
    talk = Talk(channel="voice")
    assert wait(after(talk("conversation.opened", 0.0), talk.agent_says(at, "您好")), 40.0) == ((at, True) if answers else (40, False))


def test_a_quick_answer_to_a_customer_who_spoke_is_no_greeting() -> None:
    talk = Talk()
    assert wait(after(talk("conversation.opened", 0.0), talk.customer_says(1.0, "在吗"), talk.agent_says(2.0, "在的")), 2.0) == (1, True)


@pytest.mark.parametrize(("channel", "begins"), [("voice", True), ("chat", False)])
def test_an_opening_begins_a_wait_on_the_phone_only(channel: str, begins: bool) -> None:
    assert (wait(after(Talk(channel=channel)("conversation.opened", 0.0)), 20.0) is not None) is begins


def test_a_queue_entry_begins_a_wait_on_every_channel() -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 0.0), talk("conversation.queued", 1.0), talk.customer_says(20.0, "在吗"))
    assert wait(state, 31.0) == (30, False)


def test_on_the_phone_being_connected_is_an_answer() -> None:
    talk = Talk(channel="voice")
    assert wait(after(talk("conversation.opened", 0.0), talk("conversation.connected", 12.0)), 40.0) == (12, True)


def test_being_connected_to_a_chat_is_none() -> None:
    talk = Talk()
    assert wait(after(talk.customer_says(0.0, "在吗"), talk("conversation.connected", 12.0)), 40.0) == (40, False)


@pytest.mark.parametrize("kind", ["conversation.resolved", "conversation.abandoned", "call.ended"])
def test_the_end_of_the_conversation_ends_the_wait(kind: str) -> None:
    talk = Talk()
    state = after(talk.customer_says(0.0, "在吗"), talk(kind, 50.0, call=Call() if kind == "call.ended" else None))
    assert wait(state, 400.0) == (50, True)
    assert DETECTOR.due_at(state, 60.0) is None


def test_who_left_without_an_answer_and_asks_again_waits_anew() -> None:
    talk = Talk()
    state = after(talk.customer_says(0.0, "在吗"), talk("conversation.abandoned", 50.0), talk.customer_says(500.0, "有人吗"))
    assert wait(state, 530.0) == (30, False)


def test_who_was_answered_does_not_wait_for_a_first_answer_again() -> None:
    talk = Talk()
    turns = [
        talk.customer_says(0.0, "在吗"),
        talk.agent_says(5.0, "在的"),
        talk("conversation.resolved", 50.0),
        talk.customer_says(500.0, "在吗"),
    ]
    assert wait(after(*turns), 900.0) == (5, True)


def test_an_answer_that_arrives_before_its_question_ends_it() -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 0.0), talk.agent_says(12.0, "在的"), talk.customer_says(10.0, "在吗"))
    assert wait(state, 60.0) == (2, True)


def test_an_answer_that_is_the_first_thing_heard_of_a_conversation_is_no_greeting() -> None:
    talk = Talk()
    assert wait(after(talk.agent_says(20.0, "请讲"), talk.customer_says(10.0, "你好")), 60.0) == (10, True)


def test_a_greeting_long_before_the_question_does_not() -> None:
    talk = Talk()
    assert wait(after(talk("conversation.opened", 0.0), talk.agent_says(9.0, "您好"), talk.customer_says(10.0, "在吗")), 60.0) == (
        50,
        False,
    )


def test_evaluations_are_the_customers_messages_and_the_end() -> None:
    talk, state = Talk(), DETECTOR.new()
    turns = [
        talk("conversation.opened", 0.0),
        talk.customer_says(1.0, "在吗"),
        talk("conversation.assigned", 2.0),
        talk("message.created", 3.0, message=Message(role="system", text="x")),
        talk.agent_says(4.0, "在的"),
        talk.customer_says(5.0, "好"),
    ]
    assert [DETECTOR.learn_one(state, turn) for turn in turns] == [False, True, False, False, True, False]


def test_the_queue_stands_in_the_title() -> None:
    assert DETECTOR.score_one(after(Talk(queue="q-vip").customer_says(0.0, "在吗")), 90.0).variables == {  # type: ignore[union-attr]
        "queue": "q-vip",
        "queue_id": "q-vip",
        "wait_s": 90,
        "wait_min": 1.5,
    }
