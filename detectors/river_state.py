"""River's running statistics as plain data: saved after any update, restored exactly.

A detector's state must be bytes after any event and small, so it holds no River object but what one consists of. The
estimators here are rebuilt for an update, which River computes, and taken apart again. Restored and uninterrupted objects give
bit-equal results (tests/unit/detectors/test_river_state.py).
"""

from __future__ import annotations

from river import stats

__all__ = [
    "MeanState",
    "VarState",
    "load_ewmean",
    "load_mean",
    "load_var",
    "mean_after",
    "save_ewmean",
    "save_mean",
    "save_var",
    "var_after",
]

MeanState = tuple[float, float]
"""Of a `river.stats.Mean`: the sum of weights, the mean."""

VarState = tuple[float, float, float]
"""Of a `river.stats.Var`: the sum of weights, the mean, the sum of squared deviations."""


def save_mean(mean: stats.Mean) -> MeanState:
    """What a mean consists of."""
    return (float(mean.n), float(mean.get()))


def load_mean(state: MeanState) -> stats.Mean:
    """The mean as it was saved.

    >>> mean = load_mean((2.0, 5.0))
    >>> mean.update(8.0)
    >>> save_mean(mean)
    (3.0, 6.0)
    """
    return stats.Mean._from_state(*state)  # noqa: SLF001 - River's own way to restore, as its `proba` package does


def mean_after(state: MeanState, value: float, *, memory: float = float("inf")) -> MeanState:
    """The saved mean after one more value.

    With a finite `memory` the past counts as at most that many values: the mean forgets exponentially once it holds as many.

    >>> mean_after((100.0, 1.0), 11.0, memory=9)
    (10.0, 2.0)
    """
    weight, past = state
    mean = load_mean((min(weight, memory), past))
    mean.update(value)
    return save_mean(mean)


def save_var(var: stats.Var) -> VarState:
    """What a variance consists of."""
    return (float(var.mean.n), float(var.mean.get()), float(var._S))  # noqa: SLF001 - its `get` divides, and dividing back is not exact


def load_var(state: VarState, *, ddof: int = 1) -> stats.Var:
    """The variance as it was saved."""
    weight, mean, squares = state
    var = stats.Var._from_state(weight, mean, 0.0, ddof=ddof)  # noqa: SLF001 - as in `load_mean`
    var._S = squares  # noqa: SLF001 - as in `save_var`
    return var


def var_after(state: VarState, value: float) -> VarState:
    """The saved variance after one more value.

    >>> var_after((1.0, 2.0, 0.0), 4.0)
    (2.0, 3.0, 2.0)
    """
    var = load_var(state)
    var.update(value)
    return save_var(var)


def save_ewmean(mean: stats.EWMean) -> float:
    """What an exponentially weighted mean with at least one value consists of, besides its fading factor."""
    return float(mean.get())


def load_ewmean(state: float | None, fading_factor: float) -> stats.EWMean:
    """The exponentially weighted mean as it was saved, or a new one: its first value is taken as it is.

    >>> mean = load_ewmean(1.0, 0.5)
    >>> mean.update(3.0)
    >>> save_ewmean(mean)
    2.0
    """
    mean = stats.EWMean(fading_factor=fading_factor)
    if state is not None:
        mean.update(state)
    return mean
