"""A jump: an hour with more conversations than the hours before it let expect."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.event import Campaign
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after
from detectors.volume_profile import HoursOfWeek, about, campaign_factor, campaigns_with, declared, in_campaign, rate_of_hour

__all__ = ["EarsC2"]

HOUR_S: Final = 3600
BUCKETS: Final = 7
GAP_H: Final = 2
"""Hours between the baseline and the hour that is judged; an hour is also learnt only so much later."""
REACH: Final = BUCKETS + GAP_H
KEPT: Final = REACH + 4
CATCH_UP_H: Final = 14 * 24
WEEKS_REMEMBERED: Final = 4
DAYS_REMEMBERED: Final = 14
DAY_H: Final = 24
LEVEL_REMEMBERED: Final = 7 * DAY_H
SCOPES: Final = ("issue_category", "queue_id", "product_id")
SHARE_FADE: Final = 0.97
TERMS_KEPT: Final = 64
FORGET_S: Final = 35 * 86_400.0


class EarsC2Params(Params):
    """At least `least` conversations in the hour, an hour of the day learnt on `min_days` days; `calendar` is the policy's.

    `min_sigma` is the least standard deviation.
    """

    least: int = Field(default=10, ge=1)
    min_days: int = Field(default=3, ge=1)
    min_sigma: float = Field(default=0.5, gt=0)
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class EarsC2State(State):
    """The counts of the last hours, the first one being number `first` since the epoch, and what is usual.

    `born` is the first whole hour, `hour` the next one to learn; `week`, `day` and `level` are River means of counts per hour: by hour of
    the week (not of products, which are many and small), by hour of the day, of 7 days; `shares` what the conversations were about.
    """

    first: int = 0
    hours: list[float] = msgspec.field(default_factory=list)
    born: int = -1
    hour: int = -1
    week: dict[int, MeanState] = msgspec.field(default_factory=dict)
    day: dict[int, MeanState] = msgspec.field(default_factory=dict)
    level: MeanState = (0.0, 0.0)
    shares: dict[str, float] = msgspec.field(default_factory=dict)
    campaigns: list[Campaign] = msgspec.field(default_factory=list)
    keys: tuple[tuple[str, str], ...] = ()
    last: float = 0.0


class EarsC2(ScopeDetector[EarsC2State]):
    """EARS-C2: (x_t - mean) / sd of the last whole hour against hours t-9 to t-3, for each issue category, queue and product.

    Source: L. Hutwagner et al., The bioterrorism preparedness and response Early Aberration Reporting System (EARS), J. Urban Health 80
    (2003), supplement 1; `earsC` of R's surveillance. Counts are first divided by the declared campaigns' multiplier. The seven hours
    are then brought to the judged hour by the usual course of the day and week: mean = e_t Σx / Σe with e the usual counts, and sd² = mean
    times how the seven scatter about it, relative to Poisson; at least sqrt(mean), at least 0.5. With a flat course that is the plain
    formula. Usual counts are River's means; an hour is learnt two hours after its end, at most half as much again as usual or three
    deviations.

    The guard asks for ten conversations in the hour, for all seven hours, and for a course that has seen this hour of the day on three
    days: with fewer its own error is as large as what is looked for. `n` is the count of the hour,
    `onset` sudden. Limits: it reads once an hour, of whole hours (volume_ratio_3h tells within minutes), and an hour that stays high is
    compared with high ones after three. Memory: 13 hours, 168 + 24 means, 64 terms, 32 campaigns (about 6 kB; of a product 3 kB).

    >>> from detectors.base import Scope
    >>> detector = EarsC2()
    >>> state = detector.new()
    >>> scope = Scope("acme", (("queue_id", "q-1"),))
    >>> for hour in range(73):
    ...     detector.learn_one(state, Observation("ears_c2", scope, hour * 3600.0, 16.0 if hour < 72 else 36.0))
    >>> reading = detector.score_one(state, 73 * 3600.0)
    >>> reading.value, reading.n, reading.baseline, reading.sd, reading.guard
    (5.0, 36.0, 16.0, 4.0, True)
    """

    indicator = "ears_c2"
    types = frozenset({"conversation.opened", "campaign.scheduled"})
    State = EarsC2State
    Params = EarsC2Params
    step_s = float(HOUR_S)

    def __init__(self, params: EarsC2Params | None = None) -> None:
        super().__init__(params)
        self._places = HoursOfWeek(Calendar(self.params.calendar))

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each opened conversation, to its issue category, queue and product; each campaign, to all."""
        event = turn.event
        if event.campaign is not None:
            return (declared(name_of(type(self)), turn),)
        if event.type != "conversation.opened":
            return ()
        known = about(turn.context)
        terms = tuple(f"{name}={value}" for name, value in known.items())
        name = name_of(type(self))
        scopes = [turn.scope(**{key: known[key]}) for key in SCOPES if key in known]
        return [Observation(name, scope, event.time, terms=terms, cell=True) for scope in scopes]

    def learn_one(self, state: EarsC2State, observation: Observation) -> None:
        """Count, and learn the hours that are old enough."""
        state.keys = observation.scope.keys
        hour = int(observation.time // HOUR_S)
        if state.born < 0:
            # The first hour may be known in part only.
            state.first, state.born = hour, hour + 1 if observation.time % HOUR_S else hour
            state.hour = state.born
        self._advance(state, hour)
        if hour >= state.first:
            state.hours[hour - state.first] += observation.value
        state.last = max(state.last, observation.time)
        if not in_campaign(state.campaigns, observation.time):
            for term in ("all", *observation.terms):
                state.shares[term] = state.shares.get(term, 0.0) + observation.value
            while len(state.shares) > TERMS_KEPT:
                del state.shares[min(state.shares, key=lambda term: (state.shares[term], term))]

    def learn_all(self, state: EarsC2State, observation: Observation) -> None:
        """Take a declared campaign in; a second one of the same id replaces the first."""
        state.campaigns = campaigns_with(state.campaigns, observation, KEPT * HOUR_S)

    def score_one(self, state: EarsC2State, now: float) -> Reading | None:
        """The standardised excess of the last whole hour, 0 before seven hours are known. Variables `count`, `baseline`, `ratio`."""
        if state.born < 0:
            return None
        hour = int(now // HOUR_S) - 1
        count = _at(state, hour)
        reading = Reading(now, 0.0, n=count, start=hour * float(HOUR_S), end=(hour + 1) * float(HOUR_S), guard=False, onset="sudden")
        if hour - REACH < state.born:
            return reading
        mean, sd = self._baseline(state, hour)
        factor = self._factor(state, hour)
        reading.value = round((count / factor - mean) / sd, 9)
        reading.baseline, reading.sd = mean * factor, sd * factor
        reading.baseline_days = (state.level[0] + now / HOUR_S - state.hour) / DAY_H
        visits = state.day.get(self._places(hour)[1], (0.0, 0.0))[0]
        reading.guard = visits >= self.params.min_days and count >= self.params.least
        reading.variables = {"count": count, "baseline": round(mean * factor, 1), "ratio": round(count / max(mean * factor, 0.5), 2)}
        return reading

    def idle(self, state: EarsC2State, now: float) -> bool:
        """Nothing in the last whole hour nor since."""
        return state.last < (now // HOUR_S - 1) * HOUR_S

    def expired(self, state: EarsC2State, now: float) -> bool:
        """Five weeks without a conversation: what is usual is worth keeping over a night or a holiday."""
        return state.last + FORGET_S < now

    def _baseline(self, state: EarsC2State, hour: int) -> tuple[float, float]:
        """Mean and standard deviation of the seven hours, as of this one and without campaigns."""
        hours = range(hour - REACH, hour - GAP_H)
        counts = [_at(state, each) / self._factor(state, each) for each in hours]
        usual = [max(self._rate(state, each), 1e-9) for each in hours]
        level = sum(counts) / sum(usual)
        mean = level * self._rate(state, hour)
        least = self.params.min_sigma**2
        scatter = sum((count - level * rate) ** 2 / max(level * rate, least) for count, rate in zip(counts, usual, strict=True))
        return mean, max(sqrt(mean * max(1.0, scatter / (BUCKETS - 1))), self.params.min_sigma)

    def _advance(self, state: EarsC2State, hour: int) -> None:
        """Make room for the hour, and learn those up to two before it."""
        ready = hour - GAP_H
        for each in range(max(state.hour, ready - CATCH_UP_H), ready):
            self._learn_hour(state, each)
        state.hour = max(state.hour, ready)
        if hour >= state.first + KEPT:
            start = hour + 1 - KEPT
            state.hours, state.first = state.hours[start - state.first :], start
        missing = hour - state.first + 1 - len(state.hours)
        if missing > 0:
            state.hours.extend([0.0] * missing)

    def _learn_hour(self, state: EarsC2State, hour: int) -> None:
        """One hour into the means, unless it is too surprising in part."""
        week, day = self._places(hour)
        count = _at(state, hour) / self._factor(state, hour)
        expected = self._rate(state, hour)
        if day in state.day:
            count = min(count, max(1.5 * expected, expected + 3 * sqrt(max(1.0, expected))))
        if not any(name == "product_id" for name, _ in state.keys):
            state.week[week] = mean_after(state.week.get(week, (0.0, 0.0)), count, memory=WEEKS_REMEMBERED)
        state.day[day] = mean_after(state.day.get(day, (0.0, 0.0)), count, memory=DAYS_REMEMBERED)
        state.level = mean_after(state.level, count, memory=LEVEL_REMEMBERED)
        for term in list(state.shares):
            state.shares[term] *= SHARE_FADE

    def _rate(self, state: EarsC2State, hour: int) -> float:
        """The usual count of an hour, without campaigns."""
        week, day = self._places(hour)
        return rate_of_hour(state.week.get(week, (0.0, 0.0)), state.day.get(day, (0.0, 0.0)), state.level[1])

    def _factor(self, state: EarsC2State, hour: int) -> float:
        """The declared campaigns' multiplier, in the middle of an hour."""
        return campaign_factor(state.campaigns, (hour + 0.5) * HOUR_S, state.keys, state.shares)


def _at(state: EarsC2State, hour: int) -> float:
    """The count of an hour; 0 where none is kept."""
    place = hour - state.first
    return state.hours[place] if 0 <= place < len(state.hours) else 0.0
