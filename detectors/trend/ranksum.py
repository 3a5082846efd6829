"""How unusual a point of one metric is, by the ranks of several features among their own past."""

from __future__ import annotations

from math import log2, log10, sqrt
from typing import Final

import msgspec

from detectors.base import State

__all__ = ["FEATURES", "RankSum", "RankSumState"]

FEATURES: Final = ("range", "density", "shift", "jump", "variance", "season")
WEIGHTS: Final = (1.0, 1.0, 1.0, 1.0, 0.7, 0.7)
POWER: Final = 2.25

MEMORY: Final = 20_000
"""Points after which the past counts half."""
DAY_S: Final = 86_400.0
SEASON_S: Final = 1800.0
PER_OCTAVE: Final = 16
OCTAVES: Final = 32
BELOW: Final = 10
"""Features from 2**-10 to 2**22 are told apart, a sixteenth of an octave each."""
DENSITY_BINS: Final = 256
LAST_DENSE: Final = DENSITY_BINS / 8
VISITS_KEPT: Final = 20
LAST_BIN: Final = OCTAVES * PER_OCTAVE - 1
RANKED_FROM: Final = 50
FADE: Final = 0.5 ** (1 / 300)
MARGIN: Final = 1.3


class RankSumState(State):
    """What is known of one metric.

    `n` points, their `mean` and sum of squared deviations `squares` (of at most 20,000), `low` and `high`; `last` value; `jump`, the mean
    step between values; `short`, `shift` and `scatter`, exponentially weighted means of 12 and 48 values and of 24 squared deviations;
    `density`, points by deviation in eighths of a standard deviation; `season`, mean and visits of each half-hour of the day, `off` the
    mean absolute deviation from it and `shifted` that of the last 24 signed; `ranks`, for each feature a histogram by its logarithm (by
    octave, and finely); `heard`, the fading memory of what was emitted.
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = 0.0
    high: float = 0.0
    last: float = 0.0
    jump: float = 0.0
    short: float = 0.0
    shift: float = 0.0
    scatter: float = 0.0
    density: dict[int, int] = msgspec.field(default_factory=dict)
    season: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    off: float = 0.0
    shifted: float = 0.0
    ranks: list[tuple[list[int], list[int]]] = msgspec.field(default_factory=list)
    ranked: int = 0
    heard: float = 0.0


class RankSum:
    """A score for each point of any metric: the sum of (-log10 upper rank) ** 2.25 over six features.

    The features: how far the value lies outside the range so far; how rare values like it are; how far the mean of the last 48 is from
    that of all; the step from the value before; how the variance of late differs from that of all; how far the last 24 are from the mean of
    their half-hours of the day. A rank is that of the feature among its own past, so nothing is assumed of the metric's distribution
    or scale, and one threshold serves all metrics.

    A score is emitted, not 0, only where it exceeds by three tenths the strongest one emitted, which fades by half within 300 points: an
    anomaly is said once. `threshold` is the score from which to speak of an anomaly.

    Limits: nothing before 50 points; two or three days teach the season; a metric that is anomalous most of the time becomes usual.
    Memory: six histograms of at most 512 counts, one of at most 513, 48 half-hours: 10 kB at most, 100 B when empty. A value that is
    not finite, or beyond 1e100, is skipped.

    Source: measured on the Numenta Anomaly Benchmark (benchmarks/README.md); the sum of log ranks is Fisher's method of combining p-values
    (R. A. Fisher, Statistical Methods for Research Workers, 1925) with a power that favours one clear feature over several faint ones.

    >>> detector, state = RankSum(), RankSumState()
    >>> scores = [detector.learn_one(state, 300.0 * n, 10.0 + n % 3) for n in range(600)]
    >>> max(scores[300:]) < detector.threshold < detector.learn_one(state, 180_000.0, 40.0)
    True
    """

    threshold: Final = 26.0

    def new(self) -> RankSumState:
        """A metric of which nothing is known."""
        return RankSumState()

    def learn_one(self, state: RankSumState, time: float, value: float) -> float:
        """The emitted score of the value (0 = nothing new), from what was known before it; then it is known too.

        `time` in s since the epoch, shifted by the caller where the day shall be a local one; values come in order of time.
        """
        if not -1e100 < value < 1e100:
            return 0.0
        if not state.n:
            state.low = state.high = state.last = state.short = state.shift = value
        return self._emit(state, self._rank(state, self._features(state, time, value)))

    def _features(self, state: RankSumState, time: float, value: float) -> tuple[float, ...]:
        """The six features of the value; the statistics they are taken from learn it."""
        n, mean, last, low, high = state.n, state.mean, state.last, state.low, state.high
        floor = 1e-3 * abs(mean) + 1e-9
        weight = min(MEMORY, n)
        sd = sqrt(state.squares / weight) + floor if n else floor
        step, delta = abs(value - last), value - mean
        beyond = dense = shift = jump = variance = 0.0
        if n >= 10:
            off = value - high if value > high else low - value
            beyond = off / (high - low + 1e-9) if off > 0 else 0.0
            jump = step / (state.jump + floor)
            dense = self._density(state, delta / sd)
        if n > 48:
            shift = abs(state.shift - mean) / sd
            variance = abs(log2((state.scatter + floor * floor) / (sd * sd)))
        season = self._season(state, time, value, floor)
        state.jump += (0.002 if n > 498 else 1 / (n + 1)) * (step - state.jump)
        short = state.short
        state.scatter += 0.08 * ((value - short) ** 2 - state.scatter)
        state.short = short + 2 / 13 * (value - short)
        state.shift += 2 / 49 * (value - state.shift)
        state.last = value
        state.mean = mean = mean + delta / (weight + 1)
        state.squares = (state.squares + delta * (value - mean)) * (1.0 if n < MEMORY else MEMORY / (MEMORY + 1))
        if value < low:
            state.low = value
        elif value > high:
            state.high = value
        state.n = n + 1
        return beyond, dense, shift, jump, variance, season

    def _density(self, state: RankSumState, deviation: float) -> float:
        """-log10 of how often values like this one were seen; counts it."""
        counts, known = state.density, state.n
        bin_ = round(8 * deviation) if -LAST_DENSE < deviation < LAST_DENSE else DENSITY_BINS if deviation > 0 else -DENSITY_BINS
        seen = counts.get(bin_, 0)
        near = seen + 0.5 * (counts.get(bin_ - 1, 0) + counts.get(bin_ + 1, 0)) + 0.5
        counts[bin_] = seen + 1
        return max(0.0, -log10(near / (min(MEMORY, known) + 1))) if known > 30 else 0.0

    def _season(self, state: RankSumState, time: float, value: float, floor: float) -> float:
        """How far the last two dozen values are from the usual of their half-hours; learns the value."""
        slot = int(time % DAY_S // SEASON_S)
        mean, visits = state.season.get(slot, (value, 0))
        found = 0.0
        if visits >= 3:
            off = value - mean
            usual = state.off
            state.off = usual = usual + (0.005 if state.n > 198 else 1 / (state.n + 1)) * (abs(off) - usual)
            state.shifted = shifted = state.shifted + 0.08 * (off - state.shifted)
            found = abs(shifted) / (usual + floor)
        if visits < VISITS_KEPT:
            visits += 1
        state.season[slot] = (mean + (1 / visits) * (value - mean), visits)
        return found

    def _rank(self, state: RankSumState, features: tuple[float, ...]) -> float:
        """The sum over the features of (-log10 upper rank) ** power, by histograms that learn them."""
        if not state.ranks:
            state.ranks = [([], []) for _ in FEATURES]
        total, score = state.ranked, 0.0
        for value, weight, (octaves, bins) in zip(features, WEIGHTS, state.ranks, strict=True):
            if value <= 0:
                # As most values have no such feature, its absence says nothing.
                at = octave = 0
            else:
                at = int(PER_OCTAVE * (log2(value) + BELOW))
                at = 1 if at < 1 else min(at, LAST_BIN)
                octave = at // PER_OCTAVE
            if at >= len(bins):
                bins.extend([0] * ((octave + 1) * PER_OCTAVE - len(bins)))
                octaves.extend([0] * (octave + 1 - len(octaves)))
            if at and total >= RANKED_FROM:
                above = sum(octaves[octave + 1 :]) + sum(bins[at : (octave + 1) * PER_OCTAVE]) - 0.5 * bins[at]
                score += (-weight * log10((min(above, total) + 0.5) / (total + 1))) ** POWER
            bins[at] += 1
            octaves[octave] += 1
        state.ranked = total + 1
        if state.ranked >= MEMORY:
            self._forget(state)
        return score

    def _forget(self, state: RankSumState) -> None:
        """Halve all counts, but not the rare ones to nothing; draw the extremes a tenth towards the mean."""
        halved = [[(count + 1) // 2 for count in bins] for _, bins in state.ranks]
        state.ranks = [([sum(bins[at : at + PER_OCTAVE]) for at in range(0, len(bins), PER_OCTAVE)], bins) for bins in halved]
        state.ranked //= 2
        state.density = {bin_: (count + 1) // 2 for bin_, count in state.density.items()}
        state.low += 0.1 * (state.mean - state.low)
        state.high += 0.1 * (state.mean - state.high)

    def _emit(self, state: RankSumState, score: float) -> float:
        """The score if it is news."""
        state.heard *= FADE
        if score <= MARGIN * state.heard:
            return 0.0
        state.heard = score
        return score
