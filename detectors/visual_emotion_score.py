"""How agitated a face looks, as a model outside says."""

from __future__ import annotations

from typing import Literal

from detectors.acoustic_emotion_score import AcousticEmotionScore, AcousticEmotionScoreParams, AcousticEmotionScoreState
from detectors.event import Message

__all__ = ["VisualEmotionScore"]


class VisualEmotionScoreParams(AcousticEmotionScoreParams):
    """Whose face counts: the customer's and nobody else's."""

    roles: tuple[Literal["customer"]] = ("customer",)


class VisualEmotionScore(AcousticEmotionScore):
    """The exponentially weighted mean (half-life 3 frames) of `message.visual.emotion_score`, 0..1, of the customer's messages.

    Images are never opened here: without a model upstream there is no reading. `n` is the number of frames. Evaluated at each.
    Faces say little, and reading them needs the customer's consent: who does not want it leaves it out of the policy (`enabled: false`).
    Memory: three numbers.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event
    >>> detector = VisualEmotionScore()
    >>> state = detector.new()
    >>> seen = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", visual_emotion=0.75))
    >>> detector.learn_one(state, Turn(seen, Context("c"), None, 1.0)), detector.score_one(state, 1.0).value
    (True, 0.75)
    """

    indicator = "visual_emotion_score"
    State = AcousticEmotionScoreState
    Params = VisualEmotionScoreParams

    def score_of(self, message: Message) -> float | None:
        """The score a message came with, 0..1."""
        return message.visual_emotion
