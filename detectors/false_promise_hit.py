"""Promises an agent may not make: in one conversation, and of one agent within a day."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of

__all__ = ["FalsePromiseHit", "FalsePromiseHitByAgent"]

LEXICON: Final = "false_promise"


class FalsePromiseHitParams(Params):
    """Phrases that belong to `approved` offers are no hits."""

    approved: tuple[str, ...] = ()


class FalsePromiseHitState(State):
    """`count` of utterances; the phrase and evidence of the last one."""

    count: int = 0
    phrase: str = ""
    last: Evidence | None = None


class FalsePromiseHit(ConversationDetector[FalsePromiseHitState]):
    """Utterances of agents or bots in a conversation that hold a phrase of the `false_promise` lexicon.

    One utterance counts once, however many phrases are in it. Evaluated at each. Memory: one phrase and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = FalsePromiseHit()
    >>> state = detector.new()
    >>> words = Words("全网最低", "zh", ("全网", "最低"), hits={"false_promise": ("全网最低",)})
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="agent", text=words.text))
    >>> detector.learn_one(state, Turn(said, Context("c"), words, 1.0)), detector.score_one(state, 1.0).variables["phrase"]
    (True, '全网最低')
    """

    indicator = "false_promise_hit"
    State = FalsePromiseHitState
    Params = FalsePromiseHitParams

    def learn_one(self, state: FalsePromiseHitState, turn: Turn) -> bool:
        """Count an utterance with a hit."""
        phrase = promised(turn, self.params.approved)
        if phrase is None:
            return False
        state.count += 1
        state.phrase, state.last = phrase, turn.evidence()
        return True

    def score_one(self, state: FalsePromiseHitState, now: float) -> Reading | None:
        """The count; variables `phrase`, `matched_phrase`."""
        if not state.count or state.last is None:
            return None
        variables: dict[str, str | float] = {"phrase": state.phrase, "matched_phrase": state.phrase}
        return Reading(now, state.count, start=state.last.time, end=now, evidence=(state.last,), variables=variables)


class FalsePromiseHitByAgentParams(FalsePromiseHitParams):
    """`window_s` in which an agent's utterances are counted."""

    window_s: float = Field(default=86_400.0, gt=0)


class FalsePromiseHitByAgentState(State):
    """Event times in order; the phrase and evidence of the last utterance."""

    times: list[float] = msgspec.field(default_factory=list)
    phrase: str = ""
    agent: str = ""
    last: Evidence | None = None


class FalsePromiseHitByAgent(ScopeDetector[FalsePromiseHitByAgentState]):
    """Utterances of one agent within 24 h, over all conversations, that hold a phrase of the `false_promise` lexicon.

    Evaluated at once and each minute. Memory: 64 times (more read 64) and one excerpt.

    >>> from detectors.base import Scope
    >>> detector = FalsePromiseHitByAgent()
    >>> state = detector.new()
    >>> for time in (0.0, 3600.0):
    ...     detector.learn_one(state, Observation("x", Scope("acme", (("agent_id", "a-1"),)), time, event_id="e", terms=("保本",)))
    >>> detector.score_one(state, 3600.0).value, detector.score_one(state, 86_400.0).value
    (2, 1)
    """

    indicator = "false_promise_hit"
    State = FalsePromiseHitByAgentState
    Params = FalsePromiseHitByAgentParams
    at_once = True
    kept = 64

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """An utterance with a hit, to its agent."""
        agent = turn.event.agent.id if turn.event.agent is not None else turn.context.agent_id
        phrase = promised(turn, self.params.approved)
        if phrase is None or agent is None:
            return ()
        evidence = turn.evidence()
        observation = Observation(
            name_of(type(self)),
            turn.scope(agent_id=agent),
            turn.event.time,
            conversation_id=turn.context.conversation_id,
            event_id=evidence.event_id,
            excerpt=evidence.excerpt,
            terms=(phrase,),
        )
        return (observation,)

    def learn_one(self, state: FalsePromiseHitByAgentState, observation: Observation) -> None:
        """Count an utterance."""
        state.agent = observation.scope.get("agent_id") or state.agent
        insort(state.times, observation.time)
        del state.times[: -self.kept]
        if state.last is None or observation.time >= (state.last.time or 0.0):
            state.phrase, state.last = observation.terms[0] if observation.terms else "", observation.evidence()

    def score_one(self, state: FalsePromiseHitByAgentState, now: float) -> Reading | None:
        """The count; variables `agent`, `agent_id`, `phrase`, `matched_phrase`."""
        if not state.times or state.last is None:
            return None
        count = sum(1 for time in state.times if time > now - self.params.window_s)
        who: dict[str, str | float] = {"agent": state.agent, "agent_id": state.agent}
        return Reading(
            now,
            count,
            start=now - self.params.window_s,
            end=now,
            evidence=(state.last,),
            variables=who | {"phrase": state.phrase, "matched_phrase": state.phrase},
        )

    def idle(self, state: FalsePromiseHitByAgentState, now: float) -> bool:
        """All are older than the window."""
        return not state.times or state.times[-1] + self.params.window_s < now


def promised(turn: Turn, approved: tuple[str, ...]) -> str | None:
    """The first phrase of a forbidden promise in what an agent or bot says, or None. A phrase within an approved offer is none."""
    words = turn.agent_words
    if words is None or turn.event.type != "message.created":
        return None
    hits = words.hits.get(LEXICON, ())
    return next((phrase for phrase in hits if not any(phrase in offer for offer in approved)), None)
