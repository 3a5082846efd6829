from __future__ import annotations

from typing import Any

import pytest

from detectors.agent_reply_repetition import AgentReplyRepetition
from tests.contract.detector_driver import Talk, restored

DETECTOR = AgentReplyRepetition()
OTHERS = (
    "您的包裹已经发出",
    "退款三天内可到账",
    "请提供一下订单编号",
    "发票会寄到公司地址",
    "维修人员明天上门",
    "优惠券月底前有效",
    "积分可以兑换礼品",
)


def after(*texts: str, role: str = "agent", **message: Any) -> Any:
    talk, state = Talk(), DETECTOR.new()
    for at, text in enumerate(texts):
        DETECTOR.learn_one(state, talk.agent_says(float(at), *text, role=role, **message))
    return restored(state)


def share(*texts: str, **message: Any) -> Any:
    reading = DETECTOR.score_one(after(*texts, **message), 100.0)
    return None if reading is None else (reading.value, reading.n)


@pytest.mark.parametrize(("same", "value"), [(1, 0.0), (2, 0.2), (3, 0.4), (4, 0.6), (5, 0.8)])
def test_001_23_the_share_of_replies_said_before(same: int, value: float) -> None:
    assert share(*["请您耐心等待处理"] * same, *OTHERS[: 5 - same]) == (pytest.approx(value), 5)


@pytest.mark.parametrize("role", ["agent", "bot"])
def test_002_01_a_bot_that_asks_the_same_question_again_is_found(role: str) -> None:
    assert share("请问您的订单号是多少", OTHERS[0], "请问您的订单号是多少", OTHERS[1], role=role) == (0.25, 4)


@pytest.mark.parametrize(("again", "repeats"), [("一二三四五六七八九十", 1), ("一二三四五六七八九甲", 1), ("一二三四五六七八甲乙", 0)])
def test_alike_begins_at_four_fifths_of_the_pairs(again: str, repeats: int) -> None:
    assert share("一二三四五六七八九十", again) == (repeats / 2, 2)


@pytest.mark.parametrize(("between", "repeats"), [(4, 1), (5, 0)])
def test_only_the_five_replies_before_are_compared(between: int, repeats: int) -> None:
    state = after("请您耐心等待处理", *OTHERS[:between], "请您耐心等待处理")
    assert state.repeated == repeats


@pytest.mark.parametrize("text", ["好", "嗯", "是"])
def test_a_single_character_is_no_reply_to_judge(text: str) -> None:
    assert share(text, text, text, text) is None


def test_001_23_short_replies_count_too() -> None:
    assert share("稍等", "稍等", "稍等", "稍等", "稍等") == (0.8, 5)


def test_what_the_customer_repeats_is_not_counted_here() -> None:
    talk, state = Talk(), DETECTOR.new()
    assert not any(DETECTOR.learn_one(state, talk.customer_says(float(at), *"我的退款什么时候到账")) for at in range(5))


def test_the_reading_is_a_rate_and_shows_the_phrase() -> None:
    reading = DETECTOR.score_one(after("请您耐心等待处理", "请您耐心等待处理"), 9.0)
    assert reading is not None
    assert reading.rate
    assert reading.variables == {"repeated": 1, "matched_phrase": "请您耐心等待处理"}
