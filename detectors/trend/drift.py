"""Whether a score's mean has moved, at once or step by step."""

from __future__ import annotations

from operator import mul
from typing import Final, Literal

import msgspec

from detectors.base import State

__all__ = ["Drift", "DriftReading", "DriftState", "Onset"]

Onset = Literal["sudden", "gradual"]

RAMP: Final = 60
BEFORE: Final = 240
HELD: Final = RAMP + BEFORE
CLIP: Final = 1.5
ALLOWANCE: Final = 0.6
ABRUPT: Final = 0.9
"""A step passes the limit of the CUSUM before the slower filter has come this close to its own."""
MEMORY: Final = 3000
ABSOLUTE: Final = 1.2533
"""A normal distribution's standard deviation over its mean absolute deviation."""
NEEDED: Final = 240
ACCEPTED: Final = 180
"""After so many values in alarm the new mean is taken as the usual one."""
WEIGHTS: Final = tuple(2 * (place + 1) / (RAMP * (RAMP + 1)) for place in range(RAMP))


class DriftState(State):
    """What is known of one score.

    `n` values (of at most 3,000), their clipped `mean` and `spread`; the CUSUMs `up` and `down`; `recent`, the last 300 values in standard
    deviations, clipped; `onset` of the drift that is on, and for how many values, `on`.
    """

    n: int = 0
    mean: float = 0.0
    spread: float = 0.0
    up: float = 0.0
    down: float = 0.0
    recent: list[float] = msgspec.field(default_factory=list)
    onset: Onset | None = None
    on: int = 0


class DriftReading(msgspec.Struct, frozen=True):
    """A score's drift.

    Evidence for a `sudden` and for a `gradual` one (drift from 1), its `direction` (+1 or -1), the `onset` of one that is on, or None,
    and the `mean` that is usual.
    """

    sudden: float
    gradual: float
    direction: int
    onset: Onset | None
    mean: float


class Drift:
    """Tells a drift from scatter, and a sudden one (a changed policy) from a gradual one (fatigue).

    Two statistics of the values in standard deviations, clipped at 1.5 so that odd values move neither: a CUSUM with an allowance of 0.6
    standard deviations (E. S. Page, Biometrika 41, 1954), quickest for a step; and the mean of the last 60 with linear weights less that
    of the 240 before, matched to a ramp. The `onset` is sudden if the CUSUM passed its limit before the other was close to its own,
    and stays while either is beyond; at the moment of the alarm it is right in about two of three. Together the limits give one false
    alarm in 100 h of 30 values for one `side` (+1 or -1), two for both (0), with the slight autocorrelation (0.2) of scores.

    Limits: nothing before 240 values (sudden) or 300 (gradual). After 180 values in alarm the new mean is the usual one. Drifts below
    half a standard deviation are found in part. Memory: 300 values: 2.8 kB, 50 B when empty.

    >>> drift, state = Drift(), DriftState()
    >>> readings = [drift.learn_one(state, (n * 7 % 11 - 5) / 3.2 + 2 * (n >= 600)) for n in range(620)]
    >>> readings[599].onset, readings[619].onset, readings[619].direction
    (None, 'sudden', 1)
    """

    def __init__(self, side: Literal[-1, 0, 1] = 0, sudden: float = 4.9, gradual: float = 0.52) -> None:
        self.up, self.down = side >= 0, side <= 0
        self.limits = sudden, gradual

    def new(self) -> DriftState:
        """A score of which nothing is known."""
        return DriftState()

    def learn_one(self, state: DriftState, value: float) -> DriftReading:
        """What the value says, from what was known before it; then it is known too. One that is not finite is left out."""
        if -1e300 < value < 1e300:
            self._learn(state, value)
        step = max(state.up, state.down) / self.limits[0]
        ramp = self._ramp(state)
        slope = abs(ramp) / self.limits[1]
        direction = (1 if state.up >= state.down else -1) if step >= slope else (1 if ramp > 0 else -1)
        self._note(state, step, slope)
        return DriftReading(step, slope, direction, state.onset, state.mean)

    def _learn(self, state: DriftState, value: float) -> None:
        """Move mean, spread and CUSUMs by the value."""
        if not state.n:
            state.mean = value
        off = value - state.mean
        unit = ABSOLUTE * state.spread
        z = max(-CLIP, min(CLIP, off / unit)) if unit > 0 else 0.0
        if state.n >= NEEDED:
            state.up = min(4 * self.limits[0], max(0.0, state.up + z - ALLOWANCE)) if self.up else 0.0
            state.down = min(4 * self.limits[0], max(0.0, state.down - z - ALLOWANCE)) if self.down else 0.0
        state.recent.append(z)
        if len(state.recent) > HELD:
            del state.recent[0]
        state.n = min(state.n + 1, MEMORY)
        rate = 1 / state.n
        state.mean += rate * (z * unit if state.n > 10 and unit > 0 else off)
        state.spread += rate * (min(abs(off), 4 * unit) - state.spread if state.n > 10 and unit > 0 else abs(off) - state.spread)

    def _ramp(self, state: DriftState) -> float:
        recent = state.recent
        if len(recent) < HELD:
            return 0.0
        ramp = sum(map(mul, WEIGHTS, recent[BEFORE:])) - sum(recent[:BEFORE]) / BEFORE
        return ramp if (self.up if ramp > 0 else self.down) else 0.0

    def _note(self, state: DriftState, step: float, slope: float) -> None:
        """Keep the onset while the drift is on; take a lasting one as usual."""
        if max(step, slope) < 1:
            state.onset, state.on = None, 0
            return
        if state.onset is None:
            state.onset = "sudden" if step >= 1 and slope < ABRUPT else "gradual"
        state.on += 1
        if state.on >= ACCEPTED:
            moved = sum(state.recent[-RAMP:]) / RAMP * ABSOLUTE * state.spread
            state.mean += moved
            state.n, state.up, state.down, state.on, state.onset = NEEDED, 0.0, 0.0, 0, None
            state.recent = []
