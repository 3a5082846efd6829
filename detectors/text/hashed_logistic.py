"""Online logistic regression over hashed features: one pass, 8 MB, the same answer in every process."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray
from river import base

__all__ = ["HashedLogistic", "HashedLogisticState", "Slots", "places", "slot_of"]

_BITS: Final = 20
# Fibonacci hashing (Knuth, TAOCP 3, 6.4): the odd number next to 2^32 / golden ratio spreads neighbours over all slots.
_GOLDEN: Final = np.uint32(2_654_435_769)
_SHIFT: Final = np.uint32(32 - _BITS)
_FAR: Final = 30.0


class Slots(NamedTuple):
    """The features of one thing: the slots they fall into, each once, and their values."""

    slots: NDArray[np.intp]
    values: NDArray[np.float32]


class HashedLogisticState(msgspec.Struct, array_like=True):
    """A learner as plain data: the slots it has learnt, their weights and sums of squares; little-endian, 32 bits each."""

    slots: bytes = b""
    weights: bytes = b""
    squares: bytes = b""


def slot_of(name: str) -> int:
    """The slot in 0..2^20 - 1 of a feature that has a name."""
    return (crc32(name.encode("utf-8", "surrogatepass")) * int(_GOLDEN) & 0xFFFF_FFFF) >> (32 - _BITS)


def places(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The distinct slots of 32-bit hashes, ascending; the array given is overwritten. Two hashes share a slot with chance 2^-20."""
    hashes *= _GOLDEN
    hashes >>= _SHIFT
    hashes.sort()
    if len(hashes) < 2:
        return hashes
    fresh = np.empty(len(hashes), np.bool_)
    fresh[0] = True
    np.not_equal(hashes[1:], hashes[:-1], out=fresh[1:])
    return hashes[fresh]


class HashedLogistic(base.Classifier):
    """Logistic regression with AdaGrad's step for each slot (Duchi, Hazan, Singer 2011), as a River classifier of True and False.

    Parameters
    ----------
    rate
        The step: a weight moves by rate x gradient / sqrt(ease + sum of its squared gradients).
    ease
        What the sum of squares begins with: more makes the first steps smaller.

    A sample is `Slots`, or a mapping of names to numbers (a text stands for itself with the value 1), as River's own steps make.
    Time is linear in the features; memory is 2^20 slots of two float32, whatever is learnt. Not forgetting: a change of the world is
    learnt slowly after many samples.

    >>> model = HashedLogistic()
    >>> for _ in range(20):
    ...     model.learn_one({"late": 1.0}, True)
    ...     model.learn_one({"thanks": 1.0}, False)
    >>> model.predict_one({"late": 1.0}), round(model.predict_proba_one({"new": 1.0})[True], 2)
    (True, 0.5)
    """

    def __init__(self, rate: float = 0.12, ease: float = 0.01) -> None:
        self.rate = rate
        self.ease = ease
        self._weights: NDArray[np.float32] = np.zeros(1 << _BITS, np.float32)
        self._squares: NDArray[np.float32] = np.full(1 << _BITS, ease, np.float32)

    def predict_proba_one(self, x: Any, **_: Any) -> dict[Any, float]:
        """P(True) and P(False) of one sample."""
        sample = _slots(x)
        chance = _chance(float(self._weights.take(sample.slots) @ sample.values))
        return {False: 1.0 - chance, True: chance}

    def learn_one(self, x: Any, y: Any, **_: Any) -> None:
        """Move the weights of the sample's features towards its class.

        `y` may also be a share in 0..1, a fractional response (Papke, Wooldridge 1996): then the chance predicted is its mean.
        """
        slots, values = _slots(x)
        weights = self._weights.take(slots)
        gradient = values * np.float32(_chance(float(weights @ values)) - float(y))
        squares = self._squares.take(slots)
        squares += gradient * gradient
        self._squares[slots] = squares
        np.sqrt(squares, squares)
        gradient *= np.float32(self.rate)
        gradient /= squares
        weights -= gradient
        self._weights[slots] = weights

    def state(self) -> HashedLogisticState:
        """Plain data to restore the learner from: what it has learnt, and none of the features' names."""
        learnt = np.flatnonzero(self._squares != np.float32(self.ease))
        arrays = (learnt.astype("<u4"), self._weights[learnt].astype("<f4"), self._squares[learnt].astype("<f4"))
        return HashedLogisticState(*(array.tobytes() for array in arrays))

    def restore(self, state: HashedLogisticState) -> None:
        """Become what `state` was taken from.

        Raises ValueError where it is of another size.
        """
        slots = np.frombuffer(state.slots, "<u4").astype(np.intp)
        weights, squares = np.frombuffer(state.weights, "<f4"), np.frombuffer(state.squares, "<f4")
        if not len(slots) == len(weights) == len(squares) or (len(slots) and int(slots.max()) >> _BITS):
            raise ValueError(f"a state of {len(slots)} slots and {len(weights)} weights fits no learner of 2^{_BITS} slots")
        self._weights = np.zeros(1 << _BITS, np.float32)
        self._squares = np.full(1 << _BITS, self.ease, np.float32)
        self._weights[slots], self._squares[slots] = weights, squares


def _slots(x: Slots | Mapping[Any, Any]) -> Slots:
    if isinstance(x, Slots):
        return x
    features: dict[int, float] = {}
    for name, value in x.items():
        said = isinstance(value, str)
        slot = slot_of(f"{name}={value}" if said else str(name))
        features[slot] = 1.0 if said else float(value)
    return Slots(np.fromiter(features, np.intp, len(features)), np.fromiter(features.values(), np.float32, len(features)))


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + exp(-max(-_FAR, min(_FAR, odds))))
