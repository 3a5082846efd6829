from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Customer
from detectors.vip_wait_time import VipWaitTime
from tests.contract.detector_driver import Talk, restored

DETECTOR = VipWaitTime()


def talk_of(tier: str | None) -> Talk:
    talk = Talk()
    talk.customer = Customer("u-1", tier)
    return talk


def wait(state: Any, now: float) -> tuple[float, bool] | None:
    reading = DETECTOR.score_one(restored(state), now)
    return None if reading is None else (reading.value, reading.closed)


@pytest.mark.parametrize("tier", ["vip", "svip"])
def test_001_07_a_vip_who_waits_is_told_of_while_nobody_answers(tier: str) -> None:
    state = DETECTOR.new()
    assert DETECTOR.learn_one(state, talk_of(tier).customer_says(100.0, "在吗"))
    assert [DETECTOR.due_at(state, level) for level in (15.0, 30.0, 60.0, 180.0)] == [115.0, 130.0, 160.0, 280.0]
    assert [wait(state, now) for now in (159.5, 160.0)] == [(59.5, False), (60, False)]


@pytest.mark.parametrize("tier", ["normal", None])
def test_of_other_customers_nothing_is_said(tier: str | None) -> None:
    state = DETECTOR.new()
    assert not DETECTOR.learn_one(state, talk_of(tier).customer_says(100.0, "在吗"))
    assert DETECTOR.due_at(state, 60.0) is None
    assert wait(state, 200.0) is None


def test_who_turns_out_to_be_a_vip_has_waited_from_the_beginning() -> None:
    talk, state = talk_of(None), DETECTOR.new()
    DETECTOR.learn_one(state, talk.customer_says(100.0, "在吗"))
    talk.customer = Customer("u-1", "vip")
    assert DETECTOR.learn_one(state, talk("conversation.assigned", 120.0))
    assert wait(state, 130.0) == (30, False)


def test_an_answer_ends_the_wait() -> None:
    talk, state = talk_of("vip"), DETECTOR.new()
    DETECTOR.learn_one(state, talk.customer_says(100.0, "在吗"))
    assert DETECTOR.learn_one(state, talk.agent_says(120.0, "在的"))
    assert wait(state, 500.0) == (20, True)
    assert DETECTOR.due_at(state, 60.0) is None


def test_the_router_learns_whom_to_put_first() -> None:
    state = DETECTOR.new()
    DETECTOR.learn_one(state, talk_of("svip").customer_says(0.0, "在吗"))
    reading = DETECTOR.score_one(state, 45.0)
    assert reading is not None
    assert {name: reading.variables[name] for name in ("tier", "customer_id", "wait_s", "queue_id")} == {
        "tier": "svip",
        "customer_id": "u-1",
        "wait_s": 45,
        "queue_id": "q-1",
    }
