"""How long a customer has been waiting for the first answer."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from detectors.base import ConversationDetector, Params, Reading, State, Turn
from detectors.event import Message

__all__ = ["FirstResponseTime"]

_OPENINGS: Final = frozenset({"conversation.opened", "conversation.queued"})
_ANSWERERS: Final = frozenset({"agent", "bot"})
_AUTOMATIC: Final = frozenset({"template", "auto"})


class FirstResponseTimeParams(Params):
    """What an agent says within `greeting_s` seconds after the opening, before the customer spoke, is an automatic greeting."""

    greeting_s: float = Field(default=3.0, ge=0)


class FirstResponseTimeState(State):
    """When the wait began (`since`) and ended (`until`), when the customer first `spoke`, and the last answer so far (`said`).

    The answer ends a wait whose beginning is learnt late.
    """

    since: float | None = None
    until: float | None = None
    spoke: float | None = None
    said: float | None = None
    queue: str = ""
    opened: float | None = None


class FirstResponseTime(ConversationDetector[FirstResponseTimeState]):
    """Seconds from the queue entry or the customer's first message to the first answer, growing while there is none.

    The wait begins at `conversation.queued`, on voice also at `conversation.opened`, else at the customer's first message. It ends
    at the first message of an agent or bot after that which is neither private nor partial nor automatic (content type `template`
    or `auto`, or a greeting within 3 s of the opening before the customer spoke), on voice also at `conversation.connected`; and
    when the conversation is closed, abandoned or hung up. Who then asks again without ever having had an answer waits anew.

    The reading of the end is `closed`. Evaluated at the customer's messages, at the end, and by a timer (`due_at`). Order does not
    matter: a first message that comes after its answer begins no wait. Memory: six values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = FirstResponseTime()
    >>> state = detector.new()
    >>> asked = Event("message.created", 100.0, "e1", "s", "t", "c", message=Message(role="customer", text="在吗"))
    >>> detector.learn_one(state, Turn(asked, Context("c", channel="chat"), None, 100.0))
    True
    >>> detector.due_at(state, 60.0), detector.score_one(state, 160.0).value
    (160.0, 60.0)
    """

    indicator = "first_response_time"
    State = FirstResponseTimeState
    Params = FirstResponseTimeParams

    def learn_one(self, state: FirstResponseTimeState, turn: Turn) -> bool:
        """Begin, go on with or end the wait."""
        if state.until is not None and not self._returns(state, turn):
            return False
        kind, time, voice = turn.event.type, turn.event.time, turn.context.channel == "voice"
        state.queue = turn.context.queue_id or state.queue
        message = turn.event.message if kind == "message.created" else None
        heard = False
        if kind in _OPENINGS:
            state.opened = time if state.opened is None else min(state.opened, time)
        if kind == "conversation.queued" or (kind == "conversation.opened" and voice):
            heard = self._wait(state, time)
        elif message is not None and message.role == "customer" and not message.private:
            state.spoke = time if state.spoke is None else min(state.spoke, time)
            heard = self._wait(state, time)
        elif (kind == "conversation.connected" and voice) or (message is not None and self._answers(state, turn, message)):
            state.said = max(time, state.said or time)
            self._settle(state)
        if state.since is not None and state.until is None and (kind == "call.ended" or turn.context.closed is not None):
            state.until = max(time, state.since)
        return heard or state.until is not None

    def score_one(self, state: FirstResponseTimeState, now: float) -> Reading | None:
        """The wait so far, or the whole of it; variables `queue`, `queue_id`, `wait_s`, `wait_min`."""
        if state.since is None:
            return None
        end = now if state.until is None else state.until
        wait = max(0.0, end - state.since)
        variables: dict[str, str | float] = {"wait_s": round(wait), "wait_min": round(wait / 60, 1)}
        if state.queue:
            variables |= {"queue": state.queue, "queue_id": state.queue}
        return Reading(now, wait, start=state.since, end=end, closed=state.until is not None, variables=variables)

    def due_at(self, state: FirstResponseTimeState, level: float) -> float | None:
        """When the wait reaches `level` seconds, if it goes on."""
        return state.since + level if state.since is not None and state.until is None else None

    @staticmethod
    def _returns(state: FirstResponseTimeState, turn: Turn) -> bool:
        """A customer who left without an answer asks again: a new wait, as if nothing had been."""
        message, time = turn.event.message, turn.event.time
        again = turn.event.type == "conversation.queued" or (message is not None and message.role == "customer" and not message.private)
        if state.said is not None or state.until is None or time <= state.until or not again:
            return False
        state.since = state.until = None
        return True

    def _answers(self, state: FirstResponseTimeState, turn: Turn, message: Message) -> bool:
        if message.role not in _ANSWERERS or message.private or message.partial or message.content_type in _AUTOMATIC:
            return False
        time = turn.event.time
        unasked = state.spoke is None or time < state.spoke
        return not (unasked and state.opened is not None and time - state.opened <= self.params.greeting_s)

    def _wait(self, state: FirstResponseTimeState, time: float) -> bool:
        state.since = time if state.since is None else min(state.since, time)
        self._settle(state)
        return True

    @staticmethod
    def _settle(state: FirstResponseTimeState) -> None:
        """An answer ends the wait it came after."""
        if state.since is not None and state.said is not None and state.said >= state.since:
            state.until = state.said
