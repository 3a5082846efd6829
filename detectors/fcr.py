"""How many issues are solved at the first contact."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.windowed_rate import just_closed

__all__ = ["Fcr"]

_BEGINNINGS: Final = frozenset({"conversation.opened", "ticket.created", "call.started"})

Solved = tuple[int, int, int, int]
"""When (s), the numbers of queue and issue, whether the customer came back (0, 1)."""


class FcrParams(Params):
    """Contacts are solved in `window_s`, and followed within `lag_s`, or in what has passed of it (the early estimate).

    The lagged figure of a queue counts from `enough` contacts on.
    """

    window_s: float = Field(default=86_400.0, gt=0)
    lag_s: float = Field(default=7 * 86_400.0, gt=0)
    enough: int = Field(default=50, ge=1)


class Contacts(msgspec.Struct, array_like=True, omit_defaults=True):
    """Solved contacts by a checksum of customer and issue, how many there are; `halvings` says which part of them is followed."""

    solved: dict[int, list[Solved]] = msgspec.field(default_factory=dict)
    count: int = 0
    halvings: int = 0

    def add(self, whose: int, row: Solved) -> None:
        """Keep one more, unless it is in the part that is not followed."""
        if whose % (1 << self.halvings) == 0:
            self.solved.setdefault(whose, []).append(row)
            self.count += 1

    def follow(self, whose: int, began: float, within_s: float) -> None:
        """The contacts this one follows were not the last."""
        if rows := self.solved.get(whose):
            rows[:] = [(*row[:3], 1) if row[0] <= began <= row[0] + within_s else row for row in rows]

    def between(self, start: float, end: float) -> list[Solved]:
        """Those solved after `start`, at `end` at the latest."""
        return [row for rows in self.solved.values() for row in rows if start < row[0] <= end]

    def trim(self, after: float, most: int) -> None:
        """Forget those solved until `after`; follow half as many until fewer than `most` are left, twice as many of a quarter."""
        self._keep({whose: [row for row in rows if row[0] > after] for whose, rows in self.solved.items()})
        if self.count < most // 4:
            self.halvings = max(0, self.halvings - 1)
        while self.count >= most:
            self.halvings += 1
            self._keep({whose: rows for whose, rows in self.solved.items() if whose % (1 << self.halvings) == 0})

    def renumber(self, queues: Sequence[int], issues: Sequence[int]) -> None:
        """Names have another number: their place in these."""
        self._keep(
            {whose: [(row[0], queues.index(row[1]), issues.index(row[2]), row[3]) for row in rows] for whose, rows in self.solved.items()}
        )

    def _keep(self, solved: dict[int, list[Solved]]) -> None:
        self.solved = {whose: rows for whose, rows in solved.items() if rows}
        self.count = sum(map(len, self.solved.values()))


class FcrState(State):
    """The contacts of the last window, those of the lag and the window before it, the names of queues and issues."""

    recent: Contacts = msgspec.field(default_factory=Contacts)
    past: Contacts = msgspec.field(default_factory=Contacts)
    queues: list[str] = msgspec.field(default_factory=list)
    issues: list[str] = msgspec.field(default_factory=list)
    scope: Scope = Scope("")


class Fcr(ScopeDetector[FcrState]):
    """1 − contacts followed by the same customer's next one on the same issue / contacts solved, for each queue.

    Two figures: the early estimate, of the contacts solved in the last 24 h and followed by now; and the rate itself, lagged, of those
    solved in the 24 h that ended 7 d ago and followed within 7 d. The early one is the higher, since who comes back tomorrow is
    not known yet; the reading is the lower of the two, as soon as the lagged one has 50 contacts, and its start and end say which.

    Kept per tenant, since a customer may come back in another queue: the contact counts where it was solved. A contact follows when it
    began, or the solved one was opened again, after that was solved. Contacts of unknown customer or issue, and those that ended
    unsolved, do not count. `n` is the number of contacts solved. Limits: of more than 2,048 contacts solved in 24 h, and in 8 d, a
    fair half of customers and issues is followed, and so on, and `n` counts those; 256 queues and as many issues have names. Memory:
    twice 2,048 contacts (about 70 kB at the most).

    >>> from detectors.base import Scope
    >>> detector = Fcr()
    >>> state = detector.new()
    >>> def learn(who, way, at, began):
    ...     terms = (way, "refund", "q-1")
    ...     detector.learn_one(state, Observation("", Scope("acme"), at, customer_id=who, terms=terms, extra=(began,)))
    >>> for number in range(4):
    ...     learn(f"u-{number}", "solved", 600.0, 0.0)
    >>> learn("u-1", "began", 3600.0, 3600.0)
    >>> [(reading.scope.key, reading.value, reading.n) for reading in detector.score_parts(state, 7200.0)]
    [('acme|queue_id=q-1', 0.75, 4)]
    """

    indicator = "fcr"
    version = 2
    State = FcrState
    Params = FcrParams
    step_s = 300.0
    solved_kept = 2048
    names_kept = 256

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Contacts at their beginning, when they are opened again, and at their end."""
        context, event = turn.context, turn.event
        if event.late or context.customer_id is None or context.category is None:
            return ()
        began = event.time if context.opened is None else context.opened
        way = "began"
        if turn.closed_before and context.closed is None:
            began = event.time
        elif just_closed(turn):
            unsolved = event.type == "conversation.abandoned" or not (event.data or {}).get("resolved", True)
            way = "began" if unsolved or context.queue_id is None else "solved"
        elif event.type not in _BEGINNINGS:
            return ()
        terms = (way, context.category, context.queue_id or "")
        name = name_of(type(self))
        return (Observation(name, turn.scope(), event.time, customer_id=context.customer_id, terms=terms, extra=(began,)),)

    def learn_one(self, state: FcrState, observation: Observation) -> None:
        """Note who came back, then what was solved."""
        way, issue, queue = observation.terms
        whose = f"{observation.customer_id}|{issue}"
        state.scope = observation.scope
        key = crc32(whose.encode())
        for contacts in (state.recent, state.past):
            contacts.follow(key, observation.extra[0], self.params.lag_s)
        if way == "solved":
            self._add(state, observation.time, key, queue, issue)

    def score_one(self, state: FcrState, now: float) -> Reading | None:
        """None: the rates are those of queues."""
        return None

    def score_parts(self, state: FcrState, now: float) -> Iterable[Reading]:
        """The rate of each queue; variables `count` (followed), `total`, `unresolved_rate`, and `issue`, the one most often followed."""
        lag, window = self.params.lag_s, self.params.window_s
        early = _by_queue(state.recent.between(now - window, now))
        late = _by_queue(state.past.between(now - lag - window, now - lag))
        readings = []
        for queue in sorted(early.keys() | late.keys()):
            figures = [(rows, end) for rows, end in ((early.get(queue, []), now), (late.get(queue, []), now - lag)) if rows]
            counted = [(rows, end) for rows, end in figures if end == now or len(rows) >= self.params.enough]
            if not counted:
                continue
            rows, end = min(counted, key=lambda figure: _rate(figure[0]))
            readings.append(self._reading(state, now, state.queues[queue], rows, end, late.get(queue, [])))
        return readings

    def idle(self, state: FcrState, now: float) -> bool:
        """No contact can be in a window any more."""
        return not any(contacts.between(now - kept, math.inf) for contacts, kept in self._kept(state))

    def _kept(self, state: FcrState) -> tuple[tuple[Contacts, float], ...]:
        """Each sample, and for how long (s) its contacts are needed."""
        return (state.recent, self.params.window_s), (state.past, self.params.lag_s + self.params.window_s)

    def _reading(self, state: FcrState, now: float, queue: str, rows: Sequence[Solved], end: float, late: Sequence[Solved]) -> Reading:
        followed = Counter(row[2] for row in rows if row[3])
        count, total = sum(followed.values()), len(rows)
        variables: dict[str, str | float] = {"count": count, "total": total, "unresolved_rate": f"{100 * count / total:.1f}%"}
        if followed:
            variables["issue"] = state.issues[min(followed, key=lambda each: (-followed[each], each))]
        sample: dict[str, float] = {"lagged_total": len(late)}
        if late:
            sample["lagged"] = _rate(late)
        scope = Scope(state.scope.tenant, (("queue_id", queue),))
        start = end - self.params.window_s
        return Reading(now, _rate(rows), n=total, start=start, end=end, rate=True, scope=scope, variables=variables, sample=sample)

    def _add(self, state: FcrState, time: float, whose: int, queue: str, issue: str) -> None:
        full = len(state.queues) >= self.names_kept or len(state.issues) >= self.names_kept
        if full or any(contacts.count >= self.solved_kept for contacts, _ in self._kept(state)):
            self._tidy(state, time)
        numbers = []
        for names, name in ((state.queues, queue), (state.issues, issue)):
            if name not in names:
                if len(names) >= self.names_kept:
                    return
                names.append(name)
            numbers.append(names.index(name))
        for contacts, _ in self._kept(state):
            contacts.add(whose, (int(time), numbers[0], numbers[1], 0))

    def _tidy(self, state: FcrState, time: float) -> None:
        """Forget what is out of the windows, and the names nobody bears."""
        for contacts, kept in self._kept(state):
            contacts.trim(time - kept, self.solved_kept)
        borne = [row for contacts, _ in self._kept(state) for row in contacts.between(-math.inf, math.inf)]
        queues, issues = (sorted({row[place] for row in borne}) for place in (1, 2))
        for contacts, _ in self._kept(state):
            contacts.renumber(queues, issues)
        state.queues, state.issues = [state.queues[each] for each in queues], [state.issues[each] for each in issues]


def _by_queue(rows: Iterable[Solved]) -> dict[int, list[Solved]]:
    found: dict[int, list[Solved]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(row)
    return found


def _rate(rows: Sequence[Solved]) -> float:
    return round(1 - sum(row[3] for row in rows) / len(rows), 9)
