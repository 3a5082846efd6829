"""How often a conversation was handed on."""

from __future__ import annotations

import msgspec

from detectors.base import ConversationDetector, Evidence, Reading, State, Turn
from detectors.places import Hop, add_hop, hop_of, path

__all__ = ["TransferCount"]


class TransferCountState(State):
    """`count` of all transfers; `hops` the last ones in order of time."""

    count: int = 0
    hops: list[Hop] = msgspec.field(default_factory=list)
    last: Evidence | None = None


class TransferCount(ConversationDetector[TransferCountState]):
    """Transfers of a conversation so far. Asking a colleague (mode `consult`) is none.

    Evaluated at each transfer. Memory: 24 hops.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Place, Transfer
    >>> detector = TransferCount()
    >>> state = detector.new()
    >>> there = Transfer(Place(department_id="a"), Place(department_id="b"), "cold")
    >>> event = Event("conversation.transferred", 5.0, "e1", "s", "t", "c", transfer=there)
    >>> detector.learn_one(state, Turn(event, Context("c"), None, 5.0))
    True
    >>> detector.score_one(state, 5.0).variables["path"]
    'a→b'
    """

    indicator = "transfer_count"
    State = TransferCountState

    def learn_one(self, state: TransferCountState, turn: Turn) -> bool:
        """Count a transfer."""
        hop = hop_of(turn.event)
        if hop is None:
            return False
        state.count += 1
        add_hop(state.hops, hop)
        if state.last is None or (state.last.time or 0.0) <= hop[0]:
            state.last = turn.evidence()
        return True

    def score_one(self, state: TransferCountState, now: float) -> Reading | None:
        """The count; variables `n`, `path`, `owner` (who had it first)."""
        if not state.count:
            return None
        places = path(state.hops)
        variables: dict[str, str | float] = {"n": state.count}
        if places:
            variables |= {"path": "→".join(places), "owner": places[0]}
        evidence = (state.last,) if state.last is not None else ()
        return Reading(now, state.count, start=state.hops[0][0], end=now, evidence=evidence, variables=variables)
