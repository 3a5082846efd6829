"""How many issues are solved at the first contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final
from zlib import crc32

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.sampling import in_sample
from detectors.windowed_rate import just_closed

__all__ = ["Fcr"]

_BEGINNINGS: Final = frozenset({"conversation.opened", "ticket.created", "call.started"})

Solved = tuple[int, int, int, int, int]
"""When (s), a checksum of customer and issue, the numbers of queue and issue, whether the customer came back (0, 1)."""


class FcrParams(Params):
    """`window_s` of the early estimate: contacts solved in it, and followed in it."""

    window_s: float = Field(default=86_400.0, gt=0)


class FcrState(State):
    """Solved contacts in order of time, the names of queues and issues; `halvings` says which part of the contacts is followed."""

    solved: list[Solved] = msgspec.field(default_factory=list)
    queues: list[str] = msgspec.field(default_factory=list)
    issues: list[str] = msgspec.field(default_factory=list)
    halvings: int = 0
    scope: Scope = Scope("")


class Fcr(ScopeDetector[FcrState]):
    """1 − contacts followed by the same customer's next one on the same issue / contacts solved, within 24 h, for each queue.

    Kept per tenant, since a customer may come back in another queue: the contact counts where it was solved. A contact follows when it
    began, or the solved one was opened again, after that was solved. Contacts of unknown customer or issue, and those that ended
    unsolved, do not count. It is the early estimate of the rate of 7 d, and higher than that: who comes back tomorrow is not known
    yet. `n` is the number of contacts solved. Limits: of more than 2,048 contacts solved in 24 h a fair half of customers and issues is
    followed, and so on, and `n` counts those; 64 queues and 64 issues have names. Memory: 2,048 contacts (about 30 kB at the most).

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
    State = FcrState
    Params = FcrParams
    step_s = 300.0
    solved_kept = 2048
    names_kept = 64

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
        if not in_sample(whose, state.halvings):
            return
        key, began = crc32(whose.encode()), observation.extra[0]
        for at, row in enumerate(state.solved):
            if row[1] == key and row[0] <= began:
                state.solved[at] = (*row[:4], 1)
        if way == "solved":
            self._add(state, observation.time, key, queue, issue)

    def score_one(self, state: FcrState, now: float) -> Reading | None:
        """None: the rates are those of queues."""
        return None

    def score_parts(self, state: FcrState, now: float) -> Iterable[Reading]:
        """The rate of each queue; variables `count` (followed), `total`, `unresolved_rate`, and `issue`, the one most often followed."""
        window = self._window(state, now)
        totals = Counter(row[2] for row in window)
        readings = []
        for queue, total in sorted(totals.items()):
            followed = Counter(row[3] for row in window if row[2] == queue and row[4])
            count = sum(followed.values())
            variables: dict[str, str | float] = {"count": count, "total": total, "unresolved_rate": f"{100 * count / total:.1f}%"}
            if followed:
                variables["issue"] = state.issues[min(followed, key=lambda each: (-followed[each], each))]
            scope = Scope(state.scope.tenant, (("queue_id", state.queues[queue]),))
            value, start = round(1 - count / total, 9), now - self.params.window_s
            readings.append(Reading(now, value, n=total, start=start, end=now, rate=True, scope=scope, variables=variables))
        return readings

    def idle(self, state: FcrState, now: float) -> bool:
        """No contact was solved within the window."""
        return all(row[0] <= now - self.params.window_s for row in state.solved)

    def _window(self, state: FcrState, now: float) -> list[Solved]:
        return [row for row in state.solved if now - self.params.window_s < row[0] <= now]

    def _add(self, state: FcrState, time: float, key: int, queue: str, issue: str) -> None:
        if len(state.solved) >= self.solved_kept or len(state.queues) >= self.names_kept or len(state.issues) >= self.names_kept:
            self._tidy(state, time)
        numbers = []
        for names, name in ((state.queues, queue), (state.issues, issue)):
            if name not in names:
                if len(names) >= self.names_kept:
                    return
                names.append(name)
            numbers.append(names.index(name))
        state.solved.append((int(time), key, numbers[0], numbers[1], 0))

    def _tidy(self, state: FcrState, time: float) -> None:
        """Forget what is out of the window and the names nobody bears; where that is not enough, follow half as many."""
        state.solved = self._window(state, time)
        if len(state.solved) < self.solved_kept // 4:
            state.halvings = max(0, state.halvings - 1)
        while len(state.solved) >= self.solved_kept:
            state.halvings += 1
            state.solved = [row for row in state.solved if row[1] % (1 << state.halvings) == 0]
        queues, issues = (sorted({row[place] for row in state.solved}) for place in (2, 3))
        state.solved = [(row[0], row[1], queues.index(row[2]), issues.index(row[3]), row[4]) for row in state.solved]
        state.queues, state.issues = [state.queues[each] for each in queues], [state.issues[each] for each in issues]
