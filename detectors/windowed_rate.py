"""Rates of counts in a sliding window on the grid of event time, and what several of them share."""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from detectors.base import Observation, Reading, Scope, ScopeDetector, State, Turn
from detectors.event import Message
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after

__all__ = [
    "ALL",
    "HIT",
    "NO",
    "YES",
    "Slot",
    "UsualState",
    "WaitsState",
    "WindowedRate",
    "WindowedRateOf",
    "WindowedRateState",
    "WindowedRatio",
    "WindowedWaits",
    "just_closed",
    "waited",
]

YES: Final = ("yes",)
"""One that counts, of those that are counted."""
NO: Final = ("no",)
"""One that does not count, of those that are counted."""
HIT: Final = ("hit",)
"""Adds to the numerator only."""
ALL: Final = ("all",)
"""Adds to the denominator only."""

_WEIGHTS: Final[dict[tuple[str, ...], tuple[float, float]]] = {YES: (1.0, 1.0), NO: (0.0, 1.0), HIT: (1.0, 0.0), ALL: (0.0, 1.0)}

HOUR_S: Final = 3600.0
Slot = tuple[int, float, float]
"""The number of the slot since the epoch, numerator, denominator."""


class WindowedRateState(State):
    """Slots that hold something, in their order."""

    slots: list[Slot] = msgspec.field(default_factory=list)


W = TypeVar("W", bound=WindowedRateState)


class WindowedRateOf(ScopeDetector[W]):
    """Base of n(yes) / n(all) over the last `window_s`, evaluated each `step_s`.

    A subclass gives `indicator`, its times, and `observe`, which says `self.counted(turn, scope, YES)` and the like: such observations
    are counts of a minute (cells). Slots are `slot_s` wide, the window is of whole slots and ends with the one that contains `now`;
    late counts go to their slot while it is kept. An empty window reads `empty` with n = 0, which lights nothing. Memory: one triple for
    each slot of the window and of `spare_s` before it.
    """

    State = WindowedRateState
    window_s: ClassVar[float]
    slot_s: ClassVar[float] = 60.0
    spare_s: ClassVar[float] = 0.0
    empty: ClassVar[float] = 0.0
    least: ClassVar[int] = 8
    """The sample below which no rate lights anything (rule 6): the grid waits for more."""

    def counted(self, turn: Turn, scope: Scope, way: tuple[str, ...], value: float = 1.0) -> Observation:
        """One observation that is only a count, at the event's time."""
        return Observation(name_of(type(self)), scope, turn.event.time, value, terms=way, cell=True)

    def counted_for(self, turn: Turn, way: tuple[str, ...], **keys: str | None) -> Iterable[Observation]:
        """The same count for the scope of each key that is known."""
        return [self.counted(turn, turn.scope(**{name: key}), way) for name, key in keys.items() if key is not None]

    def learn_one(self, state: W, observation: Observation) -> None:
        """Add a count to its slot."""
        hits, trials = _WEIGHTS.get(observation.terms, (0.0, 0.0))
        self.add(state, observation.time, hits * observation.value, trials * observation.value)

    def add(self, state: W, time: float, hits: float, trials: float) -> None:
        """Add to the slot of a time, unless it is too old to be kept."""
        slots, number = state.slots, int(time // self.slot_s)
        kept = math.ceil((self.window_s + self.spare_s) / self.slot_s) + 1
        if slots and number <= slots[-1][0] - kept:
            return
        at = bisect_left(slots, (number, -math.inf, -math.inf))
        if at < len(slots) and slots[at][0] == number:
            slots[at] = (number, slots[at][1] + hits, slots[at][2] + trials)
        else:
            slots.insert(at, (number, hits, trials))
        while slots[0][0] <= slots[-1][0] - kept:
            del slots[0]

    def sums(self, state: W, until: float) -> tuple[float, float]:
        """Numerator and denominator of the window that ends at `until`."""
        return total(state.slots, math.ceil((until - self.window_s) / self.slot_s), int(until // self.slot_s))

    def score_one(self, state: W, now: float) -> Reading | None:
        """The share, never above 1; variables `count` and `total`."""
        if not state.slots:
            return None
        hits, trials = self.sums(state, now)
        # What is counted at its beginning and at its end may end after its beginning has left the window.
        trials = max(hits, trials)
        return Reading(
            now,
            hits / trials if trials else self.empty,
            n=trials,
            start=now - self.window_s,
            end=now,
            rate=True,
            variables={"count": hits, "total": trials},
        )

    def idle(self, state: W, now: float) -> bool:
        """Nothing in the window, nor to come into it."""
        return not state.slots or state.slots[-1][0] < math.ceil((now - self.window_s) / self.slot_s)

    def quiet_until(self, state: W, now: float) -> float:
        """The sample of a window only falls: one that is too small stays so."""
        return now + self.window_s if self.sums(state, now)[1] < self.least else now


class WindowedRate(WindowedRateOf[WindowedRateState]):
    """Base of those that remember nothing but the slots."""


class UsualState(WindowedRateState):
    """Beside the slots: the next hour to learn, and River means per hour of numerator and denominator."""

    hour: int = -1
    hits: MeanState = (0.0, 0.0)
    trials: MeanState = (0.0, 0.0)


class WindowedRatio(WindowedRateOf[UsualState]):
    """Base of a windowed rate that is compared with its own mean of 7 days.

    An hour is learnt `gap_s` after it left the window, so that an incident shows before it becomes the usual, and at most `cap` times
    what was usual. River's means forget beyond 168 hours; an hour without any trial teaches nothing.
    """

    State = UsualState
    gap_s: ClassVar[float] = 2 * HOUR_S
    cap: ClassVar[float] = 1.5
    remembered_h: ClassVar[float] = 168.0
    forget_s: ClassVar[float] = 35 * 86_400.0

    def __init_subclass__(cls) -> None:
        """The hours to come into the means are kept beside the window."""
        super().__init_subclass__()
        cls.spare_s = cls.gap_s + 2 * HOUR_S

    def add(self, state: UsualState, time: float, hits: float, trials: float) -> None:
        """Learn the hours that are old enough, then add."""
        newest = max(time, state.slots[-1][0] * self.slot_s) if state.slots else time
        ready = int((newest - self.window_s - self.gap_s) // HOUR_S)
        if state.hour < 0:
            state.hour = int(time // HOUR_S) + 1
        for hour in _hours(state.slots, self.slot_s, state.hour, ready):
            self._learn_hour(state, hour)
        state.hour = max(state.hour, ready)
        super().add(state, time, hits, trials)

    def usual(self, state: UsualState) -> float | None:
        """The usual rate; None before anything was learnt."""
        return state.hits[1] / state.trials[1] if state.trials[1] else None

    def expired(self, state: UsualState, now: float) -> bool:
        """Five weeks without a count."""
        return not state.slots or state.slots[-1][0] * self.slot_s + self.forget_s < now

    def _learn_hour(self, state: UsualState, hour: int) -> None:
        per_hour = int(HOUR_S // self.slot_s)
        hits, trials = total(state.slots, hour * per_hour, (hour + 1) * per_hour - 1)
        if not trials:
            return
        usual = self.usual(state)
        if usual and state.hits[0] >= 8:
            hits = min(hits, max(self.cap * usual * trials, usual * trials + 3 * math.sqrt(usual * trials)))
        state.hits = mean_after(state.hits, hits, memory=self.remembered_h)
        state.trials = mean_after(state.trials, trials, memory=self.remembered_h)


class WaitsState(WindowedRateState):
    """Who waits since when, with their limits, and who has been answered last (against disorder and second questions)."""

    waiting: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)
    done: dict[str, float] = msgspec.field(default_factory=dict)


class WindowedWaits(WindowedRateOf[WaitsState]):
    """Base of rates over waits for a first answer: those that ended in the window, and those still on beyond their limit.

    A subclass gives the `limit` of a turn's wait, and says by `late` whether its rate is that of the late ones or of the others. Who left
    unanswered within the limit needed no answer. Memory: beside the slots 1,000 waiting and the last 256 that were answered.
    """

    State = WaitsState
    window_s = 900.0
    late: ClassVar[bool]
    forget_s: ClassVar[float] = 4 * HOUR_S
    waiting_kept = 1000
    done_kept = 256

    @abstractmethod
    def limit(self, turn: Turn) -> float:
        """How long this customer may wait, in s."""

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Beginnings and ends of waits."""
        way, queue = waited(turn), turn.context.queue_id
        if way is None or queue is None:
            return ()
        extra = (self.limit(turn),) if way == ("asked",) else ()
        who = turn.context.conversation_id
        return (Observation(name_of(type(self)), turn.scope(queue_id=queue), turn.event.time, conversation_id=who, terms=way, extra=extra),)

    def learn_one(self, state: WaitsState, observation: Observation) -> None:
        """Begin a wait, or count one that ended."""
        who, time = observation.conversation_id or "", observation.time
        if observation.terms == ("asked",):
            if who not in state.done:
                since, limit = state.waiting.get(who, (time, observation.extra[0]))
                state.waiting[who] = (min(since, time), limit)
                _trim(state.waiting, self.waiting_kept)
            return
        wait = state.waiting.pop(who, None)
        if observation.terms == ("answered",):
            state.done[who] = state.done.pop(who, time)
            _trim(state.done, self.done_kept)
        if wait is not None and (time - wait[0] > wait[1] or observation.terms == ("answered",)):
            self.add(state, time, float((time - wait[0] > wait[1]) is self.late), 1.0)

    def sums(self, state: WaitsState, until: float) -> tuple[float, float]:
        """The window's, and those who wait too long."""
        hits, trials = super().sums(state, until)
        overdue = sum(1 for since, limit in state.waiting.values() if limit < until - since < self.forget_s)
        return hits + overdue * self.late, trials + overdue

    def score_one(self, state: WaitsState, now: float) -> Reading | None:
        """The share; None before any wait."""
        if not state.slots and not self.sums(state, now)[1]:
            return None
        return super().score_one(msgspec.structs.replace(state, slots=state.slots or [(0, 0.0, 0.0)]), now)

    def idle(self, state: WaitsState, now: float) -> bool:
        """Nobody waits, nothing in the window."""
        return super().idle(state, now) and all(now - since >= self.forget_s for since, _ in state.waiting.values())

    def quiet_until(self, state: WaitsState, now: float) -> float:
        """Who waits may yet count: the sample is at most the window's with all of them."""
        most = super().sums(state, now)[1] + len(state.waiting)
        return now + self.window_s if most < self.least else now


def _trim(kept: dict[str, Any], most: int) -> None:
    """Forget the first that came of more than `most`."""
    while len(kept) > most:
        del kept[next(iter(kept))]


def total(slots: Sequence[Slot], first: int, last: int) -> tuple[float, float]:
    """Numerators and denominators of the slots first..last.

    >>> total([(1, 2.0, 4.0), (2, 1.0, 1.0), (9, 5.0, 5.0)], 1, 3)
    (3.0, 5.0)
    """
    hits = trials = 0.0
    for number, part, whole in slots:
        if first <= number <= last:
            hits += part
            trials += whole
    return hits, trials


def just_closed(turn: Turn) -> bool:
    """Whether this event ends its conversation."""
    return turn.context.closed is not None and not turn.closed_before and not turn.event.late


def _hours(slots: Sequence[Slot], slot_s: float, first: int, until: int) -> list[int]:
    """The hours [first, until) that hold something, in order."""
    return sorted({hour for number, *_ in slots if first <= (hour := int(number * slot_s // HOUR_S)) < until})


def waited(turn: Turn) -> tuple[str, ...] | None:
    """What an event says about the wait for a first answer: `asked`, `answered`, `left` or nothing.

    A wait begins at the queue, on voice also at the opening, else at the customer's first message; it ends with the first answer
    that is neither private nor partial nor automatic, on voice with the connection, or when the conversation ends.
    """
    event, context, message = turn.event, turn.context, turn.event.message
    voice = context.channel == "voice"
    if context.channel in ("ticket", "email"):
        return None
    if message is not None:
        return _spoken(turn, message, voice=voice) if event.type == "message.created" else None
    if event.type == "conversation.queued" or (event.type == "conversation.opened" and voice):
        return ("asked",) if not context.agent_turns else None
    if event.type == "conversation.connected" and voice:
        return ("answered",)
    return ("left",) if not context.agent_turns and (just_closed(turn) or event.type == "call.ended") else None


def _spoken(turn: Turn, message: Message, *, voice: bool) -> tuple[str, ...] | None:
    context = turn.context
    if message.private or message.partial:
        return None
    if message.role == "customer":
        return ("asked",) if context.customer_turns == 1 and not voice else None
    answers = message.role in ("agent", "bot") and message.content_type not in ("template", "auto")
    # A greeting before the customer spoke may have been the first turn; later ones answer nothing that still waits.
    return ("answered",) if answers and context.agent_turns <= 3 and (voice or context.customer_turns) else None
