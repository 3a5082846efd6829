"""How much of the time an item is on its way somebody works on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.sampling import in_sample
from detectors.windowed_rate import just_closed

__all__ = ["FlowEfficiency"]

_CAME: Final = "came"
_TOUCHED: Final = "touched"
_RESTED: Final = "rested"
_WENT: Final = "went"
_RESTING: Final = frozenset({"new", "pending", "on_hold", "escalated", "reopened"})

HOUR_S: Final = 3600.0
Slot = tuple[int, int, float, float, float]
"""The hour since the epoch, the pair's number, items that left in it, their touch time and their elapsed time in s."""


class FlowEfficiencyParams(Params):
    """`window_s` in which items ended; touch must have been seen within `touched_s`; an item open for `open_s` is forgotten."""

    window_s: float = Field(default=86_400.0, gt=0)
    touched_s: float = Field(default=7 * 86_400.0, gt=0)
    open_s: float = Field(default=30 * 86_400.0, gt=0)


class FlowItem(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """An item on its way: since when, its touch time so far (s), since when it is being touched, the number of its origin."""

    since: float
    touch: float = 0.0
    touching: float | None = None
    origin: int = 0

    def rest(self, time: float) -> None:
        """Nobody works on it any more."""
        if self.touching is not None:
            self.touch += max(0.0, time - self.touching)
            self.touching = None


class FlowEfficiencyState(State):
    """Items on their way by conversation, hours of those that ended, where items came from, when one was last begun to be worked on.

    `halvings` says which part of the items is followed.
    """

    open: dict[str, FlowItem] = msgspec.field(default_factory=dict)
    slots: list[Slot] = msgspec.field(default_factory=list)
    origins: list[str] = msgspec.field(default_factory=lambda: [""])
    touched: float | None = None
    last: float = 0.0
    halvings: int = 0
    scope: Scope = Scope("")


class FlowEfficiency(ScopeDetector[FlowEfficiencyState]):
    """Σ touch time / Σ elapsed time of items, within 24 h: of each pair of departments and, over all departments, of each ticket type.

    Items are tickets and conversations that were handed on. Of a pair A → B the stay in B counts of what came from A; of a ticket type
    the way from its creation to its end. Touch time begins with an assignment to a person, or with the status `open`, and ends with the
    next transfer, with another status, or at the end. Counted are the items that ended within 24 h (by whole hours) and those that have
    not, at their present age. A scope in which no touch was reported for 7 d says nothing: no report is not no work. `n` is the number
    of items. Nights and holidays count as elapsed.

    Limits: a ticket type is told only by events that carry their ticket; an item opened again is not followed again; of more than 256
    open items a fair half is followed, and so on; pairs of 16 origins. Memory: 256 items and 25 hours of each pair (20 kB at the most).

    >>> from detectors.base import Scope
    >>> detector = FlowEfficiency()
    >>> state = detector.new()
    >>> for way, hour in (("came", 0), ("touched", 2), ("rested", 3), ("went", 4)):
    ...     scope = Scope("acme", (("ticket_type", "complaint"),))
    ...     detector.learn_one(state, Observation("", scope, hour * 3600.0, conversation_id="t-1", terms=(way,)))
    >>> reading = detector.score_one(state, 5 * 3600.0)
    >>> reading.value, reading.n
    (0.25, 1.0)
    """

    indicator = "flow_efficiency"
    State = FlowEfficiencyState
    Params = FlowEfficiencyParams
    step_s = 300.0
    open_kept = 256
    origins_kept = 17

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What comes, is worked on, rests and goes: to its department and, where the event has it, to its ticket's type."""
        event, context = turn.event, turn.context
        if event.late or (context.department_since is None and turn.department_since_before is None):
            return ()
        before, here = turn.department_before, context.department_id
        moved = (before, turn.department_since_before) != (here, context.department_since)
        origin = event.transfer.origin.department_id if event.transfer is not None else before
        told = []
        if moved and turn.department_since_before is not None and before is not None:
            told.append(self._told(turn, _WENT, department_id=before))
        if moved and origin not in (None, here) and context.closed is None:
            told.append(self._told(turn, _CAME, origin or "", department_id=here))
        way = _way(turn)
        if way == _TOUCHED or (way is not None and not moved):
            told.append(self._told(turn, way, department_id=here))
        kind = event.ticket.type if event.ticket is not None else None
        if kind is not None:
            ways = [_CAME] if event.type == "ticket.created" else [_RESTED] if moved else []
            told += [self._told(turn, each, ticket_type=kind) for each in (*ways, *([way] if way is not None else []))]
        return told

    def learn_one(self, state: FlowEfficiencyState, observation: Observation) -> None:
        """Follow one item."""
        way, origin = (*observation.terms, "")[:2]
        who, time = observation.conversation_id or "", observation.time
        state.scope, state.last = observation.scope, max(state.last, time)
        if not in_sample(who, state.halvings):
            return
        if way == _CAME:
            self._take_in(state, who, FlowItem(time, origin=self._number(state, origin)))
            return
        item = state.open.get(who)
        if item is None:
            return
        if way == _TOUCHED:
            state.touched = max(time, state.touched or time)
            item.touching = time if item.touching is None else min(time, item.touching)
            return
        item.rest(time)
        if way == _WENT:
            del state.open[who]
            self._count(state, item, time)

    def score_one(self, state: FlowEfficiencyState, now: float) -> Reading | None:
        """The efficiency of a ticket type; variables `pair` (its name), `backlog`, `oldest_age_h`."""
        kind = state.scope.get("ticket_type")
        return self._reading(state, now, None, {"pair": kind}) if kind is not None else None

    def score_parts(self, state: FlowEfficiencyState, now: float) -> Iterable[Reading]:
        """The efficiency of each pair of departments; variables `pair`, `department`, `feeder`, `backlog`, `oldest_age_h`."""
        here = state.scope.get("department_id")
        if here is None:
            return []
        found = []
        for number, origin in enumerate(state.origins):
            names: dict[str, str | float] = {"pair": f"{origin} → {here}", "department": here, "feeder": origin}
            reading = self._reading(state, now, number, names) if origin else None
            if reading is not None:
                reading.scope = Scope(state.scope.tenant, (("from_department_id", origin), ("to_department_id", here)))
                found.append(reading)
        return found

    def idle(self, state: FlowEfficiencyState, now: float) -> bool:
        """Nothing is on its way and nothing ended within the window."""
        ended = all(slot[0] <= (now - self.params.window_s) // HOUR_S for slot in state.slots)
        return ended and all(now - item.since >= self.params.open_s for item in state.open.values())

    def expired(self, state: FlowEfficiencyState, now: float) -> bool:
        """Nothing is known of touch any more."""
        return self.idle(state, now) and state.last + self.params.touched_s < now

    def _told(self, turn: Turn, way: str, origin: str = "", **keys: str | None) -> Observation:
        who = turn.context.conversation_id
        return Observation(name_of(type(self)), turn.scope(**keys), turn.event.time, conversation_id=who, terms=(way, origin))

    def _open(self, state: FlowEfficiencyState, now: float) -> list[FlowItem]:
        return [item for item in state.open.values() if 0 <= now - item.since < self.params.open_s]

    def _ended(self, state: FlowEfficiencyState, now: float) -> list[Slot]:
        first = (now - self.params.window_s) // HOUR_S + 1
        return [slot for slot in state.slots if first <= slot[0] <= now // HOUR_S]

    def _take_in(self, state: FlowEfficiencyState, who: str, item: FlowItem) -> None:
        state.open[who] = item
        if len(state.open) > self.open_kept:
            state.open = {each: kept for each, kept in state.open.items() if state.last - kept.since < self.params.open_s}
        while len(state.open) > self.open_kept:
            state.halvings += 1
            state.open = {each: kept for each, kept in state.open.items() if in_sample(each, state.halvings)}
        if state.halvings and len(state.open) < self.open_kept // 8:
            state.halvings -= 1

    def _count(self, state: FlowEfficiencyState, item: FlowItem, time: float) -> None:
        """Add an item that ended to its hour."""
        hour = int(time // HOUR_S)
        at = bisect_left(state.slots, (hour, item.origin))
        count = touch = elapsed = 0.0
        if at < len(state.slots) and state.slots[at][:2] == (hour, item.origin):
            _, _, count, touch, elapsed = state.slots.pop(at)
        spent = max(0.0, time - item.since)
        state.slots.insert(at, (hour, item.origin, count + 1, touch + min(spent, item.touch), elapsed + spent))
        state.slots = [slot for slot in state.slots if slot[0] > state.last // HOUR_S - self.params.window_s // HOUR_S - 1]

    def _number(self, state: FlowEfficiencyState, origin: str) -> int:
        """The number of an origin; beyond those kept all are the nameless one."""
        if origin not in state.origins:
            if len(state.origins) >= self.origins_kept:
                return 0
            state.origins.append(origin)
        return state.origins.index(origin)

    def _reading(self, state: FlowEfficiencyState, now: float, origin: int | None, names: dict[str, str | float]) -> Reading | None:
        """What the items of one origin (None: of all) give; None without any, or where nobody reports touch."""
        if state.touched is None or now - state.touched >= self.params.touched_s:
            return None
        here = [item for item in self._open(state, now) if origin in (None, item.origin)]
        ended = [slot for slot in self._ended(state, now) if origin in (None, slot[1])]
        count = len(here) + sum(slot[2] for slot in ended)
        elapsed = sum(now - item.since for item in here) + sum(slot[4] for slot in ended)
        if not count or elapsed <= 0:
            return None
        touch = sum(item.touch + (max(0.0, now - item.touching) if item.touching is not None else 0.0) for item in here)
        variables: dict[str, str | float] = {**names, "backlog": len(here) << state.halvings}
        if here:
            variables["oldest_age_h"] = round(max(now - item.since for item in here) / HOUR_S, 1)
        value = round(min(1.0, (touch + sum(slot[3] for slot in ended)) / elapsed), 9)
        return Reading(now, value, n=count, start=now - self.params.window_s, end=now, variables=variables)


def _way(turn: Turn) -> str | None:
    """What an event says about the work on an item."""
    event = turn.event
    if just_closed(turn):
        return _WENT
    if turn.context.closed is not None:
        return None
    if event.type == "conversation.assigned":
        return _TOUCHED if event.agent is None or event.agent.type != "bot" else None
    if event.type == "ticket.escalated":
        return _RESTED
    status = event.ticket.current if event.ticket is not None and event.type == "ticket.status_changed" else None
    return _TOUCHED if status == "open" else _RESTED if status in _RESTING else None
