"""Whether one kind's share of all events has grown: a Bernoulli CUSUM, with the share of the last 3 h beside it."""

from __future__ import annotations

from math import log, sqrt
from typing import Final

import msgspec

from detectors.base import State

__all__ = ["Share", "ShareReading", "ShareState"]

STEP_S: Final = 300
WINDOW: Final = 36
GAP: Final = 24
"""Steps of 5 minutes between the window's end and what is learnt: an incident shows before it becomes the usual."""
REMEMBERED: Final = 14 * 288
PRIOR: Final = 2.0
NEEDED: Final = 100.0
FACTOR: Final = 1.8
SHARES: Final = (1e-4, 0.6)
SPREAD_RATE: Final = 1 / 300
SURPRISE: Final = 9.0


class ShareState(State):
    """What is known of one kind.

    `step` is the number of the step being counted; `hits` and `trials` what it holds; `recent` the steps of the last 5 h, oldest first;
    `usual` the fading sums of hits and trials; `spread` how much more than binomial the share of 3 h scatters; `evidence` of growth and
    its `alarms`, with `at` the last one's step.
    """

    step: int = -1
    hits: float = 0.0
    trials: float = 0.0
    recent: list[tuple[float, float]] = msgspec.field(default_factory=list)
    usual: tuple[float, float] = (0.0, 0.0)
    spread: float = 1.0
    evidence: float = 0.0
    alarms: int = 0
    at: int = -1


class ShareReading(msgspec.Struct, frozen=True):
    """A share.

    That of the last 3 h, the `usual` one, their `ratio`, `z` in standard deviations, `score` (growth from 1, then reset), and `n` events
    in the window.
    """

    share: float
    usual: float
    ratio: float
    z: float
    score: float
    n: float


class Share:
    """Learns a kind's usual share and says when it has grown.

    The evidence is the log-likelihood ratio of 1.8 times the usual share against the usual, over the learnt over-dispersion,
    summed and never below 0 (M. R. Reynolds and
    Z. G. Stoumbos, A CUSUM chart for monitoring a proportion, J. Quality Technology 31, 1999). At `limit` it is said, and begins anew.
    `z` compares the share of the last 3 h, over-dispersion included. What is usual is learnt 2 h after the window, with a memory of 14
    days.

    Limits: nothing before 100 events are learnt; a share above 0.6 is treated as one of 0.6. Memory: 60 pairs, 1.2 kB, 80 B when empty.

    >>> share, state = Share(), ShareState()
    >>> for n in range(288):
    ...     reading = share.learn_one(state, 300.0 * n, hits=2, trials=20)
    >>> (reading.share, round(reading.usual, 3), reading.score) if reading else None
    (0.1, 0.1, 0.0)
    """

    def __init__(self, limit: float = 6.5) -> None:
        self.limit = limit

    def new(self) -> ShareState:
        """A kind of which nothing is known."""
        return ShareState()

    def learn_one(self, state: ShareState, time: float, *, hits: float, trials: float) -> ShareReading | None:
        """What these events say: `hits` of `trials` are of the kind, in order of time (s); None while too little is known."""
        step = int(time // STEP_S)
        if step < state.step or not 0 <= hits <= trials:
            return None
        if step > state.step:
            self._advance(state, step)
        state.hits += hits
        state.trials += trials
        known, usual = self._usual(state)
        if known < NEEDED:
            return None
        other = min(FACTOR * usual, (1 + usual) / 2)
        gain = hits * log(other / usual) + (trials - hits) * log((1 - other) / (1 - usual))
        state.evidence = max(0.0, state.evidence + gain / state.spread)
        score = state.evidence / self.limit
        if score >= 1:
            state.evidence, state.alarms, state.at = 0.0, state.alarms + 1, step
        return self._reading(state, usual, score)

    def _usual(self, state: ShareState) -> tuple[float, float]:
        """Events learnt, and the usual share."""
        hits, trials = state.usual
        return trials, min(SHARES[1], max(SHARES[0], (hits + 0.05 * PRIOR) / (trials + PRIOR)))

    def _window(self, state: ShareState) -> tuple[float, float]:
        window = state.recent[-(WINDOW - 1) :]
        return sum(each[0] for each in window) + state.hits, sum(each[1] for each in window) + state.trials

    def _reading(self, state: ShareState, usual: float, score: float) -> ShareReading:
        hits, trials = self._window(state)
        share = hits / trials if trials else usual
        sd = sqrt(usual * (1 - usual) / max(1.0, trials) * state.spread)
        return ShareReading(share, usual, share / usual, (share - usual) / sd, score, trials)

    def _advance(self, state: ShareState, step: int) -> None:
        """Close the steps up to this one, and learn those that are old enough."""
        if state.step >= 0:
            self._learn_spread(state)
            missing = min(step - state.step - 1, WINDOW + GAP)
            for each in [(state.hits, state.trials), *[(0.0, 0.0)] * missing]:
                state.recent.append(each)
                if len(state.recent) > WINDOW + GAP:
                    self._learn(state, *state.recent.pop(0))
            if missing and not any(trials for _, trials in state.recent):
                state.recent = []
        state.step, state.hits, state.trials = step, 0.0, 0.0

    def _learn(self, state: ShareState, hits: float, trials: float) -> None:
        """One old step into what is usual, its hits bounded so that an incident does not become usual."""
        fade = 0.5 ** (1 / REMEMBERED)
        known, usual = self._usual(state)
        if known >= NEEDED:
            hits = min(hits, FACTOR * usual * trials + 3 * sqrt(usual * trials))
        state.usual = (state.usual[0] * fade + hits, state.usual[1] * fade + trials)

    def _learn_spread(self, state: ShareState) -> None:
        known, usual = self._usual(state)
        hits, trials = self._window(state)
        if known >= NEEDED and trials >= 1:
            error = (hits - usual * trials) ** 2 / (usual * (1 - usual) * trials)
            state.spread = max(1.0, state.spread + SPREAD_RATE * (min(error, SURPRISE * state.spread) - state.spread))
