"""How long trouble of one link of the transmission chain takes to reach the next, learnt from what a queue or product tells."""

from __future__ import annotations

from math import sqrt
from typing import Final

import msgspec

from detectors.base import State
from detectors.trend.lag import SIGNIFICANT, Lag, LagState

__all__ = ["ChainLags", "ChainLagsState", "LinkLag"]

STEP_S: Final = 300
DAY: Final = 288
HELD: Final = 12
"""Steps that wait for late reports: those of an hour are dated to its middle."""
READ_EVERY: Final = 72
NEEDED: Final = 7 * DAY
"""Fewer steps also give significant delays, of what merely happened once to both."""
BUSY: Final = 1000.0
BUSY_FADE: Final = 0.5 ** (1 / (7 * DAY))


class ChainLagsState(State):
    """What is known of one chain.

    `steps` are the excess of each link by step of 5 minutes since the epoch, `next` the first one to learn, -1 at the beginning; `busy` the
    fading count of events; `lags` what is known of each pair of links, `read` their delay in h, strength and significance as last read.
    """

    steps: dict[int, list[float]] = msgspec.field(default_factory=dict)
    next: int = -1
    busy: float = 0.0
    lags: list[LagState] = msgspec.field(default_factory=list)
    read: list[tuple[float, float, float]] = msgspec.field(default_factory=list)


class LinkLag(msgspec.Struct, frozen=True):
    """The mean delay to the next link in h, its `strength` (0..1) and significance `z`; `learnt` says that it is not the prior."""

    lag_h: float
    strength: float
    z: float
    learnt: bool


class ChainLags:
    """Learns the delay between each two links of a chain, by trend/lag.py.

    A link's series is its excess of bad ones in 5 minutes over the usual share, in about standard deviations. Until the delay of a pair is
    significant (z of 4, after a week) it is the prior. Delays are read off four times a day.

    Limits: those of trend/lag.py: delays lie within 0.2..5 h, and a third cause of both looks like a link. A scope with
    fewer than about 100 events a day learns nothing. Reports of more than two hours' windows come too late to tell a delay. Memory: an
    hour of steps, and 3 kB for each pair; 60 B where nothing is learnt.

    >>> lags, state = ChainLags(links=4, prior_h=3.2), ChainLagsState()
    >>> lags.add(state, 0.0, 0, bad=2.0, trials=10.0, usual=0.1)
    >>> lags.known(state, 0)
    LinkLag(lag_h=3.2, strength=0.0, z=0.0, learnt=False)
    """

    def __init__(self, links: int, prior_h: float) -> None:
        self.links, self.prior_h = links, prior_h
        self.lag = Lag(sign=1)

    def add(self, state: ChainLagsState, time: float, link: int, *, bad: float, trials: float, usual: float) -> None:
        """Count `bad` of `trials` events of a link at a time (s), of which the share `usual` is usually bad; what is older is learnt."""
        step = int(time // STEP_S)
        if state.next < 0:
            state.next = step
        if step < state.next:
            return
        excess = state.steps.setdefault(step, [0.0] * self.links)
        excess[link] += (bad - usual * trials) / sqrt(max(1.0, trials))
        state.busy += trials
        self._advance(state, step - HELD)

    def known(self, state: ChainLagsState, link: int) -> LinkLag:
        """The delay from a link to the next."""
        lag_h, strength, z = state.read[link] if state.read else (0.0, 0.0, 0.0)
        learnt = z >= SIGNIFICANT
        return LinkLag(lag_h if learnt else self.prior_h, strength, z, learnt)

    def _advance(self, state: ChainLagsState, until: int) -> None:
        """Learn the steps before `until`; a silence of more than a day teaches nothing."""
        if until <= state.next:
            return
        state.busy *= BUSY_FADE ** (until - state.next)
        if state.busy < BUSY:
            state.lags, state.read = [], []
        elif not state.lags:
            state.lags = [self.lag.new() for _ in range(self.links - 1)]
        for step in range(state.next, until) if until - state.next <= DAY else ():
            self._learn(state, step)
        state.steps = {step: excess for step, excess in state.steps.items() if step >= until}
        state.next = until

    def _learn(self, state: ChainLagsState, step: int) -> None:
        excess = state.steps.get(step, [0.0] * self.links)
        for place, lag in enumerate(state.lags):
            self.lag.learn_one(lag, step * float(STEP_S), excess[place], excess[place + 1])
        if state.lags and step % READ_EVERY == 0:
            readings = [self.lag.read(lag) if lag.n >= NEEDED else None for lag in state.lags]
            state.read = [(each.lag_h, each.strength, each.z) if each else (0.0, 0.0, 0.0) for each in readings]
