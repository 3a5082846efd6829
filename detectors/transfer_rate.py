"""How many conversations are handed on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from detectors.base import Observation, Scope, Turn
from detectors.naming import name_of
from detectors.places import hop_of
from detectors.windowed_rate import HIT, NO, WindowedRateOf, WindowedRateState, just_closed

__all__ = ["TransferRate"]


class TransferRateState(WindowedRateState):
    """Beside the slots the last conversations that were handed on."""

    moved: dict[str, float] = msgspec.field(default_factory=dict)


class TransferRate(WindowedRateOf[TransferRateState]):
    """Conversations a queue or department handed on over those it handed on or ended, within 1 h.

    A conversation counts once however often it is handed on; asking a colleague is no transfer. Tickets are left out: going from
    department to department is their way. Memory: 61 minutes of counts and the last 512 conversations handed on.

    >>> detector = TransferRate()
    >>> state = detector.new()
    >>> for who, way in (("a", HIT), ("a", HIT), ("a", NO), ("b", NO)):
    ...     detector.learn_one(state, Observation("transfer_rate", Scope("acme"), 60.0, conversation_id=who, terms=way))
    >>> reading = detector.score_one(state, 120.0)
    >>> reading.value, reading.n
    (0.5, 2.0)
    """

    indicator = "transfer_rate"
    State = TransferRateState
    window_s = 3600.0
    moved_kept = 512

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Transfers, by where they came from, and ends."""
        event, context = turn.event, turn.context
        if event.ticket is not None or context.channel == "ticket":
            return ()
        if hop_of(event) is not None and event.transfer is not None:
            origin = event.transfer.origin
            places: dict[str, str | None] = {"queue_id": origin.queue_id, "department_id": origin.department_id}
            return self._said(turn, HIT, places)
        if just_closed(turn) and event.type == "conversation.resolved":
            return self._said(turn, NO, {"queue_id": context.queue_id, "department_id": context.department_id})
        return ()

    def learn_one(self, state: TransferRateState, observation: Observation) -> None:
        """Count a conversation once: at its first transfer, or at its end."""
        who = observation.conversation_id or ""
        known = who in state.moved
        if observation.terms == HIT:
            state.moved[who] = observation.time
            while len(state.moved) > self.moved_kept:
                del state.moved[next(iter(state.moved))]
        if not known:
            self.add(state, observation.time, float(observation.terms == HIT), 1.0)

    def _said(self, turn: Turn, way: tuple[str, ...], places: dict[str, str | None]) -> list[Observation]:
        who = turn.context.conversation_id
        scopes: list[Scope] = [turn.scope(**{name: place}) for name, place in places.items() if place is not None]
        return [Observation(name_of(type(self)), scope, turn.event.time, conversation_id=who, terms=way) for scope in scopes]
