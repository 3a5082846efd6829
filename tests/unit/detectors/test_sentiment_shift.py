from __future__ import annotations

import pytest

from detectors.base import Reading, Turn
from detectors.event import Message
from detectors.sentiment_shift import SentimentShift
from detectors.text.words import Words
from tests.contract.detector_driver import Talk, restored


def says(talk: Talk, at: float, score: float | None) -> Turn:
    words = Words("话", "zh", ("话",), sentiment=score)
    return talk("message.created", at, sentiment=score, words=words, message=Message(role="customer", text="话"))


def after(*scores: float | None, times: list[float] | None = None) -> Reading | None:
    detector, talk = SentimentShift(), Talk()
    state = detector.new()
    for at, score in enumerate(scores):
        detector.learn_one(state, says(talk, times[at] if times else at, score))
    return detector.score_one(restored(state), 1000.0)


def shift(*scores: float, times: list[float] | None = None) -> float:
    reading = after(*scores, times=times)
    assert reading is not None
    return reading.value


@pytest.mark.parametrize("drop", [-0.2, -0.4, -0.6, -0.8])
def test_001_04_the_last_third_is_compared_with_the_first(drop: float) -> None:
    assert shift(*[-0.2] * 3, *[-0.2] * 3, *[-0.2 + drop] * 3) == pytest.approx(drop)


def test_five_utterances_are_too_few() -> None:
    assert after(*[0.5] * 2, *[-1.0] * 3) is None
    assert shift(*[0.5] * 3, *[-1.0] * 3) == pytest.approx(-1.5)


def test_a_third_is_three_utterances_at_least() -> None:
    assert shift(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.6, -0.6) == pytest.approx(-0.4)


def test_a_customer_who_is_content_again_has_not_been_lost() -> None:
    assert shift(*[0.9] * 5, -0.1, -0.1, -0.1) == 0
    assert shift(*[0.9] * 3, *[-0.5] * 8) == pytest.approx(-1.4)


@pytest.mark.parametrize(("mood", "value"), [(-0.2, 0.0), (-0.21, -0.45)])
def test_the_mood_must_be_below_a_fifth(mood: float, value: float) -> None:
    detector, talk = SentimentShift(), Talk()
    state = detector.new()
    for at, score in enumerate((0.25, 0.25, 0.25, -0.2, -0.2, -0.2)):
        turn = says(talk, at, score)
        turn.context.sentiment = mood
        detector.learn_one(state, turn)
    reading = detector.score_one(state, 6.0)
    assert reading is not None
    assert reading.value == value


def test_a_long_conversation_is_judged_by_its_ends() -> None:
    assert shift(*[0.5] * 30, *[0.0] * 140, *[-0.5] * 30) == pytest.approx(-1.0)


def test_late_utterances_take_their_places() -> None:
    assert shift(0.5, 0.5, *[-1.0] * 2, 0.5, *[-1.0] * 3, times=[0.0, 1.0, 3.0, 4.0, 2.0, 5.0, 6.0, 7.0]) == pytest.approx(-1.5)


def test_an_utterance_of_unknown_sentiment_does_not_count() -> None:
    assert after(*[0.5] * 3, None, None, *[-0.9] * 2) is None


def test_the_title_says_from_where_to_where() -> None:
    reading = after(*[0.5] * 3, *[-1.0] * 3)
    assert reading is not None
    assert (reading.variables, reading.n) == ({"from": 0.5, "to": -1.0}, 6)
