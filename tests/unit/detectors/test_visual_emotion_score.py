from __future__ import annotations

import pytest

from detectors import build
from detectors.base import Turn
from detectors.errors import WrongParameters
from detectors.event import Message
from detectors.visual_emotion_score import VisualEmotionScore
from tests.contract.detector_driver import Talk, values


def looks(talk: Talk, at: float, score: float | None, role: str = "customer", acoustic: float | None = None) -> Turn:
    return talk("message.created", at, message=Message(role=role, visual_emotion=score, acoustic_emotion=acoustic))


@pytest.mark.parametrize("score", [0.5, 0.65, 0.8, 0.9])
def test_a_constant_face_is_its_own_mean(score: float) -> None:
    talk = Talk(channel="video")
    assert values(VisualEmotionScore(), [looks(talk, at, score) for at in range(3)])[-1] == pytest.approx(score)


def test_a_voice_is_no_face_and_absent_is_never_zero() -> None:
    assert values(VisualEmotionScore(), [looks(Talk(), 0.0, None, acoustic=0.9)]) == []


def test_nobody_but_the_customer_is_looked_at() -> None:
    assert values(VisualEmotionScore(), [looks(Talk(), 0.0, 0.9, "agent")]) == []
    with pytest.raises(WrongParameters):
        build("visual_emotion_score", {"roles": ["agent"]})
