"""How complex a customer's issue is."""

from __future__ import annotations

import math
from typing import Final
from zlib import crc32

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from detectors.base import ConversationDetector, Params, Reading, State, Turn
from detectors.places import hop_of

__all__ = ["ComplexityWeights", "IssueComplexityScore"]

KEPT: Final = 12
"""Intents, and departments, told apart; more make no difference."""

_STATED: Final = frozenset({"ticket.created", "ticket.status_changed", "ticket.escalated"})


class ComplexityWeights(BaseModel):
    """What each sign adds before the logistic function; `bias` is where a conversation without any sign stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bias: float = -2.5
    turns: float = 0.5
    """Of the natural logarithm of one more than the customer's utterances."""
    intents: float = 0.6
    """Of each further intent."""
    transfers: float = 0.6
    departments: float = 0.3
    """Of each further department."""
    reopenings: float = 0.8
    prior_contacts: float = 0.5
    """Of being the continuation of an earlier conversation."""
    entities: float = 0.05
    attachments: float = 0.2
    risk: float = 1.5
    """Of an intent or category that names one of the risks."""


class IssueComplexityScoreParams(Params):
    """The weights; words of intents and categories that are a high risk; how many entities and attachments count."""

    weights: ComplexityWeights = Field(default_factory=ComplexityWeights)
    risks: tuple[str, ...] = ("leak", "fraud", "theft", "stolen", "safety", "injury", "legal", "泄露", "诈骗", "盗", "安全", "伤", "法律")
    entities_most: int = Field(default=20, ge=0)
    attachments_most: int = Field(default=5, ge=0)


class IssueComplexityScoreState(State):
    """Hashes of intents and departments in the order they came, and counts."""

    intents: list[int] = msgspec.field(default_factory=list)
    departments: list[int] = msgspec.field(default_factory=list)
    turns: int = 0
    transfers: int = 0
    reopenings: int = 0
    prior: bool = False
    entities: int = 0
    attachments: int = 0
    risk: str = ""
    issue: str = ""
    start: float | None = None


class IssueComplexityScore(ConversationDetector[IssueComplexityScoreState]):
    """100 times the logistic function of weighted signs, 0..100; `n` is the number of the customer's utterances.

    Signs: distinct intents (of the issue, or as a bot understood them; the category where there is no intent), the customer's utterances,
    transfers, departments, reopenings, an earlier conversation this one continues, entities (found by the producer, or masked as
    personal), attachments, an intent of high risk. What never comes adds nothing. Evaluated when a sign grows. Memory: 24 hashes and
    seven counts.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = IssueComplexityScore()
    >>> state = detector.new()
    >>> for at in range(16):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="customer", text="?"))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c", category="invoice"), None, at))
    >>> evaluated, round(detector.score_one(state, 15.0).value, 1), detector.score_one(state, 15.0).n
    (True, 25.3, 16)
    """

    indicator = "issue_complexity_score"
    State = IssueComplexityScoreState
    Params = IssueComplexityScoreParams

    def learn_one(self, state: IssueComplexityScoreState, turn: Turn) -> bool:
        """Look for signs in an event."""
        event, context = turn.event, turn.context
        if event.conversation is None and event.message is None:
            return False
        before = (state.turns, state.transfers, state.reopenings, state.attachments, len(state.intents), len(state.departments), state.risk)
        state.start = event.time if state.start is None else min(state.start, event.time)
        if event.conversation is not None:
            _add(state.departments, event.conversation.department_id)
            state.prior = state.prior or event.conversation.parent_id is not None
        self._intend(state, turn)
        if event.type == "message.created":
            self._say(state, turn)
        elif hop_of(event) is not None and event.transfer is not None:
            state.transfers += 1
            _add(state.departments, event.transfer.origin.department_id)
            _add(state.departments, event.transfer.target.department_id)
        stated = event.type in _STATED and event.ticket is not None and event.ticket.current == "reopened"
        if stated or (turn.closed_before and context.closed is None and not stated):
            state.reopenings += 1
        state.issue = context.category or state.issue
        return before != (
            state.turns,
            state.transfers,
            state.reopenings,
            state.attachments,
            len(state.intents),
            len(state.departments),
            state.risk,
        )

    def score_one(self, state: IssueComplexityScoreState, now: float) -> Reading | None:
        """The score; None before the customer said anything. Variables `issue`, `reason` as far as known."""
        if not state.turns:
            return None
        signs = self._signs(state)
        weights = self.params.weights
        score = 100 / (1 + math.exp(-(weights.bias + sum(signs.values()))))
        most = max(signs, key=lambda name: signs[name])
        variables: dict[str, str | float] = {"issue": state.issue} if state.issue else {}
        if state.risk:
            variables["risk"] = state.risk
        sample = {"transfers": state.transfers, "departments": len(state.departments), "intents": len(state.intents)}
        return Reading(
            now,
            score,
            n=state.turns,
            start=min(now, state.start if state.start is not None else now),
            end=now,
            variables={**variables, "reason": most},
            sample={name: float(value) for name, value in sample.items()},
        )

    def _signs(self, state: IssueComplexityScoreState) -> dict[str, float]:
        """What each sign adds, the heavier ones first."""
        weights = self.params.weights
        return {
            "transfers": weights.transfers * state.transfers,
            "turns": weights.turns * math.log1p(state.turns),
            "risk": weights.risk if state.risk else 0.0,
            "intents": weights.intents * max(0, len(state.intents) - 1),
            "departments": weights.departments * max(0, len(state.departments) - 1),
            "reopenings": weights.reopenings * state.reopenings,
            "prior_contacts": weights.prior_contacts if state.prior else 0.0,
            "entities": weights.entities * min(state.entities, self.params.entities_most),
            "attachments": weights.attachments * min(state.attachments, self.params.attachments_most),
        }

    def _intend(self, state: IssueComplexityScoreState, turn: Turn) -> None:
        issue, context = turn.event.issue, turn.context
        understood = (turn.event.data or {}).get("nlu_intent")
        if isinstance(understood, str):
            _add(state.intents, understood)
        if issue is not None:
            _add(state.intents, issue.intent or (issue.category if context.intent is None else None))
        if not state.risk and (issue is not None or isinstance(understood, str)):
            named = " ".join(each for each in (context.intent, context.category, understood) if isinstance(each, str)).lower()
            state.risk = next((risk for risk in self.params.risks if risk in named), "")

    @staticmethod
    def _say(state: IssueComplexityScoreState, turn: Turn) -> None:
        message = turn.event.message
        if message is None or message.role != "customer" or message.private or message.partial:
            return
        state.turns += 1
        state.attachments += len(message.attachments)
        count = (turn.event.data or {}).get("entity_count")
        state.entities += count if isinstance(count, int) else len(message.masked)


def _add(known: list[int], name: str | None) -> None:
    """Note a name not seen before."""
    if name:
        digest = crc32(name.encode())
        if digest not in known and len(known) < KEPT:
            known.append(digest)
