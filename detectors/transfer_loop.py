"""A conversation that comes back to a department it had left."""

from __future__ import annotations

import msgspec

from detectors.base import ConversationDetector, Evidence, Reading, State, Turn
from detectors.places import Hop, add_hop, hop_of, path

__all__ = ["TransferLoop", "returns"]


def returns(places: list[str]) -> int:
    """How many steps of a path lead to a place visited before.

    >>> returns(["logistics", "finance", "logistics", "tech", "finance"])
    2
    """
    return len(places) - len(set(places))


class TransferLoopState(State):
    """The last hops in order of time; `seen` the most returns seen, which forgotten hops do not lower."""

    hops: list[Hop] = msgspec.field(default_factory=list)
    seen: int = 0
    last: Evidence | None = None


class TransferLoop(ConversationDetector[TransferLoopState]):
    """Returns of a conversation to a department already visited (A→B→A is one).

    A place is its department, else its queue, else its agent; moving within a department is no return. Evaluated at each transfer.
    Memory: 24 hops; returns to a place that was left longer ago are not seen.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Place, Transfer
    >>> detector = TransferLoop()
    >>> state = detector.new()
    >>> for time, there in enumerate((("a", "b"), ("b", "a"))):
    ...     moved = Transfer(Place(department_id=there[0]), Place(department_id=there[1]))
    ...     event = Event("conversation.transferred", time, str(time), "s", "t", "c", transfer=moved)
    ...     _ = detector.learn_one(state, Turn(event, Context("c"), None, time))
    >>> detector.score_one(state, 2.0).value
    1
    """

    indicator = "transfer_loop"
    State = TransferLoopState

    def learn_one(self, state: TransferLoopState, turn: Turn) -> bool:
        """Follow a transfer."""
        hop = hop_of(turn.event)
        if hop is None:
            return False
        add_hop(state.hops, hop)
        state.seen = max(state.seen, returns(path(state.hops)))
        if state.last is None or (state.last.time or 0.0) <= hop[0]:
            state.last = turn.evidence()
        return True

    def score_one(self, state: TransferLoopState, now: float) -> Reading | None:
        """The returns; variables `n` (of transfers known), `path`, `owner` (who had it first)."""
        if not state.hops:
            return None
        places = path(state.hops)
        variables: dict[str, str | float] = {"n": len(state.hops)}
        if places:
            variables |= {"path": "→".join(places), "owner": places[0]}
        evidence = (state.last,) if state.last is not None else ()
        return Reading(now, state.seen, start=state.hops[0][0], end=now, evidence=evidence, variables=variables)
