"""How long an agent has been dealing with upset customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of

__all__ = ["AgentEmotionalExposure", "longest_streak", "union"]

_UPSET: Final = 1.0
_CALM: Final = 0.0

Span = tuple[float, float]


def union(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, overlapping ones joined.

    >>> union([(5.0, 7.0), (0.0, 2.0), (1.0, 3.0)])
    [(0.0, 3.0), (5.0, 7.0)]
    """
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def longest_streak(spans: Sequence[Span], rest_s: float) -> float:
    """Seconds from the beginning to the end of the longest row of joined spans with no gap of `rest_s` or more between them.

    >>> longest_streak([(0.0, 10.0), (15.0, 40.0), (100.0, 110.0)], rest_s=20.0)
    40.0
    """
    longest = 0.0
    start = end = float("-inf")
    for begin, until in spans:
        if begin - end >= rest_s:
            start = begin
        end = until
        longest = max(longest, end - start)
    return longest


class AgentEmotionalExposureParams(Params):
    """How far to look back; the mean sentiment that is upset, or lower; silence after which a customer is gone; what is a break."""

    window_s: float = Field(default=7200.0, gt=0)
    upset: float = Field(default=-0.5, ge=-1, le=0)
    silence_s: float = Field(default=1800.0, gt=0)
    rest_s: float = Field(default=600.0, gt=0)


class Contact(State):
    """One upset customer: from `start` to `end`, the last news; `over` when the end is known."""

    conversation: str
    start: float
    end: float
    over: bool = False


class AgentEmotionalExposureState(State):
    """Contacts in the order they were learnt."""

    contacts: list[Contact] = msgspec.field(default_factory=list)
    agent: str = ""


class AgentEmotionalExposure(ScopeDetector[AgentEmotionalExposureState]):
    """Minutes within the last 120 in which an agent had at least one upset customer; several at once count once.

    A customer is upset while `Context.sentiment` (River's EWMean of their utterances) is -0.5 or less, the conversation open and the
    agent's. A contact that has had no news for 30 minutes ended with the last. `n` is the number of conversations; `sample` has the longest
    streak without a break of 10 minutes, from its beginning to its end. Evaluated each minute. News out of order widen a contact at both
    ends. Memory: 128 contacts, the oldest forgotten first.

    >>> from detectors.base import Scope
    >>> detector = AgentEmotionalExposure()
    >>> state = detector.new()
    >>> who = Scope("acme", (("agent_id", "a-1"),))
    >>> for time, conversation, mood in ((0, "c1", 1.0), (600, "c1", 0.0), (300, "c2", 1.0), (1200, "c2", 0.0)):
    ...     detector.learn_one(state, Observation("agent_emotional_exposure", who, time, mood, conversation_id=conversation))
    >>> reading = detector.score_one(state, 1800.0)
    >>> reading.value, reading.n, reading.sample
    (20.0, 2, {'conversations': 2, 'longest_streak_min': 20.0})
    """

    indicator = "agent_emotional_exposure"
    State = AgentEmotionalExposureState
    Params = AgentEmotionalExposureParams
    kept = 128

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """News of an upset customer to the agent who has them, and to the agent who had them that it is over."""
        context = turn.context
        before = turn.agent_before if not turn.closed_before and self._upset(turn.sentiment_before) else None
        after = context.agent_id if context.closed is None and self._upset(context.sentiment) else None
        over = [self._news(turn, before, _CALM)] if before is not None and before != after else []
        return [*over, self._news(turn, after, _UPSET)] if after is not None else over

    def learn_one(self, state: AgentEmotionalExposureState, observation: Observation) -> None:
        """Begin, prolong or end a contact."""
        state.agent = observation.scope.get("agent_id") or state.agent
        time, over = observation.time, observation.value == _CALM
        contact = self._contact(state, observation.conversation_id or "", time)
        if contact is None:
            state.contacts.append(Contact(observation.conversation_id or "", time, time, over))
            del state.contacts[: -self.kept]
            return
        contact.start = min(contact.start, time)
        if time >= contact.end:
            contact.end, contact.over = time, over

    def score_one(self, state: AgentEmotionalExposureState, now: float) -> Reading | None:
        """The minutes; variables `agent`, `agent_id`, `minutes`, `n_calls`."""
        if not state.contacts:
            return None
        first = now - self.params.window_s
        spans, conversations = [], []
        for contact in state.contacts:
            running = not contact.over and now - contact.end <= self.params.silence_s
            end = now if running else min(now, contact.end)
            if end > max(first, contact.start):
                spans.append((max(first, contact.start), end))
                conversations.append(contact.conversation)
        joined, count = union(spans), len(set(conversations))
        minutes = round(sum(end - begin for begin, end in joined) / 60, 2)
        return Reading(
            now,
            minutes,
            n=count,
            start=first,
            end=now,
            variables={"agent": state.agent, "agent_id": state.agent, "minutes": round(minutes), "n_calls": count},
            sample={"conversations": count, "longest_streak_min": round(longest_streak(joined, self.params.rest_s) / 60, 1)},
        )

    def idle(self, state: AgentEmotionalExposureState, now: float) -> bool:
        """All contacts have left the window."""
        news = max((contact.end for contact in state.contacts), default=0.0)
        return news + float(self.params.silence_s + self.params.window_s) < now

    def _upset(self, sentiment: float | None) -> bool:
        return sentiment is not None and sentiment <= float(self.params.upset)

    def _news(self, turn: Turn, agent: str, mood: float) -> Observation:
        scope = turn.scope(agent_id=agent)
        return Observation(name_of(type(self)), scope, turn.event.time, mood, conversation_id=turn.context.conversation_id)

    def _contact(self, state: AgentEmotionalExposureState, conversation: str, time: float) -> Contact | None:
        """The conversation's contact this news belongs to: the last one, unless that ended before or fell silent."""
        for contact in reversed(state.contacts):
            if contact.conversation == conversation:
                ended = contact.over and time > contact.end
                return None if ended or time - contact.end > self.params.silence_s else contact
        return None
