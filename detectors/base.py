"""What every detector is: pure, online, keyed state in and out as versioned plain data.

A detector object holds parameters only. What it learns lives in a *state*, one per key, a `State` struct that the pipeline
creates (`new`), passes in and stores: thousands of conversations cost no objects, and a state can be written as bytes after
any event. Two kinds exist:

- `ConversationDetector`, keyed by conversation: `learn_one(state, turn)` then `score_one(state, now)`;
- `ScopeDetector`, keyed by a wider scope (agent, queue, issue, product, tenant …): `observe(turn)` runs beside the
  conversation and yields observations; they travel to the scope, where `learn_one(state, observation)` and
  `score_one(state, now)` run.

A score is a `Reading` (a value with its sample, window and evidence), never a decision: tiers, minimum samples and
hysteresis belong to `alerts/decide.py`. Nothing here reads a clock: `now` is passed in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict

from detectors.event import Campaign, Event
from detectors.outlook import Outlook
from detectors.text.words import Words

__all__ = [
    "Chain",
    "CompositeDetector",
    "Context",
    "ConversationDetector",
    "Detector",
    "Evidence",
    "Observation",
    "Params",
    "Reading",
    "Scope",
    "ScopeDetector",
    "State",
    "Turn",
]


class Params(BaseModel):
    """Parameters of a detector, given in `config/indicators.yaml`; a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class State(msgspec.Struct, array_like=True, omit_defaults=True):
    """State of one detector for one key: plain data, encoded as an array, so fields are only ever appended."""


class Scope(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Whom a reading is about: a tenant and named keys in a fixed order.

    >>> Scope("acme", (("queue_id", "q-refund"),)).key
    'acme|queue_id=q-refund'
    >>> Scope("acme", (("issue_category", "refund"), ("product_id", "sku-1"))).fields()
    {'tenant_id': 'acme', 'issue_category': 'refund', 'product_id': 'sku-1'}
    """

    tenant: str
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """The key names joined by `+` (`queue_id`, `issue_category+product_id`); `tenant` where there is none."""
        return "+".join(name for name, _ in self.keys) or "tenant"

    @property
    def key(self) -> str:
        """A text that names the scope uniquely: a state key and the tail of an alert's key."""
        return "|".join([self.tenant, *(f"{name}={value}" for name, value in self.keys)])

    def fields(self) -> dict[str, str]:
        """The scope as alerts carry it: `tenant_id` plus the keys by name."""
        return {"tenant_id": self.tenant, **dict(self.keys)}

    def get(self, name: str) -> str | None:
        """The value of one key, or None."""
        return next((value for key, value in self.keys if key == name), None)


class Evidence(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One piece of evidence: the event, and a masked excerpt of at most 120 characters."""

    event_id: str
    excerpt: str | None = None
    time: float | None = None
    conversation_id: str | None = None


class Context(msgspec.Struct, array_like=True, omit_defaults=True):
    """What a conversation is known to be, merged from its events; every conversation detector may read it.

    The pipeline fills it before any detector sees the turn. `sentiment` is River's EWMean of the customer's utterances
    (half-life 3 utterances, -1..1), absent until the first one.
    """

    conversation_id: str = ""
    channel: str | None = None
    stage: str | None = None
    queue_id: str | None = None
    department_id: str | None = None
    region: str | None = None
    language: str | None = None
    customer_id: str | None = None
    customer_tier: str | None = None
    agent_id: str | None = None
    agent_type: str | None = None
    team_id: str | None = None
    category: str | None = None
    intent: str | None = None
    product_id: str | None = None
    is_complaint: bool | None = None
    opened: float | None = None
    closed: float | None = None
    last: float = 0.0
    sentiment: float | None = None
    customer_turns: int = 0
    agent_turns: int = 0
    lowest: float | None = None
    """The lowest `sentiment` so far."""
    department_since: float | None = None
    """When it was handed to its present department, by a transfer or as a ticket; None where nobody handed it on."""
    complaint_stated: bool = False
    """Whether an event has said if it is a complaint; until then the customer's words say it."""
    early_warning: float | None = None
    """How likely it ends badly by what was learnt: 0 as usual, 1 certain (`Outlook`); absent where no model is in use."""


class Turn(msgspec.Struct, gc=False):
    """One event as a conversation's detectors see it.

    `words` is there for messages with text that count (not private, not partial), else None; `context` is already updated with this
    event; `now` is the stage's clock (event time in replay, wall clock live).
    """

    event: Event
    context: Context
    words: Words | None
    now: float
    sentiment_before: float | None = None
    """`context.sentiment` before this event; with `agent_before` and `closed_before` an observer sees changes without a memory."""
    agent_before: str | None = None
    closed_before: bool = False
    department_before: str | None = None
    department_since_before: float | None = None

    @property
    def customer_words(self) -> Words | None:
        """The words, when the customer spoke them."""
        message = self.event.message
        return self.words if message is not None and message.role == "customer" else None

    @property
    def agent_words(self) -> Words | None:
        """The words, when an agent or a bot spoke them."""
        message = self.event.message
        return self.words if message is not None and message.role in ("agent", "bot") else None

    def scope(self, **keys: str | None) -> Scope:
        """The tenant's scope with these keys, unknown ones left out."""
        return Scope(self.event.tenant, tuple((name, value) for name, value in keys.items() if value is not None))

    def evidence(self, excerpt: str | None = None) -> Evidence:
        """This event as evidence; the excerpt defaults to the message's masked text, cut to 120 characters."""
        message = self.event.message
        text = excerpt if excerpt is not None else (message.text if message is not None else None)
        return Evidence(self.event.id, text[:120] if text else None, self.event.time, self.context.conversation_id or None)


class Observation(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """What a conversation tells a wider scope.

    `detector` names the `ScopeDetector` class that asked for it and will learn it; `time` is event time. An observation that is only a
    count (`cell=True`) may be added up on the way with others of its minute that have the same `terms`, and then arrives once, with
    their sum as `value` and the minute's start as `time`; anything else that identifies it is dropped.
    """

    detector: str
    scope: Scope
    time: float
    value: float = 1.0
    customer_id: str | None = None
    conversation_id: str | None = None
    event_id: str | None = None
    excerpt: str | None = None
    terms: tuple[str, ...] = ()
    extra: tuple[float, ...] = ()
    broadcast: bool = False
    """Concerns every scope of the tenant (a campaign): copied to all scope partitions, learnt by `ScopeDetector.learn_all`."""
    cell: bool = False
    campaign: Campaign | None = None
    """The declared campaign, on broadcasts."""

    def evidence(self) -> Evidence:
        """This observation as evidence."""
        return Evidence(self.event_id or "", self.excerpt[:120] if self.excerpt else None, self.time, self.conversation_id)


class Chain(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """How far trouble has spread from response time over satisfaction and complaints to sales: `stage` 0..4; the next link, and when.

    `scope` is `chain` where the stage is of the whole chain, `link` where it tells of one link.
    """

    stage: int
    next_link: str | None = None
    eta: float | None = None
    scope: str = "chain"


class Reading(msgspec.Struct, array_like=True, omit_defaults=True):
    """A value of one indicator for one scope at one event time.

    A detector gives what it computed; the stage stamps `indicator`, `scope`, `channel` and `segment` on it.
    `n` is the sample the minimum is compared with; `guard` False says the value may not light a tier (too young a baseline,
    too small an excess), unless literal thresholds are on; `closed` says the subject ended, so an open alert resolves;
    `rate` makes decide use Wilson bounds with `n` trials. `variables` fill titles and action texts (already masked).
    """

    time: float
    value: float
    n: float = 1
    start: float | None = None
    end: float | None = None
    baseline: float | None = None
    sd: float | None = None
    guard: bool = True
    closed: bool = False
    rate: bool = False
    indicator: str = ""
    scope: Scope = Scope("")
    channel: str | None = None
    segment: tuple[tuple[str, str], ...] = ()
    """What thresholds may be resolved by besides tenant and channel: pairs such as ("customer_tier", "vip")."""
    evidence: tuple[Evidence, ...] = ()
    variables: dict[str, str | float] = msgspec.field(default_factory=dict)
    sample: dict[str, float] = msgspec.field(default_factory=dict)
    """Further figures for the alert's `sample` (customers, cohesion …)."""
    bound: float | None = None
    """The one-sided 95 % bound of the value, where the detector gives it: a tier rises only when this has passed (CSAT, NPS)."""
    onset: str | None = None
    """`sudden` or `gradual`, where the detector can tell."""
    chain: Chain | None = None
    baseline_days: float | None = None
    """How many days of the series' own past were there to learn its `baseline` from; None where none is learnt from days."""


S = TypeVar("S", bound=State)
StateType: TypeAlias = type[State]
ParamsType: TypeAlias = type[Params]


class Detector(ABC, Generic[S]):
    """Base of both kinds. The class name in snake_case is its `name`; the file is called after it.

    `indicator` is the catalogue id its readings carry (two classes may share one, for two scopes). `State` is the struct of
    one key; `version` is raised when the meaning of its fields changes, an older state is then replaced by a new one and counted.
    `types` are the event types it reads (None: all); it is shown no others.
    """

    indicator: ClassVar[str]
    types: ClassVar[frozenset[str] | None] = None
    State: ClassVar[StateType]
    Params: ClassVar[ParamsType] = Params
    version: ClassVar[int] = 1

    def __init__(self, params: BaseModel | None = None) -> None:
        self.params: Any = params if params is not None else type(self).Params()

    def new(self) -> S:
        """A state that has seen nothing."""
        return type(self).State()  # type: ignore[return-value]

    @abstractmethod
    def score_one(self, state: S, now: float) -> Reading | None:
        """The reading at event time `now`, or None where there is nothing to say. Does not change what was learnt."""


class ConversationDetector(Detector[S]):
    """Keyed by conversation. `learn_one` returns True when the turn is an evaluation, and only then is `score_one` called."""

    @abstractmethod
    def learn_one(self, state: S, turn: Turn) -> bool:
        """Take one turn in. True when this turn is an evaluation of the indicator (rule 7: one message)."""

    def tell(self, state: S, turn: Turn) -> Iterable[Observation]:
        """What the state after this turn tells a scope detector, which the observation names."""
        return ()

    def due_at(self, state: S, level: float) -> float | None:
        """When, if nothing else happens, the value reaches `level`; None when no clock is running.

        The pipeline then calls `score_one(state, due)` at that event time, also when the whole stream is silent.
        """
        return None


class CompositeDetector(ConversationDetector[S]):
    """A conversation's indicator made from its other ones: it sees their tiers after each event and each timer."""

    def learn_one(self, state: S, turn: Turn) -> bool:
        """Take one turn in; never an evaluation by itself."""
        return False

    @abstractmethod
    def combine(self, state: S, context: Context, tiers: Mapping[str, int]) -> bool:
        """Take in which fires burn: indicator -> tier 1..4. True when that is an evaluation."""


class ScopeDetector(Detector[S]):
    """Keyed by a wider scope and evaluated on a grid of event time.

    `step_s` is the grid; `at_once` makes a learnt observation an evaluation that may raise a tier at its own time (a fall
    always waits for the grid).
    """

    step_s: ClassVar[float] = 60.0
    at_once: ClassVar[bool] = False

    @abstractmethod
    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What this turn tells wider scopes. Runs in the conversation stage and keeps nothing: read `turn.context`."""

    @abstractmethod
    def learn_one(self, state: S, observation: Observation) -> None:
        """Take one observation in. Late ones (older than what was learnt) still count in their window where that is possible."""

    def learn_all(self, state: S, observation: Observation) -> None:
        """Take a broadcast in (a campaign). The default ignores it."""

    @classmethod
    def expects_campaigns(cls) -> bool:
        """Whether declared campaigns are part of what it expects."""
        return cls.learn_all is not ScopeDetector.learn_all

    def score_parts(self, state: S, now: float) -> Iterable[Reading]:
        """Readings about other or narrower scopes that this state knows: each names its `scope`, at most 64.

        A part that burns and is not given any more is closed. What its thresholds are resolved by (`channel`, `segment`) it says itself.
        """
        return ()

    def outlook(self, state: S, now: float) -> Iterable[Outlook]:
        """What is expected of this scope from `now` on, told at each step of the grid. The default: nothing."""
        return ()

    @abstractmethod
    def idle(self, state: S, now: float) -> bool:
        """True when nothing in the state can change a reading until the next observation: the grid then skips the key."""

    def quiet_until(self, state: S, now: float) -> float:
        """Up to when no reading can rise without another observation: where no fire burns, the grid skips the key until then.

        The default is `now`, for values that may rise by themselves. A count in a sliding window only falls; one that learns broadcasts
        keeps the default.
        """
        return now

    def expired(self, state: S, now: float) -> bool:
        """True when the state may be forgotten. The default: as soon as it is idle."""
        return self.idle(state, now)
