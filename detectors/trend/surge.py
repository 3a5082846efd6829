"""Counts against a learnt daily and weekly profile: how many were expected, and is there a surge?"""

from __future__ import annotations

from math import floor, log, sqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from detectors.base import State

__all__ = ["Surge", "SurgeReading", "SurgeState"]

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400
WINDOW_S: Final = 3 * HOUR_S
BIN_S: Final = 1800
BINS: Final = DAY_S // BIN_S
TYPES: Final = 7 * BINS
"""Profiles: 7 of the days of the week, then that of weekdays and that of weekends and holidays."""
VISITS_KEPT: Final = 5
SHRINK: Final = 1.5
"""How many visits a half-hour of one day of the week needs to weigh as much as that of its day type."""
OTHER_TYPE: Final = 0.5

LEVEL_S: Final = 6 * HOUR_S
LAG_S: Final = HOUR_S
LEVEL_PRIOR: Final = 5.0
LEVELS: Final = (0.4, 2.5)

BUSY: Final = 20.0
"""A series with fewer events of late (half-life 7 days) is only counted; one that falls below a quarter of this is forgotten."""
BUSY_FADE: Final = 0.5 ** (1 / (7 * DAY_S))

WARM_S: Final = 3 * DAY_S
GAP_S: Final = 7 * DAY_S
"""A longer silence is not filled with zeros: profile and dispersion stay, the rest begins anew."""
RATE: Final = 0.003 / 300
FACTOR: Final = 2.5
BIAS: Final = 0.4
CLIP: Final = (-1.0, 0.85)
TEMPER: Final = 0.75
CAP: Final = 60.0
LEAK_S: Final = 1800.0
QUIET: Final = 0.2

BLOCK_S: Final = 6 * HOUR_S
BLOCKS: Final = 112
BLOCKS_NEEDED: Final = 8
LIMIT: Final = 2.9
OWN: Final = 4.0
SURE_S: Final = 2 * HOUR_S
"""What is as strong as a tick may say, for so long, is a surge in any series."""
OWN_SHARE: Final = 0.75
Z95: Final = 1.96


class SurgeState(State):
    """What is known of one series.

    `tick` is the number of the last tick since the epoch, `ticks` how many were learnt; `profile` mean count of a half-hour and visits, by
    number of the profile and half-hour; `half` the half-hour being counted (its number since the epoch), `sum` and `seen` what it holds;
    `recent` count, profile and expectation of the ticks of the last 3 h; `level` the fading sums of counts and profile; `fine`, `coarse`,
    `wide` the learnt dispersion: squared log errors of a tick and of an hour beyond Poisson, and variance over mean at 3 h; `evidence` of
    a surge, its `peak` in this 6-h block, and the `peaks` of the last 112 blocks, which set the `limit`; `busy`,
    the fading count of events.
    """

    tick: int = -1
    ticks: int = 0
    profile: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    half: int = -1
    sum: float = 0.0
    seen: float = 0.0
    free: bool = False
    recent: list[tuple[float, float, float]] = msgspec.field(default_factory=list)
    level: tuple[float, float] = (0.0, 0.0)
    fine: float = 0.15
    coarse: float = 0.1
    wide: float = 2.0
    evidence: float = 0.0
    peak: float = 0.0
    peaks: list[float] = msgspec.field(default_factory=list)
    limit: float = LIMIT
    busy: float = 0.0


class SurgeReading(msgspec.Struct, frozen=True):
    """A series at the end of a tick.

    `count` of the last 3 h, `expected`, and the interval `low`..`high` in which 95 % of usual counts lie; `ratio` of the two; `z`, standard
    deviations above the expectation; `score`, the evidence of a lasting rise: a surge from 1; `days` of the series that are known (below 14
    the weekly profile is young).
    """

    count: float
    expected: float
    low: float
    high: float
    ratio: float
    z: float
    score: float
    days: float


class Surge:
    """Learns what is usual in one series of counts, tick by tick, and weighs what is not.

    A tick is expected to hold a half-hour's profile, linear in between, times a level. The profile is that of the day of the week, drawn
    towards its day type (weekdays; weekends and holidays) while it has few visits; a half-hour is learnt at most two and a half times as
    high as known. The level is the count of the last hours (half-life 6 h, the last hour left out) over what the profile says of them.

    The score is a CUSUM (E. S. Page, Biometrika 41, 1954) of the log-likelihood ratio of 2.5 times the expectation, for the logarithm of
    count over expectation, which is about normal with the learnt variance. A tick's part is bounded, so that one odd tick raises no
    alarm. A series that is restless has a limit of its own: 4 times the upper quartile of the evidence's peaks of its last 28 days, and no
    more than what two hours of the strongest ticks reach. `z` is that of the 3-h count under a quasi-Poisson distribution with learnt
    dispersion (2/3-power transform, C. P. Farrington et al., J. R. Stat. Soc. A 159, 1996).

    Limits: silent (None) for the first 20 events, and (score 0) for 3 days; weak in the first two weeks. A rise that lasts becomes usual
    within half a day: the score says that it begins, the ratio of a longer baseline that it lasts. Counts of a few an hour need hours for
    a doubling. Memory: at most 432 means, 3 h of ticks, 112 peaks: 9 kB at most; 110 B while there are fewer than 20 events of late
    (half-life 7 days). Ticks without a call count as 0.

    >>> surge, state = Surge(tick_s=900), SurgeState()
    >>> readings = [surge.learn_one(state, 900.0 * n, 20 + n % 2) for n in range(96 * 14)]
    >>> last = readings[-1]
    >>> last.count, round(last.expected), round(last.ratio, 1), last.score
    (246.0, 246, 1.0, 0.0)
    >>> [surge.learn_one(state, 900.0 * n, 60).score > 1 for n in range(96 * 14, 96 * 14 + 4)]
    [True, True, True, True]
    """

    def __init__(self, tick_s: int = 300) -> None:
        """`tick_s` in s divides 30 minutes.

        >>> Surge(tick_s=420)
        Traceback (most recent call last):
        ValueError: a tick of 420 s does not divide 1800 s
        """
        if tick_s < 1 or BIN_S % tick_s:
            raise ValueError(f"a tick of {tick_s} s does not divide {BIN_S} s")
        self.tick_s = tick_s
        self.window = round(WINDOW_S / tick_s)
        self.hour = max(1, round(HOUR_S / tick_s))
        self.lag = max(1, round(LAG_S / tick_s))
        self.rate = RATE * tick_s
        self.fade = 0.5 ** (tick_s / LEVEL_S)
        self.leak = 0.5 ** (tick_s / LEAK_S)
        self.block = round(BLOCK_S / tick_s)
        self.warm = round(WARM_S / tick_s)
        self.sure = SURE_S / tick_s

    def new(self) -> SurgeState:
        """A series of which nothing is known."""
        return SurgeState()

    def copy(self, state: SurgeState) -> SurgeState:
        """One that may learn what is not certain yet; the state stays as it is."""
        return replace(state, profile=dict(state.profile), recent=list(state.recent))

    def learn_one(
        self, state: SurgeState, time: float, count: float, *, factor: float = 1.0, shift: float = 0.0, free: bool = False
    ) -> SurgeReading | None:
        """What a tick's count says, from what was known before it; then it is known too. None while nothing is expected.

        `time` in s since the epoch (any within the tick); ticks before the last are ignored. `factor` multiplies the expectation
        (declared campaigns). `shift` in s leads to the place in the week whose counts are alike: the zone's offset, and whole days
        where a Wednesday is like a Sunday; `free` says that the day is a holiday and uses the weekend's profile.
        """
        tick = int(time // self.tick_s)
        if tick <= state.tick or not 0 <= count < 1e12 or factor <= 0:
            return None
        known = state.ticks > 0
        state.busy = state.busy * BUSY_FADE ** (self.tick_s * (tick - state.tick)) + count if state.tick >= 0 else float(count)
        if state.busy < (BUSY / 4 if known else BUSY):
            self._forget(state, tick)
            return None
        if known:
            if (tick - state.tick) * self.tick_s > GAP_S:
                self._restart(state)
            else:
                for missing in range(state.tick + 1, tick):
                    self._learn_tick(state, missing, 0.0, 1.0, shift, free=free)
        return self._learn_tick(state, tick, float(count), factor, shift, free=free)

    def expected(self, state: SurgeState, time: float, *, free: bool = False) -> float | None:
        """The profile's count for the tick at `time` (shifted by the caller), without level; None before it is known."""
        place = (time // self.tick_s * self.tick_s + self.tick_s / 2) / BIN_S - 0.5
        first = floor(place)
        part = place - first
        before, after = self._half_hour(state, first, free=free), self._half_hour(state, first + 1, free=free)
        before = after if before is None else before
        after = before if after is None else after
        if before is None or after is None:
            return None
        return max(0.02 * self.tick_s / 900, ((1 - part) * before + part * after) * self.tick_s / BIN_S)

    def level(self, state: SurgeState) -> float:
        """The count of late over the profile's, 0.4..2.5."""
        counts, profile = state.level
        return min(LEVELS[1], max(LEVELS[0], (counts + LEVEL_PRIOR) / (profile + LEVEL_PRIOR)))

    def _half_hour(self, state: SurgeState, half: int, *, free: bool) -> float | None:
        """The usual count of a half-hour, given by its number since the epoch."""
        day, bin_ = (half // BINS + 3) % 7, half % BINS
        rest = int(free or day >= 5)
        known = state.profile.get(TYPES + rest * BINS + bin_)
        other = state.profile.get(TYPES + (1 - rest) * BINS + bin_)
        if known is None:
            return None if other is None else other[0]
        mean, visits = known
        if visits < 3 and other is not None:
            weight = (3 - visits) * OTHER_TYPE
            mean = (visits * mean + weight * other[0]) / (visits + weight)
        own, times = (0.0, 0) if free else state.profile.get(day * BINS + bin_, (0.0, 0))
        return (SHRINK * mean + times * own) / (SHRINK + times)

    def _learn_tick(self, state: SurgeState, tick: int, count: float, factor: float, shift: float, *, free: bool) -> SurgeReading | None:
        time = tick * self.tick_s + shift
        base = self.expected(state, time, free=free)
        self._learn_profile(state, int(time // BIN_S), count / factor, free=free)
        state.tick, state.ticks = tick, state.ticks + 1
        if base is None:
            return None
        base *= factor
        expected = base * self.level(state)
        state.recent.append((count, base, expected))
        if len(state.recent) > self.window:
            del state.recent[0]
        reading = self._weigh(state, count, expected)
        if len(state.recent) > self.lag:
            old, profile, then = state.recent[-1 - self.lag]
            counts, sums = state.level
            state.level = (counts * self.fade + min(old, 2.5 * then + 4), sums * self.fade + profile)
        return reading

    def _weigh(self, state: SurgeState, count: float, expected: float) -> SurgeReading:
        """The evidence with this tick, and the reading; dispersion learns."""
        hour = state.recent[-self.hour :]
        error = log((count + 1) / (expected + 1))
        counts, sums = sum(each[0] for each in hour), sum(each[2] for each in hour)
        lasting = log((counts + 1) / (sums + 1))
        state.fine = _dispersion(state.fine, error, expected, self.rate)
        state.coarse = _dispersion(state.coarse, lasting, sums, self.rate)
        variance = max(state.fine, state.coarse * sqrt(self.hour), 0.01) + 1 / (expected + 1)
        step, weight = max(CLIP[0], min(CLIP[1], error)) - BIAS * log(FACTOR), log(FACTOR) / variance**TEMPER
        evidence = min(CAP, max(0.0, state.evidence + step * weight))
        state.evidence = evidence * self.leak if lasting < QUIET else evidence
        # A limit that no rise could pass within hours would make the bursts of the past hide those to come.
        limit = min(state.limit, max(LIMIT, self.sure * (CLIP[1] - BIAS * log(FACTOR)) * weight))
        score = state.evidence / limit if state.ticks > self.warm else 0.0
        self._learn_limit(state)
        return self._reading(state, score)

    def _reading(self, state: SurgeState, score: float) -> SurgeReading:
        count, expected = sum(each[0] for each in state.recent), max(0.1, sum(each[2] for each in state.recent))
        root, unit = expected ** (2 / 3), 2 / 3 * expected ** (1 / 6) * sqrt(state.wide)
        z = (count ** (2 / 3) - root) / unit
        low, high = max(0.0, root - Z95 * unit) ** 1.5, (root + Z95 * unit) ** 1.5
        surprise = (count - expected) ** 2 / expected
        state.wide = max(1.0, state.wide + self.rate * (min(surprise, 9 * state.wide) - state.wide))
        ratio = (count + 1) / (expected + 1)
        return SurgeReading(count, expected, low, high, ratio, z, score, state.ticks * self.tick_s / DAY_S)

    def _learn_limit(self, state: SurgeState) -> None:
        """How strong the evidence of a series usually gets sets how strong it must be."""
        state.peak = max(state.peak, state.evidence)
        if state.tick % self.block:
            return
        if state.ticks > self.warm:
            state.peaks = [*state.peaks, state.peak][-BLOCKS:]
            if len(state.peaks) >= BLOCKS_NEEDED:
                own = sorted(state.peaks)[int(OWN_SHARE * len(state.peaks))]
                state.limit = max(LIMIT, OWN * own)
        state.peak = 0.0

    def _learn_profile(self, state: SurgeState, half: int, count: float, *, free: bool) -> None:
        if state.half != half:
            self._close(state)
            state.half, state.free = half, free
        state.sum += count
        state.seen += 1

    def _close(self, state: SurgeState) -> None:
        """Learn the half-hour that has ended."""
        if not state.seen:
            return
        count = state.sum * BIN_S / self.tick_s / state.seen
        day, bin_ = (state.half // BINS + 3) % 7, state.half % BINS
        of_type = TYPES + int(state.free or day >= 5) * BINS + bin_
        mean, visits = state.profile.get(of_type, (count, 0))
        if visits >= 3:
            count = min(count, 2.5 * mean + 6)
        state.profile[of_type] = (mean + max(0.2, 1 / (visits + 2)) * (count - mean), min(visits + 1, VISITS_KEPT))
        if not state.free:
            of_day = day * BINS + bin_
            own, times = state.profile.get(of_day, (0.0, 0))
            times = min(times + 1, VISITS_KEPT)
            state.profile[of_day] = (own + (count - own) / times, times)
        state.sum = state.seen = 0.0

    def _forget(self, state: SurgeState, tick: int) -> None:
        """Keep nothing of a series with next to no events but how few they are."""
        fresh = SurgeState(tick=tick, busy=state.busy)
        for name in state.__struct_fields__:
            setattr(state, name, getattr(fresh, name))

    def _restart(self, state: SurgeState) -> None:
        """Forget what was going on, not what is usual."""
        self._close(state)
        state.recent, state.level, state.evidence, state.peak, state.half = [], (0.0, 0.0), 0.0, 0.0, -1


def _dispersion(known: float, error: float, expected: float, rate: float) -> float:
    """The variance of log errors beyond Poisson, with one more error that counts at most sixfold."""
    beyond = min(max(error * error - 1 / (expected + 1), 0.0), 6 * known + 0.02)
    return max(0.01, known + rate * (beyond - known))
