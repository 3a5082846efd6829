"""An issue takes a larger part of the complaints than it usually does at this time of day."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import sqrt
from typing import Final

import msgspec
from msgspec.structs import replace
from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.naming import name_of
from detectors.river_state import mean_after
from detectors.trend.share import LIMIT, evidence_after, spread_after
from detectors.windowed_rate import just_closed

__all__ = ["IssueShareGrowth", "two_proportion_z"]

SLOT_S: Final = 300
HOUR_S: Final = 3600
PER_HOUR: Final = HOUR_S // SLOT_S
WINDOW: Final = 3 * PER_HOUR
GAP_H: Final = 2
"""Hours between an hour's leaving the window and its being learnt: an incident shows before it becomes the usual."""
KEPT: Final = WINDOW + (GAP_H + 2) * PER_HOUR
ISSUES_KEPT: Final = 32
DAY_H: Final = 24
DAYS_REMEMBERED: Final = 7
CATCH_UP_H: Final = 7 * 24
CAP: Final = 1.5
SETTLING: Final = 1
"""Whole slots that may still grow before they are evidence."""
FORGET_S: Final = 35 * 86_400.0


def two_proportion_z(hits: float, n: float, usual_hits: float, usual_n: float) -> float:
    """The statistic of the test that two shares are one, pooled variance; positive when the first is larger, 0 where either is unknown.

    >>> round(two_proportion_z(30, 100, 200, 1000), 3)
    2.345
    """
    if n <= 0 or usual_n <= 0:
        return 0.0
    pooled = (hits + usual_hits) / (n + usual_n)
    variance = pooled * (1 - pooled) * (1 / n + 1 / usual_n)
    return (hits / n - usual_hits / usual_n) / sqrt(variance) if variance > 0 else 0.0


class IssueShareGrowthParams(Params):
    """What makes a growth certain, and from which share an issue that grows is a crisis.

    A baseline needs `min_hours` learnt and `min_usual` complaints; a growth `sigmas` standard deviations. From `absolute_share` of all
    complaints an issue that has grown by `noticed_pp` reads at least `absolute_pp` (the policy's red number); `calendar` is the policy's.
    """

    min_hours: int = Field(default=24, ge=1)
    min_usual: float = Field(default=50, ge=1)
    sigmas: float = Field(default=3.0, gt=0)
    absolute_share: float = Field(default=0.43, gt=0, le=1)
    absolute_pp: float = Field(default=20.0, gt=0, le=100)
    noticed_pp: float = Field(default=3.0, ge=0, le=100)
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class Grown(State):
    """What speaks for an issue's growth: `evidence`, the `spread` of its share beyond binomial, the slot `at` which it was last certain."""

    evidence: float = 0.0
    spread: float = 1.0
    at: int = -WINDOW - 1


class IssueShareGrowthState(State):
    """Complaints by issue: of late, and what is usual.

    `issues` are the categories, which the rest names by their place; `slots` the counts of 5 minutes, number since the epoch -> place ->
    count; `hour` the next hour to learn; `hours` how many were; `usual` River means of complaints per hour by hour of the day, then
    by place, with `days` how many days of each hour were learnt. `grown` is the evidence of growth by place, of the slots before
    `weighed`.
    """

    tenant: str = ""
    issues: list[str] = msgspec.field(default_factory=list)
    slots: dict[int, dict[int, float]] = msgspec.field(default_factory=dict)
    hour: int = -1
    hours: int = 0
    days: dict[int, float] = msgspec.field(default_factory=dict)
    usual: dict[int, dict[int, float]] = msgspec.field(default_factory=dict)
    last: float = 0.0
    weighed: int = -1
    grown: dict[int, Grown] = msgspec.field(default_factory=dict)


NOT_GROWN: Final = Grown()


class IssueShareGrowth(ScopeDetector[IssueShareGrowthState]):
    """Percentage points by which an issue category's share of all complaints within 3 h exceeds its usual share.

    A complaint counts once, at its conversation's end, when it is known to be one. The usual share is that of the last 7 days at the
    same hours of the day, of all hours where those hold less than `min_usual` complaints; means are River's. An hour is learnt two
    hours after it left the window, and an issue in it at most half as much again as usual or three deviations. The guard asks for 24
    learnt hours and a two-proportion z of at least 3, or that a Bernoulli CUSUM (trend/share.py) was certain of the growth within
    these 3 h: it adds up what little each five minutes say. `n` is the number of complaints of all issues now.

    From a share of 0.43 (the source's worst issue) the value is at least 20 pp, whatever the growth, if the issue has grown by 3 pp at
    all: an issue that always makes half of the complaints is no news, and would burn for ever. Variables and sample tell the growth itself.

    Shares add up to 1: where one issue grows the others shrink, so one incident lights one issue. Limits: an issue beyond the 32
    most frequent counts towards the whole, but has no reading. One state per tenant, one reading per issue. Memory: 84 slots, 24 hours of
    32 means, evidence of 32 issues (about 9 kB).

    >>> detector = IssueShareGrowth()
    >>> state = detector.new()
    >>> def learn(hour, issue, count):
    ...     detector.learn_one(state, Observation("issue_share_growth", Scope("acme"), hour * 3600.0, count, terms=(issue,)))
    >>> for hour in range(60):
    ...     learn(hour, "refund", 20)
    ...     learn(hour, "logistics", 20 if hour < 57 else 60)
    >>> for reading in detector.score_parts(state, 60 * 3600.0 - 1):
    ...     print(reading.scope.key, round(reading.value, 1), reading.n, reading.guard, reading.variables["share"])
    acme|issue_category=refund -25.0 240.0 False 25.0%
    acme|issue_category=logistics 25.0 240.0 True 75.0%
    """

    indicator = "issue_share_growth"
    types = frozenset({"conversation.resolved", "conversation.abandoned", "ticket.status_changed"})
    State = IssueShareGrowthState
    Params = IssueShareGrowthParams
    step_s = float(SLOT_S)

    def __init__(self, params: IssueShareGrowthParams | None = None) -> None:
        super().__init__(params)
        self.calendar = Calendar(self.params.calendar)
        self._hour_of_day = lru_cache(maxsize=4096)(self._local_hour)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each complaint at its end."""
        context = turn.context
        if not context.is_complaint or context.category is None or not just_closed(turn):
            return ()
        return (Observation(name_of(type(self)), turn.scope(), turn.event.time, terms=(context.category,), cell=True),)

    def learn_one(self, state: IssueShareGrowthState, observation: Observation) -> None:
        """Learn the hours that are old enough, then count."""
        state.tenant = observation.scope.tenant
        slot = int(observation.time // SLOT_S)
        newest = max(slot, int(state.last // SLOT_S))
        if state.hour < 0:
            state.hour = slot // PER_HOUR
        ready = newest // PER_HOUR - WINDOW // PER_HOUR - GAP_H
        for hour in range(max(state.hour, ready - CATCH_UP_H), ready):
            self._learn_hour(state, hour)
        state.hour = max(state.hour, ready)
        if slot - SETTLING > state.weighed:
            state.grown, state.weighed = self._weighed(state, slot - SETTLING), slot - SETTLING
        for number in [number for number in state.slots if number <= newest - KEPT]:
            del state.slots[number]
        state.last = max(state.last, observation.time)
        if slot > newest - KEPT and observation.terms:
            counts = state.slots.setdefault(slot, {})
            place = self._place(state, observation.terms[0])
            counts[place] = counts.get(place, 0.0) + observation.value

    def score_one(self, state: IssueShareGrowthState, now: float) -> Reading | None:
        """Nothing: the tenant's state has readings about issues only."""
        return None

    def score_parts(self, state: IssueShareGrowthState, now: float) -> Iterable[Reading]:
        """A reading for each issue; variables `issue`, `share`, `share_pp` (the growth), `n`.

        Sample: `share`, `usual_share`, `growth`, `z`, and `evidence`, that of the CUSUM from 0 (none); at 1 it begins anew.
        """
        until = int(now // SLOT_S)
        counts = _counts(state, until - WINDOW + 1, until + 1)
        n = sum(counts.values())
        usual, usual_n = self._usual(state, until)
        grown = self._weighed(state, until)
        for place, issue in enumerate(state.issues):
            reading = self._judge(state, now, (counts.get(place, 0.0), n), (usual.get(place, 0.0), usual_n))
            known = grown.get(place, NOT_GROWN)
            reading.sample["evidence"] = known.evidence / LIMIT
            reading.guard = reading.guard or (self._known(state, usual_n) and until - known.at <= WINDOW)
            reading.scope = Scope(state.tenant, (("issue_category", issue),))
            reading.variables["issue"] = issue
            yield reading

    def idle(self, state: IssueShareGrowthState, now: float) -> bool:
        """No complaint in the window."""
        return state.last // SLOT_S <= now // SLOT_S - WINDOW

    def expired(self, state: IssueShareGrowthState, now: float) -> bool:
        """Five weeks without a complaint."""
        return state.last + FORGET_S < now

    def _judge(self, state: IssueShareGrowthState, now: float, current: tuple[float, float], usual: tuple[float, float]) -> Reading:
        """Compare complaints of an issue and of all with what is usual."""
        (hits, n), (usual_hits, usual_n) = current, usual
        share = hits / n if n else 0.0
        usual_share = usual_hits / usual_n if usual_n else None
        growth = round(100 * (share - usual_share), 9) if usual_share is not None and n else 0.0
        reading = Reading(now, growth, n=n, start=now - WINDOW * SLOT_S, end=now, baseline=usual_share)
        reading.baseline_days = (sum(state.days.values()) + now / HOUR_S - state.hour) / DAY_H
        if share >= self.params.absolute_share and (usual_share is None or growth >= self.params.noticed_pp):
            reading.value = max(growth, self.params.absolute_pp)
        z = two_proportion_z(hits, n, usual_hits, usual_n)
        reading.guard = self._known(state, usual_n) and z >= self.params.sigmas
        reading.variables = {"share": f"{100 * share:.1f}%", "share_pp": round(growth, 1), "n": hits}
        reading.sample = {"share": share, "usual_share": usual_share or 0.0, "growth": growth, "z": z}
        return reading

    def _known(self, state: IssueShareGrowthState, usual_n: float) -> bool:
        """Whether enough is known of what is usual."""
        return bool(state.hours >= self.params.min_hours and usual_n >= self.params.min_usual)

    def _weighed(self, state: IssueShareGrowthState, until: int) -> dict[int, Grown]:
        """The evidence with the slots up to `until`."""
        grown = {place: replace(known) for place, known in state.grown.items()}
        for slot in range(max(state.weighed, until - KEPT) if state.weighed >= 0 else until, until):
            total = sum(state.slots.get(slot, {}).values())
            if not total:
                continue
            usual, usual_n = self._usual(state, slot)
            if self._known(state, usual_n):
                self._weigh(state, slot, grown, {place: hits / usual_n for place, hits in usual.items()})
        return grown

    def _weigh(self, state: IssueShareGrowthState, slot: int, grown: dict[int, Grown], usual: dict[int, float]) -> None:
        """Add one slot's evidence, and learn how the share of 3 h scatters."""
        counts, window = state.slots[slot], _counts(state, slot - WINDOW + 1, slot + 1)
        total, trials = sum(counts.values()), sum(window.values())
        for place, share in usual.items():
            known = grown.setdefault(place, Grown())
            known.evidence = evidence_after(known.evidence, counts.get(place, 0.0), total, share, known.spread)
            known.spread = spread_after(known.spread, window.get(place, 0.0), trials, share)
            if known.evidence >= LIMIT:
                known.evidence, known.at = 0.0, slot

    def _usual(self, state: IssueShareGrowthState, until: int) -> tuple[dict[int, float], float]:
        """Complaints of the last 7 days by issue, and their sum: at these hours of the day, of all hours where those hold too few."""
        hours = range((until - WINDOW + 1) // PER_HOUR, until // PER_HOUR + 1)
        return self._learnt(state, {self._hour_of_day(hour) for hour in hours})

    def _learnt(self, state: IssueShareGrowthState, hours: set[int]) -> tuple[dict[int, float], float]:
        same = _sums(state, hours)
        return same if same[1] >= self.params.min_usual else _sums(state, set(state.usual))

    def _learn_hour(self, state: IssueShareGrowthState, hour: int) -> None:
        """One hour into the means."""
        counts = _counts(state, hour * PER_HOUR, (hour + 1) * PER_HOUR)
        total, at = sum(counts.values()), self._hour_of_day(hour)
        usual, usual_n = self._learnt(state, {at})
        means, days = state.usual.setdefault(at, {}), state.days.get(at, 0.0)
        for place in sorted({*means, *counts}):
            count = counts.get(place, 0.0)
            if state.hours >= self.params.min_hours and usual_n >= self.params.min_usual:
                expected = total * usual.get(place, 0.0) / usual_n
                count = min(count, max(CAP * expected, expected + 3 * sqrt(max(1.0, expected))))
            means[place] = mean_after((days, means.get(place, 0.0)), count, memory=DAYS_REMEMBERED)[1]
        state.days[at] = mean_after((days, 0.0), 0.0, memory=DAYS_REMEMBERED)[0]
        state.hours += total > 0

    def _place(self, state: IssueShareGrowthState, issue: str) -> int:
        """The place of an issue; the last one is for all that have none of their own."""
        if issue in state.issues:
            return state.issues.index(issue)
        if len(state.issues) < ISSUES_KEPT:
            state.issues.append(issue)
            return len(state.issues) - 1
        return ISSUES_KEPT

    def _local_hour(self, hour: int) -> int:
        """Asked at the middle of the hour, for zones that are half an hour off."""
        return self.calendar.hour_of_week(hour * HOUR_S + HOUR_S / 2) % 24


def _counts(state: IssueShareGrowthState, first: int, until: int) -> dict[int, float]:
    """Complaints by issue in the slots [first, until)."""
    total: dict[int, float] = {}
    for number, counts in state.slots.items():
        if first <= number < until:
            for place, count in counts.items():
                total[place] = total.get(place, 0.0) + count
    return total


def _sums(state: IssueShareGrowthState, hours: set[int]) -> tuple[dict[int, float], float]:
    """Complaints by issue of these hours of the day, over all days remembered, and their sum."""
    total: dict[int, float] = {}
    for hour in sorted(hours):
        for place, mean in state.usual.get(hour, {}).items():
            total[place] = total.get(place, 0.0) + mean * state.days[hour]
    return total, sum(total.values())
