"""A customer whose words are calm and whose voice is not."""

from __future__ import annotations

from detectors.base import ConversationDetector, Reading, State, Turn
from detectors.context import mood
from detectors.emotion_intensity import customer_message

__all__ = ["TextVoiceDivergence"]


class TextVoiceDivergenceState(State):
    """The mean of the voice and of how many segments since when; the present mood of the words."""

    voice: float | None = None
    segments: int = 0
    words: float | None = None
    start: float | None = None


class TextVoiceDivergence(ConversationDetector[TextVoiceDivergenceState]):
    """The mean agitation of the customer's voice (0..1) less what the words show of it: acoustic - max(0, -sentiment), -1..1.

    Both are exponentially weighted means of half-life 3. Without an acoustic score from upstream, or without a sentiment, there is
    no reading. `n` is the number of segments with an acoustic score. Evaluated at each. Memory: four numbers.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = TextVoiceDivergence()
    >>> state = detector.new()
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", text="好吧", acoustic_emotion=0.75))
    >>> detector.learn_one(state, Turn(said, Context("c", sentiment=-0.25), None, 1.0)), detector.score_one(state, 1.0).value
    (True, 0.5)
    """

    indicator = "text_voice_divergence"
    State = TextVoiceDivergenceState

    def learn_one(self, state: TextVoiceDivergenceState, turn: Turn) -> bool:
        """Take a segment with an acoustic score in."""
        message = customer_message(turn)
        if message is None or message.acoustic_emotion is None:
            return False
        state.voice = mood(state.voice, message.acoustic_emotion)
        state.words = turn.context.sentiment
        state.segments += 1
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        return state.words is not None

    def score_one(self, state: TextVoiceDivergenceState, now: float) -> Reading | None:
        """The difference; variables `voice`, `sentiment`."""
        if state.voice is None or state.words is None:
            return None
        return Reading(
            now,
            round(state.voice - max(0.0, -state.words), 4),
            n=state.segments,
            start=state.start,
            end=now,
            variables={"voice": round(state.voice, 2), "sentiment": round(state.words, 2)},
        )
