from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.event import Message
from detectors.text_voice_divergence import TextVoiceDivergence
from tests.contract.detector_driver import Talk, restored, values


def says(talk: Talk, at: float, voice: float | None, sentiment: float | None, role: str = "customer") -> Turn:
    message = Message(role=role, text="好吧", acoustic_emotion=voice, sentiment=sentiment)
    return talk("message.created", at, sentiment=sentiment, message=message)


@pytest.mark.parametrize(
    ("voice", "sentiment", "value"), [(0.6, 0.0, 0.6), (0.6, 0.8, 0.6), (0.8, -0.5, 0.3), (0.9, -0.5, 0.4), (0.5, -0.9, -0.4)]
)
def test_001_04_calm_words_in_an_agitated_voice(voice: float, sentiment: float, value: float) -> None:
    talk = Talk(channel="voice")
    assert values(TextVoiceDivergence(), [says(talk, at, voice, sentiment) for at in range(5)])[-1] == pytest.approx(value)


def test_without_a_voice_or_without_a_sentiment_there_is_nothing_to_say() -> None:
    talk = Talk(channel="voice")
    assert values(TextVoiceDivergence(), [says(talk, 0.0, None, -0.5)]) == []
    assert values(TextVoiceDivergence(), [says(Talk(channel="voice"), 0.0, 0.9, None)]) == []


def test_the_sample_is_the_number_of_segments_with_a_voice() -> None:
    detector, talk = TextVoiceDivergence(), Talk(channel="voice")
    state = detector.new()
    for at, voice in enumerate((0.9, None, 0.9)):
        detector.learn_one(state, says(talk, at, voice, 0.0))
    reading = detector.score_one(restored(state), 3.0)
    assert reading is not None
    assert (reading.value, reading.n) == (0.9, 2)


def test_agents_do_not_count() -> None:
    assert values(TextVoiceDivergence(), [says(Talk(), 0.0, 0.9, 0.0, "agent")]) == []
