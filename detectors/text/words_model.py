"""What is learnt from words, in one piece: it learns in one process, is written as a version, and is used read-only by all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log, sqrt, tanh
from typing import Final

import msgspec
from msgspec.structs import replace

from detectors.similarity import features
from detectors.text.category import CategoryLearner, CategoryState
from detectors.text.early_warning import EarlyWarning, Heard
from detectors.text.hashed_logistic import HashedLogistic, HashedLogisticState, Slots
from detectors.text.quality import Case, Quality, Trial, TrialState, Window, WindowState
from detectors.text.sentiment import SentimentPrior
from detectors.text.sentiment_learner import NOTHING, HashedText
from detectors.text.severity import severity
from detectors.text.words import Words

__all__ = ["PARTS", "Outlook", "Told", "WordsModel", "WordsModelState"]

PARTS: Final = ("sentiment", "severity", "complaint", "early_warning", "category")

UTTERANCES: Final = 10
"""How much of a conversation is heard: its beginning, where a warning is early."""
PLACES: Final = 512
READ: Final = 1_000
"""Characters of an utterance that categories are read from."""
TENANTS: Final = 32
SHARE: Final = 0.5
COMPLAINT: Final = 0.7
_INSIDE: Final = 1e-6

LABELS: Final = 300
"""A part is used once it has seen that many labels, a tenth of them of the rarer kind …"""
RARER: Final = 30
BETTER: Final = 0.01
"""… and its AUC is better than what is said without it by this, and by two standard errors of an AUC that tells nothing."""
WARNS: Final = 0.6
"""What the early warning's AUC must be."""
SURE: Final = 50
RIGHT: Final = 0.75
"""Of the texts where a tenant's categories are sure, at least so many, and that share right."""


class Told(msgspec.Struct, array_like=True, omit_defaults=True):
    """What is kept of a conversation's first ten utterances: no words, only hashes of them."""

    heard: Heard = msgspec.field(default_factory=Heard)
    places: set[int] = msgspec.field(default_factory=set)
    complained: bool = False

    @property
    def full(self) -> bool:
        """Whether the beginning has been heard."""
        return sum(self.heard.turns) >= UTTERANCES

    def forget(self) -> None:
        """Keep no more than that the beginning was heard: for who has asked for its outlook."""
        self.heard, self.places = Heard(turns=list(self.heard.turns)), set()


class Outlook(msgspec.Struct, frozen=True):
    """What a conversation looks like so far; None where nothing that is good enough has been learnt.

    `early_warning` is how much of what lies between the usual share of bad ends and certainty is reached, 0..1.
    """

    early_warning: float | None = None
    complains: bool | None = None
    category: str | None = None


class CategoriesState(msgspec.Struct, array_like=True):
    """The categories of one tenant as plain data."""

    learner: CategoryState
    window: WindowState
    counts: dict[str, int] = {}


class WordsModelState(msgspec.Struct):
    """A `WordsModel` as plain data: weights of hashed features, figures, and categories by tenant. No text, no id."""

    learners: dict[str, HashedLogisticState]
    trials: dict[str, TrialState]
    categories: dict[str, CategoriesState]
    served: list[str]


class Categories:
    """The categories of one tenant: a learner, how often each was learnt, and how often the learner was right.

    >>> categories = Categories()
    >>> for number in range(400):
    ...     said = ("退款", "到账") if number % 2 else ("耳机", "断连")
    ...     categories.learn_all([categories.learner.places_of(said)], "ab"[number % 2])
    >>> categories.good, categories.quality().n
    (True, 400)
    """

    def __init__(self) -> None:
        self.learner = CategoryLearner()
        self._window = Window()
        self._counts: dict[str, int] = {}

    @property
    def good(self) -> bool:
        """Whether it is right often enough where it is sure."""
        sure = [row.label for row in self._window.rows() if row.raw >= self.learner.sure]
        return len(self._counts) > 1 and len(self._window) >= LABELS and len(sure) >= SURE and sum(sure) >= RIGHT * len(sure)

    @property
    def n(self) -> int:
        """How many texts it has learnt."""
        return sum(self._counts.values())

    def learn_all(self, heard: Sequence[Iterable[int]], label: str) -> None:
        """Test on one conversation's texts at several moments, then learn their category."""
        usual = max(self._counts, key=self._counts.__getitem__, default=None)
        for places in heard:
            said, chance = self.learner.best_place(places)
            self._window.add(Case(chance, chance, float(usual == label), said == label))
        for places in heard:
            self.learner.learn_places(places, label)
        if label in self.learner.labels:
            self._counts[label] = self._counts.get(label, 0) + len(heard)

    def quality(self) -> Quality:
        """`usual` is the share of texts where it is sure, `accuracy_before` that of always saying the most usual category."""
        rows, n = self._window.rows(), self.n
        if not rows:
            return Quality(n, 0.0)
        found = self._window.quality(n, 0)
        return Quality(
            n,
            sum(row.raw >= self.learner.sure for row in rows) / len(rows),
            sum(row.label for row in rows) / len(rows),
            sum(row.before for row in rows) / len(rows),
            error=found.error,
            error_raw=found.error_raw,
        )

    def state(self) -> CategoriesState:
        """Plain data to restore it from."""
        return CategoriesState(self.learner.state(), self._window.state(), dict(self._counts))

    def restore(self, state: CategoriesState) -> None:
        """Become what `state` was taken from. Raises ValueError where it is damaged."""
        self.learner.restore(state.learner)
        self._window.restore(state.window)
        self._counts = dict(state.counts)


class WordsModel:
    """Sentiment, severity, complaints, early warning and categories as the events teach them.

    Parameters
    ----------
    prior
        SnowNLP's table, a feature of the sentiment (`HashedText`).

    Sentiment and severity are of one message, the others of a conversation's first ten utterances (`Told`). A part is *served* once it
    has been better, on labels it had not learnt, than what is said without it (`settle`); until then, and of a model that has learnt
    nothing, everything is as without a model. Read by many, it is changed by nobody: `learn_*` are for the process that learns.

    Limits: all tenants share the weights of hashed words; categories, which have names, are each tenant's own (32 tenants, 256
    categories each). Early warning and complaints know the business that taught them. Memory 40 MB, and 128 kB for each category.
    """

    def __init__(self, prior: SentimentPrior | None = None) -> None:
        self._read = HashedText(prior)
        self._learners = {
            "sentiment": HashedLogistic(),
            "severity": HashedLogistic(),
            "complaint": HashedLogistic(0.05),
            "early_warning": HashedLogistic(0.05),
        }
        self._trials = {name: Trial(COMPLAINT if name == "complaint" else 0.5) for name in self._learners}
        self._categories: dict[str, Categories] = {}
        self.served: frozenset[str] = frozenset()

    # -- used, read-only

    def judge(self, words: Words) -> Words:
        """A customer's words with sentiment and severity as learnt, where these are served.

        With x what the lexicons say and y = tanh(d / 2), the sentiment is x + |y| (y - x) / 2: a text that was learnt counts half at most,
        one that tells nothing new leaves the lexicons their word. d is how far the log odds of a positive text lie beyond both the usual
        ones and those of a text without any known word: where most labels are good, neither plain talk nor the unknown is praise or
        complaint. Where the lexicons are silent (None) nothing is said.
        """
        if words.sentiment is None or not words.tokens or self.served.isdisjoint(("sentiment", "severity")):
            return words
        slots = self._read.transform_one(words)
        score, grave = words.sentiment, words.severity
        if "sentiment" in self.served:
            learnt = tanh(self._odds_beyond(slots) / 2.0)
            score += SHARE * abs(learnt) * (learnt - score)
        if "severity" in self.served:
            grave = round(self._chance("severity", slots), 6)
        return replace(words, sentiment=score, severity=grave)

    def _odds_beyond(self, slots: Slots) -> float:
        trial = self._trials["sentiment"]
        odds = _odds(trial(self._chance("sentiment", slots)))
        plain = sorted((_odds(trial.usual), _odds(trial(self._chance("sentiment", NOTHING)))))
        return odds - min(max(odds, plain[0]), plain[1])

    @staticmethod
    def hear(told: Told, role: str, words: Words, sentiment: float | None) -> bool:
        """Take one utterance into a conversation's memory; False where that has heard enough.

        `sentiment` is the event's own, or that of the lexicons: never one of a model, so that a version learns from what all versions see.
        """
        if told.full:
            return False
        EarlyWarning.hear(told.heard, role, words.tokens, sentiment)
        if role == "customer":
            told.complained |= bool(words.complains)
            told.places |= CategoryLearner.places_of(features(words.text[:READ]))
            while len(told.places) > PLACES:
                told.places.discard(max(told.places))
        return True

    def outlook(self, told: Told, tenant: str, *, category: bool = True) -> Outlook:
        """What the conversation looks like; the category, where it is asked for, among those of the tenant."""
        found = Outlook(category=self._category(told, tenant) if category else None)
        if self.served.isdisjoint(("complaint", "early_warning")):
            return found
        slots = EarlyWarning.features(told.heard)
        if "early_warning" in self.served:
            trial = self._trials["early_warning"]
            usual = trial.usual
            chance = trial(self._chance("early_warning", slots))
            found = replace(found, early_warning=round(max(0.0, (chance - usual) / (1.0 - usual)), 6))
        if "complaint" in self.served:
            complains = self._trials["complaint"](self._chance("complaint", slots)) >= COMPLAINT
            found = replace(found, complains=complains or None)
        return found

    def _category(self, told: Told, tenant: str) -> str | None:
        known = self._categories.get(tenant)
        if "category" not in self.served or known is None or not known.good:
            return None
        label, chance = known.learner.best_place(told.places)
        return label if chance >= known.learner.sure else None

    def _chance(self, part: str, slots: Slots) -> float:
        return self._learners[part].predict_proba_one(slots)[True]

    # -- learning

    def learn_sentiment(self, said: Sequence[Words], positive: bool) -> None:
        """What a customer said in a conversation that was rated well or badly, or a message a reviewer has judged."""
        read = [(words, self._read.transform_one(words)) for words in said if words.tokens]
        self._learn("sentiment", [(slots, ((words.sentiment or 0.0) + 1.0) / 2.0) for words, slots in read], positive)

    def learn_severity(self, said: Sequence[Words], grave: float) -> None:
        """What a customer said in a conversation that an event calls that grave (0..1)."""
        read = [(words, self._read.transform_one(words)) for words in said if words.tokens]
        learner, trial = self._learners["severity"], self._trials["severity"]
        for words, slots in read:
            trial.learn_one(self._chance("severity", slots), grave >= 0.5, severity(replace(words, severity=None)) or 0.0)
        for _, slots in read:
            learner.learn_one(slots, grave)

    def learn_complaint(self, heard: Sequence[tuple[Slots, bool]], is_complaint: bool) -> None:
        """A conversation's features at several moments, each with whether the lexicons had found a complaint, and whether it is one."""
        self._learn("complaint", [(slots, float(complained)) for slots, complained in heard], is_complaint)

    def learn_outcome(self, heard: Sequence[tuple[Slots, float]], ended_badly: bool) -> None:
        """A conversation's features at several moments, each with the customer's mean sentiment there, and how it has ended."""
        self._learn("early_warning", [(slots, (1.0 - mean) / 2.0) for slots, mean in heard], ended_badly)

    def learn_category(self, tenant: str, heard: Sequence[Iterable[int]], label: str) -> None:
        """A conversation's texts at several moments (`Told.places`) and the category that an event gives it."""
        known = self._categories.get(tenant)
        if known is None:
            if len(self._categories) >= TENANTS:
                return
            known = self._categories[tenant] = Categories()
        known.learn_all(heard, label)

    def _learn(self, part: str, samples: Sequence[tuple[Slots, float]], label: bool) -> None:
        """All of one conversation are tested before any is learnt: they are no independent cases."""
        learner, trial = self._learners[part], self._trials[part]
        for slots, before in samples:
            trial.learn_one(self._chance(part, slots), label, before)
        for slots, _ in samples:
            learner.learn_one(slots, label)

    def settle(self) -> None:
        """Decide which parts are good enough to be used."""
        served = {name for name, trial in self._trials.items() if _is_good(name, trial)}
        if any(each.good for each in self._categories.values()):
            served.add("category")
        self.served = frozenset(served)

    @property
    def labels(self) -> int:
        """How many labels it has learnt."""
        return sum(trial.n for trial in self._trials.values()) + sum(each.n for each in self._categories.values())

    def quality(self) -> dict[str, Quality]:
        """The figures of each part; categories as `category:TENANT`."""
        found = {name: trial.quality() for name, trial in self._trials.items()}
        return {**found, **{f"category:{tenant}": each.quality() for tenant, each in sorted(self._categories.items())}}

    # -- as data

    def state(self) -> WordsModelState:
        """Plain data to restore it from."""
        return WordsModelState(
            {name: learner.state() for name, learner in self._learners.items()},
            {name: trial.state() for name, trial in self._trials.items()},
            {tenant: each.state() for tenant, each in self._categories.items()},
            sorted(self.served),
        )

    def restore(self, state: WordsModelState) -> None:
        """Become what `state` was taken from. Raises ValueError or KeyError where it is damaged or of another make."""
        for name, learner in self._learners.items():
            learner.restore(state.learners[name])
            self._trials[name].restore(state.trials[name])
        self._categories = {}
        for tenant, each in state.categories.items():
            self._categories[tenant] = Categories()
            self._categories[tenant].restore(each)
        self.served = frozenset(state.served)


def _is_good(name: str, trial: Trial) -> bool:
    """Whether a part has seen enough labels of both kinds and tells them apart better than what is said without it."""
    labels, positives = len(trial.window), trial.window.positives()
    if labels < LABELS or min(positives, labels - positives) < RARER:
        return False
    found = trial.quality()
    least = WARNS if name == "early_warning" else 0.0
    margin = max(BETTER, 2.0 * sqrt((labels + 1) / (12.0 * positives * (labels - positives))))
    return found.auc is not None and found.auc >= max(least, max(0.5, found.auc_before or 0.0) + margin)


def _odds(chance: float) -> float:
    inside = min(max(chance, _INSIDE), 1.0 - _INSIDE)
    return log(inside / (1.0 - inside))
