"""The parts of the pass on lexicons of their own."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from detectors.text.lexicon import Entry, Hit, Lexicons, Matcher, by_name
from detectors.text.normalise import normalise
from detectors.text.segment import Segmenter
from detectors.text.sentiment import SentimentParams, evidence, polarity

SEGMENTER = Segmenter()


def hits(lexicons: Lexicons, text: str) -> list[tuple[str, str]]:
    pieces = SEGMENTER(text, "zh-CN")
    return [(hit.name, hit.phrase) for hit in Matcher(lexicons)(text, [0, *accumulate(map(len, pieces))])]


@given(st.text(max_size=80))
def test_pieces_joined_are_the_text_again(text: str) -> None:
    clean = normalise(text)
    assert "".join(SEGMENTER(clean, "zh-CN")) == clean
    assert "".join(SEGMENTER(clean, "en")) == clean


@given(st.text(max_size=80))
def test_normalising_twice_is_normalising_once_but_for_what_a_fold_reveals(text: str) -> None:
    assert len(normalise(normalise(text))) <= len(normalise(text))


def test_a_short_phrase_matches_whole_words_and_a_long_one_anywhere() -> None:
    lexicons = Lexicons({"x": (Entry("人工"), Entry("工智能"))})
    assert hits(lexicons, "人工智能") == [("x", "工智能")]


def test_the_longest_phrase_wins_within_a_lexicon_and_lexicons_do_not_disturb_each_other() -> None:
    lexicons = Lexicons({"a": (Entry("不满意"), Entry("满意")), "b": (Entry("满意"),)})
    assert hits(lexicons, "不满意") == [("a", "不满意"), ("b", "满意")]


def test_an_exclusion_around_a_phrase_drops_it() -> None:
    lexicons = Lexicons({"a": (Entry("垃圾", unless=("垃圾袋",)),)})
    assert hits(lexicons, "这个垃圾袋很好") == []
    assert hits(lexicons, "垃圾平台") == [("a", "垃圾")]


def test_a_pattern_is_tried_where_its_anchor_stands_and_reports_what_it_matched() -> None:
    lexicons = Lexicons({"a": (Entry("返.{0,4}\\d{1,4}", pattern=True, words=("返现",)),)})
    assert hits(lexicons, "给您返现50元") == [("a", "返现50")]
    assert hits(lexicons, "给您返利50元") == []


def test_weights_are_found_for_phrases_and_for_what_patterns_matched() -> None:
    lexicons = Lexicons({"a": (Entry("投诉"), Entry("打.{0,2}12315", 3.0, True, ("12315",)))})
    assert [lexicons.weight("a", phrase) for phrase in ("投诉", "打12315", "别的")] == [1.0, 3.0, 1.0]


def test_hits_by_name_are_distinct_and_in_order() -> None:
    assert by_name([Hit("a", "x", 0, 1, 1), Hit("b", "y", 1, 2, 1), Hit("a", "x", 2, 3, 1)]) == {"a": ("x",), "b": ("y",)}


def test_a_stretch_of_text_counts_once_by_its_strongest_hit() -> None:
    params = SentimentParams()
    both = [(Hit("negative", "太差", 0, 2, 1.0), False), (Hit("anger", "太差劲", 0, 3, 1.5), False)]
    assert evidence(both, params) == -1.5
    assert evidence([(Hit("anger", "生气", 0, 2, 1.0), True)], params) == params.turned


@given(st.floats(-50, 50), st.floats(0, 1), st.integers(0, 500))
def test_the_score_stays_in_its_range_and_the_prior_alone_never_says_upset(lexical: float, prior: float, known: int) -> None:
    params = SentimentParams()
    assert -1 <= polarity(lexical, prior, known, params) <= 1
    assert abs(polarity(0.0, prior, known, params)) <= params.lean
