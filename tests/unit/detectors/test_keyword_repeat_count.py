from __future__ import annotations

from typing import Any

import pytest

from config.lexicon_loader import load_analyser
from detectors.event import Message
from detectors.keyword_repeat_count import KeywordRepeatCount, is_courtesy, keywords
from tests.contract.detector_driver import Talk, restored

DETECTOR = KeywordRepeatCount()
ANALYSE = load_analyser()


def heard(*texts: str, detector: KeywordRepeatCount = DETECTOR, **message: Any) -> Any:
    talk, state = Talk(), detector.new()
    for at, text in enumerate(texts):
        said = Message(role="customer", direction="in", text=text, **message)
        detector.learn_one(state, talk("message.created", at * 10.0, words=ANALYSE(text, "zh-CN"), message=said))
    return restored(state)


def count(*texts: str, **message: Any) -> float | None:
    reading = DETECTOR.score_one(heard(*texts, **message), 1000.0)
    return None if reading is None else reading.value


@pytest.mark.parametrize("times", [2, 3, 4, 5, 6, 7, 8])
def test_004_27_each_repetition_of_an_utterance_counts(times: int) -> None:
    assert count(*["我的退款什么时候到账"] * times) == times - 1


@pytest.mark.parametrize(("again", "repeats"), [("一二三四五六七八九甲乙", 1), ("一二三四五六七八甲乙丙丁", 0)])
def test_004_27_alike_begins_at_three_fifths_of_the_pairs(again: str, repeats: int) -> None:
    assert count("一二三四五六七八九十零", again) == repeats


def test_the_same_request_in_other_words_counts() -> None:
    asked = ("我的退款什么时候到账", "退款到底什么时候到账", "问你退款什么时候到账", "退款什么时候能到账啊", "请回答我退款什么时候到账")
    assert count(*asked) == 4


def test_one_shared_keyword_is_no_repetition() -> None:
    assert count("我要开一张纸质发票", "发票抬头可以改成公司吗", "发票寄到哪个城市呢") == 0


def test_two_shared_keywords_among_many_others_are_no_repetition() -> None:
    assert count("售后申请提交以后多久审核完成呢", "上门取件的师傅说没有看到售后申请单子所以拒绝取走冰箱") == 0


@pytest.mark.parametrize(("text", "repeats"), [("快退款呀", 0), ("快给退款", 0), ("快给我退款", 1)])
def test_what_is_shorter_than_five_characters_repeats_nothing(text: str, repeats: int) -> None:
    assert count(text, text) == repeats


@pytest.mark.parametrize("text", ["好的谢谢你", "嗯嗯好的知道了", "谢谢你麻烦了", "ok thank you"])
def test_courtesies_repeat_nothing(text: str) -> None:
    assert count(text, text, text) == 0
    assert is_courtesy(ANALYSE(text, None))


@pytest.mark.parametrize(
    "text",
    [
        "https://item.jd.com/5305078.html",
        "咨询订单号:[ORDERID_10319741]商品ID:3578046",
        "订单编号:123 订单金额:99 下单时间:今天",
        "[PHONE:***********]",
    ],
)
def test_links_order_cards_and_placeholders_are_no_utterances(text: str) -> None:
    assert count(text, text, text) is None


def test_a_card_by_its_content_type_is_no_utterance() -> None:
    assert count("蓝牙耳机 黑色 标准版", "蓝牙耳机 黑色 标准版", content_type="card") is None


@pytest.mark.parametrize(("between", "repeats"), [(8, 1), (9, 1), (10, 0)])
def test_only_the_last_ten_are_compared(between: int, repeats: int) -> None:
    others = [chr(0x4E00 + number) * 2 + chr(0x5E00 + number) * 3 for number in range(between)]
    assert count("我的退款什么时候到账", *others, "我的退款什么时候到账") == repeats


def test_agents_and_private_notes_repeat_nothing() -> None:
    talk, state = Talk(), DETECTOR.new()
    for at in range(4):
        assert not DETECTOR.learn_one(state, talk.agent_says(float(at), "请", "您", "稍", "等", "片刻"))
    assert DETECTOR.score_one(state, 9.0) is None


def test_the_sample_is_the_number_of_utterances() -> None:
    reading = DETECTOR.score_one(heard("在吗", "我的退款什么时候到账", "我的退款什么时候到账"), 99.0)
    assert reading is not None
    assert (reading.value, reading.n, reading.variables["kw"], reading.variables["attempts"]) == (1, 3, "退款、账", 1)


def test_a_late_utterance_makes_the_later_one_the_repetition() -> None:
    talk, state = Talk(), DETECTOR.new()
    words = ANALYSE("我的退款什么时候到账", "zh-CN")
    for at in (50.0, 10.0):
        DETECTOR.learn_one(state, talk("message.created", at, words=words, message=Message(role="customer", text=words.text)))
    assert [row[3] for row in state.rows] == [False, True]


def test_keywords_are_what_is_not_everyday_talk() -> None:
    assert keywords(ANALYSE("你好请问我的发票什么时候可以开 2024", "zh-CN")) == ["发票", "开"]
