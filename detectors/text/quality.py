"""How good a learner is on what it had not learnt yet, beside what would be said without it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import numpy as np

from detectors.text.calibration import BetaCalibration, BetaCalibrationState, Reliability

__all__ = ["Case", "Quality", "Trial", "TrialState", "Window", "WindowState", "auc"]

KEPT: Final = 2_000


def auc(scored: Iterable[tuple[float, bool]]) -> float | None:
    """Area under the ROC curve of (score, is positive): the share of pairs in right order, ties half; None with one class only.

    >>> auc([(0.1, False), (0.4, True), (0.35, True), (0.8, False)]), auc([(0.5, True), (0.5, False)]), auc([(0.5, True)])
    (0.5, 0.5, None)
    """
    ordered = sorted(scored)
    positives = sum(label for _, label in ordered)
    negatives = len(ordered) - positives
    if not positives or not negatives:
        return None
    ranks, start = 0.0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        ranks += sum(label for _, label in ordered[start:end]) * (start + 1 + end) / 2  # the mean rank of the tied
        start = end
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


class Quality(msgspec.Struct, frozen=True):
    """Figures of the last 2,000 labels, each predicted before it was learnt; `before` is what is said without the learner.

    `n` counts all labels learnt, `usual` the share of positive ones. `accuracy` is at a probability of one half and `accuracy_before` at
    what is said without it, `error` the expected calibration error as corrected, `error_raw` as the learner says it. `precision`, `recall`
    are those of saying "positive" from the probability on at which the part speaks. All shares in 0..1; None where the window does not
    tell.
    """

    n: int = 0
    usual: float = 0.5
    accuracy: float | None = None
    accuracy_before: float | None = None
    auc: float | None = None
    auc_before: float | None = None
    error: float | None = None
    error_raw: float | None = None
    precision: float | None = None
    precision_before: float | None = None
    recall: float | None = None
    recall_before: float | None = None


class Case(NamedTuple):
    """One label beside what was said before it was known: by the learner, corrected, and without the learner (0..1)."""

    raw: float
    corrected: float
    before: float
    label: bool


class WindowState(msgspec.Struct, array_like=True):
    """The window as little-endian 64-bit floats, four a label."""

    rows: bytes = b""


class Window:
    """The last 2,000 labels with what was said of them.

    >>> window = Window()
    >>> for number in range(4):
    ...     window.add(Case(0.9, 0.8, 0.5, number > 0))
    >>> window.quality(4, 3).accuracy, round(window.quality(4, 3).error, 2)
    (0.75, 0.05)
    """

    def __init__(self) -> None:
        self._rows: deque[Case] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Case) -> None:
        """Keep one label."""
        self._rows.append(row)

    def quality(self, n: int, positives: float, cut: float = 0.5) -> Quality:
        """The figures; `n` and `positives` count all labels there ever were, `cut` is the probability that says "positive"."""
        usual = (positives + 1) / (n + 2)
        if not self._rows:
            return Quality(n, usual)
        rows, tables = self._rows, (Reliability(), Reliability())
        for row in rows:
            tables[0].learn_one(row.corrected, row.label)
            tables[1].learn_one(row.raw, row.label)
        return Quality(
            n,
            usual,
            sum((row.corrected > 0.5) == row.label for row in rows) / len(rows),
            _best_at_half([(row.before, row.label) for row in rows]),
            auc([(row.corrected, row.label) for row in rows]),
            auc([(row.before, row.label) for row in rows]),
            tables[0].error,
            tables[1].error,
            *_found([(row.corrected >= cut, row.before > 0.5, row.label) for row in rows]),
        )

    def positives(self) -> int:
        """How many of the labels kept are positive."""
        return sum(row.label for row in self._rows)

    def rows(self) -> list[Case]:
        """The labels kept, the oldest first."""
        return list(self._rows)

    def state(self) -> WindowState:
        """Plain data to restore it from."""
        return WindowState(np.array([*self._rows], "<f8").tobytes())

    def restore(self, state: WindowState) -> None:
        """Become what `state` was taken from.

        Raises ValueError where the rows are not of four numbers.
        """
        rows = np.frombuffer(state.rows, "<f8").reshape(-1, 4).tolist()
        self._rows = deque((Case(raw, corrected, before, label > 0.5) for raw, corrected, before, label in rows), maxlen=KEPT)


def _found(said: list[tuple[bool, bool, bool]]) -> tuple[float | None, ...]:
    """Precision with and without the learner, then recall likewise, of (with, without, label)."""
    positives = sum(label for *_, label in said)
    sums = [(sum(each[which] for each in said), sum(each[which] and each[2] for each in said)) for which in (0, 1)]
    precisions = [right / spoken if spoken else None for spoken, right in sums]
    recalls = [right / positives if positives else None for _, right in sums]
    return (*precisions, *recalls)


def _best_at_half(said: list[tuple[float, bool]]) -> float:
    """Accuracy at one half, what says exactly that (lexicons without a hit) taken for what makes it better."""
    return max(sum((chance > 0.5) == label for chance, label in said), sum((chance >= 0.5) == label for chance, label in said)) / len(said)


class TrialState(msgspec.Struct, array_like=True):
    """A `Trial` as plain data."""

    calibration: BetaCalibrationState
    window: WindowState
    n: int = 0
    positives: float = 0.0


class Trial:
    """Corrects what one learner says, and keeps count of how good it is: label by label, tested before it is learnt.

    `cut` is the probability from which on the part says "positive".

    >>> trial = Trial()
    >>> for number in range(400):
    ...     trial.learn_one(0.99, number % 5 > 0, before=0.5)  # sure, and right in four cases of five
    >>> round(trial(0.99), 1), trial.quality().accuracy
    (0.8, 0.8)
    """

    def __init__(self, cut: float = 0.5) -> None:
        self.cut = cut
        self.n = 0
        self.positives = 0.0
        self.window = Window()
        self._calibrate = BetaCalibration()

    def __call__(self, raw: float) -> float:
        """The corrected probability."""
        return self._calibrate(raw)

    @property
    def usual(self) -> float:
        """The share of positive labels (Laplace's rule of succession)."""
        return (self.positives + 1) / (self.n + 2)

    def learn_one(self, raw: float, label: bool, before: float) -> None:
        """Take in what the learner said before it learnt the label, and what is said without it."""
        self.window.add(Case(raw, self._calibrate(raw), before, label))
        self._calibrate.learn_one(raw, label)
        self.n += 1
        self.positives += label

    def quality(self) -> Quality:
        """The figures of the window."""
        return self.window.quality(self.n, self.positives, self.cut)

    def state(self) -> TrialState:
        """Plain data to restore it from."""
        return TrialState(self._calibrate.state(), self.window.state(), self.n, self.positives)

    def restore(self, state: TrialState) -> None:
        """Become what `state` was taken from. Raises ValueError where it is damaged."""
        self._calibrate.restore(state.calibration)
        self.window.restore(state.window)
        self.n, self.positives = state.n, state.positives
