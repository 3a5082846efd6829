"""How long a customer who has been answered before waits for the next answer."""

from __future__ import annotations

from typing import Final

from detectors.base import ConversationDetector, Reading, State, Turn
from detectors.event import Message
from detectors.keyword_repeat_count import is_courtesy

__all__ = ["NextResponseTime", "is_answer", "is_question"]

_AUTOMATIC: Final = frozenset({"template", "auto"})


def is_answer(message: Message) -> bool:
    """Whether a customer gets this message from an agent or bot, and it is no automatic one."""
    given = message.role in ("agent", "bot") and message.content_type not in _AUTOMATIC
    return given and not message.private and not message.partial


def is_question(turn: Turn) -> bool:
    """Whether a customer's message waits for an answer: all do but mere thanks, greetings and consent."""
    message = turn.event.message
    if message is None or message.role != "customer" or message.private or message.partial:
        return False
    return turn.words is None or not is_courtesy(turn.words)


class NextResponseTimeState(State):
    """The present turn: when the wait began and ended. The last answer, the longest wait of all turns, and how many there were."""

    since: float | None = None
    until: float | None = None
    said: float | None = None
    longest: float = 0.0
    turns: int = 0


class NextResponseTime(ConversationDetector[NextResponseTimeState]):
    """Seconds from the customer's first message without an answer to the answer, growing while there is none, turn by turn.

    The wait for the very first answer is `first_response_time`'s. Mere thanks and consent (好的谢谢) begin no wait, and asking again does
    not set the clock back. The turn ends, and its alert with it, at a message of an agent or bot that is neither private nor
    partial nor automatic, and when the conversation is closed or hung up. The longest wait of all turns stands in `sample`.
    Evaluated at the customer's messages, at the end of a turn, and by a timer (`due_at`). A message that comes after its
    answer begins no wait. Memory: five values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = NextResponseTime()
    >>> state = detector.new()
    >>> for at, role in ((0.0, "customer"), (5.0, "agent"), (100.0, "customer"), (110.0, "customer")):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role=role, text="查询一下"))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c"), None, at))
    >>> evaluated, detector.due_at(state, 60.0), detector.score_one(state, 160.0).value
    (True, 160.0, 60.0)
    """

    indicator = "next_response_time"
    State = NextResponseTimeState

    def learn_one(self, state: NextResponseTimeState, turn: Turn) -> bool:
        """Begin, go on with or end a turn."""
        message, time = turn.event.message, turn.event.time
        if turn.event.type == "message.created" and message is not None:
            if is_answer(message):
                return self._answered(state, time)
            if message.role == "customer" and turn.context.closed is None:
                return self._asked(state, turn)
        over = turn.event.type == "call.ended" or (turn.context.closed is not None and not turn.closed_before)
        return over and state.until is None and self._end(state, time)

    def score_one(self, state: NextResponseTimeState, now: float) -> Reading | None:
        """The wait of the present turn so far, or the whole of the last one; variables `wait_s`, `wait_min`."""
        if state.since is None:
            return None
        end = now if state.until is None else state.until
        wait = max(0.0, end - state.since)
        return Reading(
            now,
            wait,
            n=state.turns,
            start=min(state.since, now),
            end=min(max(end, state.since), now),
            closed=state.until is not None,
            variables={"wait_s": round(wait), "wait_min": round(wait / 60, 1)},
            sample={"longest_s": round(max(state.longest, wait), 1), "turns": state.turns},
        )

    def due_at(self, state: NextResponseTimeState, level: float) -> float | None:
        """When the wait reaches `level` seconds, if it goes on."""
        return state.since + level if state.since is not None and state.until is None else None

    @staticmethod
    def _asked(state: NextResponseTimeState, turn: Turn) -> bool:
        """A question after the last answer begins a turn, or is one more of the turn."""
        time = turn.event.time
        if state.said is None or time <= state.said:
            return False
        if state.since is not None and state.until is None:
            state.since = min(state.since, time)
            return True
        if not is_question(turn):
            return False
        state.since, state.until, state.turns = time, None, state.turns + 1
        return True

    def _answered(self, state: NextResponseTimeState, time: float) -> bool:
        state.said = time if state.said is None else max(time, state.said)
        return state.until is None and state.since is not None and time >= state.since and self._end(state, time)

    @staticmethod
    def _end(state: NextResponseTimeState, time: float) -> bool:
        if state.since is None:
            return False
        state.until = max(time, state.since)
        state.longest = max(state.longest, state.until - state.since)
        return True
