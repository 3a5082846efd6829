"""How many customers wait in a queue now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.event import Event, Queue
from detectors.naming import name_of

__all__ = ["QueueLength"]

_IN: Final = ("in",)
_OUT: Final = ("out",)
_LEAVING: Final = frozenset(
    {
        "conversation.connected",
        "conversation.assigned",
        "conversation.abandoned",
        "conversation.resolved",
        "conversation.transferred",
        "call.ended",
    }
)


class QueueLengthParams(Params):
    """A snapshot is believed for `fresh_s`, then what was counted; who is not seen to leave is taken for gone after `forget_s`."""

    fresh_s: float = Field(default=1800.0, gt=0)
    forget_s: float = Field(default=4 * 3600.0, gt=0)


class QueueLengthState(State):
    """The last snapshot (`at`, `waiting`, `oldest_s`, `free`), who waits since when, and who left last (against disorder)."""

    at: float | None = None
    waiting: int = 0
    oldest_s: float | None = None
    free: int | None = None
    inside: dict[str, float] = msgspec.field(default_factory=dict)
    left: dict[str, float] = msgspec.field(default_factory=dict)
    last: float = 0.0
    queue: str = ""
    evidence: Evidence | None = None


class QueueLength(ScopeDetector[QueueLengthState]):
    """Customers waiting in a queue: what the last `queue.snapshot` says; where there are none, entries less departures.

    An entry is `conversation.queued` (or `conversation.opened` with a position in the queue); connected, assigned, transferred,
    abandoned or ended is a departure. Conversations are counted by id: a departure without entry takes nothing off, an entry that comes
    after its departure adds nothing, and one without departure is forgotten after 4 h. Evaluated at once and each minute. Memory: 1,000
    waiting (a longer queue reads 1,000) and the last 128 that left.

    >>> detector = QueueLength()
    >>> state = detector.new()
    >>> queue = Scope("acme", (("queue_id", "q1"),))
    >>> for time, who, way in ((1, "c1", _IN), (2, "c2", _IN), (3, "c1", _OUT), (3, "c9", _OUT)):
    ...     detector.learn_one(state, Observation("queue_length", queue, time, conversation_id=who, terms=way))
    >>> detector.score_one(state, 4.0).value
    1
    """

    indicator = "queue_length"
    State = QueueLengthState
    Params = QueueLengthParams
    at_once = True
    inside_kept = 1000
    left_kept = 128

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Snapshots, entries and departures."""
        event = turn.event
        if event.queue is not None and event.queue.waiting is not None:
            return (self._snapshot(turn, event.queue),)
        way = _way(event)
        queue = turn.context.queue_id
        if event.transfer is not None and way is _OUT:
            queue = event.transfer.origin.queue_id or queue
        if way is None or queue is None:
            return ()
        scope = turn.scope(queue_id=queue)
        return (Observation(name_of(type(self)), scope, event.time, conversation_id=turn.context.conversation_id, terms=way),)

    def learn_one(self, state: QueueLengthState, observation: Observation) -> None:
        """Take a snapshot, an entry or a departure in."""
        state.queue = observation.scope.get("queue_id") or state.queue
        time, who = observation.time, observation.conversation_id
        state.last = max(state.last, time)
        if who is None:
            self._believe(state, observation)
        elif observation.terms == _IN:
            if time >= state.left.get(who, -1.0):
                state.inside[who] = min(time, state.inside.get(who, time))
                _trim(state.inside, self.inside_kept)
        else:
            if state.inside.get(who, time) <= time:
                state.inside.pop(who, None)
            # Taken out first, so that the dictionary stays in the order of departures.
            state.left[who] = max(time, state.left.pop(who, time))
            _trim(state.left, self.left_kept)

    def score_one(self, state: QueueLengthState, now: float) -> Reading | None:
        """How many wait; variables `queue`, `queue_id`, `waiting`, `oldest_wait_s`, `agents_available` as far as known."""
        if not state.queue:
            return None
        variables: dict[str, str | float] = {"queue": state.queue, "queue_id": state.queue}
        if self._fresh(state, now):
            waiting, start, oldest = state.waiting, state.at, state.oldest_s
            if state.free is not None:
                variables["agents_available"] = state.free
        else:
            since = [time for time in state.inside.values() if now - time < self.params.forget_s]
            waiting, start, oldest = len(since), None, round(max(0.0, now - min(since))) if since else None
        variables["waiting"] = waiting
        if oldest is not None:
            variables["oldest_wait_s"] = oldest
        evidence = (state.evidence,) if state.evidence is not None and start is not None else ()
        return Reading(now, waiting, start=start, end=now, evidence=evidence, variables=variables)

    def idle(self, state: QueueLengthState, now: float) -> bool:
        """Nobody waits."""
        if self._fresh(state, now):
            return state.waiting == 0
        nobody = all(now - time >= self.params.forget_s for time in state.inside.values())
        return nobody and (state.at is None or now > state.at + self.params.fresh_s)

    def expired(self, state: QueueLengthState, now: float) -> bool:
        """Idle, and nobody who left can come in late any more."""
        return self.idle(state, now) and now - state.last > self.params.fresh_s

    def _fresh(self, state: QueueLengthState, now: float) -> bool:
        return state.at is not None and now - state.at <= self.params.fresh_s

    def _snapshot(self, turn: Turn, queue: Queue) -> Observation:
        oldest = -1.0 if queue.oldest_wait_s is None else queue.oldest_wait_s
        free = -1.0 if queue.agents_available is None else queue.agents_available
        scope = Scope(turn.event.tenant, (("queue_id", queue.queue_id),))
        waiting = float(queue.waiting or 0)
        return Observation(name_of(type(self)), scope, turn.event.time, value=waiting, event_id=turn.event.id, extra=(oldest, free))

    @staticmethod
    def _believe(state: QueueLengthState, observation: Observation) -> None:
        if state.at is not None and observation.time < state.at:
            return
        oldest, free = observation.extra
        state.at, state.waiting = observation.time, max(0, int(observation.value))
        state.oldest_s = oldest if oldest >= 0 else None
        state.free = int(free) if free >= 0 else None
        state.evidence = observation.evidence()


def _way(event: Event) -> tuple[str, ...] | None:
    """Whether an event is an entry, a departure or neither."""
    if event.type == "conversation.queued":
        return _IN
    if event.type == "conversation.opened" and event.data is not None and event.data.get("position_in_queue") is not None:
        return _IN
    return _OUT if event.type in _LEAVING else None


def _trim(times: dict[str, float], kept: int) -> None:
    """Forget the first that came of more than `kept`."""
    if len(times) > kept:
        del times[next(iter(times))]
