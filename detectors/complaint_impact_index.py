"""How much a complaint, or a cluster of them, can do to the customer and the house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf, log
from typing import Final
from zlib import crc32

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from detectors.base import ConversationDetector, Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.emotion_intensity import emotion_of
from detectors.escalation_keyword_hit import LEXICON, EscalationKeywordHit
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after
from detectors.similar_complaint_count import FIRST_DAYS, FIVE, ORDINARY, poisson_quantile
from detectors.text.severity import severity

__all__ = ["ComplaintImpactIndex", "ComplaintImpactIndexByCluster", "ImpactWeights", "impact"]

DAY_S: Final = 86_400.0
DAYS_REMEMBERED: Final = 28
MENTION: Final = "mention"
STATED: Final = "stated"
PARTS: Final = ("severity", "value", "sensitivity")
UNKNOWN: Final = -1.0
_EXCERPT: Final = 48
_LEGAL: Final = 2.0
"""What a phrase of the lexicon `escalation` weighs from which it names an authority, the law or the public."""


class ImpactWeights(BaseModel):
    """What each part counts (catalogue: CII)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: float = 0.35
    value: float = 0.25
    spread: float = 0.2
    sensitivity: float = 0.2


def impact(parts: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """100 times the weighted mean of the parts that are known, each 0..1; 0 where none is.

    A part that is not known is left out with its weight: the index is then that of the others, neither lowered as if the customer were
    worth nothing, nor raised.

    >>> weights = {"severity": 0.35, "value": 0.25, "spread": 0.2, "sensitivity": 0.2}
    >>> impact({"severity": 1.0, "value": 1.0, "spread": 0.0, "sensitivity": 0.5}, weights), impact({"severity": 0.5}, weights)
    (70.0, 50.0)
    """
    whole = sum(weights[name] for name in parts)
    return round(100 * sum(weights[name] * part for name, part in parts.items()) / whole, 4) if whole else 0.0


class ComplaintImpactIndexParams(Params):
    """How the parts of one complaint are judged, each 0..1.

    `bands` by the customer's value band; without one the lifetime value in `high_value`; without that `tiers`. `sensitive` by lexicon;
    `legal` where an authority, the law or the public is named; `risks` are stems of category, intent and labels that are sensitive.
    """

    weights: ImpactWeights = Field(default_factory=ImpactWeights)
    bands: dict[str, float] = Field(default_factory=lambda: {"A": 1.0, "B": 0.7, "C": 0.4, "D": 0.1})
    high_value: float = Field(default=20_000.0, gt=0)
    tiers: dict[str, float] = Field(default_factory=lambda: {"normal": 0.3, "vip": 0.7, "svip": 1.0})
    sensitive: dict[str, float] = Field(
        default_factory=lambda: {"safety": 1.0, "medical": 1.0, "data_leak": 1.0, "account_theft": 0.8, "finance": 0.6}
    )
    legal: float = Field(default=0.6, ge=0, le=1)
    threat: float = Field(default=0.6, ge=0, le=1)
    """Severity of a complaint whose customer demands escalation, where the event tells no severity."""
    risks: tuple[str, ...] = ("leak", "fraud", "theft", "stolen", "safety", "injury", "legal", "泄露", "诈骗", "盗", "安全", "伤", "法律")


class _Judge:
    """Judges what one event tells of a complaint."""

    def __init__(self, params: ComplaintImpactIndexParams) -> None:
        self._params = params
        self._weigh = EscalationKeywordHit().weigh

    def parts(self, turn: Turn) -> dict[str, float]:
        """The parts this event tells something about; `stated` is a severity the event itself gives."""
        found = {
            "stated": self._stated(turn),
            "severity": self._felt(turn),
            "value": self._value(turn),
            "sensitivity": self._sensitivity(turn),
        }
        return {name: min(1.0, max(0.0, part)) for name, part in found.items() if part is not None}

    def _stated(self, turn: Turn) -> float | None:
        issue = turn.event.issue
        return issue.severity if issue is not None else None

    def _felt(self, turn: Turn) -> float | None:
        """The worst of how strongly and how badly the customer feels and how grave the words are; a demand for escalation is `threat`."""
        words, message = turn.customer_words, turn.event.message
        if words is None or message is None:
            return None
        emotion = emotion_of(message, words)
        signs = [-turn.context.sentiment] if turn.context.sentiment is not None else []
        signs += [emotion[0]] if emotion is not None else []
        signs += [self._params.threat] if LEXICON in words.hits else []
        grave = severity(words)
        signs += [grave] if grave else []
        return max(signs, default=None)

    def _value(self, turn: Turn) -> float | None:
        customer, params = turn.event.customer, self._params
        if customer is None:
            return None
        if customer.value_band in params.bands:
            return float(params.bands[customer.value_band])
        if customer.lifetime_value is not None:
            return float(customer.lifetime_value / params.high_value)
        tier = customer.tier or turn.context.customer_tier
        return params.tiers.get(tier) if tier is not None else None

    def _sensitivity(self, turn: Turn) -> float | None:
        words, context, issue = turn.customer_words, turn.context, turn.event.issue
        named = " ".join(each for each in (context.category, context.intent, *(issue.labels if issue is not None else ())) if each).lower()
        signs = [1.0] if any(risk in named for risk in self._params.risks) else []
        if words is not None:
            signs += [weight for name, weight in self._params.sensitive.items() if words.hits.get(name)]
            signs += [self._params.legal for phrase in words.hits.get(LEXICON, ()) if self._weigh(phrase) >= _LEGAL]
        return max(signs, default=0.0) if named or words is not None else None


class ComplaintImpactIndexState(State):
    """The greatest of each part so far (-1: not known); `stated` is the severity last given by an event."""

    severity: float = UNKNOWN
    value: float = UNKNOWN
    sensitivity: float = UNKNOWN
    stated: float = UNKNOWN
    start: float | None = None
    last: Evidence | None = None
    band: str = ""
    kind: str = ""


class ComplaintImpactIndex(ConversationDetector[ComplaintImpactIndexState]):
    """The CII of one complaint, 0..100: 0.35 severity, 0.25 customer value, 0.2 spread (none, it is one), 0.2 sensitivity.

    Severity is `issue.severity` where an event gives it; else the greatest of: minus the customer's mood, the probability of a strong
    emotion, the gravity of the words (`detectors/text/severity.py`), a demand for escalation. Value is that of the customer's band,
    lifetime value or tier. Sensitivity is the gravest of safety, health, data, money and law that is named. A part that is not known is
    left out (`impact`); without severity there is no index. One complaint whose customer's value is known reaches 80: red is for
    clusters. `n` is the number of complaints, 1.

    Evaluated when a part grows, in conversations flagged as complaints. Memory: four numbers and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Customer, Event, Issue
    >>> detector = ComplaintImpactIndex()
    >>> state = detector.new()
    >>> opened = Event("conversation.opened", 1.0, "e", "s", "t", "c", customer=Customer("u", "svip"), issue=Issue("safety", severity=1.0))
    >>> detector.learn_one(state, Turn(opened, Context("c", category="safety", is_complaint=True), None, 1.0))
    True
    >>> detector.score_one(state, 1.0).value
    80.0
    """

    indicator = "complaint_impact_index"
    types = frozenset({"conversation.opened", "message.created", "ticket.created", "conversation.resolved", "ticket.escalated"})
    State = ComplaintImpactIndexState
    Params = ComplaintImpactIndexParams

    def __init__(self, params: ComplaintImpactIndexParams | None = None) -> None:
        super().__init__(params)
        self._judge = _Judge(self.params)

    def learn_one(self, state: ComplaintImpactIndexState, turn: Turn) -> bool:
        """Judge one event of a complaint."""
        context = turn.context
        if not context.is_complaint:
            return False
        parts, before = self._judge.parts(turn), _known(state)
        state.stated = parts.pop(STATED, state.stated)
        for name, part in parts.items():
            setattr(state, name, max(part, getattr(state, name)))
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        state.kind = context.category or state.kind
        if turn.event.customer is not None:
            state.band = turn.event.customer.value_band or state.band
        grown = _known(state) != before
        if turn.customer_words is not None and (grown or state.last is None):
            state.last = turn.evidence(turn.customer_words.text[:_EXCERPT])
        return grown and "severity" in _known(state)

    def score_one(self, state: ComplaintImpactIndexState, now: float) -> Reading | None:
        """The index; variables `cii`, `severity`, and as far as known `type`, `value_band`. None without a severity."""
        parts = _known(state)
        if "severity" not in parts:
            return None
        value = impact({**parts, "spread": 0.0}, self.params.weights.model_dump())
        variables: dict[str, str | float] = {"cii": round(value), "severity": round(parts["severity"], 2)}
        variables |= {name: text for name, text in (("type", state.kind), ("value_band", state.band)) if text}
        return Reading(
            now,
            value,
            start=None if state.start is None else min(state.start, now),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables=variables,
            sample={name: round(part, 3) for name, part in parts.items()},
        )


def _known(state: ComplaintImpactIndexState) -> dict[str, float]:
    """The parts that are known; a severity that was stated goes before one that was felt."""
    found = {name: float(getattr(state, name)) for name in PARTS}
    if state.stated != UNKNOWN:
        found["severity"] = state.stated
    return {name: part for name, part in found.items() if part != UNKNOWN}


class ComplaintImpactIndexByClusterParams(ComplaintImpactIndexParams):
    """As of one complaint; complaints of `window_s` are a cluster from `customers` on, `wide` is as spread as it gets.

    A negative mention in public (sentiment at or below `negative`) counts as `mention` of a customer. `gravest` complaints tell how severe
    and how sensitive the cluster is.
    """

    window_s: float = Field(default=DAY_S, gt=0)
    customers: int = Field(default=2, ge=2)
    wide: float = Field(default=25.0, gt=1)
    mention: float = Field(default=0.2, ge=0)
    negative: float = Field(default=-0.2, ge=-1, le=0)
    gravest: int = Field(default=3, ge=1)


class Grievance(State):
    """One complaint of a cluster: when it was heard of last, a checksum of its customer, the greatest of each part (-1: not known)."""

    time: float
    customer: int
    severity: float = UNKNOWN
    value: float = UNKNOWN
    sensitivity: float = UNKNOWN
    stated: float = UNKNOWN


class ComplaintImpactIndexByClusterState(State):
    """Complaints by a checksum of their conversation, mentions by hour, and how many customers a day are usual since `born`."""

    complaints: dict[int, Grievance] = msgspec.field(default_factory=dict)
    mentions: dict[int, int] = msgspec.field(default_factory=dict)
    perday: MeanState = (1.0, 0.0)
    born: float = UNKNOWN
    day: int = 0
    today: float = 0.0
    kind: str = ""
    last: Evidence | None = None


class ComplaintImpactIndexByCluster(ScopeDetector[ComplaintImpactIndexByClusterState]):
    """The CII of the complaints of 24 h about an issue category and product, and about a product as a whole; 0..100.

    Severity and sensitivity are the means of the three gravest complaints, customer value that of all; a part no complaint tells of is
    left out. Spread is ln(people) / ln(25), at most 1: the customers, and a fifth of the negative mentions of the product
    (`social.mention`), beyond what is usual a day (River's mean of whole days, one empty day before the first). The guard opens where at
    most one a day is usual, else where there are more than a Poisson count of the usual mean reaches in 999 of 1000 days. Single
    complaints are those of `ComplaintImpactIndex`.

    `n` is the number of customers. Evaluated at once and every 5 min. Memory: the last 128 complaints and 25 hours (about 7 kB).

    >>> from detectors.base import Scope
    >>> detector = ComplaintImpactIndexByCluster()
    >>> state = detector.new()
    >>> told = {"terms": ("severity", "value", "sensitivity"), "extra": (0.8, 0.4, 1.0)}
    >>> for who in ("a", "b", "c", "d", "e"):
    ...     detector.learn_one(state, Observation("x", Scope("acme"), 60.0, customer_id=who, conversation_id=who, **told))
    >>> reading = detector.score_one(state, 60.0)
    >>> round(reading.value, 6), reading.n, reading.guard
    (68.0, 5, True)
    """

    indicator = "complaint_impact_index"
    types = frozenset({*ComplaintImpactIndex.types, "social.mention"})
    State = ComplaintImpactIndexByClusterState
    Params = ComplaintImpactIndexByClusterParams
    at_once = True
    step_s = 300.0
    kept = 128

    def __init__(self, params: ComplaintImpactIndexByClusterParams | None = None) -> None:
        super().__init__(params)
        self._judge = _Judge(self.params)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What events of complaints tell, and negative mentions of a product."""
        if turn.event.type == "social.mention":
            return self._mentioned(turn)
        context, event, words = turn.context, turn.event, turn.customer_words
        news = event.issue is not None or (words is not None and (context.customer_turns <= 2 or bool(words.hits)))
        parts = self._judge.parts(turn) if context.is_complaint and context.category is not None and news else {}
        if not parts:
            return ()
        scopes = [turn.scope(issue_category=context.category, product_id=context.product_id)]
        scopes += [turn.scope(product_id=context.product_id)] if context.product_id is not None else []
        return [
            Observation(
                name_of(type(self)),
                scope,
                event.time,
                customer_id=context.customer_id,
                conversation_id=context.conversation_id,
                event_id=event.id if words is not None else None,
                excerpt=words.text[:_EXCERPT] if words is not None else None,
                terms=tuple(parts),
                extra=tuple(parts.values()),
            )
            for scope in scopes
        ]

    def learn_one(self, state: ComplaintImpactIndexByClusterState, observation: Observation) -> None:
        """Take in what is told of a complaint, or a mention."""
        time = observation.time
        state.born = time if state.born == UNKNOWN else state.born
        state.kind = observation.scope.get("issue_category") or state.kind
        if observation.terms == (MENTION,):
            self._count_day(state, time, float(self.params.mention))
            hour = int(time // 3600)
            state.mentions[hour] = state.mentions.get(hour, 0) + 1
            newest = max(state.mentions)
            state.mentions = {
                each: state.mentions[each] for each in sorted(state.mentions) if each > newest - self.params.window_s // 3600 - 1
            }
            return
        self._complain(state, observation)

    def score_one(self, state: ComplaintImpactIndexByClusterState, now: float) -> Reading | None:
        """The index; variables `cii`, `severity`, `customers`, `type`. None without two customers, or a severity."""
        first = now - self.params.window_s
        living = [each for each in state.complaints.values() if each.time > first]
        customers = len({each.customer for each in living})
        parts = self._parts(living)
        if customers < self.params.customers or "severity" not in parts:
            return None
        mentions = sum(count for hour, count in state.mentions.items() if hour * 3600.0 > first)
        people = customers + self.params.mention * mentions
        usual = state.perday[1]
        parts["spread"] = min(1.0, log(max(1.0, people - usual)) / log(self.params.wide))
        value = impact(parts, self.params.weights.model_dump())
        variables: dict[str, str | float] = {"cii": round(value), "severity": round(parts["severity"], 2), "customers": customers}
        return Reading(
            now,
            value,
            n=customers,
            start=first,
            end=now,
            baseline=usual,
            guard=usual <= 1 or people > poisson_quantile(usual, ORDINARY),
            evidence=(state.last,) if state.last is not None and (state.last.time or 0.0) > first else (),
            variables={**variables, "type": state.kind} if state.kind else variables,
            sample={"customers": customers, "mentions": mentions, **{name: round(part, 3) for name, part in parts.items()}},
        )

    def idle(self, state: ComplaintImpactIndexByClusterState, now: float) -> bool:
        """All complaints are older than the window."""
        return self._next_end(state, now) == inf

    def quiet_until(self, state: ComplaintImpactIndexByClusterState, now: float) -> float:
        """When the next complaint leaves the window: that of a customer of little value may raise the index."""
        return self._next_end(state, now)

    def expired(self, state: ComplaintImpactIndexByClusterState, now: float) -> bool:
        """Idle, and so rarely heard of that forgetting what is usual changes nothing."""
        days, usual = state.perday
        silent = (now - state.born) // DAY_S - state.day
        return self.idle(state, now) and (days * usual + state.today) / (days + max(silent, 1.0)) <= 0.5

    def _next_end(self, state: ComplaintImpactIndexByClusterState, now: float) -> float:
        ends = [complaint.time + float(self.params.window_s) for complaint in state.complaints.values()]
        return min((end for end in ends if end > now), default=inf)

    def _parts(self, living: list[Grievance]) -> dict[str, float]:
        """Severity, value and sensitivity as far as a complaint tells of them."""
        severity = [part for each in living if (part := each.stated if each.stated != UNKNOWN else each.severity) != UNKNOWN]
        sensitivity = [each.sensitivity for each in living if each.sensitivity != UNKNOWN]
        value = [each.value for each in living if each.value != UNKNOWN]
        gravest = self.params.gravest
        known = {"severity": sorted(severity)[-gravest:], "value": value, "sensitivity": sorted(sensitivity)[-gravest:]}
        return {name: sum(parts) / len(parts) for name, parts in known.items() if parts}

    def _complain(self, state: ComplaintImpactIndexByClusterState, observation: Observation) -> None:
        who, time = crc32((observation.conversation_id or "").encode()), observation.time
        customer = crc32((observation.customer_id or observation.conversation_id or "").encode())
        complaint = state.complaints.get(who)
        if complaint is None:
            again = any(each.customer == customer and each.time > time - self.params.window_s for each in state.complaints.values())
            self._count_day(state, time, float(not again))
            complaint = state.complaints[who] = Grievance(time, customer)
        complaint.time = max(complaint.time, time)
        for name, part in zip(observation.terms, observation.extra, strict=False):
            if name == STATED:
                complaint.stated = part
            elif name in PARTS:
                setattr(complaint, name, max(part, getattr(complaint, name)))
        if observation.event_id is not None:
            state.last = observation.evidence()
        if len(state.complaints) > self.kept:
            del state.complaints[min(state.complaints, key=lambda key: (state.complaints[key].time, key))]

    @staticmethod
    def _count_day(state: ComplaintImpactIndexByClusterState, time: float, count: float) -> None:
        """Count people of a day; days that are over are learnt first, silent ones too, an incident in part."""
        day = max(state.day, int((time - state.born) // DAY_S))
        for _ in range(min(day - state.day, DAYS_REMEMBERED)):
            learnt = state.today
            if state.perday[0] >= FIRST_DAYS:
                learnt = min(learnt, max(FIVE, poisson_quantile(state.perday[1], ORDINARY)))
            state.perday = mean_after(state.perday, learnt, memory=DAYS_REMEMBERED)
            state.today = 0.0
        state.day = day
        state.today += count

    def _mentioned(self, turn: Turn) -> Iterable[Observation]:
        event = turn.event
        score = ((event.data or {}).get("mention") or {}).get("sentiment_score")
        product = event.issue.product_id if event.issue is not None else None
        if product is None or score is None or score > self.params.negative:
            return ()
        return (Observation(name_of(type(self)), turn.scope(product_id=product), event.time, terms=(MENTION,)),)
