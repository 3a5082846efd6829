from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.similarity import features
from detectors.text.live_index import IndexState, LiveIndex

TEXTS = st.lists(st.text("耳机蓝牙断连发票抬头退款", min_size=1, max_size=8), min_size=1, max_size=30)


def filled(*texts: str, most: int = 100, recent: int = 128) -> LiveIndex:
    index = LiveIndex(most, window_s=60.0, recent=recent)
    for number, text in enumerate(texts):
        index.add(f"t{number}", features(text), float(number))
    return index


def test_the_most_similar_text_comes_first() -> None:
    index = filled("耳机蓝牙断连", "耳机有划痕", "发票抬头写错了")
    found = index.near(features("蓝牙耳机断连"))
    assert [key for _, key in found] == ["t0", "t1"]
    assert 0 < found[1][0] < found[0][0] < 1


def test_the_same_text_has_similarity_one() -> None:
    assert filled("耳机蓝牙断连").near(features("耳机蓝牙断连")) == [(1.0, "t0")]


def test_texts_older_than_the_window_are_gone() -> None:
    index = filled("耳机断连", "耳机断连了")
    assert index.evict(60.5) == 1
    assert [key for _, key in index.near(features("耳机断连"))] == ["t1"]


def test_beyond_its_size_the_earliest_text_goes() -> None:
    index = filled("耳机断连", "发票抬头", "退款太慢", most=2)
    assert (len(index), "t0" in index, index.near(features("耳机断连"))) == (2, False, [])


def test_a_key_that_lives_is_replaced() -> None:
    index = filled("耳机断连")
    index.add("t0", features("发票抬头"), 1.0)
    assert len(index) == 1
    assert index.near(features("耳机断连")) == []
    assert index.near(features("发票抬头")) == [(1.0, "t0")]


def test_only_texts_later_than_asked_are_found() -> None:
    assert [key for _, key in filled("耳机断连", "耳机断连了").near(features("耳机断连"), after=0.5)] == ["t1"]


def test_a_text_without_features_is_held_and_never_found() -> None:
    index = filled("!!!")
    assert (len(index), index.near(features("!!!"))) == (1, [])


def test_an_endless_stream_of_one_text_keeps_the_lists_short() -> None:
    index = filled(*["耳机断连"] * 1000, recent=8)
    assert max(len(feature.latest) for feature in index._features.values()) < 16


@given(TEXTS)
def test_what_is_dropped_leaves_nothing_behind(texts: list[str]) -> None:
    index = filled(*texts)
    index.evict(1000.0)
    assert (len(index), index._features, index._numbers) == (0, {}, {})


@given(TEXTS, st.text("耳机蓝牙断连发票抬头退款", max_size=8))
def test_a_restored_index_answers_alike(texts: list[str], query: str) -> None:
    index, again = filled(*texts), LiveIndex(100, window_s=60.0)
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(index.state()), type=IndexState))
    assert again.near(features(query)) == index.near(features(query))


@given(TEXTS)
def test_a_few_live_texts_are_all_found_by_themselves(texts: list[str]) -> None:
    index = filled(*texts)
    for number, text in enumerate(texts):
        best = index.near(features(text), len(texts))
        assert best[0][0] == 1.0
        assert (1.0, f"t{number}") in best
