from __future__ import annotations

from typing import Any

import pytest

from config.lexicon_loader import load_analyser
from detectors import build
from detectors.base import Reading, Turn
from detectors.event import Call, Message
from detectors.service_attitude_score import ServiceAttitudeScore
from detectors.text.analyse import TextAnalyser
from tests.contract.detector_driver import Talk, restored, values

Hits = dict[str, tuple[str, ...]]

GREETING: Hits = {"attitude.greeting": ("您好",)}
EVASION: Hits = {"attitude.evasion": ("不归我们管",)}
IMPATIENCE: Hits = {"attitude.impatience": ("急什么",)}
FORBIDDEN: Hits = {"attitude.forbidden": ("关我什么事",)}
CRITICAL: Hits = {"attitude.critical": ("白痴",)}
EMPATHY: Hits = {"attitude.empathy": ("抱歉",)}
CLOSING: Hits = {"attitude.closing": ("再见",)}
WRONG = ("evasion", "impatience", "forbidden", "critical")


@pytest.fixture(scope="module")
def analyse() -> TextAnalyser:
    return load_analyser()


def told(*utterances: Hits, talk: Talk | None = None) -> Reading:
    """What is said of an agent who greets, then says these."""
    detector, talk = ServiceAttitudeScore(), talk or Talk()
    state = detector.new()
    for at, hits in enumerate((GREETING, *utterances)):
        assert detector.learn_one(state, talk.agent_says(at, "话", hits=hits))
    reading = detector.score_one(restored(state), 100.0)
    assert reading is not None
    return reading


def test_004_12_the_attitude_of_service_is_a_score_of_a_hundred() -> None:
    assert (told({}, {}).value, told({}, {}).n) == (100, 3)


@pytest.mark.parametrize(
    ("utterances", "score"),
    [
        ([{}, EVASION], 85),
        ([IMPATIENCE], 90),
        ([EVASION, IMPATIENCE], 75),
        ([EVASION, EVASION], 70),
        ([FORBIDDEN], 60),
        ([FORBIDDEN, EVASION, {}], 45),
        ([FORBIDDEN, EVASION, IMPATIENCE], 35),
        ([FORBIDDEN, FORBIDDEN, FORBIDDEN], 0),
        ([FORBIDDEN | EVASION | IMPATIENCE], 35),
    ],
)
def test_each_kind_costs_what_the_catalogue_says(utterances: list[Hits], score: float) -> None:
    assert told(*utterances).value == score


def test_two_phrases_of_one_kind_in_one_utterance_cost_once() -> None:
    assert told({"attitude.evasion": ("不归我们管", "找厂家吧")}).value == 85


@pytest.mark.parametrize(("times", "score"), [(1, 47), (5, 55), (6, 55)])
def test_empathy_gives_back_two_each_and_ten_at_most(times: int, score: float) -> None:
    assert told(FORBIDDEN, EVASION, *[EMPATHY] * times).value == score


def test_an_apology_within_an_insult_gives_nothing_back() -> None:
    assert told(FORBIDDEN | EMPATHY).value == 60


def test_a_critical_phrase_is_orange_at_once_however_much_empathy() -> None:
    reading = told(EMPATHY, EMPATHY, EMPATHY, CRITICAL)
    assert (reading.value, reading.variables["phrase"]) == (60, "白痴")
    alone = ServiceAttitudeScore()
    state = alone.new()
    alone.learn_one(state, Talk().agent_says(0.0, "白痴", hits=CRITICAL))
    reading = alone.score_one(state, 1.0)  # type: ignore[assignment]
    assert (reading.value, reading.n, reading.sample["utterances"]) == (60, 3, 1)


def test_without_a_critical_phrase_the_sample_is_the_number_of_utterances() -> None:
    assert told(EVASION).n == 2


def test_a_greeting_is_missed_from_the_second_utterance_on() -> None:
    talk = Talk()
    assert values(ServiceAttitudeScore(), [talk.agent_says(at, "稍等") for at in (0.0, 1.0)]) == [100, 97]


@pytest.mark.parametrize(("ending", "score"), [([CLOSING], 100), ([CLOSING, {}], 100), ([CLOSING, {}, {}], 97), ([], 97)])
def test_a_closing_is_missed_when_the_conversation_is_resolved(ending: list[Hits], score: float) -> None:
    detector, talk = ServiceAttitudeScore(), Talk()
    state = detector.new()
    for at, hits in enumerate((GREETING, *ending)):
        detector.learn_one(state, talk.agent_says(at, "话", hits=hits))
    assert detector.score_one(state, 9.0).value == 100  # type: ignore[union-attr]
    assert not detector.learn_one(state, talk("conversation.resolved", 10.0))
    assert detector.score_one(state, 10.0).value == score  # type: ignore[union-attr]


def spoken(talk: Talk, begin: int, end: int, role: str) -> Turn:
    if role == "agent":
        return talk.agent_says(begin / 1000, "话", hits=GREETING, begin_ms=begin, end_ms=end)
    return talk("message.created", begin / 1000, message=Message(role="customer", text="话", begin_ms=begin, end_ms=end))


@pytest.mark.parametrize(("answer_ms", "score"), [(8_999, 95), (9_000, 95), (9_001, 100), (30_000, 100), (30_001, 95)])
def test_on_a_call_a_long_silence_and_an_interruption_cost_five(answer_ms: int, score: float) -> None:
    talk = Talk(channel="voice")
    turns = [spoken(talk, 0, 10_000, "customer"), spoken(talk, answer_ms, answer_ms + 500, "agent")]
    assert values(ServiceAttitudeScore(), turns) == [score]


@pytest.mark.parametrize(
    ("call", "scores"),
    [(Call(overlap_ms=1000, silence_ms=20_000), [100, 95]), (Call(overlap_ms=999, silence_ms=20_001), [100, 95]), (Call(), [100])],
)
def test_without_offsets_the_totals_of_the_call_count(call: Call, scores: list[float]) -> None:
    talk = Talk(channel="voice")
    turns = [talk.agent_says(0.0, "您好", hits=GREETING), talk("call.ended", 60.0, call=call)]
    assert values(ServiceAttitudeScore(), turns) == scores


def test_customers_and_bots_are_not_judged() -> None:
    talk = Talk()
    insulting: Any = CRITICAL
    turns = [talk.customer_says(0.0, "白痴", **insulting), talk.agent_says(1.0, "不归我们管", role="bot", hits=EVASION)]
    assert values(ServiceAttitudeScore(), turns) == []


def test_the_costs_are_parameters() -> None:
    assert values(build("service_attitude_score", {"evasion": 50}), [Talk().agent_says(0.0, "话", hits=EVASION)]) == [50]  # type: ignore[arg-type]


def wrong(analyse: TextAnalyser, text: str, **more: Any) -> set[str]:
    return {name.partition(".")[2] for name in analyse(text, **more).hits if name.startswith("attitude.")} & set(WRONG)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("这个不归我们管,您找厂家吧", "evasion"),
        ("那我也没办法,您自己看着办", "evasion"),
        ("这个不属于我们负责范围", "evasion"),
        ("你问我我也不知道", "evasion"),
        ("不清楚,您自己打客服电话问吧", "evasion"),
        ("责任不在我们,您自己没看清楚怪谁", "evasion"),
        ("That's not our problem, ask the manufacturer.", "evasion"),
        ("我都说了多少遍了", "impatience"),
        ("催什么催,等着吧", "impatience"),
        ("要投诉就投诉", "impatience"),
        ("I already told you, stop asking", "impatience"),
        ("关我什么事", "forbidden"),
        ("有本事你去告啊", "forbidden"),
        ("You people are all the same", "forbidden"),
        ("你是白痴吗", "critical"),
        ("you idiot", "critical"),
    ],
)
def test_the_lexicon_knows_it_in_both_languages(analyse: TextAnalyser, text: str, kind: str) -> None:
    assert kind in wrong(analyse, text)


@pytest.mark.parametrize(
    "text",
    [
        "很抱歉,这个不归我们管,我帮您转接快递专员",
        "抱歉我也没办法修改,不过可以帮您重新下单",
        "建议您联系快递员改时间哦",
        "第三方商家的订单需要您联系商家处理呢",
        "我这边帮您找一下售后吧",
        "您看一下商品详情页,自己看一下说明也可以",
        "请问您急什么时候要呢",
        "您可以去投诉渠道反映,我这边也帮您登记",
        "您随时联系我们,祝您生活愉快",
        "I'm sorry, there is nothing I can do to change the address, but I can cancel it.",
        "whatever you choose, we can help",
    ],
)
def test_a_polite_refusal_is_no_offence(analyse: TextAnalyser, text: str) -> None:
    assert wrong(analyse, text) == set()
