from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.emotion_intensity import EmotionIntensity
from detectors.event import Message
from detectors.text.words import Words
from tests.contract.detector_driver import Talk, restored, values


def felt(
    talk: Talk, at: float, emotion: str | None = None, score: float | None = None, *, negatives: int = 9, **hits: tuple[str, ...]
) -> Turn:
    words = Words("话", "zh", ("话",), negatives=negatives, hits=hits)
    return talk("message.created", at, words=words, message=Message(role="customer", text="话", emotion=emotion, emotion_score=score))


@pytest.mark.parametrize(
    ("emotion", "named"), [("anger", "anger"), ("Angry", "anger"), ("焦急", "anxiety"), ("disappointed", "disappointment")]
)
def test_000_03_an_emotion_given_by_a_model_is_taken_as_it_is(emotion: str, named: str) -> None:
    detector = EmotionIntensity()
    state = detector.new()
    assert detector.learn_one(state, felt(Talk(), 0.0, emotion, 0.65))
    reading = detector.score_one(restored(state), 1.0)
    assert reading is not None
    assert (reading.value, reading.variables["emotion"]) == (0.65, named)


@pytest.mark.parametrize(("emotion", "chinese"), [("anger", "愤怒"), ("anxiety", "焦急"), ("disappointment", "失望")])
def test_003_18_the_kind_of_emotion_is_named_without_a_model_too(emotion: str, chinese: str) -> None:
    detector = EmotionIntensity()
    state = detector.new()
    detector.learn_one(state, felt(Talk(), 0.0, **{emotion: ("一", "二")}))  # type: ignore[arg-type]
    reading = detector.score_one(state, 1.0)
    assert reading is not None
    assert (reading.value, reading.variables["emotion_zh"]) == (0.75, chinese)


@pytest.mark.parametrize(("words", "p"), [(0, 0), (1, 0.6), (2, 0.75), (3, 0.818), (6, 0.9)])
def test_words_alone_are_red_only_when_there_are_many(words: int, p: float) -> None:
    hits = {"anger": tuple("一二三四五六"[:words])} if words else {}
    assert values(EmotionIntensity(), [felt(Talk(), 0.0, **hits)]) == [pytest.approx(p, abs=0.001)]  # type: ignore[arg-type]


def test_a_negated_word_is_no_emotion() -> None:
    assert values(EmotionIntensity(), [felt(Talk(), 0.0, negatives=0, anger=("生气",))]) == [0]


def test_a_model_that_sees_another_emotion_leaves_the_rest_of_its_probability() -> None:
    assert values(EmotionIntensity(), [felt(Talk(), 0.0, "joy", 0.9, anger=("绝了",))]) == [pytest.approx(0.1)]


def test_an_emotion_without_a_probability_leaves_the_words_to_tell() -> None:
    assert values(EmotionIntensity(), [felt(Talk(), 0.0, "anger", None, anger=("生气",))]) == [0.6]


def test_only_the_last_five_utterances_count() -> None:
    talk = Talk()
    turns = [felt(talk, 0.0, "anger", 0.95), *(felt(talk, 1.0 + at, "anger", 0.1) for at in range(5))]
    assert values(EmotionIntensity(), turns) == [0.95] * 5 + [0.1]


def test_a_late_utterance_takes_its_place() -> None:
    talk = Talk()
    turns = [felt(talk, 10.0 + at, "anger", 0.1) for at in range(5)]
    assert values(EmotionIntensity(), [*turns, felt(talk, 5.0, "anger", 0.95)])[-1] == 0.1


def test_agents_private_and_unfinished_messages_do_not_count() -> None:
    talk = Talk()
    silent = [
        talk.agent_says(0.0, "气死我了", emotion="anger", emotion_score=0.9),
        talk("message.created", 1.0, message=Message(role="customer", private=True, emotion="anger", emotion_score=0.9)),
        talk("message.created", 2.0, message=Message(role="customer", partial=True, emotion="anger", emotion_score=0.9)),
        talk("message.created", 3.0, message=Message(role="customer")),
    ]
    assert values(EmotionIntensity(), silent) == []
