from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.event import Message
from detectors.sentiment_score import SentimentScore
from detectors.text.words import Words
from tests.contract.detector_driver import Talk, restored, values


def says(talk: Talk, at: float, score: float | None, *, given: float | None = None) -> Turn:
    """An utterance whose words have this score; `given` came with it."""
    told = score if given is None else given
    message = Message(role="customer", text="话", sentiment=given)
    return talk("message.created", at, sentiment=told, words=Words("话", "zh", ("话",), sentiment=score), message=message)


def test_000_03_the_mean_halves_the_weight_of_the_past_in_three_utterances() -> None:
    talk = Talk()
    means = values(SentimentScore(), [says(talk, at, score) for at, score in enumerate((0.8, 0.0, 0.0, 0.0))])
    assert means[0] == 0.8
    assert means[-1] == pytest.approx(0.4)


@pytest.mark.parametrize("score", [-0.2, -0.4, -0.6, -0.8])
def test_001_04_a_constant_mood_is_its_own_mean(score: float) -> None:
    talk = Talk()
    assert values(SentimentScore(), [says(talk, at, score) for at in range(3)])[-1] == pytest.approx(score)


def test_what_comes_with_a_message_goes_before_its_words() -> None:
    assert values(SentimentScore(), [says(Talk(), 0.0, 0.9, given=-0.5)]) == [-0.5]


def test_an_unknown_sentiment_is_not_neutral() -> None:
    detector, talk = SentimentScore(), Talk()
    state = detector.new()
    assert not detector.learn_one(state, says(talk, 0.0, None))
    assert detector.score_one(state, 0.0) is None
    detector.learn_one(state, says(talk, 1.0, -0.5))
    assert not detector.learn_one(state, says(talk, 2.0, None))
    reading = detector.score_one(restored(state), 2.0)
    assert reading is not None
    assert (reading.value, reading.n) == (-0.5, 1)


def test_the_mood_of_agents_is_not_the_customers() -> None:
    talk = Talk()
    assert values(SentimentScore(), [says(talk, 0.0, -0.5), talk.agent_says(1.0, "话", sentiment=0.9)]) == [-0.5]
