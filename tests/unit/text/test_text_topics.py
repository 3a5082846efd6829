from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.similarity import grams
from detectors.text.topics import Topics, TopicsState

HOUR = 3600.0
BLUETOOTH = ("耳机蓝牙老是断开", "蓝牙耳机又断连了", "这个耳机蓝牙总断")
INVOICE = ("发票抬头写错了", "发票的抬头又写错了", "我的发票抬头错了")
STREAMS = st.lists(st.tuples(st.text("耳机蓝牙断连发票抬头", max_size=6), st.floats(0, 1e6)), max_size=40)


def learn(topics: Topics, *texts: str, at: float = 0.0) -> list[int | None]:
    return [topics.learn_one(grams(text), at) for text in texts]


def test_texts_of_one_subject_are_one_topic() -> None:
    topics = Topics()
    assert learn(topics, *BLUETOOTH, *INVOICE) == [0, 0, 0, 1, 1, 1]


def test_a_topic_is_called_by_what_its_texts_share() -> None:
    topics = Topics()
    learn(topics, *INVOICE)
    assert topics.name(0, 2) == ("发票", "抬头")


def test_english_texts_find_their_topic_too() -> None:
    topics = Topics()
    assert learn(topics, "bluetooth headset disconnects", "my headset bluetooth keeps dropping", "wrong invoice title") == [0, 0, 1]


def test_a_text_without_words_has_no_topic() -> None:
    assert learn(Topics(), "!!!") == [None]


def test_a_silent_topic_expires() -> None:
    topics = Topics(window_s=HOUR)
    learn(topics, *BLUETOOTH)
    learn(topics, *INVOICE, at=2 * HOUR)
    assert (topics.expire(2 * HOUR), len(topics), 0 in topics, topics.burst(0, 2 * HOUR), topics.name(0)) == (1, 1, False, None, ())
    assert learn(topics, BLUETOOTH[0], at=2 * HOUR) == [2]


def test_beyond_its_size_the_topic_silent_longest_goes() -> None:
    topics = Topics(most=2)
    learn(topics, BLUETOOTH[0], INVOICE[0], BLUETOOTH[1], "快递三天没动静")
    assert [each in topics for each in range(3)] == [True, False, True]


def test_a_topic_that_suddenly_fills_has_a_burst_and_a_steady_one_has_none() -> None:
    topics = Topics()
    for hour in range(24):
        learn(topics, *BLUETOOTH, at=hour * HOUR)
    learn(topics, *INVOICE * 4, *BLUETOOTH, at=24 * HOUR)
    steady, sudden = topics.burst(0, 24 * HOUR), topics.burst(1, 24 * HOUR)
    assert steady is not None
    assert sudden is not None
    assert steady.recent == 3.0
    assert steady.usual == pytest.approx(73 / 24)
    assert (sudden.recent, sudden.usual) == (12.0, 1.0)
    assert sudden.excess > 3
    assert steady.excess < 0
    assert [topic for topic, _ in topics.hot(24 * HOUR)] == [1]


def test_weights_count_as_so_many_texts() -> None:
    topics = Topics()
    topics.learn_one(grams(INVOICE[0]), 0.0, weight=2.5)
    burst = topics.burst(0, 0.0)
    assert burst is not None
    assert (burst.recent, burst.total) == (2.5, 2.5)


def test_a_topic_never_holds_more_features_than_it_may() -> None:
    topics = Topics(alike=0.01)
    for number in range(400):
        topics.learn_one(["耳机", "蓝牙", *(f"w{number}.{at}" for at in range(5))], 0.0)
    assert max(len(topic.centre) for topic in topics.state().topics.values()) <= Topics.widest


def test_counts_of_features_are_bounded() -> None:
    topics = Topics()
    topics.most_features = 100
    for number in range(1000):
        topics.learn_one([f"w{number}", "耳机"], 0.0)
    assert len(topics.state().counts) <= 100


@given(STREAMS)
def test_every_pointer_leads_to_a_live_topic_with_the_feature(stream: list[tuple[str, float]]) -> None:
    topics = Topics(most=3, window_s=1000.0)
    for text, time in stream:
        topics.learn_one(grams(text), time)
        topics.expire(time)
    for feature, pointers in topics._by_feature.items():
        assert pointers
        assert all(feature in topics.state().topics[topic].centre for topic in pointers)


@given(STREAMS)
def test_restored_topics_are_the_same(stream: list[tuple[str, float]]) -> None:
    topics, again = Topics(), Topics()
    for text, time in stream:
        topics.learn_one(grams(text), time)
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(topics.state()), type=TopicsState))
    assert again.state() == topics.state()
    assert learn(again, *BLUETOOTH) == learn(topics, *BLUETOOTH)
