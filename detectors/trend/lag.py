"""How long one series takes to follow another, learnt online: one link of the transmission chain."""

from __future__ import annotations

from functools import cache
from math import exp, log, sqrt
from operator import mul
from typing import Final

import msgspec

from detectors.base import State

__all__ = ["Lag", "LagReading", "LagState"]

DAY_S: Final = 86_400
STEP_S: Final = 300
SLOTS: Final = DAY_S // STEP_S
PER_HOUR: Final = 3600 // STEP_S
LAGS: Final = 6 * PER_HOUR + 1
"""Lags of 0 to 6 h."""
MEMORY_DAYS: Final = 14.0
FADE: Final = 0.5 ** (1 / (MEMORY_DAYS * SLOTS))
PROFILE_RATE: Final = 0.12
SLOT_WIDTH: Final = 6
"""A daily profile has one mean for each half-hour, straight lines in between."""
RLS_FADE: Final = 0.9995
RESCALE_AT: Final = 1e6
SPREADS: Final = (0.25, 0.35, 0.5)
SHORTEST_H: Final = 0.2
LONGEST_H: Final = 5.0
STEP_H: Final = 0.05
SIGNIFICANT: Final = 4.0

Ar = tuple[float, float, float, float, float]
"""Of recursive least squares with two coefficients: both, and the inverse of the information matrix (11, 12, 22)."""


class LagState(State):
    """What is known of one link.

    `step` is the number of the last 5 minutes since the epoch, `n` how many were learnt; `profiles` for each series the usual value by
    half-hour of the day with its visits; `ar` the prewhitening filter; `past` the two last deviations of each; `buffer` the whitened
    first series of the last 6 h, newest first; `cross` its products with the second by lag, `power` the sums of squares of both, all of
    them in units that grow by `scale` so that the past fades.
    """

    step: int = -1
    n: int = 0
    profiles: tuple[dict[int, tuple[float, int]], dict[int, tuple[float, int]]] = msgspec.field(default_factory=lambda: ({}, {}))
    ar: Ar = (0.0, 0.0, 10.0, 0.0, 10.0)
    past: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    buffer: list[float] = msgspec.field(default_factory=list)
    cross: list[float] = msgspec.field(default_factory=list)
    power: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


class LagReading(msgspec.Struct, frozen=True):
    """A link.

    `lag_h` is its mean delay in h, `strength` the correlation of the second series with the fitted response to the first (0..1), `z` its
    significance, `sign` that of the effect (+1 or -1), `linked` whether it is to be believed (z of 4 or more).
    """

    lag_h: float
    strength: float
    z: float
    sign: int
    linked: bool


class Lag:
    """The delay, strength and sign with which a second series follows a first, 0.2 to 5 h later.

    Both lose their daily profile; both are filtered with the AR(2) of the first (recursive least squares), so that the first is white
    and the cross-correlation is the response itself (G. E. P. Box and G. M. Jenkins, Time Series Analysis, 1970, ch. 11). Cross-moments
    at lags of 0 to 6 h forget with a half-life of 14 days. The delay is read off by fitting gamma-shaped responses of all means and three
    widths: a fit by the whole response has no cut-off that would make long tails short.

    `sign` +1 or -1 looks for an effect of that sign only, 0 for either. Limits: some days are needed (z grows with the root of time); a
    response that is delayed by more than 5 h, or comes at once, is not found; a third series that drives both looks like a link.
    Memory: two profiles of 48 means and 146 numbers: 3 kB, 100 B when empty.

    >>> lag, state = Lag(sign=-1), LagState()
    >>> lag.read(state) is None
    True
    """

    def __init__(self, sign: int = 0) -> None:
        self.sign = sign

    def new(self) -> LagState:
        """A link of which nothing is known."""
        return LagState()

    def learn_one(self, state: LagState, time: float, first: float, second: float) -> None:
        """Both series in the 5 minutes of `time` (s since the epoch, shifted by the caller to local time), in order.

        A gap restarts the filter; values that are not finite are left out.
        """
        step = int(time // STEP_S)
        if step <= state.step or not (-1e15 < first < 1e15 and -1e15 < second < 1e15):
            return
        if step != state.step + 1:
            state.past, state.buffer = (0.0, 0.0, 0.0, 0.0), []
        state.step, state.n = step, state.n + 1
        x = _deviation(state.profiles[0], step % SLOTS, first)
        y = _deviation(state.profiles[1], step % SLOTS, second)
        if state.n <= SLOTS:
            return
        x1, x2, y1, y2 = state.past
        a, b, *_ = state.ar
        white, other = x - a * x1 - b * x2, y - a * y1 - b * y2
        state.ar = _rls(state.ar, x1, x2, white)
        state.past = (x, x1, y, y1)
        self._moments(state, white, other)

    def read(self, state: LagState) -> LagReading | None:
        """The best fit; None before two days."""
        if state.n < 2 * SLOTS or not state.cross or min(state.power) <= 0:
            return None
        norm = sqrt(state.power[0] * state.power[1])
        correlation = [each / norm for each in state.cross]
        best, lag_h, sign = 0.0, 0.0, 1
        for mean, _, response in _responses():
            fit = sum(map(mul, correlation, response))
            sided = fit * self.sign if self.sign else abs(fit)
            if sided > best:
                best, lag_h, sign = sided, mean, 1 if fit > 0 else -1
        weight = min(state.n - SLOTS, (1 + FADE) / (1 - FADE))
        z = best * sqrt(weight)
        return LagReading(lag_h, min(1.0, best), z, sign, z >= SIGNIFICANT)

    def _moments(self, state: LagState, white: float, other: float) -> None:
        """Add the products at all lags."""
        state.buffer = [white, *state.buffer[: LAGS - 1]]
        scale = state.scale = state.scale / FADE
        weighted = other * scale
        if len(state.cross) < LAGS:
            state.cross = [0.0] * LAGS
        if len(state.buffer) < LAGS:
            return
        state.cross = [sum_ + each * weighted for sum_, each in zip(state.cross, state.buffer, strict=True)]
        state.power = (state.power[0] + white * white * scale, state.power[1] + other * weighted)
        if scale > RESCALE_AT:
            state.cross = [each / scale for each in state.cross]
            state.power = (state.power[0] / scale, state.power[1] / scale)
            state.scale = 1.0


def _deviation(profile: dict[int, tuple[float, int]], slot: int, value: float) -> float:
    """What of the value is not the daily profile, which learns it."""
    bin_, place = slot // SLOT_WIDTH, (slot % SLOT_WIDTH + 0.5) / SLOT_WIDTH - 0.5
    mean, visits = profile.get(bin_, (value, 0))
    other = profile.get((bin_ + (1 if place > 0 else -1)) % (SLOTS // SLOT_WIDTH), (mean, 0))[0]
    usual = (1 - abs(place)) * mean + abs(place) * other
    rate = max(PROFILE_RATE / SLOT_WIDTH, 1 / (visits + 1))
    profile[bin_] = (mean + rate * (value - usual), min(visits + 1, 1000))
    return value - usual


def _rls(ar: Ar, x1: float, x2: float, error: float) -> Ar:
    """The coefficients after one more error of their prediction from `x1` and `x2`."""
    a, b, p11, p12, p22 = ar
    h1, h2 = p11 * x1 + p12 * x2, p12 * x1 + p22 * x2
    gain = RLS_FADE + x1 * h1 + x2 * h2
    k1, k2 = h1 / gain, h2 / gain
    # The bound keeps a constant series from blowing the matrix up.
    p11, p22 = min(1e6, (p11 - k1 * h1) / RLS_FADE), min(1e6, (p22 - k2 * h2) / RLS_FADE)
    p12 = max(-1e6, min(1e6, (p12 - k1 * h2) / RLS_FADE))
    return a + k1 * error, b + k2 * error, p11, p12, p22


@cache
def _responses() -> tuple[tuple[float, float, tuple[float, ...]], ...]:
    """Mean in h, coefficient of variation, and the gamma density at the lags, of norm 1."""
    means = [SHORTEST_H + STEP_H * number for number in range(round((LONGEST_H - SHORTEST_H) / STEP_H) + 1)]
    return tuple((mean, spread, _gamma(mean, spread)) for spread in SPREADS for mean in means)


def _gamma(mean: float, spread: float) -> tuple[float, ...]:
    shape = 1 / spread**2
    times = [(lag + 0.5) / PER_HOUR for lag in range(LAGS)]
    logs = [(shape - 1) * log(time) - time * shape / mean for time in times]
    top = max(logs)
    weights = [exp(each - top) for each in logs]
    norm = sqrt(sum(each * each for each in weights))
    return tuple(each / norm for each in weights)
