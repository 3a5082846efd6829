"""Which category a text belongs to, learnt online from the events that say it."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["CategoryLearner", "CategoryState"]

FIRST_SQUARES: Final = 1e-2
"""Keeps the first step finite, as AdaGrad's epsilon does."""
OTHER_RATE: Final = 0.05
SLOTS: Final = 1 << 15
FIRST_LABELS: Final = 16
"""Labels there is room for at first; the room doubles when it is full."""


class CategoryState(msgspec.Struct):
    """A learner as plain data: its size, the labels in order of appearance, and its arrays as little-endian 32-bit floats."""

    slots: int
    most: int
    labels: list[str]
    weights: bytes
    squares: bytes
    biases: bytes


class CategoryLearner:
    """A multinomial logistic regression on hashed features, one AdaGrad step a text (Duchi, Hazan, Singer 2011), one rate a slot.

    Parameters
    ----------
    sure
        The probability below which it stays silent.
    most
        Labels it can tell apart; further ones are not learnt.
    slots
        Hashed features; those that coincide share their weights.
    rate
        The step; the default was chosen on short intents of 77 classes (benchmarks/_text_category.py).

    A label needs a dozen texts before it is said with confidence. Deterministic: nothing is random, and features are hashed by CRC-32.
    Memory: `slots` x 4 bytes for each label learnt, rounded up to 16, 32, 64 … labels (34 MB for 256). The same learner with labels
    `yes` and `no` says whether a message is a complaint.

    >>> learner = CategoryLearner(most=4, slots=1024)
    >>> for _ in range(20):
    ...     learner.learn_one(["退款", "到账"], "refund")
    ...     learner.learn_one(["耳机", "断连"], "quality")
    >>> learner.predict_one(["耳机", "又", "断连"]), learner.predict_one(["你好"])
    ('quality', None)
    """

    def __init__(self, *, sure: float = 0.6, most: int = 256, slots: int = SLOTS, rate: float = 2.5) -> None:
        self.sure, self.most, self.slots, self.rate = sure, most, slots, rate
        self._labels: dict[str, int] = {}
        self._names: list[str] = []
        self._weights: NDArray[np.float32] = np.zeros((slots, min(most, FIRST_LABELS)), np.float32)
        self._squares: NDArray[np.float32] = np.full(slots, FIRST_SQUARES, np.float32)
        self._biases: NDArray[np.float32] = np.zeros(most, np.float32)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels learnt, in order of appearance."""
        return tuple(self._names)

    @staticmethod
    def places_of(features: Iterable[str], slots: int = SLOTS) -> set[int]:
        """The slots of features: what a conversation's texts have in common with all texts, without the texts."""
        return {crc32(each.encode("utf-8", "replace")) % slots for each in features}

    def learn_places(self, places: Iterable[int], label: str) -> None:
        """`learn_one` by the slots of the features."""
        found = np.array(sorted(places), np.intp)
        if found.size and self._known(label):
            self._learn(found, label)

    def best_place(self, places: Iterable[int]) -> tuple[str | None, float]:
        """`best_one` by the slots of the features."""
        return self._best(np.array(sorted(places), np.intp))

    def learn_one(self, features: Iterable[str], label: str) -> None:
        """Take in what an event said; nothing happens for a text without features, or for a new label when there is no room."""
        places = self._places(features)
        if places.size and self._known(label):
            self._learn(places, label)

    def _learn(self, places: NDArray[np.intp], label: str) -> None:
        error = self._chances(places)
        error[self._labels[label]] -= 1.0
        known, scale = len(error), 1.0 / sqrt(places.size)
        self._squares[places] += float(error @ error) * scale * scale
        steps = self.rate * scale / np.sqrt(self._squares[places])
        self._weights[places, :known] -= steps[:, None] * error
        self._biases[:known] -= OTHER_RATE * error

    def _known(self, label: str) -> bool:
        """Whether the label is one of those learnt, or has just become one."""
        if label in self._labels:
            return True
        if len(self._names) >= self.most:
            return False
        self._labels[label] = len(self._names)
        self._names.append(label)
        if len(self._names) > self._weights.shape[1]:
            self._make_room(min(self.most, 2 * self._weights.shape[1]))
        return True

    def _make_room(self, labels: int) -> None:
        before = self._weights
        self._weights = np.zeros((self.slots, labels), np.float32)
        self._weights[:, : before.shape[1]] = before

    def predict_proba_one(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of each label learnt; empty for a text without features."""
        places = self._places(features)
        return dict(zip(self._names, self._chances(places).tolist(), strict=True)) if places.size and self._names else {}

    def predict_one(self, features: Iterable[str]) -> str | None:
        """The most probable label, or None where it is not sure or only one is known."""
        label, chance = self.best_one(features)
        return label if chance >= self.sure and len(self._names) > 1 else None

    def best_one(self, features: Iterable[str]) -> tuple[str | None, float]:
        """The most probable label with its probability, however small."""
        return self._best(self._places(features))

    def _best(self, places: NDArray[np.intp]) -> tuple[str | None, float]:
        if not places.size or not self._names:
            return (None, 0.0)
        chances = self._chances(places)
        best = int(chances.argmax())
        return (self._names[best], float(chances[best]))

    def state(self) -> CategoryState:
        """Plain data to restore the learner from: its weights of all slots, of the known labels only."""
        known = len(self._names)
        arrays = (self._weights[:, :known], self._squares, self._biases[:known])
        weights, squares, biases = (array.astype("<f4").tobytes() for array in arrays)
        return CategoryState(self.slots, self.most, list(self._names), weights, squares, biases)

    def restore(self, state: CategoryState) -> None:
        """Become what `state` was taken from.

        Raises ValueError where it is of another size.
        """
        known = len(state.labels)
        if (state.slots, state.most) != (self.slots, self.most) or len(state.weights) != 4 * self.slots * known:
            raise ValueError(f"a state of {state.slots} x {state.most} does not fit a learner of {self.slots} x {self.most}")
        self._names = list(state.labels)
        self._labels = {name: at for at, name in enumerate(self._names)}
        room = FIRST_LABELS
        while room < known:
            room *= 2
        self._weights = np.zeros((self.slots, min(self.most, room)), np.float32)
        self._weights[:, :known] = np.frombuffer(state.weights, "<f4").reshape(self.slots, known)
        self._squares = np.frombuffer(state.squares, "<f4").astype(np.float32)
        self._biases = np.zeros(self.most, np.float32)
        self._biases[:known] = np.frombuffer(state.biases, "<f4")

    def _places(self, features: Iterable[str]) -> NDArray[np.intp]:
        """The distinct slots of the features."""
        return np.array(list({crc32(each.encode("utf-8", "replace")) % self.slots: None for each in features}), np.intp)

    def _chances(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Softmax over the known labels."""
        known = len(self._names)
        scores: NDArray[np.float32] = self._weights[places, :known].sum(axis=0) / np.float32(sqrt(places.size)) + self._biases[:known]
        raised: NDArray[np.float32] = np.exp(scores - scores.max())
        chances: NDArray[np.float32] = raised / raised.sum()
        return chances
