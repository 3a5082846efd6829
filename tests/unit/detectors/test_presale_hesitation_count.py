from __future__ import annotations

from typing import Any

import pytest

from config.lexicon_loader import load_analyser
from detectors.event import Conversation, Message
from detectors.presale_hesitation_count import PresaleHesitationCount
from tests.contract.detector_driver import Talk, restored

DETECTOR = PresaleHesitationCount()
ANALYSE = load_analyser()


def talk_in(stage: str | None) -> Talk:
    talk = Talk(product_id="sku-1")
    talk.conversation = Conversation("c-1", channel="chat", stage=stage)
    return talk


def says(talk: Talk, at: float, text: str, role: str = "customer") -> Any:
    return talk("message.created", at, words=ANALYSE(text, "zh-CN"), message=Message(role=role, text=text))


def count(*texts: str, stage: str | None = "presale", role: str = "customer") -> float:
    talk, state = talk_in(stage), DETECTOR.new()
    for at, text in enumerate(texts):
        DETECTOR.learn_one(state, says(talk, float(at), text, role))
    reading = DETECTOR.score_one(restored(state), 100.0)
    return 0 if reading is None else reading.value


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5, 7, 8])
def test_000_04_each_word_of_hesitation_before_the_order_counts(times: int) -> None:
    assert count(*["我有点担心"] * times) == times


def test_000_04_worry_doubt_and_putting_off_are_hesitation() -> None:
    assert count("这款怎么样,我有点担心质量", "还是有点犹豫,怕不合适", "我担心退货麻烦,再考虑考虑") == 5


@pytest.mark.parametrize(
    "text",
    ["不用担心发货时间吧", "恐怕不可能了", "哪怕慢一点也行", "考虑好了,帮我下单", "自相矛盾的说法", "以防万一多买一个", "毫不犹豫就买了"],
)
def test_comfort_and_stock_phrases_are_none(text: str) -> None:
    assert count(text) == 0


@pytest.mark.parametrize("stage", ["aftersale", "in_sale", None])
def test_after_the_sale_worry_is_no_hesitation(stage: str | None) -> None:
    assert count("我有点担心质量", stage=stage) == 0


def test_agents_do_not_hesitate() -> None:
    assert count("您有什么顾虑可以和我说说", role="agent") == 0


def test_000_04_the_order_ends_it_and_nothing_counts_after_it() -> None:
    talk, state = talk_in("presale"), DETECTOR.new()
    DETECTOR.learn_one(state, says(talk, 0.0, "有点担心,再考虑一下"))
    assert DETECTOR.learn_one(state, talk("order.placed", 60.0))
    reading = DETECTOR.score_one(restored(state), 60.0)
    assert reading is not None
    assert (reading.value, reading.closed) == (2, True)
    assert not DETECTOR.learn_one(state, says(talk, 90.0, "还是有点担心"))
    assert state.count == 2


def test_the_words_and_the_product_stand_in_the_texts() -> None:
    talk, state = talk_in("presale"), DETECTOR.new()
    DETECTOR.learn_one(state, says(talk, 0.0, "有点担心"))
    DETECTOR.learn_one(state, says(talk, 1.0, "还在犹豫"))
    reading = DETECTOR.score_one(state, 1.0)
    assert reading is not None
    assert reading.variables == {"words": "担心、犹豫", "customer_id": "u-1", "sku": "sku-1"}
