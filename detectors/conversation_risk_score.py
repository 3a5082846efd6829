"""How much, taken together, goes wrong in a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from detectors.base import CompositeDetector, Context, Evidence, Params, Reading, State, Turn

__all__ = ["ConversationRiskScore", "noisy_or"]

RED: Final = 4
NAMED: Final = 3
_EXCERPT: Final = 48

Weight = Annotated[float, Field(ge=0, lt=1)]

_WEIGHTS: Final = {
    "escalation_keyword_hit": 0.8,
    "emotion_conflict": 0.8,
    "service_attitude_score": 0.6,
    "sentiment_shift": 0.5,
    "sentiment_score": 0.5,
    "emotion_intensity": 0.5,
    "acoustic_emotion_score": 0.5,
    "negative_word_rate": 0.4,
    "negation_share": 0.4,
    "keyword_repeat_count": 0.5,
    "agent_reply_repetition": 0.4,
    "issue_complexity_score": 0.5,
    "transfer_count": 0.5,
    "transfer_loop": 0.6,
    "false_promise_hit": 0.5,
    "pii_exposure_count": 0.5,
    "update_silence": 0.5,
    "sla_breach_eta": 0.4,
    "vip_wait_time": 0.4,
    "first_response_time": 0.3,
    "next_response_time": 0.3,
    "resolution_time": 0.3,
    "presale_hesitation_count": 0.2,
}


def noisy_or(parts: Mapping[str, float]) -> float:
    """1 - the product of (1 - p): the probability that at least one of independent causes, each sufficient with p, is there.

    J. Pearl, Probabilistic Reasoning in Intelligent Systems (1988), section 4.3.2.

    >>> noisy_or({}), noisy_or({"a": 0.5, "b": 0.5}), noisy_or({"a": 1.0, "b": 0.2})
    (0.0, 0.75, 1.0)
    """
    none = 1.0
    for part in parts.values():
        none *= 1.0 - part
    return 1.0 - none


class ConversationRiskScoreParams(Params):
    """What a red fire of each indicator contributes, 0..1; `other` of one not named.

    Demands for escalation and open conflict weigh most; indicators of one mood (sentiment, its words, its strength) are no independent
    causes and weigh less; what only a clock says weighs least. `early_warning` is what a learnt early warning of 1 contributes.
    """

    weights: dict[str, Weight] = Field(default_factory=lambda: dict(_WEIGHTS))
    other: Weight = 0.3
    early_warning: Weight = 0.5


class ConversationRiskScoreState(State):
    """The score, the fires it comes from and the strongest of them; the customer's utterances, `spoke` when the last event was one."""

    score: float = 0.0
    fires: int = 0
    drivers: tuple[str, ...] = ()
    turns: int = 0
    spoke: bool = False
    start: float | None = None
    last: Evidence | None = None


class ConversationRiskScore(CompositeDetector[ConversationRiskScoreState]):
    """100 times the noisy-OR of a conversation's burning indicators, 0..100: each contributes its weight times a quarter of its tier.

    Blue is 1/4, red 1 of the weight. One orange fire of any indicator gives at most 60, which is yellow; orange takes a red one of
    great weight, or several. `n` is the number of the customer's utterances. Fires that burn already say what is wrong; the score says
    which conversation to look at first. Noisy-OR takes causes for independent: the weights make up for those that are not.

    Where a model learnt from words is in use (`fenghuo learn`), what it foretells of the conversation's end (`Context.early_warning`)
    is one more cause, named `early_warning`; without a model there is none.

    Evaluated when the fires change, and at each of the customer's utterances. Memory: three names and one excerpt.

    >>> from detectors.base import Context
    >>> detector = ConversationRiskScore()
    >>> state = detector.new()
    >>> detector.combine(state, Context("c", customer_turns=4), {"escalation_keyword_hit": 3, "sentiment_score": 3, "transfer_count": 1})
    True
    >>> reading = detector.score_one(state, 9.0)
    >>> round(reading.value, 1), reading.n, reading.variables["top_factors"]
    (78.1, 4, 'escalation_keyword_hit, sentiment_score, transfer_count')
    """

    indicator = "conversation_risk_score"
    types = frozenset({"message.created"})
    State = ConversationRiskScoreState
    Params = ConversationRiskScoreParams

    def learn_one(self, state: ConversationRiskScoreState, turn: Turn) -> bool:
        """Keep the last thing the customer said."""
        state.spoke = turn.context.customer_turns > state.turns
        state.turns = turn.context.customer_turns
        words = turn.customer_words
        if words is not None:
            state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
            state.last = turn.evidence(words.text[:_EXCERPT])
        return False

    def combine(self, state: ConversationRiskScoreState, context: Context, tiers: Mapping[str, int]) -> bool:
        """Take in which fires burn; an evaluation when the score changed, or the customer spoke while it is not zero."""
        before, spoke = state.score, state.spoke
        state.turns, state.spoke = context.customer_turns, False
        if not tiers and not before and not context.early_warning:
            return False
        weights = self.params.weights
        parts = {name: weights.get(name, self.params.other) * min(tier, RED) / RED for name, tier in sorted(tiers.items())}
        if context.early_warning:
            parts["early_warning"] = self.params.early_warning * context.early_warning
        state.score = round(100 * noisy_or(parts), 4)
        state.fires = len(tiers)
        state.drivers = tuple(sorted(parts, key=lambda name: (-parts[name], name))[:NAMED])
        return state.score != before or spoke

    def score_one(self, state: ConversationRiskScoreState, now: float) -> Reading | None:
        """The score; variables `risk_score`, `top_factors` (ids of indicators, the strongest first). None before the customer spoke."""
        if not state.turns:
            return None
        variables: dict[str, str | float] = {"risk_score": round(state.score)}
        if state.drivers:
            variables["top_factors"] = ", ".join(state.drivers)
        return Reading(
            now,
            state.score,
            n=state.turns,
            start=None if state.start is None else min(state.start, now),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables=variables,
            sample={"fires": state.fires},
        )
