from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river.feature_extraction import TFIDF

from detectors import similarity
from detectors.similarity import StreamWeights, cohesion, cosine, features, grams, near_last, vectors, vectors_at

ALIKE = ("耳机蓝牙老是断开", "蓝牙耳机又断连了", "这个耳机蓝牙总断", "耳机连着蓝牙没一会就断", "蓝牙断断续续,耳机没法用")
APART = ("发票抬头写错了", "快递三天没有动静", "赠品没有收到", "屏幕有一道划痕", "充电器发热很厉害")


def taught(*texts: str) -> StreamWeights:
    weights = StreamWeights()
    for text in texts:
        weights.learn_one(features(text))
    return weights


@given(st.lists(st.text(alphabet="耳机蓝牙断连发票的 abc", max_size=12), min_size=1, max_size=6))
def test_the_vectors_are_rivers_to_the_last_bit(texts: list[str]) -> None:
    river = TFIDF(preprocessor=list, tokenizer=list)
    river.dfs.update({gram: similarity.common(gram) for text in texts for gram in grams(text)})
    river.n = similarity.COMMON_TEXTS
    for text in texts:
        river.learn_one(frozenset(grams(text)))
    assert vectors(texts) == [river.transform_one(grams(text)) if grams(text) else {} for text in texts]


def test_five_of_one_meaning_hang_together_and_five_others_do_not() -> None:
    weights = taught(*ALIKE, *APART)
    alike, apart = ([weights.vector(features(text)) for text in texts] for texts in (ALIKE, APART))
    assert cohesion(alike) > 0.4
    assert cohesion(apart) < 0.2


def test_one_stranger_among_five_loosens_them() -> None:
    assert cohesion(vectors((*ALIKE[:4], APART[0]))) < cohesion(vectors(ALIKE)) - 0.1


def test_two_pairs_are_no_row_though_each_text_has_a_partner() -> None:
    pairs = vectors(("耳机断连", "耳机断连", "发票抬头", "发票抬头"))
    assert cohesion(pairs) == pytest.approx(1 / 3)


@given(st.lists(st.text("耳机蓝牙断连发票 ab", max_size=8), min_size=1, max_size=6))
def test_cohesion_lies_between_nothing_and_one_in_any_order(texts: list[str]) -> None:
    found = vectors(texts)
    assert -1e-9 <= cohesion(found) <= 1 + 1e-9
    assert cohesion(found[::-1]) == pytest.approx(cohesion(found))


def test_words_of_one_stem_have_something_in_common() -> None:
    assert set(features("refunded")) & set(features("refunds")) == {"refu~"}


def test_what_the_stream_is_full_of_says_less() -> None:
    vector = taught(*["订单退款"] * 50).vector(features("退款发票"))
    assert vector["发票"] > 2 * vector["退款"]


def test_the_memory_of_a_stream_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "MOST_FEATURES", 50)
    weights = taught(*(f"w{number} 耳机" for number in range(500)))
    assert len(weights.counts) <= 50
    assert "耳机" in weights.counts


def test_weights_are_plain_data() -> None:
    weights = taught(*ALIKE)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(weights), type=StreamWeights)
    assert again.vector(features(APART[0])) == weights.vector(features(APART[0]))


TEXTS = st.lists(st.text("耳机蓝牙断连发票我的 ab!", max_size=8), min_size=1, max_size=8)


@given(TEXTS, st.sampled_from((0.1, 0.2, 0.5, 0.9)))
def test_what_is_near_the_last_is_never_passed_over(texts: list[str], least: float) -> None:
    found = vectors(texts)
    mine = set(grams(texts[-1]))
    near = [at for at in range(len(texts) - 1) if len(mine.intersection(grams(texts[at]))) >= 2 and cosine(found[at], found[-1]) >= least]
    assert set(near) <= set(near_last(texts, least))


def test_what_shares_little_is_passed_over() -> None:
    assert near_last((*APART, "充电线发热很厉害"), 0.2) == [4]


@given(TEXTS)
def test_the_vectors_of_some_places_are_those_of_all(texts: list[str]) -> None:
    every = vectors(texts)
    assert vectors_at(texts, range(0, len(texts), 2)) == {at: every[at] for at in range(0, len(texts), 2)}
