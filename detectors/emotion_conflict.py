"""An angry customer and an agent who evades or offends, face to face."""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn
from detectors.emotion_intensity import HALF, customer_message, emotion_of
from detectors.service_attitude_score import CRITICAL, EVASION, EXCERPT, FORBIDDEN, agent_speaks

__all__ = ["EmotionConflict", "conflicts"]

_CUSTOMER: Final = 0
_AGENT: Final = 1
_HOT: Final = 2

Spoken = tuple[float, int, bool]
"""When, by whom, and whether in anger (customer) or evasive or offensive (agent)."""


def conflicts(utterances: Iterable[Spoken], turns: int, reach: int) -> int:
    """Pairs of an angry turn and an evasive one at most `reach` turns apart, among the last `turns`; each turn is in one pair at most.

    Utterances in a row from the same side are one turn.

    >>> conflicts([(0.0, 0, True), (1.0, 1, True), (2.0, 0, True), (3.0, 0, False), (4.0, 1, True)], turns=6, reach=3)
    2
    >>> conflicts([(0.0, 0, True), (1.0, 1, False), (2.0, 0, False), (3.0, 1, False), (4.0, 0, False), (5.0, 1, True)], turns=6, reach=3)
    0
    """
    utterances = tuple(utterances)
    if {side for _, side, hot in utterances if hot} != {_CUSTOMER, _AGENT}:
        return 0
    spoken = [(side, any(hot for *_, hot in row)) for side, row in groupby(utterances, key=lambda entry: entry[1])][-turns:]
    angry = [at for at, (side, hot) in enumerate(spoken) if hot and side == _CUSTOMER]
    count = 0
    for at, (side, hot) in enumerate(spoken):
        if hot and side == _AGENT:
            near = next((other for other in angry if abs(other - at) <= reach), None)
            if near is not None:
                angry.remove(near)
                count += 1
    return count


class EmotionConflictParams(Params):
    """`anger` from which a customer is angry; an evasion within `reach` turns of it is a conflict; the last `turns` count."""

    anger: float = Field(default=0.6, gt=0, le=1)
    reach: int = Field(default=3, ge=1, le=12)
    turns: int = Field(default=6, ge=2, le=12)


class EmotionConflictState(State):
    """The last utterances in order of time, each (event time in s, side + 2 where it is hot); the agent's last evasion and its evidence."""

    spoken: list[tuple[int, int]] = msgspec.field(default_factory=list)
    phrase: str = ""
    last: Evidence | None = None


class EmotionConflict(ConversationDetector[EmotionConflictState]):
    """How often, within the last 6 turns, a customer's anger (p >= 0.6) and an agent's evasive or forbidden words met within 3 turns.

    Anger may come before or after. Anger is as in `emotion_of`, evasion as in the lexicon `attitude`; a turn is what one side says
    until the other speaks. Evaluated at each message of either side, so it falls as the turns go by. Memory: 16 utterances of 7 bytes (of
    more in 6 turns the first are forgotten) and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = EmotionConflict()
    >>> state = detector.new()
    >>> furious = Message(role="customer", text="气死我了", emotion="anger", emotion_score=0.8)
    >>> cold = Words("不归我们管", "zh", ("不归", "我们", "管"), hits={"attitude.evasion": ("不归我们管",)})
    >>> said = [(furious, None), (Message(role="agent", text=cold.text), cold)]
    >>> for at, (message, words) in enumerate(said):
    ...     event = Event("message.created", at, str(at), "s", "t", "c", message=message)
    ...     _ = detector.learn_one(state, Turn(event, Context("c"), words, at))
    >>> detector.score_one(state, 1.0).value
    1
    """

    indicator = "emotion_conflict"
    State = EmotionConflictState
    Params = EmotionConflictParams
    version = 2
    kept = 16

    def learn_one(self, state: EmotionConflictState, turn: Turn) -> bool:
        """Take a message of either side in."""
        if turn.event.type != "message.created":
            return False
        words, message = agent_speaks(turn), customer_message(turn)
        if words is not None:
            phrase = next((words.hits[name][0] for name in (CRITICAL, FORBIDDEN, EVASION) if name in words.hits), None)
            entry = (int(turn.event.time), _AGENT + _HOT * (phrase is not None))
            if phrase is not None:
                state.phrase, state.last = phrase[:EXCERPT], turn.evidence(words.text[:EXCERPT])
        elif message is not None:
            found = emotion_of(message, turn.words, HALF)
            angry = found is not None and found[1] == "anger" and found[0] >= self.params.anger
            entry = (int(turn.event.time), _CUSTOMER + _HOT * angry)
        else:
            return False
        insort_right(state.spoken, entry, key=itemgetter(0))
        del state.spoken[: -self.kept]
        return True

    def score_one(self, state: EmotionConflictState, now: float) -> Reading | None:
        """The count; variables `phrase`, `matched_phrase` (of the agent)."""
        if not state.spoken:
            return None
        return Reading(
            now,
            conflicts(((time, code % _HOT, code >= _HOT) for time, code in state.spoken), self.params.turns, self.params.reach),
            n=len(state.spoken),
            start=min(now, float(state.spoken[0][0])),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables={"phrase": state.phrase, "matched_phrase": state.phrase} if state.phrase else {},
        )
