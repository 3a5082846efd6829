"""How much of the time a service level allows is used up."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
from pydantic import BaseModel, Field

from detectors.base import ConversationDetector, Params, Reading, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.next_response_time import is_answer, is_question
from detectors.resolution_time import business_due, is_opening

__all__ = ["SlaBreachEta"]

_FIRST: Final = "frt"
_NEXT: Final = "nrt"
_WHOLE: Final = "rt"
Target = tuple[float, bool]
"""Seconds allowed, and whether only business hours count."""


class _Clock(NamedTuple):
    kind: str
    since: float
    target: float
    business: bool


class SlaBreachEtaParams(Params):
    """The policy's `calendar`, for targets in business hours."""

    calendar: CalendarParams = Field(default_factory=CalendarParams)


class SlaBreachEtaState(State):
    """Targets by kind; the oldest question without an answer, the last answer; opening and end.

    `used` and `stopped`: what was used up when the clock that was told of stopped, and when that was.
    """

    targets: dict[str, Target] = msgspec.field(default_factory=dict)
    asked: float | None = None
    said: float | None = None
    opened: float | None = None
    closed: float | None = None
    used: float | None = None
    policy: str = ""
    stopped: float | None = None


class SlaBreachEta(ConversationDetector[SlaBreachEtaState]):
    """Time elapsed over the target of a service level: of the first answer (`frt`), the next one (`nrt`), the resolution (`rt`).

    Targets come with the events (`sla`: kind, target_s, business_hours), the newest of a kind holds; a target without a kind is one
    of the resolution. Without a target nothing is said. Of several running clocks the one that used up most is told; when
    it stops, the reading is closed. Waits begin and end as in `next_response_time`, and with the queue; the issue as in
    `resolution_time`. Evaluated at messages and changes of the conversation, and by a timer (`due_at`): 1.0 is the breach.
    Memory: three targets and seven values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event
    >>> detector = SlaBreachEta()
    >>> state = detector.new()
    >>> opened = Event("conversation.opened", 0.0, "e1", "s", "t", "c", data={"sla": {"kind": "rt", "target_s": 172_800.0}})
    >>> detector.learn_one(state, Turn(opened, Context("c"), None, 0.0)), detector.due_at(state, 0.75) / 3600
    (True, 36.0)
    >>> detector.score_one(state, 48 * 3600.0).value
    1.0
    """

    indicator = "sla_breach_eta"
    State = SlaBreachEtaState
    Params = SlaBreachEtaParams

    def __init__(self, params: BaseModel | None = None) -> None:
        super().__init__(params)
        self._calendar = Calendar(self.params.calendar)

    def learn_one(self, state: SlaBreachEtaState, turn: Turn) -> bool:
        """Take targets, questions, answers, openings and ends in."""
        data = turn.event.data
        given = data is not None and "sla" in data and _agree(state, data["sla"])
        before = self._first(state, turn.event.time)
        moved = self._move(state, turn)
        if before is not None and before[1] not in self._clocks(state):
            state.used, state.stopped = before[0], turn.event.time
        return bool(state.targets) and (given or moved)

    def score_one(self, state: SlaBreachEtaState, now: float) -> Reading | None:
        """The greatest share used up; variables `kind`, `left` (h:mm:ss), `policy`."""
        first = self._first(state, now)
        if first is None or state.stopped == now:
            return Reading(now, state.used, closed=True) if state.used is not None else None
        used, clock = first
        left = max(0, round(clock.target * (1 - used)))
        variables: dict[str, str | float] = {"kind": clock.kind, "left": f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"}
        if state.policy:
            variables["policy"] = state.policy
        start = min(clock.since, now)
        return Reading(now, used, start=start, end=now, variables=variables, sample={"target_s": clock.target})

    def due_at(self, state: SlaBreachEtaState, level: float) -> float | None:
        """When the first clock has used up this share."""
        times = [self._due(clock, level * clock.target) for clock in self._clocks(state)]
        return min((time for time in times if time is not None), default=None)

    def _due(self, clock: _Clock, seconds: float) -> float | None:
        return business_due(self._calendar, clock.since, seconds) if clock.business else clock.since + seconds

    def _elapsed(self, clock: _Clock, now: float) -> float:
        return self._calendar.business_seconds(clock.since, now) if clock.business else max(0.0, now - clock.since)

    def _first(self, state: SlaBreachEtaState, now: float) -> tuple[float, _Clock] | None:
        """The clock that has used up most of its target, and how much."""
        return max(((self._elapsed(clock, now) / clock.target, clock) for clock in self._clocks(state)), default=None)

    @staticmethod
    def _clocks(state: SlaBreachEtaState) -> list[_Clock]:
        """The clocks that run and have a target."""
        if not state.targets or state.closed is not None:
            return []
        waits = (_FIRST if state.said is None else _NEXT, state.asked)
        clocks = []
        for kind, since in (waits, (_WHOLE, state.opened)):
            if since is not None and kind in state.targets:
                clocks.append(_Clock(kind, since, *state.targets[kind]))
        return clocks

    @staticmethod
    def _move(state: SlaBreachEtaState, turn: Turn) -> bool:
        """Start and stop the clocks; True when something happened that they depend on."""
        event, context, time = turn.event, turn.context, turn.event.time
        if context.closed is not None or event.type == "call.ended":
            fresh = state.closed is None
            state.closed, state.asked = context.closed if context.closed is not None else time, None
            return fresh
        message = event.message if event.type == "message.created" else None
        if message is not None and is_answer(message):
            state.said = time if state.said is None else max(time, state.said)
            if state.asked is not None and time >= state.asked:
                state.asked = None
            return True
        asks = message is not None and is_question(turn)
        opens = is_opening(event)
        if not asks and not opens:
            return False
        if state.closed is not None:
            state.closed = state.opened = None
        state.opened = time if state.opened is None else min(state.opened, time)
        if (asks or event.type == "conversation.queued") and (state.said is None or time > state.said):
            state.asked = time if state.asked is None else min(state.asked, time)
        return True


def _agree(state: SlaBreachEtaState, sla: Any) -> bool:
    """Take a target; True when there is one."""
    target = sla.get("target_s") if isinstance(sla, dict) else None
    if not isinstance(target, int | float) or target <= 0:
        return False
    kind = sla.get("kind") or _WHOLE
    state.targets[kind] = (float(target), bool(sla.get("business_hours")))
    state.policy = sla.get("policy_id") or state.policy
    return True
