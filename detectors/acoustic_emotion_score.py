"""How agitated a voice sounds, as a model outside says."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from detectors.base import ConversationDetector, Params, Reading, State, Turn
from detectors.context import mood
from detectors.event import Message

__all__ = ["AcousticEmotionScore"]


class AcousticEmotionScoreParams(Params):
    """Whose voice counts."""

    roles: tuple[str, ...] = Field(default=("customer",), min_length=1)


class AcousticEmotionScoreState(State):
    """The mean, and of how many segments since when."""

    mean: float | None = None
    segments: int = 0
    start: float | None = None


class AcousticEmotionScore(ConversationDetector[AcousticEmotionScoreState]):
    """The exponentially weighted mean (half-life 3 segments) of `message.acoustic.emotion_score`, 0..1, of the customer's messages.

    Audio is never opened here: without a model upstream there is no reading. `n` is the number of segments. Evaluated at each.
    Memory: three numbers.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event
    >>> detector = AcousticEmotionScore()
    >>> state = detector.new()
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", acoustic_emotion=0.75))
    >>> detector.learn_one(state, Turn(said, Context("c"), None, 1.0)), detector.score_one(state, 1.0).value
    (True, 0.75)
    """

    indicator: ClassVar[str] = "acoustic_emotion_score"
    State = AcousticEmotionScoreState
    Params = AcousticEmotionScoreParams

    def learn_one(self, state: AcousticEmotionScoreState, turn: Turn) -> bool:
        """Take a segment with a score in."""
        message = turn.event.message
        if (
            message is None
            or turn.event.type != "message.created"
            or message.private
            or message.partial
            or message.role not in self.params.roles
        ):
            return False
        score = self.score_of(message)
        if score is None:
            return False
        state.mean = mood(state.mean, score)
        state.segments += 1
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        return True

    def score_one(self, state: AcousticEmotionScoreState, now: float) -> Reading | None:
        """The mean."""
        return None if state.mean is None else Reading(now, round(state.mean, 4), n=state.segments, start=state.start, end=now)

    def score_of(self, message: Message) -> float | None:
        """The score a message came with, 0..1."""
        return message.acoustic_emotion
