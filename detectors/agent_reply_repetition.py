"""How much of what agents and bots answer they have said before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Observation, Params, Reading, State, Turn
from detectors.bigrams import jaccard, sketch
from detectors.text.words import Words
from detectors.windowed_rate import NO, YES

__all__ = ["AgentReplyRepetition"]

EXCERPT: Final = 48


class AgentReplyRepetitionParams(Params):
    """A reply repeats one of the `previous` ones when they are this alike; what is shorter than `shortest` (`好`) is no reply to judge."""

    previous: int = Field(default=5, ge=1, le=10)
    similarity: float = Field(default=0.8, gt=0, le=1)
    shortest: int = Field(default=2, ge=2)


class AgentReplyRepetitionState(State):
    """The last replies in order of time, each (event time in s, pairs); how many there were, how many repeated one before."""

    replies: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    count: int = 0
    repeated: int = 0
    start: float | None = None
    phrase: str = ""
    last: Evidence | None = None


class AgentReplyRepetition(ConversationDetector[AgentReplyRepetitionState]):
    """Share of the replies of agents and bots in a conversation that are nearly one of the 5 replies before, 0..1.

    Nearly: Jaccard's index of the pairs of characters is 0.8 or more. Replies of a single character, placeholders
    without words, private and partial ones are left out. `n` is the number of replies, and the reading a rate: its Wilson bound
    is compared. A late reply is compared with those before it. Evaluated at each reply, which is also told to the agent's
    detector. Memory: 5 sketches of at most 64 bytes and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = AgentReplyRepetition()
    >>> state = detector.new()
    >>> for at, text in enumerate(("请您耐心等待", "您的退款正在处理", "请您耐心等待", "请您耐心等待哦")):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="agent", text=text))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c"), Words(text, "zh", tuple(text)), at))
    >>> evaluated, detector.score_one(state, 3.0).value, detector.score_one(state, 3.0).n
    (True, 0.5, 4)
    """

    indicator = "agent_reply_repetition"
    State = AgentReplyRepetitionState
    Params = AgentReplyRepetitionParams

    def learn_one(self, state: AgentReplyRepetitionState, turn: Turn) -> bool:
        """Compare a reply with those before it."""
        words = self._reply(turn)
        if words is None:
            return False
        time, pairs = turn.event.time, sketch("".join(words.tokens))
        at = bisect_right(state.replies, int(time), key=_time)
        before = state.replies[max(0, at - self.params.previous) : at]
        state.count += 1
        state.start = time if state.start is None else min(state.start, time)
        if any(jaccard(pairs, other) >= self.params.similarity for _, other in before):
            state.repeated += 1
            state.phrase, state.last = words.text[:EXCERPT], turn.evidence(words.text[:EXCERPT])
        state.replies.insert(at, (int(time), pairs))
        del state.replies[: -self.params.previous]
        return True

    def score_one(self, state: AgentReplyRepetitionState, now: float) -> Reading | None:
        """The share; variables `matched_phrase`, `repeated`."""
        if not state.count or state.start is None:
            return None
        variables: dict[str, str | float] = {"repeated": state.repeated}
        if state.phrase:
            variables["matched_phrase"] = state.phrase
        return Reading(
            now,
            state.repeated / state.count,
            n=state.count,
            start=min(state.start, now),
            end=now,
            rate=True,
            evidence=(state.last,) if state.last is not None else (),
            variables=variables,
            sample={"repeated": state.repeated},
        )

    def tell(self, state: AgentReplyRepetitionState, turn: Turn) -> Iterable[Observation]:
        """Each reply of a known agent, and whether it repeated one, to `agent_reply_repetition_by_agent`."""
        agent = _agent(turn)
        if agent is None or self._reply(turn) is None:
            return ()
        repeated = state.last is not None and state.last.event_id == turn.event.id
        scope = turn.scope(agent_id=agent)
        return (Observation("agent_reply_repetition_by_agent", scope, turn.event.time, 1.0, terms=YES if repeated else NO, cell=True),)

    def _reply(self, turn: Turn) -> Words | None:
        """The words of a reply that can be judged."""
        words = turn.agent_words if turn.event.type == "message.created" else None
        return words if words is not None and sum(map(len, words.tokens)) >= self.params.shortest else None


def _agent(turn: Turn) -> str | None:
    """Who replied; a bot only where the event names it, since the conversation's agent is another."""
    event = turn.event
    if event.agent is not None:
        return event.agent.id
    return turn.context.agent_id if event.message is not None and event.message.role == "agent" else None


def _time(reply: tuple[int, bytes]) -> int:
    return reply[0]
