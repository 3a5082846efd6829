"""More conversations within three hours than usual at this hour of the week."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import sqrt
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.event import Campaign
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after
from detectors.trend.surge import Surge, SurgeReading, SurgeState
from detectors.volume_profile import HoursOfWeek, about, campaign_factor, campaigns_with, declared, in_campaign, rate_of_hour

__all__ = ["VolumeRatio3h"]

STEP_S: Final = 300
HOUR_S: Final = 3600
PER_HOUR: Final = HOUR_S // STEP_S
WINDOW: Final = 3 * PER_HOUR
GAP_H: Final = 2
"""Hours between an hour's end and its being learnt: an incident shows before it becomes the usual (as in EARS C2)."""
SLOTS: Final = (3 + GAP_H + 2) * PER_HOUR
CATCH_UP_H: Final = 14 * 24
SETTLING: Final = 1
"""Whole buckets that may still grow before the surge statistic learns them."""
CATCH_UP: Final = 7 * 24 * PER_HOUR

WEEKS_REMEMBERED: Final = 4
DAYS_REMEMBERED: Final = 14
DAY_H: Final = 24
LEVEL_REMEMBERED: Final = 7 * DAY_H
SPREAD_PRIOR: Final[MeanState] = (8.0, 1.5)
SPREAD_REMEMBERED: Final = 400
SURPRISE: Final = 9.0
Z95: Final = 1.96
SURGE_DAYS: Final = 3.0
"""Younger, the surge statistic is silent."""
SURGE_SIGMAS: Final = 2.5
"""Fewer than the guard's own: the level of the day has taken part of the rise in by then."""
THURSDAY: Final = 3 * 24
WEEK_S: Final = 7 * 24 * HOUR_S
RECENT_FADE: Final = 0.8
SHARE_FADE: Final = 0.97
TERMS_KEPT: Final = 64
FORGET_S: Final = 35 * 86_400.0


class VolumeRatio3hParams(Params):
    """A baseline needs `min_buckets` hours learnt; an excess `sigmas` standard deviations; `calendar` is the policy's.

    Of fewer than `least` in the window nothing is asked until more come: the policy's minimum sample.
    """

    least: int = Field(default=10, ge=1)
    min_buckets: int = Field(default=8, ge=1)
    sigmas: float = Field(default=3.0, gt=0)
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class VolumeRatio3hState(State):
    """What was counted and what is usual.

    `slots` are counts of 5 minutes, the first one being number `first` since the epoch; `hour` the next one to learn (hours since
    the epoch); `week`, `day` and `level` are River means of counts per hour: by hour of the week, by hour of the day (a quiet series has
    neither), of the last 7 days; `spread` that of squared errors over expectation, at three hours; `shares` and `recent` what the
    conversations were about, slowly and quickly forgetting. `surge` is what the surge statistic knows, `agreed` the last bucket of which
    it said one.
    """

    first: int = 0
    slots: list[float] = msgspec.field(default_factory=list)
    hour: int = -1
    week: dict[int, MeanState] = msgspec.field(default_factory=dict)
    day: dict[int, MeanState] = msgspec.field(default_factory=dict)
    level: MeanState = (0.0, 0.0)
    spread: MeanState = SPREAD_PRIOR
    shares: dict[str, float] = msgspec.field(default_factory=dict)
    recent: dict[str, float] = msgspec.field(default_factory=dict)
    campaigns: list[Campaign] = msgspec.field(default_factory=list)
    keys: tuple[tuple[str, str], ...] = ()
    label: str = ""
    last: float = 0.0
    surge: SurgeState = msgspec.field(default_factory=SurgeState)
    agreed: int = -1


class VolumeRatio3h(ScopeDetector[VolumeRatio3hState]):
    """Conversations opened in the last 3 h over their expectation.

    Of the tenant, each queue, issue category, product, department and channel.

    The expectation of an hour is the mean of its hour of the week, drawn towards the mean of that hour of all days as long as it
    has few visits, and that towards the mean of the last 7 days; means and dispersion are River's. An hour is learnt two hours
    after its end, and at most half as much again as expected or three deviations, so that an incident does not become usual in a
    day, and a lasting change does within weeks. While a declared campaign runs for the scope the expectation is multiplied, for a
    scope it covers in part (the tenant) by that part.

    The guard asks for a baseline of at least 8 hours that has seen these hours of the day before, and an excess above three standard
    deviations, dispersion and the baseline's own error included (one day's experience doubles the variance). From its fourth day on the
    surge statistic (trend/surge.py: half-hours of the week, the level of today, a CUSUM) must agree: evidence of a rise within these 3 h,
    or 2.5 deviations above what today lets expect. On real counts that spares a third of the false alarms and half of the time in alarm
    (benchmarks/README.md). A series too quiet for it, fewer than 20 conversations of late (half-life 7 days), has the deviations alone,
    and no hours: its expectation is the mean of the last 7 days. `n` is the count.

    Counts are of whole 5-minute buckets; late ones count while they are in the last 7 h. Memory: 84 buckets, 168 + 24 means, 64
    terms, 32 campaigns (about 7 kB), and the surge statistic's 9 kB at most; of a quiet series 0.4 kB.

    >>> from detectors.base import Scope
    >>> detector = VolumeRatio3h()
    >>> state = detector.new()
    >>> for day in range(8):
    ...     for minute in range(0, 1440, 6):
    ...         detector.learn_one(state, Observation("volume_ratio_3h", Scope("acme"), day * 86_400.0 + minute * 60.0))
    >>> reading = detector.score_one(state, 8 * 86_400.0)
    >>> reading.value, reading.n, reading.guard
    (1.0, 30.0, False)
    """

    indicator = "volume_ratio_3h"
    State = VolumeRatio3hState
    Params = VolumeRatio3hParams
    step_s = float(STEP_S)

    def __init__(self, params: VolumeRatio3hParams | None = None) -> None:
        super().__init__(params)
        self.calendar = Calendar(self.params.calendar)
        self.surge = Surge(STEP_S)
        self._places = HoursOfWeek(self.calendar)
        self._shift_of = lru_cache(maxsize=4096)(self._shift)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each opened conversation, to its scopes, with what it is about; each campaign, to all."""
        event = turn.event
        if event.campaign is not None:
            return (declared(name_of(type(self)), turn),)
        if event.type != "conversation.opened":
            return ()
        known = about(turn.context)
        terms = tuple(f"{name}={value}" for name, value in known.items())
        scopes = [turn.scope(), *(turn.scope(**{name: value}) for name, value in known.items())]
        return [Observation(name_of(type(self)), scope, event.time, terms=terms, cell=True) for scope in scopes]

    def learn_one(self, state: VolumeRatio3hState, observation: Observation) -> None:
        """Count, and learn the hours that are old enough."""
        state.keys = observation.scope.keys
        state.label = state.keys[0][1] if state.keys else observation.scope.tenant
        slot = int(observation.time // STEP_S)
        if state.hour < 0:
            # The first hour is known in part only.
            state.hour = slot // PER_HOUR + 1
            state.first = slot - slot % PER_HOUR
            state.surge.tick = slot - 1
        state.agreed, _ = self._weigh(state, state.surge, slot - SETTLING)
        self._advance(state, slot)
        if slot >= state.first:
            state.slots[slot - state.first] += observation.value
        state.last = max(state.last, observation.time)
        self._note(state, observation)

    def learn_all(self, state: VolumeRatio3hState, observation: Observation) -> None:
        """Take a declared campaign in; a second one of the same id replaces the first."""
        state.campaigns = campaigns_with(state.campaigns, observation, SLOTS * STEP_S)

    def score_one(self, state: VolumeRatio3hState, now: float) -> Reading | None:
        """The ratio; None before anything is expected. Variables `scope`, `ratio`, `count`, `baseline`, `top_issue`.

        Sample: `expected`; `low` and `high`, between which 95 % of usual counts lie; `z`, standard deviations above; `surge`, the evidence
        of a rise (one from 1), and `days`, how long the surge statistic has known the series (0: it is too quiet).
        """
        until = int(now // STEP_S)
        count = self._count(state, until)
        expected = self._expected(state, until)
        if expected <= 0:
            return None
        visits = self._visits(state, until)
        sd = sqrt(max(1.0, expected) * max(1.0, state.spread[1]) * (1 + 1 / max(visits, 1.0)))
        ratio = count / max(expected, 0.5)
        known = state.level[0] >= self.params.min_buckets and visits > 0
        agreed, surge = self._weigh(state, self.surge.copy(state.surge), until)
        rising = surge is None or surge.days < SURGE_DAYS or surge.z >= SURGE_SIGMAS or until - agreed <= WINDOW
        variables: dict[str, str | float] = {"scope": state.label, "ratio": round(ratio, 2), "count": count, "baseline": round(expected, 1)}
        if state.recent:
            variables["top_issue"] = max(state.recent, key=lambda issue: (state.recent[issue], issue))
        return Reading(
            now,
            ratio,
            n=count,
            start=(until - WINDOW) * float(STEP_S),
            end=until * float(STEP_S),
            baseline=expected,
            sd=sd,
            guard=known and count - expected > self.params.sigmas * sd and rising,
            channel=dict(state.keys).get("channel"),
            variables=variables,
            sample={**_interval(count, expected, sd), "surge": surge.score if surge else 0.0, "days": surge.days if surge else 0.0},
            baseline_days=(state.level[0] + until / PER_HOUR - state.hour) / DAY_H,
        )

    def idle(self, state: VolumeRatio3hState, now: float) -> bool:
        """Nothing in the window."""
        return state.last + WINDOW * STEP_S < now

    def quiet_until(self, state: VolumeRatio3hState, now: float) -> float:
        """With too few in the window, until another comes: the count only falls meanwhile."""
        return state.last + WINDOW * STEP_S if self._count(state, int(now // STEP_S)) < self.params.least else now

    def expired(self, state: VolumeRatio3hState, now: float) -> bool:
        """Five weeks without a conversation: what is usual is worth keeping over a night or a holiday."""
        return state.last + FORGET_S < now

    def _note(self, state: VolumeRatio3hState, observation: Observation) -> None:
        """Remember what it was about, for the parts campaigns cover and for the title."""
        if not in_campaign(state.campaigns, observation.time):
            _weigh(state.shares, ("all", *observation.terms), observation.value)
        issues = tuple(term.partition("=")[2] for term in observation.terms if term.startswith("issue_category="))
        _weigh(state.recent, issues, observation.value)

    def _weigh(self, state: VolumeRatio3hState, surge: SurgeState, until: int) -> tuple[int, SurgeReading | None]:
        """Show the surge statistic the buckets up to `until`; the last one of which it said a surge, and its last reading."""
        agreed, reading = state.agreed, None
        # Of a series that is only counted, empty buckets say nothing.
        for slot in range(max(surge.tick + 1, until - CATCH_UP if surge.ticks else state.first), until):
            count, middle = _sum(state, slot, slot + 1), (slot + 0.5) * STEP_S
            if not count and not surge.ticks:
                continue
            factor = self._multiplier(state, middle) if state.campaigns else 1.0
            reading = self.surge.learn_one(surge, slot * float(STEP_S), count, factor=factor, shift=self._shift_of(slot // PER_HOUR))
            if reading is not None and reading.score >= 1:
                agreed = slot
        return agreed, reading

    def _advance(self, state: VolumeRatio3hState, slot: int) -> None:
        """Make room for the slot, and learn hours up to two before it."""
        ready = slot // PER_HOUR - GAP_H
        state.hour = max(state.hour, ready - CATCH_UP_H)
        while state.hour < ready:
            self._learn_hour(state, state.hour)
            state.hour += 1
        oldest = (max(slot, int(state.last // STEP_S)) // PER_HOUR + 1) * PER_HOUR - SLOTS
        if slot >= state.first + SLOTS + PER_HOUR:
            kept = state.slots[oldest - state.first :]
            # Nothing but zeros need not be kept: a product that is asked about once a day costs no seven hours.
            state.slots, state.first = (kept, oldest) if any(kept) else ([], slot)
        if oldest <= slot < state.first:
            state.slots[:0] = [0.0] * (state.first - slot)
            state.first = slot
        missing = slot - state.first + 1 - len(state.slots)
        if missing > 0:
            state.slots.extend([0.0] * missing)

    def _learn_hour(self, state: VolumeRatio3hState, hour: int) -> None:
        """One hour into the means, unless it is too surprising in part."""
        fade(state.recent, RECENT_FADE)
        fade(state.shares, SHARE_FADE)
        week, day = self._places(hour)
        end = (hour + 1) * PER_HOUR
        multiplier = self._multiplier(state, (end - PER_HOUR / 2) * STEP_S) if state.campaigns else 1.0
        count = _sum(state, end - PER_HOUR, end)
        if not state.surge.ticks:
            state.week, state.day = {}, {}
            state.level = mean_after(state.level, count / multiplier, memory=LEVEL_REMEMBERED)
            return
        if not state.day:
            # No longer quiet: the hours seen so far begin at the level, with the weight of a day.
            seen = range(hour - min(DAY_H, int(state.level[0])), hour)
            state.day = {self._places(each)[1]: (1.0, state.level[1]) for each in seen}
        expected = self._rate(state, week, day) * multiplier
        if day in state.day:
            self._learn_spread(state, end)
            limit = max(1.5 * expected, expected + 3 * sqrt(max(1.0, state.spread[1]) * max(1.0, expected)))
            count = min(count, limit)
        count /= multiplier
        state.week[week] = mean_after(state.week.get(week, (0.0, 0.0)), count, memory=WEEKS_REMEMBERED)
        state.day[day] = mean_after(state.day.get(day, (0.0, 0.0)), count, memory=DAYS_REMEMBERED)
        state.level = mean_after(state.level, count, memory=LEVEL_REMEMBERED)

    def _learn_spread(self, state: VolumeRatio3hState, end: int) -> None:
        """How much more than Poisson counts scatter about their expectation, over the three hours that end here."""
        visits = self._visits(state, end)
        if not visits:
            return
        expected = max(1.0, self._expected(state, end))
        error = (_sum(state, end - WINDOW, end) - expected) ** 2 / (expected * (1 + 1 / visits))
        state.spread = mean_after(state.spread, min(error, SURPRISE), memory=SPREAD_REMEMBERED)

    def _count(self, state: VolumeRatio3hState, until: int) -> float:
        return _sum(state, until - WINDOW, until)

    def _expected(self, state: VolumeRatio3hState, until: int) -> float:
        """What the three hours before slot `until` usually hold, campaigns included."""
        total, slot = 0.0, until - WINDOW
        while slot < until:
            hour = slot // PER_HOUR
            stop = min(until, (hour + 1) * PER_HOUR)
            rate = self._rate(state, *self._places(hour)) / PER_HOUR
            if state.campaigns:
                total += rate * sum(self._multiplier(state, (each + 0.5) * STEP_S) for each in range(slot, stop))
            else:
                total += rate * (stop - slot)
            slot = stop
        return total

    def _rate(self, state: VolumeRatio3hState, week: int, day: int) -> float:
        """Conversations expected in an hour, without campaigns."""
        return rate_of_hour(state.week.get(week, (0.0, 0.0)), state.day.get(day, (0.0, 0.0)), state.level[1])

    def _visits(self, state: VolumeRatio3hState, until: int) -> float:
        """On how many days the hours of the window were learnt before; the least of them. Without a profile, days of the level."""
        if not state.day:
            return state.level[0] // DAY_H
        hours = range((until - WINDOW) // PER_HOUR, (until - 1) // PER_HOUR + 1)
        return min(state.day.get(self._places(hour)[1], (0.0, 0.0))[0] for hour in hours)

    def _shift(self, hour: int) -> float:
        """What added to an hour's time gives its place in a week that begins as the epoch's days do, on a Thursday."""
        middle = hour * HOUR_S + HOUR_S / 2
        minutes = self.calendar.local(middle).minute * 60
        place = (self._places(hour)[0] - THURSDAY) * HOUR_S + minutes
        return float(round(place - middle) % WEEK_S)

    def _multiplier(self, state: VolumeRatio3hState, time: float) -> float:
        return campaign_factor(state.campaigns, time, state.keys, state.shares)


def _sum(state: VolumeRatio3hState, first: int, until: int) -> float:
    """The counts of the slots [first, until)."""
    return sum(state.slots[max(0, first - state.first) : max(0, until - state.first)])


def _interval(count: float, expected: float, sd: float) -> dict[str, float]:
    """What is expected, the interval of 95 % of usual counts, and where this one lies.

    By the 2/3 power, which makes quasi-Poisson counts about normal (C. P. Farrington et al., J. R. Stat. Soc. A 159, 1996).

    >>> {name: round(value, 1) for name, value in _interval(49.0, 25.0, 5.0).items()}
    {'expected': 25.0, 'low': 15.9, 'high': 35.4, 'z': 4.2}
    """
    root = max(expected, 0.5) ** (2 / 3)
    unit = 2 / 3 * root * sd / max(expected, 0.5)
    low, high = max(0.0, root - Z95 * unit) ** 1.5, (root + Z95 * unit) ** 1.5
    return {"expected": expected, "low": low, "high": high, "z": (count ** (2 / 3) - root) / unit}


def _weigh(weights: dict[str, float], terms: tuple[str, ...], value: float) -> None:
    for term in terms:
        weights[term] = weights.get(term, 0.0) + value
    while len(weights) > TERMS_KEPT:
        del weights[min(weights, key=lambda term: (weights[term], term))]


def fade(weights: dict[str, float], factor: float) -> None:
    """Let all weights shrink; what has all but gone is dropped."""
    for term in list(weights):
        weights[term] *= factor
        if weights[term] < 0.01:
            del weights[term]
