"""Early warning: how likely a conversation ends badly, from what has been said so far."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log2
from typing import Final
from zlib import crc32

import msgspec
import numpy as np

from detectors.text.hashed_logistic import HashedLogistic, HashedLogisticState, Slots, places, slot_of

__all__ = ["EarlyWarning", "Heard"]

_KEPT: Final = 4_096
_READ: Final = 512
_USUAL: Final = 50.0
_SHORTER: Final = -0.6
_MANY: Final = 12
_PAIR: Final = 2_246_822_519
_MASK: Final = 0xFFFF_FFFF
_CUSTOMER: Final = "customer"


class Heard(msgspec.Struct):
    """What is kept of one conversation: at most 4,096 hashes of words and word pairs by role, and some sums.

    `turns` and `scores` are (customer, others): utterances, and utterances with a sentiment; `sums` the sums of these; `low` and `down`
    the customer's lowest sentiment and how many were below 0; `recent` the customer's last two; `run` utterances in a row by `role`.
    """

    hashes: set[int] = msgspec.field(default_factory=set)
    turns: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    scores: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0, 0.0])
    low: float = 0.0
    down: int = 0
    recent: tuple[float, ...] = ()
    words: int = 0
    latest: int = 0
    role: str = ""
    run: int = 0


class EarlyWarning:
    """Learns from conversations that have ended which ones end badly, and says it of those that go on.

    Parameters
    ----------
    rate
        AdaGrad's step, see `HashedLogistic`.

    Learn from `features` taken at several moments of a conversation, once its end is known: a learner of whole conversations only
    is worse at their beginning. It needs some hundred conversations; what it knows is of the business whose conversations it saw.

    >>> warning = EarlyWarning()
    >>> for number in range(40):
    ...     heard = Heard()
    ...     warning.hear(heard, "customer", ("再", "不", "退款") if number % 2 else ("谢谢", "您"))
    ...     warning.learn_one(warning.features(heard), number % 2 == 1)
    >>> warning.predict_proba_one(warning.features(heard))[True] > 0.8
    True
    """

    def __init__(self, rate: float = 0.05) -> None:
        self._model = HashedLogistic(rate)

    @staticmethod
    def hear(heard: Heard, role: str, tokens: Sequence[str], sentiment: float | None = None) -> None:
        """Take one utterance in; `sentiment` is in -1..1, None where it is not known. Of its tokens the first 512 are read."""
        other = role != _CUSTOMER
        heard.run = heard.run + 1 if heard.role == role else 1
        heard.role, heard.latest = role, len(tokens)
        heard.turns[other] += 1
        heard.words += len(tokens)
        if sentiment is not None:
            heard.scores[other] += 1
            heard.sums[other] += sentiment
            if not other:
                heard.low = min(heard.low, sentiment)
                heard.down += sentiment < 0
                heard.recent = (*heard.recent[-1:], sentiment)
        if len(heard.hashes) < _KEPT:
            _keep(heard.hashes, other, tokens[:_READ])

    @staticmethod
    def features(heard: Heard) -> Slots:
        """The features of what was heard so far: hashed words by role, how much each side said, how it sounded."""
        found = places(np.fromiter(heard.hashes, np.uint32, len(heard.hashes)))
        said = _said(heard)
        slots = np.concatenate((found.astype(np.intp), np.fromiter(said, np.intp, len(said))))
        values = np.empty(len(slots), np.float32)
        values.fill((max(len(found), 1) / _USUAL) ** _SHORTER)
        values[len(found) :] = tuple(said.values())
        return Slots(slots, values)

    def learn_one(self, features: Slots, ended_badly: bool) -> None:
        """Learn how the conversation that looked like this has ended."""
        self._model.learn_one(features, ended_badly)

    def predict_proba_one(self, features: Slots) -> dict[bool, float]:
        """P(ends badly) under True, in 0..1; .5 for a learner that has seen nothing."""
        return self._model.predict_proba_one(features)

    def state(self) -> HashedLogisticState:
        """Plain data to restore the learner from."""
        return self._model.state()

    def restore(self, state: HashedLogisticState) -> None:
        """Become what `state` was taken from. Raises ValueError where it is damaged."""
        self._model.restore(state)


def _keep(hashes: set[int], other: bool, tokens: Sequence[str]) -> None:
    """Add the words and word pairs of one utterance, as far as there is room."""
    codes = [crc32(token.encode("utf-8", "surrogatepass"), other) for token in tokens]
    hashes.update(codes)
    hashes.update([(first * _PAIR + second) & _MASK for first, second in pairwise(codes)])
    while len(hashes) > _KEPT:
        hashes.discard(max(hashes))


def _said(heard: Heard) -> dict[int, float]:
    """Slots and values of the counts (each in a class of its own) and of the sentiment (means)."""
    turns, total = heard.turns, sum(heard.turns)
    classes = {
        "customer": min(_MANY, turns[0]),
        "others": min(_MANY, turns[1]),
        "turns": _size(total),
        "words": _size(heard.words),
        "latest": _size(heard.latest),
        "mean": _size(heard.words / max(1, total)),
        "role": heard.role,
        "run": min(heard.run, 6),
        "down": min(heard.down, 10) if heard.scores[0] else "",
        "recent": ",".join(f"{score:+.0f}" for score in heard.recent),
    }
    said = {slot_of(f"{name}={value}"): 1.0 for name, value in classes.items()}
    said[slot_of("bias")] = 1.0
    if heard.scores[0]:
        said[slot_of("customer sentiment")] = 2.0 * heard.sums[0] / heard.scores[0]
        said[slot_of("customer sentiment low")] = heard.low
        said[slot_of("customer sentiment last")] = heard.recent[-1]
        said[slot_of("customer sentiment down")] = 2.0 * heard.down / heard.scores[0]
    if heard.scores[1]:
        said[slot_of("other sentiment")] = 2.0 * heard.sums[1] / heard.scores[1]
    return said


def _size(count: float) -> int:
    """Classes that grow by the root of two."""
    return int(2 * log2(1 + count))
