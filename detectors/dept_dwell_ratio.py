"""How long a department keeps what is handed to it, measured by what it usually takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Final

import msgspec
from pydantic import BaseModel, Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.log_histogram import LogHistogram
from detectors.naming import name_of
from detectors.sampling import in_sample
from detectors.windowed_rate import just_closed

__all__ = ["DeptDwellRatio"]

_CAME: Final = "came"
_WENT: Final = "went"
FORGET_S: Final = 35 * 86_400.0


class DeptDwellRatioParams(Params):
    """`window_s` of the median; `sla_s` to compare with instead of the department's own median of 7 d.

    An item is learnt `gap_s` after it left the window, as at most `cap` medians; a baseline needs `min_items`. One open for
    `open_s` is forgotten. With `business_hours`, only the time in which the centre is open counts (`calendar`, of the policy).
    """

    window_s: float = Field(default=14_400.0, gt=0)
    sla_s: float | None = Field(default=None, gt=0)
    gap_s: float = Field(default=7200.0, ge=0)
    cap: float = Field(default=2.0, gt=1)
    min_items: int = Field(default=30, ge=1)
    open_s: float = Field(default=30 * 86_400.0, gt=0)
    business_hours: bool = False
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class OpenItem(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """An item in the department: since when, and by number in `names` where it came from and what stage of a sale it is of."""

    since: float
    feeder: int = 0
    stage: int = 0


Left = tuple[int, int, int, int, str]
"""Of an item that left: when (s), how long it was here (s), by number where from and of what stage, its conversation."""


class DeptDwellRatioState(State):
    """Items in the department by conversation; those that left, in order of their ends; what is usual.

    `halvings` says which part of the items is followed.
    """

    open: dict[str, OpenItem] = msgspec.field(default_factory=dict)
    done: list[Left] = msgspec.field(default_factory=list)
    usual: LogHistogram = msgspec.field(default_factory=LogHistogram)
    names: list[str] = msgspec.field(default_factory=lambda: [""])
    last: float = 0.0
    halvings: int = 0


class DeptDwellRatio(ScopeDetector[DeptDwellRatioState]):
    """Median time items are in a department over its own median of 7 d (or over a service level, `sla_s`).

    Items are tickets, and conversations handed over to the department; a chat that was never handed on is none. An item dwells from
    its hand-over (or its creation as a ticket, or its being opened again) until it is handed on or resolved. The median is of those
    that left within 4 h and of all that are still there, at their present age, so that a department in which nothing moves shows.
    Usual is the median of what left in the trailing 7 d (a histogram that fades daily); an item is learnt 6 h after it left and at most as
    twice the usual, so an incident is not measured by itself. `n` is the number of items; the guard asks for 30 learnt. Nights and
    holidays count unless `business_hours` is on.

    Limits: of more than 320 open items, or 256 that left within 6 h, a fair half is followed, and so on (`n` counts those, the backlog is
    projected); where ends are never reported, items are open for 30 days. Memory: 576 items and a histogram (18 kB at the most).

    >>> from detectors.base import Scope
    >>> detector = DeptDwellRatio(DeptDwellRatioParams(sla_s=3600.0))
    >>> state = detector.new()
    >>> def learn(who, way, at):
    ...     scope = Scope("acme", (("department_id", "d-1"),))
    ...     detector.learn_one(state, Observation("", scope, at, conversation_id=who, terms=(way, "d-front")))
    >>> for item in range(10):
    ...     learn(f"t-{item}", "came", 0.0)
    >>> learn("t-0", "went", 1800.0)
    >>> reading = detector.score_one(state, 5400.0)
    >>> reading.value, reading.n, reading.variables["backlog"], reading.variables["feeder"]
    (1.5, 10, 9, 'd-front')
    """

    indicator = "dept_dwell_ratio"
    State = DeptDwellRatioState
    Params = DeptDwellRatioParams
    step_s = 60.0
    open_kept = 320
    done_kept = 256
    names_kept = 48

    def __init__(self, params: BaseModel | None = None) -> None:
        super().__init__(params)
        self._calendar = Calendar(self.params.calendar)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What a department gets and what leaves it."""
        context, time = turn.context, turn.event.time
        before, since_before = turn.department_before, turn.department_since_before
        here, since = context.department_id, context.department_since
        if turn.event.late or (since is None and since_before is None):
            return ()
        moved = (before, since_before) != (here, since)
        told = []
        if before is not None and since_before is not None and not turn.closed_before and (moved or just_closed(turn)):
            told.append(self._told(turn, before, _WENT, since_before))
        if here is not None and since is not None and context.closed is None and (moved or turn.closed_before):
            told.append(self._told(turn, here, _CAME, time))
        return told

    def learn_one(self, state: DeptDwellRatioState, observation: Observation) -> None:
        """Take an item in, or note how long it was here."""
        way, feeder, stage = (*observation.terms, "", "")[:3]
        who, time = observation.conversation_id or "", observation.time
        state.last = max(state.last, time)
        self._learn_old(state)
        if not in_sample(who, state.halvings):
            return
        if way == _CAME:
            state.open[who] = OpenItem(time, self._number(state, feeder), self._number(state, stage))
        else:
            item = state.open.pop(who, None) or OpenItem(next(iter(observation.extra), time))
            state.done.append((int(time), round(self._between(item.since, time)), item.feeder, item.stage, who))
            state.done.sort()
        self._thin(state)

    def score_one(self, state: DeptDwellRatioState, now: float) -> Reading | None:
        """The ratio; variables `dwell_ratio`, `backlog`, `oldest_age_h`, `feeder`, `stage`."""
        here = self._here(state, now)
        left = [row for row in state.done if now - self.params.window_s < row[0] <= now]
        if not here and not left:
            return None
        known = self.params.sla_s is not None or state.usual.count(now) >= self.params.min_items
        usual = self.params.sla_s or state.usual.median()
        dwells = [round(self._between(item.since, now), 3) for item in here.values()] + [row[1] for row in left]
        value = round(median(dwells) / usual, 9) if usual else 0.0
        oldest = min(here, key=lambda who: (here[who].since, who), default=None)
        return Reading(
            now,
            value,
            n=len(dwells),
            start=now - self.params.window_s,
            end=now,
            baseline=usual,
            guard=known,
            evidence=(Evidence("", None, here[oldest].since, oldest),) if oldest is not None else (),
            variables=self._variables(state, now, value, here, left),
            sample={"open": len(here), "completed": len(left)},
        )

    def idle(self, state: DeptDwellRatioState, now: float) -> bool:
        """Nothing is here and nothing left within the window."""
        gone = all(now - item.since >= self.params.open_s for item in state.open.values())
        return gone and all(row[0] <= now - self.params.window_s for row in state.done)

    def expired(self, state: DeptDwellRatioState, now: float) -> bool:
        """Five weeks without an item."""
        return self.idle(state, now) and state.last + FORGET_S < now

    def _told(self, turn: Turn, department: str, way: str, since: float) -> Observation:
        context, transfer = turn.context, turn.event.transfer
        origin = transfer.origin.department_id if transfer is not None else turn.department_before
        feeder = origin if way == _CAME and origin != department else None
        return Observation(
            name_of(type(self)),
            turn.scope(department_id=department),
            turn.event.time,
            conversation_id=context.conversation_id,
            terms=(way, feeder or "", context.stage or ""),
            extra=(since,),
        )

    def _here(self, state: DeptDwellRatioState, now: float) -> dict[str, OpenItem]:
        return {who: item for who, item in state.open.items() if 0 <= now - item.since < self.params.open_s}

    def _between(self, since: float, until: float) -> float:
        """The time that counts, in s."""
        return self._calendar.business_seconds(since, until) if self.params.business_hours else max(0.0, until - since)

    def _thin(self, state: DeptDwellRatioState) -> None:
        """Where there are too many, follow half as many; where there are few, twice as many from now on."""
        if len(state.open) > self.open_kept:
            state.open = self._here(state, state.last)
        while len(state.open) > self.open_kept or len(state.done) > self.done_kept:
            state.halvings += 1
            state.open = {who: item for who, item in state.open.items() if in_sample(who, state.halvings)}
            state.done = [row for row in state.done if in_sample(row[4], state.halvings)]
        if state.halvings and len(state.open) < self.open_kept // 8 and len(state.done) < self.done_kept // 8:
            state.halvings -= 1

    def _number(self, state: DeptDwellRatioState, name: str) -> int:
        """The number of a name; beyond those kept all are the nameless one."""
        if name not in state.names:
            if len(state.names) >= self.names_kept:
                return 0
            state.names.append(name)
        return state.names.index(name)

    def _learn_old(self, state: DeptDwellRatioState) -> None:
        """Learn those that left so long ago that they are out of every window to come."""
        until = state.last - self.params.window_s - self.params.gap_s
        old = [row for row in state.done if row[0] <= until]
        for end, dwell, *_ in old:
            if dwell > 0:
                state.usual.learn_capped(dwell, end, cap=self.params.cap, least=self.params.min_items)
        del state.done[: len(old)]

    def _variables(
        self, state: DeptDwellRatioState, now: float, value: float, here: dict[str, OpenItem], left: list[Left]
    ) -> dict[str, str | float]:
        labels = [(item.feeder, item.stage) for item in here.values()] or [row[2:4] for row in left]
        out: dict[str, str | float] = {"dwell_ratio": round(value, 1), "backlog": len(here) << state.halvings}
        if here:
            out["oldest_age_h"] = round(max(now - item.since for item in here.values()) / 3600, 1)
        for name, place in (("feeder", 0), ("stage", 1)):
            most = Counter(label[place] for label in labels if label[place]).most_common()
            if most:
                out[name] = state.names[min(most, key=lambda each: (-each[1], each[0]))[0]]
        return out
