"""How often a customer is contacted without having asked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.event import Event
from detectors.naming import name_of

__all__ = ["OutboundContactFrequency"]


class OutboundContactFrequencyParams(Params):
    """How far to look back."""

    window_s: float = Field(default=86_400.0, gt=0)


class OutboundContactFrequencyState(State):
    """Contacts in their order, each (event time, campaign)."""

    contacts: list[tuple[float, str]] = msgspec.field(default_factory=list)


class OutboundContactFrequency(ScopeDetector[OutboundContactFrequencyState]):
    """Messages and calls to a customer within 24 h that belong to no conversation the customer began.

    A message goes out unasked when the customer has said nothing in its conversation and it belongs to a campaign or begins the
    conversation itself; a call when it belongs to a campaign. What a conversation's later messages without a campaign are cannot be
    told. Fewer than two contacts are not spoken of. Memory: the last 64 contacts.

    >>> from detectors.base import Scope
    >>> detector = OutboundContactFrequency()
    >>> state = detector.new()
    >>> for hour in range(5):
    ...     detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, terms=("camp-1",)))
    >>> detector.score_one(state, 5 * 3600.0).value
    5
    """

    indicator = "outbound_contact_frequency"
    State = OutboundContactFrequencyState
    Params = OutboundContactFrequencyParams
    step_s = 3600.0
    at_once = True
    contacts_kept = 64

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each unasked contact."""
        event, customer = turn.event, turn.context.customer_id
        if event.type not in ("message.created", "call.started") or customer is None or not _unasked(turn, event):
            return ()
        campaign = event.conversation.campaign_id if event.conversation is not None else None
        scope = turn.scope(customer_id=customer)
        return (Observation(name_of(type(self)), scope, event.time, event_id=event.id, terms=(campaign or "",)),)

    def learn_one(self, state: OutboundContactFrequencyState, observation: Observation) -> None:
        """Note a contact."""
        campaign = observation.terms[0] if observation.terms else ""
        state.contacts = sorted([*state.contacts, (observation.time, campaign)])[-self.contacts_kept :]

    def score_one(self, state: OutboundContactFrequencyState, now: float) -> Reading | None:
        """How many; variables `n`, `campaign_ids`."""
        within = self._within(state, now)
        if len(within) < 2:
            return None
        variables: dict[str, str | float] = {"n": len(within)}
        campaigns = sorted({campaign for _, campaign in within if campaign})
        if campaigns:
            variables["campaign_ids"] = ", ".join(campaigns)
        return Reading(now, len(within), n=len(within), start=now - self.params.window_s, end=now, variables=variables)

    def idle(self, state: OutboundContactFrequencyState, now: float) -> bool:
        """Too few to speak of."""
        return len(self._within(state, now, later=True)) < 2

    def expired(self, state: OutboundContactFrequencyState, now: float) -> bool:
        """None is in the window."""
        return not self._within(state, now, later=True)

    def _within(self, state: OutboundContactFrequencyState, now: float, *, later: bool = False) -> list[tuple[float, str]]:
        return [each for each in state.contacts if now - self.params.window_s < each[0] and (later or each[0] <= now)]


def _unasked(turn: Turn, event: Event) -> bool:
    message, context = event.message, turn.context
    campaign = event.conversation is not None and event.conversation.campaign_id is not None
    if event.type == "call.started":
        return campaign
    if message is None or message.direction != "out" or message.private or message.partial or context.customer_turns:
        return False
    return campaign or context.opened == event.time
