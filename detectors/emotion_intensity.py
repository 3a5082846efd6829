"""The strongest negative emotion a customer has shown of late."""

from __future__ import annotations

from bisect import insort
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn
from detectors.event import Message
from detectors.text.words import Words

__all__ = ["EMOTIONS", "HALF", "EmotionIntensity", "customer_message", "emotion_of"]

EMOTIONS: Final = ("anger", "anxiety", "disappointment")
HALF: Final = 2 / 3
"""Words of an emotion at which its probability is one half: one gives 0.6, two 0.75, three 0.82, six 0.9."""

_CHINESE: Final = {"anger": "愤怒", "anxiety": "焦急", "disappointment": "失望"}
_SPELLINGS: Final = {
    "anger": ("anger", "angry", "furious", "rage", "愤怒", "生气", "恼怒"),
    "anxiety": ("anxiety", "anxious", "worry", "worried", "焦急", "焦虑", "着急", "担心"),
    "disappointment": ("disappointment", "disappointed", "失望"),
}
_EMOTION_OF: Final = {spelling: emotion for emotion, spellings in _SPELLINGS.items() for spelling in spellings}
_EXCERPT: Final = 48


def customer_message(turn: Turn) -> Message | None:
    """The customer's message, public and complete, with or without text; None for anything else."""
    message = turn.event.message
    if message is None or turn.event.type != "message.created" or message.role != "customer" or message.private or message.partial:
        return None
    return message


def emotion_of(message: Message, words: Words | None, half: float = HALF) -> tuple[float, str] | None:
    """The strongest of anger, anxiety and disappointment in an utterance: its probability 0..1 and its name; None if nothing tells.

    What a model says upstream (`message.emotion`) comes first; of another emotion it leaves at most the rest of its probability.
    Without it, k words of the lexicon of that name, as far as they are not negated, give k / (k + `half`).

    >>> emotion_of(Message(role="customer", emotion="angry", emotion_score=0.9), None)
    (0.9, 'anger')
    >>> shouted = Words("气死了,垃圾", "zh", ("气死", "了", "垃圾"), negatives=2, hits={"anger": ("气死了", "垃圾")})
    >>> emotion_of(Message(role="customer", text=shouted.text), shouted)
    (0.75, 'anger')
    >>> emotion_of(Message(role="customer", emotion="joy", emotion_score=0.75), shouted)
    (0.25, 'anger')
    """
    score = message.emotion_score
    told = _EMOTION_OF.get((message.emotion or "").strip().lower())
    if told is not None and score is not None:
        return score, told
    limit = 1.0 - score if message.emotion and score is not None else 1.0
    if words is None:
        return (0.0, EMOTIONS[0]) if limit < 1.0 else None
    counts = [(min(len(words.hits.get(name, ())), words.negatives), name) for name in EMOTIONS]
    most, name = max(counts, key=lambda pair: pair[0])
    return round(min(limit, most / (most + half)), 4), name


class EmotionIntensityParams(Params):
    """`utterances` looked back on; `half` as in `emotion_of`."""

    utterances: int = Field(default=5, ge=1, le=20)
    half: float = Field(default=HALF, gt=0)


class EmotionIntensityState(State):
    """The last utterances in order of time, each (event time, probability, emotion); the last one that shows an emotion."""

    pool: list[tuple[float, float, str]] = msgspec.field(default_factory=list)
    last: Evidence | None = None


class EmotionIntensity(ConversationDetector[EmotionIntensityState]):
    """The greatest probability of anger, anxiety or disappointment in the customer's last 5 utterances, 0..1.

    Given by a model upstream, else by the lexicons (`emotion_of`). Evaluated at each utterance of the customer; `n` is their number.
    Late ones are put where their time says. Memory: 5 triples and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event
    >>> detector = EmotionIntensity()
    >>> state = detector.new()
    >>> said = Message(role="customer", text="气死我了", emotion="anger", emotion_score=0.82)
    >>> detector.learn_one(state, Turn(Event("message.created", 1.0, "e", "s", "t", "c", message=said), Context("c"), None, 1.0))
    True
    >>> detector.score_one(state, 1.0).value, detector.score_one(state, 1.0).variables["emotion"]
    (0.82, 'anger')
    """

    indicator = "emotion_intensity"
    State = EmotionIntensityState
    Params = EmotionIntensityParams

    def learn_one(self, state: EmotionIntensityState, turn: Turn) -> bool:
        """Take a customer's utterance in."""
        message = customer_message(turn)
        if message is None:
            return False
        found = emotion_of(message, turn.words, self.params.half)
        if found is None:
            return False
        insort(state.pool, (turn.event.time, *found))
        del state.pool[: -self.params.utterances]
        if found[0] > 0:
            state.last = turn.evidence((message.text or "")[:_EXCERPT])
        return True

    def score_one(self, state: EmotionIntensityState, now: float) -> Reading | None:
        """The greatest probability; variables `emotion`, `emotion_zh`."""
        if not state.pool:
            return None
        _, value, emotion = max(state.pool, key=lambda entry: entry[1])
        return Reading(
            now,
            value,
            n=len(state.pool),
            start=state.pool[0][0],
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables={"emotion": emotion, "emotion_zh": _CHINESE[emotion]} if value > 0 else {},
        )
