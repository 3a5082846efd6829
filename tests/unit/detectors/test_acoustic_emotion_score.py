from __future__ import annotations

from typing import Any

import pytest

from detectors import build
from detectors.acoustic_emotion_score import AcousticEmotionScore
from detectors.base import Turn
from detectors.event import Message
from tests.contract.detector_driver import Talk, restored, values


def sounds(talk: Talk, at: float, score: float | None, role: str = "customer", **more: Any) -> Turn:
    return talk("message.created", at, message=Message(role=role, acoustic_emotion=score, **more))


@pytest.mark.parametrize("score", [0.5, 0.65, 0.8, 0.9])
def test_a_constant_voice_is_its_own_mean(score: float) -> None:
    talk = Talk(channel="voice")
    assert values(AcousticEmotionScore(), [sounds(talk, at, score) for at in range(3)])[-1] == pytest.approx(score)


def test_the_past_weighs_half_after_three_segments() -> None:
    talk = Talk(channel="voice")
    assert values(AcousticEmotionScore(), [sounds(talk, at, score) for at, score in enumerate((0.8, 0, 0, 0))])[-1] == pytest.approx(0.4)


def test_absent_is_never_zero() -> None:
    detector, talk = AcousticEmotionScore(), Talk(channel="voice")
    state = detector.new()
    assert not detector.learn_one(state, sounds(talk, 0.0, None))
    assert detector.score_one(state, 0.0) is None
    detector.learn_one(state, sounds(talk, 1.0, 0.9))
    detector.learn_one(state, sounds(talk, 2.0, None))
    reading = detector.score_one(restored(state), 2.0)
    assert reading is not None
    assert (reading.value, reading.n) == (0.9, 1)


def test_only_the_customers_voice_counts_by_default() -> None:
    talk = Talk(channel="voice")
    turns = [sounds(talk, 0.0, 0.9, "agent"), sounds(talk, 1.0, 0.9, private=True), sounds(talk, 2.0, 0.9, partial=True)]
    assert values(AcousticEmotionScore(), turns) == []
    assert values(build("acoustic_emotion_score", {"roles": ["customer", "agent"]}), turns) == [0.9]  # type: ignore[arg-type]
