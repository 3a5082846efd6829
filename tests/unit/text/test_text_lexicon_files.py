"""Every entry of every lexicon file: spelt once, and able to match."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.lexicon_loader import load_lexicons
from detectors.text.lexicon import Lexicons, Matcher
from detectors.text.normalise import normalise
from detectors.text.segment import Segmenter

LEXICONS = load_lexicons()
WORD_LISTS = ("negators", "negators.inverters", "negators.commands", "negators.bridge", "segmentation.join", "segmentation.split")


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(LEXICONS.phrases("segmentation.join"), LEXICONS.phrases("segmentation.split"))


def found(segmenter: Segmenter, name: str, text: str) -> list[str]:
    clean = normalise(text)
    pieces = segmenter(clean, "en" if clean.isascii() else "zh-CN")
    matcher = Matcher(Lexicons({name: LEXICONS[name]}), whole=("negators.fixed",))
    return [hit.phrase for hit in matcher(clean, [0, *accumulate(map(len, pieces))])]


@pytest.mark.parametrize("name", sorted(set(LEXICONS.entries) - set(WORD_LISTS)))
def test_every_phrase_is_found_in_itself_and_every_pattern_in_its_examples(segmenter: Segmenter, name: str) -> None:
    dead = [entry.phrase for entry in LEXICONS[name] if not entry.pattern and entry.phrase not in found(segmenter, name, entry.phrase)]
    mute = [entry.phrase for entry in LEXICONS[name] if entry.pattern and not entry.examples]
    missed = [text for entry in LEXICONS[name] for text in entry.examples if not found(segmenter, name, text)]
    assert (dead, mute, missed) == ([], [], [])


@pytest.mark.parametrize("name", ["negators", "negators.inverters", "negators.commands", "negators.bridge"])
def test_every_word_that_must_be_a_piece_is_cut_as_one(segmenter: Segmenter, name: str) -> None:
    cut = [(word, segmenter(word, "en" if word.isascii() else "zh-CN")) for word in LEXICONS.phrases(name)]
    assert [pieces for word, pieces in cut if pieces != [word]] == []


def test_commands_are_negators() -> None:
    assert set(LEXICONS.phrases("negators.commands")) <= set(LEXICONS.phrases("negators"))


def test_joined_words_are_one_piece_and_split_words_are_not(segmenter: Segmenter) -> None:
    assert [word for word in LEXICONS.phrases("segmentation.join") if segmenter(word, "zh-CN") != [word]] == []
    assert [word for word in LEXICONS.phrases("segmentation.split") if segmenter(f"{word}到货", "zh-CN")[0] == word] == []


def test_no_pattern_shadows_another_of_the_same_anchor_words_and_expression() -> None:
    patterns = [(name, entry.phrase) for name in LEXICONS.entries for entry in LEXICONS[name] if entry.pattern]
    assert len(patterns) == len(set(patterns))


def covered(name: str) -> list[tuple[str, str]]:
    """Phrases that change nothing: a shorter one of the same weight and exclusions is found wherever they are."""
    phrases = [entry for entry in LEXICONS[name] if not entry.pattern]
    anywhere = [entry for entry in phrases if len(entry.phrase) > 2 or entry.phrase.isascii()]
    return [
        (long.phrase, short.phrase)
        for long in phrases
        for short in anywhere
        if (long.weight, long.unless) == (short.weight, short.unless) and long is not short and stands_in(short.phrase, long.phrase)
    ]


def stands_in(short: str, long: str) -> bool:
    return f" {short} " in f" {long} " if short.isascii() else short in long


@pytest.mark.parametrize("name", sorted(set(LEXICONS.entries) - {*WORD_LISTS, "negators.fixed"}))
def test_no_phrase_is_covered_by_a_shorter_one_with_the_same_effect(name: str) -> None:
    assert covered(name) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("account_theft", "我的账号被盗了"),
        ("account_theft", "有人登录了我的账号把余额转走了"),
        ("account_theft", "my account was hacked yesterday"),
        ("account_theft", "there are unauthorized transactions on my card"),
        ("safety", "充电宝充着电突然炸了"),
        ("safety", "孩子的手被割到了"),
        ("safety", "the charger caught fire"),
        ("medical", "吃了你们的药就过敏进医院了"),
        ("medical", "手术延迟三天没人管"),
        ("medical", "she had an allergic reaction"),
        ("finance", "刚刚转账给骗子了怎么办"),
        ("finance", "催收天天威胁我家人"),
        ("finance", "all my savings are gone"),
    ],
)
def test_a_risk_is_found(segmenter: Segmenter, name: str, text: str) -> None:
    assert found(segmenter, name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("account_theft", "账号会不会被盗"),
        ("account_theft", "忘记密码了怎么登录账号"),
        ("account_theft", "快递被偷了"),
        ("account_theft", "怎么修改绑定手机号"),
        ("account_theft", "can someone log in to my account from two phones"),
        ("safety", "爆炸头适合我吗"),
        ("safety", "手机电话都打爆了"),
        ("safety", "有防漏电保护开关吗"),
        ("safety", "商家大出血价格骨折价"),
        ("safety", "is it non-toxic"),
        ("medical", "这个药有没有副作用"),
        ("medical", "会不会有过敏反应"),
        ("medical", "what are the side effects"),
        ("finance", "怎么提现到银行卡"),
        ("finance", "快递爆仓了吗"),
        ("finance", "贷款可以上门办理吗"),
        ("finance", "跳楼价大甩卖"),
    ],
)
def test_ordinary_talk_is_no_risk(segmenter: Segmenter, name: str, text: str) -> None:
    assert found(segmenter, name, text) == []


@pytest.mark.parametrize(
    ("yaml", "complaint"),
    [
        ("entries: [投诉, 曝光, 投诉]", "bad.yaml: entries[3] '投诉': already entry 1"),
        ("entries: [ＡＢＣ, abc]", "bad.yaml: entries[2] 'abc': already entry 1"),
        ("entries: [12315]", "bad.yaml: entries[1] 12315: an entry is a text (quote numbers)"),
        ("entries: [{text: 投诉, wieght: 2}]", "bad.yaml: entries[1]"),
        ("entries: [{text: 投诉, weight: heavy}]", "weight is a number above 0"),
        ("entries: [{pattern: 'a.{0,3}b'}]", "needs `words`"),
        ("entries: [{pattern: 'a.*b', words: [ab]}]", "unbounded repeat"),
        ("entries: [{pattern: 'a(b', words: [ab]}]", "not a regular expression"),
        ("entries: [{text: 投诉, not: ['x+']}]", "unbounded repeat"),
        ("entries: ['  ']", "a phrase is not empty"),
        ("- 投诉", "a lexicon file is a mapping of section names to lists"),
        ("entries: [投诉", "not readable as YAML"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_file_and_entry(tmp_path: Path, yaml: str, complaint: str) -> None:
    (tmp_path / "bad.yaml").write_text(yaml, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_lexicons(tmp_path)
    assert complaint in str(caught.value)
    assert "bad.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lexicon"):
        load_lexicons(tmp_path)


def test_a_new_file_and_its_sections_are_found_by_themselves(tmp_path: Path) -> None:
    (tmp_path / "safety.yaml").write_text("entries: [起火]\nmild: [{text: 冒烟, weight: 0.5}]", encoding="utf-8")
    lexicons = load_lexicons(tmp_path)
    assert lexicons.phrases("safety") == ("起火",)
    assert lexicons.weight("safety.mild", "冒烟") == 0.5
