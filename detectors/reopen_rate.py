"""How many solved cases come back."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Turn
from detectors.naming import name_of
from detectors.windowed_rate import HIT, YES, WindowedRateOf, WindowedRateState, just_closed

__all__ = ["ReopenRate"]


class ReopenRateParams(Params):
    """A customer who has the same issue solved again within `again_s` came back."""

    again_s: float = Field(default=7 * 86_400.0, gt=0)


class ReopenRateState(WindowedRateState):
    """Beside the slots, by a checksum of customer and issue, when a case was solved last."""

    solved: dict[int, int] = msgspec.field(default_factory=dict)


class ReopenRate(WindowedRateOf[ReopenRateState]):
    """Cases reopened, or solved for a customer whose same issue was solved within 7 d, over cases solved within 24 h.

    For each queue and issue category. A case is reopened when its ticket says so or its customer writes again after the end. Slots are of
    5 minutes. Memory: 290 slots and the last 512 customers with their issues (about 12 kB).

    >>> from detectors.base import Scope
    >>> detector = ReopenRate()
    >>> state = detector.new()
    >>> for who in ("u-1", "u-2", "u-1"):
    ...     detector.learn_one(state, Observation("reopen_rate", Scope("acme"), 60.0, customer_id=who, terms=("yes", "refund")))
    >>> reading = detector.score_one(state, 600.0)
    >>> round(reading.value, 3), reading.n
    (0.333, 3.0)
    """

    indicator = "reopen_rate"
    State = ReopenRateState
    Params = ReopenRateParams
    window_s = 86_400.0
    slot_s = 300.0
    step_s = 300.0
    solved_kept = 512

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Solved cases and reopened ones."""
        context, event = turn.context, turn.event
        if event.late:
            return ()
        ticket = event.ticket
        said = ticket is not None and ticket.current == "reopened"
        if said or (turn.closed_before and context.closed is None):
            way = HIT
        elif just_closed(turn) and event.type != "conversation.abandoned" and (event.data or {}).get("resolved", True):
            way = YES
        else:
            return ()
        scopes = [turn.scope(**{name: key}) for name, key in (("queue_id", context.queue_id), ("issue_category", context.category)) if key]
        terms = (*way, context.category or "")
        return [Observation(name_of(type(self)), scope, event.time, customer_id=context.customer_id, terms=terms) for scope in scopes]

    def learn_one(self, state: ReopenRateState, observation: Observation) -> None:
        """Count a case; one that comes back is known by its customer and issue."""
        time, way, issue = observation.time, observation.terms[:1], observation.terms[1]
        if way == HIT:
            self.add(state, time, 1.0, 0.0)
            return
        again = False
        if observation.customer_id is not None and issue:
            key = crc32(f"{observation.customer_id}|{issue}".encode())
            last = state.solved.pop(key, None)
            again = last is not None and time - last <= self.params.again_s
            state.solved[key] = int(time)
            while len(state.solved) > self.solved_kept:
                del state.solved[next(iter(state.solved))]
        self.add(state, time, float(again), 1.0)

    def expired(self, state: ReopenRateState, now: float) -> bool:
        """Nobody can come back any more."""
        return self.idle(state, now) and all(now - time > self.params.again_s for time in state.solved.values())
