"""How far a probability can be believed: an online correction, and the table that shows what is left to correct."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Final, NamedTuple

import msgspec

__all__ = ["BetaCalibration", "BetaCalibrationState", "Bin", "Reliability"]

_LEAST: Final = 1e-6
_BINS: Final = 10


class BetaCalibrationState(msgspec.Struct, array_like=True):
    """The three weights a, b, c and the sums of squares of their gradients."""

    weights: list[float] = msgspec.field(default_factory=lambda: [1.0, 1.0, 0.0])
    squares: list[float] = msgspec.field(default_factory=lambda: [1.0, 1.0, 1.0])


class BetaCalibration:
    """Online beta calibration: logit(p') = a log p - b log(1 - p) + c (Kull, Silva Filho, Flach 2017), fitted by AdaGrad.

    Parameters
    ----------
    rate
        The step of AdaGrad. It begins at a = b = 1, c = 0, which changes nothing.

    Platt's scaling is the case a = b. `a` and `b` stay at 0 or above, so that the order of two probabilities is never turned round.
    Constant memory; some hundred samples are needed before it helps.

    >>> calibrate = BetaCalibration()
    >>> round(calibrate(0.9), 6), round(calibrate(0.25), 6)
    (0.9, 0.25)
    >>> for number in range(2000):
    ...     calibrate.learn_one(0.99, number % 5 > 0)  # right in four cases of five
    >>> round(calibrate(0.99), 1)
    0.8
    """

    def __init__(self, rate: float = 0.1) -> None:
        self.rate = rate
        self._weights = [1.0, 1.0, 0.0]
        self._squares = [1.0, 1.0, 1.0]

    def __call__(self, probability: float) -> float:
        """The corrected probability, in 0..1."""
        return _chance(sum(weight * each for weight, each in zip(self._weights, _inputs(probability), strict=True)))

    def learn_one(self, probability: float, happened: bool) -> None:
        """Learn what came of a probability that was said before it was known."""
        error = self(probability) - happened
        for index, each in enumerate(_inputs(probability)):
            gradient = error * each
            self._squares[index] += gradient * gradient
            self._weights[index] -= self.rate * gradient / sqrt(self._squares[index])
        self._weights[:2] = [max(0.0, weight) for weight in self._weights[:2]]

    def state(self) -> BetaCalibrationState:
        """Plain data to restore it from."""
        return BetaCalibrationState(list(self._weights), list(self._squares))

    def restore(self, state: BetaCalibrationState) -> None:
        """Become what `state` was taken from.

        Raises ValueError where it has not three weights and squares.
        """
        if len(state.weights) != 3 or len(state.squares) != 3:
            raise ValueError(f"beta calibration has three weights, not {len(state.weights)}")
        self._weights, self._squares = list(state.weights), list(state.squares)


class Bin(NamedTuple):
    """One row of the reliability table: how many probabilities fell in, their mean, and the share of cases that happened."""

    n: int
    said: float
    happened: float


class Reliability:
    """Probabilities against what happened, in ten bins of equal width.

    >>> table = Reliability()
    >>> for number in range(10):
    ...     table.learn_one(0.75, number < 5)
    >>> table.bins(), round(table.error, 2)
    ([Bin(n=10, said=0.75, happened=0.5)], 0.25)
    """

    def __init__(self) -> None:
        self._n = [0] * _BINS
        self._said = [0.0] * _BINS
        self._happened = [0] * _BINS

    def learn_one(self, probability: float, happened: bool) -> None:
        """Count one case; `probability` is in 0..1."""
        index = min(int(probability * _BINS), _BINS - 1)
        self._n[index] += 1
        self._said[index] += probability
        self._happened[index] += happened

    @property
    def error(self) -> float:
        """The expected calibration error (Naeini, Cooper, Hauskrecht 2015), in 0..1; 0 when nothing was counted."""
        return sum(abs(said - hit) for said, hit in zip(self._said, self._happened, strict=True)) / max(1, sum(self._n))

    def bins(self) -> list[Bin]:
        """The bins that hold anything, from low to high."""
        rows = zip(self._n, self._said, self._happened, strict=True)
        return [Bin(n, said / n, happened / n) for n, said, happened in rows if n]


def _inputs(probability: float) -> tuple[float, float, float]:
    inside = min(max(probability, _LEAST), 1.0 - _LEAST)
    return log(inside), -log(1.0 - inside), 1.0


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + exp(-odds)) if odds >= 0 else exp(odds) / (1.0 + exp(odds))
