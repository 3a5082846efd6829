from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Ticket
from detectors.update_silence import UpdateSilence
from tests.contract.detector_driver import HOUR, Talk, restored

DETECTOR = UpdateSilence()


def case(**issue: Any) -> Talk:
    return Talk("t-1", channel="ticket", **issue)


def created(talk: Talk, kind: str | None = "complaint") -> Any:
    return talk("ticket.created", 0.0, ticket=Ticket("t-1", type=kind))


def status(talk: Talk, hours: float, current: str = "pending", public: bool | None = True) -> Any:
    return talk("ticket.status_changed", hours * HOUR, ticket=Ticket("t-1", current=current, public_update=public))


def after(*turns: Any) -> Any:
    state = DETECTOR.new()
    for turn in turns:
        DETECTOR.learn_one(state, turn)
    return restored(state)


def silence(state: Any, hours: float) -> Any:
    reading = DETECTOR.score_one(state, hours * HOUR)
    return None if reading is None else (reading.value, reading.closed)


@pytest.mark.parametrize("hours", [4.0, 12.0, 24.0, 48.0])
def test_000_19_a_complaint_without_progress_is_told_of_while_nothing_happens(hours: float) -> None:
    state = after(created(case()))
    assert DETECTOR.due_at(state, hours) == hours * HOUR
    assert silence(state, hours) == (hours, False)
    assert silence(state, hours - 0.1) == (pytest.approx(hours - 0.1), False)


def test_000_19_an_update_the_customer_sees_ends_the_silence_and_the_next_begins() -> None:
    talk = case()
    state = after(created(talk), status(talk, 5))
    assert silence(state, 5) == (5, True)
    assert silence(state, 7) == (2, False)
    assert DETECTOR.due_at(state, 4.0) == 9 * HOUR


@pytest.mark.parametrize(("public", "heard"), [(True, True), (None, True), (False, False)])
def test_what_is_marked_as_internal_is_no_update(public: bool | None, heard: bool) -> None:
    talk = case()
    assert silence(after(created(talk), status(talk, 5, public=public)), 6) == ((1, False) if heard else (6, False))


@pytest.mark.parametrize(
    ("message", "heard"), [({}, True), ({"private": True}, False), ({"partial": True}, False), ({"content_type": "auto"}, False)]
)
def test_a_public_message_of_an_agent_is_an_update(message: dict[str, Any], heard: bool) -> None:
    talk = case()
    state = after(created(talk), talk.agent_says(5 * HOUR, "正在", "处理", **message))
    assert silence(state, 6) == ((1, False) if heard else (6, False))


def test_what_the_customer_says_is_no_update() -> None:
    talk = case()
    assert silence(after(created(talk), talk.customer_says(5 * HOUR, "有进展吗")), 6) == (6, False)


def test_a_transfer_is_no_update() -> None:
    talk = case()
    assert silence(after(created(talk), talk.moved(5 * HOUR, "d-1", "d-2")), 6) == (6, False)


@pytest.mark.parametrize(
    ("kind", "complaint", "told"), [("complaint", None, True), ("knowledge", None, False), ("knowledge", True, True), (None, False, False)]
)
def test_only_complaints_are_watched(kind: str | None, complaint: bool | None, told: bool) -> None:
    talk = case(is_complaint=complaint) if complaint is not None else case()
    assert (silence(after(created(talk, kind)), 6) is not None) is told


def test_a_complaint_in_a_chat_is_no_ticket() -> None:
    talk = Talk(is_complaint=True)
    assert silence(after(talk("conversation.opened", 0.0), talk.customer_says(5.0, "坏了")), 6) is None


@pytest.mark.parametrize("current", ["resolved", "closed"])
def test_the_end_of_the_ticket_ends_the_silence(current: str) -> None:
    talk = case()
    state = after(created(talk), status(talk, 5, current))
    assert silence(state, 90) == (5, True)
    assert DETECTOR.due_at(state, 12.0) is None


def test_a_ticket_opened_again_begins_anew() -> None:
    talk = case()
    state = after(created(talk), status(talk, 5, "resolved"), status(talk, 20, "reopened"))
    assert silence(state, 21) == (1, False)


def test_the_case_stands_in_the_title() -> None:
    reading = DETECTOR.score_one(after(created(case())), 6 * HOUR)
    assert reading is not None
    assert reading.variables == {"silent_h": 6.0, "case": "t-1"}
