"""How long the last in a queue will probably wait."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Params, Reading, Scope, Turn
from detectors.naming import name_of
from detectors.windowed_rate import HIT, WindowedRateOf, WindowedRateState, just_closed

__all__ = ["EstimatedWait"]


class EstimatedWaitParams(Params):
    """A snapshot is believed for `fresh_s`; fewer than `least` completions in the window are no speed."""

    fresh_s: float = Field(default=1800.0, gt=0)
    least: int = Field(default=10, ge=1)


class EstimatedWaitState(WindowedRateState):
    """Beside the slots (completions) the last snapshot: when, and how many waited."""

    at: float | None = None
    waiting: float = 0.0


class EstimatedWait(WindowedRateOf[EstimatedWaitState]):
    """Customers waiting (`queue.snapshot`) over completions per second within 5 min, in s, for each queue.

    A completion is a conversation solved in the queue. The guard asks for ten of them: a queue that completes hardly anything has no
    speed, and its length is queue_length's affair. Memory: 6 minutes of counts and one snapshot.

    >>> detector = EstimatedWait()
    >>> state = detector.new()
    >>> queue = Scope("acme", (("queue_id", "q1"),))
    >>> detector.learn_one(state, Observation("estimated_wait", queue, 60.0, 30.0, terms=HIT))
    >>> detector.learn_one(state, Observation("estimated_wait", queue, 90.0, 12.0, terms=("waiting",)))
    >>> detector.score_one(state, 120.0).value
    120.0
    """

    indicator = "estimated_wait"
    State = EstimatedWaitState
    Params = EstimatedWaitParams
    window_s = 300.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Snapshots and completions."""
        event = turn.event
        if event.queue is not None and event.queue.waiting is not None:
            scope = Scope(event.tenant, (("queue_id", event.queue.queue_id),))
            return (Observation(name_of(type(self)), scope, event.time, float(event.queue.waiting), terms=("waiting",)),)
        if event.type == "conversation.resolved" and just_closed(turn):
            return self.counted_for(turn, HIT, queue_id=turn.context.queue_id)
        return ()

    def learn_one(self, state: EstimatedWaitState, observation: Observation) -> None:
        """Take a snapshot or completions in."""
        if observation.terms == HIT:
            super().learn_one(state, observation)
        elif state.at is None or observation.time >= state.at:
            state.at, state.waiting = observation.time, observation.value

    def score_one(self, state: EstimatedWaitState, now: float) -> Reading | None:
        """The wait; 0 when nobody waits or nothing is known of the queue's speed. Variables `waiting`, `completed`."""
        if state.at is None:
            return None
        if now - state.at > self.params.fresh_s:
            return Reading(now, 0.0, n=0, guard=False)
        completed, _ = self.sums(state, now)
        wait = state.waiting * self.window_s / completed if completed else 0.0
        return Reading(
            now,
            round(wait, 3),
            n=completed,
            start=now - self.window_s,
            end=now,
            guard=completed >= self.params.least,
            variables={"waiting": state.waiting, "completed": completed},
        )

    def idle(self, state: EstimatedWaitState, now: float) -> bool:
        """Nobody waits, as far as known, or nothing is completed."""
        unknown = state.at is None or now - state.at > self.params.fresh_s
        return unknown and super().idle(state, now)
