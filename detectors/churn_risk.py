"""How likely a customer is to leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import exp, inf
from typing import Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.windowed_rate import just_closed

__all__ = ["ChurnRisk", "ChurnWeights"]

DAY_S: Final = 86_400.0
BEGAN: Final = "began"
SOLVED: Final = "solved"
UNSOLVED: Final = "unsolved"
REFUND: Final = "refund"

_NAMES: Final = {
    "mood": "情绪低落 low mood",
    "unresolved": "未解决 unresolved",
    "repeats": "重复进线 repeat contacts",
    "refund": "退款 refund",
}


class ChurnWeights(BaseModel):
    """What each term adds before the logistic function. Expert defaults, to be fitted to who really left.

    `bias` is where a customer without any term stands (p = 0.05). No contact by itself, however bad, gets past yellow.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bias: float = -3.0
    mood: float = 1.8
    """Of a mean mood of -1; a good one takes off as much."""
    unresolved: float = 0.8
    repeats: float = 0.8
    """Of each contact about an issue that had brought the customer before."""
    refund: float = 0.7
    tier: dict[str, float] = Field(default_factory=lambda: {"vip": -0.2, "svip": -0.4})
    """By the customer's tier: who has reached one is bound by it, and leaves less easily. 0 for any other."""


class ChurnRiskParams(Params):
    """`window_s` looked back on; the last `moods` contacts tell the mood; at most `most` unresolved contacts and repetitions count.

    `signals` of the terms must speak for leaving, each by at least `speaks`. `refunds` are stems that, in category, intent, labels or in
    what the customer says, tell of money asked back.
    """

    weights: ChurnWeights = Field(default_factory=ChurnWeights)
    window_s: float = Field(default=7 * DAY_S, gt=0)
    moods: int = Field(default=3, ge=1)
    most: int = Field(default=4, ge=1)
    signals: int = Field(default=2, ge=1)
    speaks: float = Field(default=0.3, ge=0)
    refunds: tuple[str, ...] = ("refund", "return", "退款", "退货", "退钱")


class Contact(State):
    """One conversation of the customer: when it began, its issue, how it ended (`began`: not yet) and in what mood."""

    time: float
    issue: str = ""
    outcome: str = BEGAN
    mood: float | None = None
    refund: bool = False


class ChurnRiskState(State):
    """The last contacts by conversation, and the customer's tier."""

    contacts: dict[str, Contact] = msgspec.field(default_factory=dict)
    tier: str = ""
    customer: str = ""


class ChurnRisk(ScopeDetector[ChurnRiskState]):
    """The probability, 0..1, that a customer leaves: 1 / (1 + exp(-z)), z the bias and the weighted terms of the contacts of 7 d.

    Terms: the mean mood at the end of the last three contacts that have one; contacts that ended unresolved or abandoned, or came back
    after their end; contacts about an issue category the customer had come for before; whether money was asked back; the tier. What is
    not known adds nothing. What grew out of a conversation (its `parent_id`) is the same contact and not looked at. The weights are
    expert defaults and the probability is as good as they are: it ranks customers, it is not calibrated.

    The guard asks for two terms that speak for leaving: one ordinary bad chat is none of a customer's history. `n` is the number of
    contacts. Evaluated at once and when a contact leaves the window. Memory: the last 16 contacts (about 1 kB).

    >>> from detectors.base import Scope
    >>> detector = ChurnRisk()
    >>> state = detector.new()
    >>> for day in (0.0, 1.0, 2.0):
    ...     told = {"conversation_id": f"c-{day}", "terms": (UNSOLVED, "quality", ""), "extra": (-0.5,)}
    ...     detector.learn_one(state, Observation("churn_risk", Scope("acme"), day * 86_400.0, **told))
    >>> reading = detector.score_one(state, 3 * 86_400.0)
    >>> round(reading.value, 3), reading.n, reading.guard, reading.variables["reasons"]
    (0.87, 3, True, '未解决 unresolved、重复进线 repeat contacts、情绪低落 low mood')
    """

    indicator = "churn_risk"
    types = frozenset(
        (
            "conversation.opened",
            "conversation.resolved",
            "conversation.abandoned",
            "ticket.created",
            "ticket.status_changed",
            "message.created",
        )
    )
    State = ChurnRiskState
    Params = ChurnRiskParams
    step_s = 3600.0
    at_once = True
    contacts_kept = 16

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Where a contact begins, asks for money back, ends, or comes back."""
        event, context = turn.event, turn.context
        if context.customer_id is None or (event.conversation is not None and event.conversation.parent_id is not None):
            return ()
        what = self._told(turn)
        if what is None:
            return ()
        mood = (context.sentiment,) if context.sentiment is not None and what in (SOLVED, UNSOLVED) else ()
        observation = Observation(
            name_of(type(self)),
            turn.scope(customer_id=context.customer_id),
            event.time,
            conversation_id=context.conversation_id,
            terms=(what, context.category or "", context.customer_tier or "", REFUND if self._refund(turn) else ""),
            extra=mood,
        )
        return (observation,)

    def learn_one(self, state: ChurnRiskState, observation: Observation) -> None:
        """Note what a contact has come to."""
        what, issue, tier, refund = (*observation.terms, "", "", "")[:4]
        who, time = observation.conversation_id or "", observation.time
        contact = state.contacts.setdefault(who, Contact(time))
        contact.time = min(contact.time, time)
        contact.issue = issue or contact.issue
        contact.refund = contact.refund or REFUND in (what, refund)
        if what in (SOLVED, UNSOLVED):
            contact.outcome = what
            contact.mood = observation.extra[0] if observation.extra else contact.mood
        state.tier = tier or state.tier
        state.customer = observation.scope.get("customer_id") or state.customer
        if len(state.contacts) > self.contacts_kept:
            del state.contacts[min(state.contacts, key=lambda key: (state.contacts[key].time, key))]

    def score_one(self, state: ChurnRiskState, now: float) -> Reading | None:
        """The probability; variables `churn_p`, `reasons` (the heaviest terms first), `contacts`, `tier_name`."""
        contacts = sorted((each for each in state.contacts.values() if now - self.params.window_s < each.time <= now), key=_by_time)
        if not contacts:
            return None
        terms = self._terms(contacts)
        weights = self.params.weights
        score = weights.bias + sum(terms.values()) + weights.tier.get(state.tier, 0.0)
        speaking = sorted((name for name in terms if terms[name] >= self.params.speaks), key=lambda name: (-terms[name], name))
        value = round(1 / (1 + exp(-score)), 6)
        variables: dict[str, str | float] = {"contacts": len(contacts), "churn_p": round(value, 2)}
        if speaking:
            variables["reasons"] = "、".join(_NAMES[name] for name in speaking[:3])
        return Reading(
            now,
            value,
            n=len(contacts),
            start=now - self.params.window_s,
            end=now,
            guard=len(speaking) >= self.params.signals,
            variables=variables,
            sample={name: round(term, 3) for name, term in terms.items() if term},
        )

    def idle(self, state: ChurnRiskState, now: float) -> bool:
        """No contact is in the window."""
        return self._oldest(state, now) == inf

    def quiet_until(self, state: ChurnRiskState, now: float) -> float:
        """When the oldest contact leaves the window: a good one that does may raise the value."""
        return self._oldest(state, now)

    def _oldest(self, state: ChurnRiskState, now: float) -> float:
        ends = [contact.time + float(self.params.window_s) for contact in state.contacts.values()]
        return min((end for end in ends if end > now), default=inf)

    def _terms(self, contacts: list[Contact]) -> dict[str, float]:
        """What each term adds."""
        weights, most = self.params.weights, self.params.most
        moods = [contact.mood for contact in contacts if contact.mood is not None][-self.params.moods :]
        unresolved = sum(contact.outcome == UNSOLVED for contact in contacts)
        repeats = sum(count - 1 for issue, count in Counter(contact.issue for contact in contacts).items() if issue)
        return {
            "mood": -weights.mood * sum(moods) / len(moods) if moods else 0.0,
            "unresolved": weights.unresolved * min(unresolved, most),
            "repeats": weights.repeats * min(repeats, most),
            "refund": weights.refund * any(contact.refund for contact in contacts),
        }

    def _told(self, turn: Turn) -> str | None:
        """What an event tells of its contact; None for nothing new."""
        event, context = turn.event, turn.context
        if just_closed(turn):
            solved = event.type != "conversation.abandoned" and (event.data or {}).get("resolved", True)
            return SOLVED if solved else UNSOLVED
        if turn.closed_before and context.closed is None:
            return UNSOLVED
        if event.type in ("conversation.opened", "ticket.created"):
            return BEGAN
        words = turn.customer_words
        if words is None:
            return None
        if context.customer_turns == 1:
            return BEGAN
        return REFUND if any(stem in words.text for stem in self.params.refunds) else None

    def _refund(self, turn: Turn) -> bool:
        issue, words = turn.event.issue, turn.customer_words
        named = [turn.context.category, turn.context.intent, *(issue.labels if issue is not None else ()), words.text if words else None]
        return any(stem in text for text in named if text for stem in self.params.refunds)


def _by_time(contact: Contact) -> float:
    return contact.time
