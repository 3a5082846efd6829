"""Traditional script: read as simplified, told by the characters only it has."""

from __future__ import annotations

import pytest

from config.lexicon_loader import load_lexicons
from config.sentiment_prior import load_prior
from config.traditional import load_traditional
from detectors.text.analyse import TextAnalyser


@pytest.fixture(scope="module")
def analyse() -> TextAnalyser:
    return TextAnalyser(load_lexicons(), load_prior(), traditional=load_traditional())


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("退款還沒到帳,太失望了", "退款还没到帐,太失望了"),
        ("我要投訴你們,態度惡劣", "我要投诉你们,态度恶劣"),
        ("這個畫面壞了,請問怎麼辦", "这个画面坏了,请问怎么办"),
        ("妳們客服不回應訊息", "你们客服不回应讯息"),
    ],
)
def test_a_traditional_text_is_read_as_the_simplified_one(analyse: TextAnalyser, traditional: str, simplified: str) -> None:
    one, other = analyse(traditional), analyse(simplified)
    assert (one.lang, other.lang) == ("zh-TW", "zh-CN")
    assert (one.tokens, one.negations, one.negatives, one.sentiment, one.hits) == (
        other.tokens,
        other.negations,
        other.negatives,
        other.sentiment,
        other.hits,
    )
    assert one.text == traditional


def test_one_character_of_a_name_makes_no_traditional_text(analyse: TextAnalyser) -> None:
    words = analyse("你好,我是陳小明,我的退款什么时候能到账")
    assert words.lang == "zh-CN"
    assert "".join(words.tokens).startswith("你好我是陈小明")


def test_the_events_own_language_wins(analyse: TextAnalyser) -> None:
    assert analyse("我要投訴", "zh-CN").lang == "zh-CN"
    assert analyse("我要投訴", "zh-HK").hits["escalation"] == ("我要投诉",)


def test_the_table_leaves_simplified_text_as_it_is() -> None:
    table = load_traditional()
    assert len(table) > 2000
    assert not set(table) & set("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里")
    assert all(len(old) == len(new) == 1 for old, new in table.items())
