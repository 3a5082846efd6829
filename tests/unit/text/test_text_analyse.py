"""The one pass: tokens, negation, negative words, hits and sentiment of single messages."""

from __future__ import annotations

import gzip
import marshal
import time
from pathlib import Path

import pytest
import rjieba
import snownlp
from snownlp.classification.bayes import Bayes
from snownlp.utils.frequency import AddOneProb

from config.lexicon_loader import load_analyser
from config.sentiment_prior import load_prior
from detectors.text.analyse import MAX_CHARACTERS, TextAnalyser
from detectors.text.lexicon import Entry, Lexicons
from detectors.text.sentiment import SentimentPrior


@pytest.fixture(scope="module")
def analyse() -> TextAnalyser:
    return load_analyser()


@pytest.mark.parametrize(
    "text",
    [
        "没关系",
        "没事",
        "没事了",
        "没问题",
        "不客气",
        "不错",
        "真不错",
        "好不好",
        "能不能开发票",
        "是不是",
        "有没有货",
        "收没收到",
        "有没收到",
        "发货了没",
        "发货了没有",
        "不好意思打扰了",
        "差不多",
        "没想到",
        "不用",
        "不用了",
        "没什么",
        "不赖",
        "可不可以",
        "行不行",
        "会不会",
        "知不知道",
        "方不方便",
        "特别",
        "别人的",
        "别的",
        "无论",
        "非常",
        "未来",
        "莫非",
        "不但",
        "好的没问题,没关系不急",
        "不客气,真不错,没事了",
        "不着急的",
    ],
)
def test_fixed_phrases_and_questions_count_no_negation(analyse: TextAnalyser, text: str) -> None:
    assert analyse(text, "zh-CN").negations == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我不是不想退", 2),
        ("没收到货", 1),
        ("没事先通知我", 1),
        ("不能退款", 1),
        ("别再敷衍我了,没有结果", 2),
        ("没有人接电话,没有人回复", 2),
        ("什么都没有", 1),
        ("无法登录", 1),
        ("未发货", 1),
        ("真无语", 0),
        ("不满", 0),
        ("i don't know, never received it", 2),
        ("no problem, not bad at all", 0),
    ],
)
def test_exact_negators_are_counted(analyse: TextAnalyser, text: str, count: int) -> None:
    assert analyse(text).negations == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("太失望了", 1),
        ("我没有生气", 0),
        ("不是不满意", 0),
        ("不满意", 1),
        ("不是很差", 0),
        ("别骗我", 1),
        ("别担心", 0),
        ("垃圾平台,太差劲了", 2),
        ("快递到了吗", 0),
        ("this is terrible and useless", 2),
        ("not terrible", 0),
    ],
)
def test_negative_words_count_unless_negated(analyse: TextAnalyser, text: str, count: int) -> None:
    assert analyse(text).negatives == count


@pytest.mark.parametrize(
    "text",
    [
        "等了整整一个月还没退款,你们到底管不管",
        "花了钱还受气,什么破店",
        "一点诚意都没有,太让人寒心了",
        "把我当傻子是吧,骗人的平台",
        "客服只会复制粘贴,根本不解决问题",
        "再也不会在你们家买东西了",
        "你们这是明摆着欺负消费者",
        "this is ridiculous, worst service ever",
        "😡😡😡",
    ],
)
def test_upset_customers_score_below_minus_one_half(analyse: TextAnalyser, text: str) -> None:
    score = analyse(text, None if text.isascii() else "zh-CN").sentiment
    assert score is not None
    assert -1 <= score <= -0.5


@pytest.mark.parametrize(
    "text",
    [
        "我的退款什么时候到账",
        "还没有收到货",
        "请问怎么改地址",
        "麻烦帮我催一下快递",
        "申请退款",
        "我不需要发票",
        "在吗",
        "能便宜点吗",
        "where is my order",
    ],
)
def test_plain_service_talk_stays_near_zero(analyse: TextAnalyser, text: str) -> None:
    score = analyse(text).sentiment
    assert score is not None
    assert abs(score) < 0.3


def test_thanks_and_praise_are_positive(analyse: TextAnalyser) -> None:
    assert all((analyse(text).sentiment or 0) > 0.4 for text in ("谢谢你,服务很好", "非常满意", "thank you, great help"))


LEAKED = [
    "我的个人信息被泄露了",
    "你们把我的电话卖给骗子了",
    "刚下单就接到诈骗电话",
    "骗子连我的收货地址都知道",
    "账号被盗了",
    "自称你们客服的人让我转账",
    "收到假冒快递的诈骗短信",
    "为什么陌生人会知道我的姓名和地址?",
    "you sold my phone number",
]
ORDINARY = [
    "收不到验证码",
    "请提供验证码",
    "怎么改密码",
    "账号登录不了",
    "别人的快递",
    "你们就是骗子",
    "快递被偷了",
    "会泄露个人信息吗",
    "请注意保护隐私,谨防诈骗",
    "快递员知道我的电话",
    "手机卖了想换绑定",
    "i forgot my password",
    "my package was stolen",
]


@pytest.mark.parametrize("text", LEAKED)
def test_signs_of_a_data_leak_hit(analyse: TextAnalyser, text: str) -> None:
    assert "data_leak" in analyse(text).hits


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_talk_is_no_data_leak(analyse: TextAnalyser, text: str) -> None:
    assert "data_leak" not in analyse(text).hits


@pytest.mark.parametrize("text", ["我私下给您返现50", "保证全网最低价", "假一赔百", "百分百给您退款", "终身免费维修", "加我微信给您返红包"])
def test_promises_no_agent_may_make_hit(analyse: TextAnalyser, text: str) -> None:
    assert "false_promise" in analyse(text).hits


@pytest.mark.parametrize(
    "text", ["我们不能保证明天送到", "没有返现活动哦", "请确保收货地址正确", "支持七天无理由退货", "谨防私下交易", "退款会原路返回"]
)
def test_denials_and_plain_service_are_no_promises(analyse: TextAnalyser, text: str) -> None:
    assert "false_promise" not in analyse(text).hits


def test_an_approved_offer_is_no_false_promise() -> None:
    prior, lexicons = SentimentPrior({}, 0.0, 0.0), Lexicons({"false_promise": (Entry("假一赔三"), Entry("假一赔百"))})
    words = TextAnalyser(lexicons, prior, offers=["正品保障，假一赔三"])("假一赔三,假一赔百", "zh-CN")
    assert words.hits == {"false_promise": ("假一赔百",)}


def test_hits_come_in_order_of_appearance_and_once(analyse: TextAnalyser) -> None:
    assert analyse("找律师,打12315,找律师").hits["escalation"] == ("律师", "12315")


def test_saying_one_does_not_complain_is_no_escalation(analyse: TextAnalyser) -> None:
    assert "escalation" not in analyse("我没有要投诉的意思").hits


def test_masks_and_placeholders_are_no_tokens(analyse: TextAnalyser) -> None:
    assert analyse("我的电话[PHONE:***********],[地址x]#E-s12", "zh-CN").tokens == ("我", "的", "电话")


def test_width_case_and_repeats_do_not_matter(analyse: TextAnalyser) -> None:
    assert analyse("太差劲了！！！").hits == analyse("太差劲了!").hits
    assert analyse("我要打１２３１５").hits["escalation"] == ("12315",)


@pytest.mark.parametrize(
    ("text", "lang"), [("你好", "zh-CN"), ("where is my order", "en"), ("???", None), ("こんにちは", None), ("SF1234", None)]
)
def test_language_is_guessed_or_unknown(analyse: TextAnalyser, text: str, lang: str | None) -> None:
    words = analyse(text)
    assert words.lang == lang
    assert (words.sentiment is None) == (lang is None)


def test_the_events_own_language_wins(analyse: TextAnalyser) -> None:
    assert analyse("ok", "zh-TW").lang == "zh-TW"
    assert analyse("bonjour", "fr").sentiment is None


@pytest.mark.parametrize("text", ["", " ", "\x00", "！！！", "😀" * 5000, "不" * 20000, "a" * 20000, "私下返" * 5000, "骗子有我的" * 4000])
def test_any_text_is_read_in_bounded_time(analyse: TextAnalyser, text: str) -> None:
    start = time.process_time()
    words = analyse(text)
    assert time.process_time() - start < 1.0
    assert sum(map(len, words.tokens)) <= MAX_CHARACTERS


def test_the_same_text_gives_the_same_words(analyse: TextAnalyser) -> None:
    text = "太失望了,根本不解决问题,不处理我就投诉到12315"
    assert analyse(text) == analyse(text)


@pytest.fixture(scope="module")
def reference() -> Bayes:
    stored = marshal.loads(gzip.decompress((Path(snownlp.__file__).parent / "sentiment" / "sentiment.marshal.3").read_bytes()))  # noqa: S302
    model = Bayes()
    model.total = stored["total"]
    for name, fields in stored["d"].items():
        model.d[name] = AddOneProb()
        model.d[name].__dict__ = fields
    return model


SAMPLES = [
    "这家店的服务真的很好,下次还来",
    "质量太差了,用了两天就坏",
    "我的退款什么时候到账",
    "qwerty 未登录词 𠮷",
    "不",
    "房间很大,早餐不错,就是隔音差了一点,总体来说性价比还可以",
    "very good 很好",
    "物流慢得离谱" * 30,
    "开心" * 200,
]


@pytest.mark.parametrize("text", SAMPLES)
def test_the_prior_equals_snownlps_own_classifier_on_the_same_tokens(reference: Bayes, text: str) -> None:
    tokens = rjieba.cut(text)
    label, probability = reference.classify(tokens)
    expected = probability if label == "pos" else 1 - probability
    prior = load_prior()
    assert prior.probability(tokens) == pytest.approx(expected, abs=1e-12)
    judged, known = prior.judge(tokens)
    assert judged == pytest.approx(expected, abs=1e-12)
    assert known == prior.known(tokens)


def test_the_prior_survives_texts_of_any_length() -> None:
    prior = SentimentPrior({"好": 5.0, "差": -5.0}, 0.0, 0.0)
    assert prior.probability(["好"] * 1000) == 1.0
    assert prior.probability(["差"] * 1000) < 1e-300
