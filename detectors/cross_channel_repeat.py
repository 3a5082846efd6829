"""On how many channels a customer had to explain the same issue."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import Field

from detectors.base import Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.repeat_contact_count import contact_of

__all__ = ["CrossChannelRepeat"]


class CrossChannelRepeatParams(Params):
    """How far to look back."""

    window_s: float = Field(default=86_400.0, gt=0)


class CrossChannelRepeatState(State):
    """By channel, when the customer used it last for the issue."""

    channels: dict[str, float] = msgspec.field(default_factory=dict)


class CrossChannelRepeat(ScopeDetector[CrossChannelRepeatState]):
    """Distinct channels one customer used for one issue category within 24 h.

    A customer has one id on all channels, or nothing is found. A single channel is not spoken of. Memory: the last 8 channels.

    >>> from detectors.base import Scope
    >>> detector = CrossChannelRepeat()
    >>> state = detector.new()
    >>> for hour, channel in enumerate(("chat", "voice", "chat")):
    ...     detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, terms=(channel,)))
    >>> detector.score_one(state, 3 * 3600.0).value
    2
    """

    indicator = "cross_channel_repeat"
    State = CrossChannelRepeatState
    Params = CrossChannelRepeatParams
    step_s = 3600.0
    at_once = True
    channels_kept = 8

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """The channel of each conversation once its issue is known."""
        context = turn.context
        if context.channel is None or not contact_of(turn):
            return ()
        scope = turn.scope(customer_id=context.customer_id, issue_category=context.category)
        return (Observation(name_of(type(self)), scope, turn.event.time, terms=(context.channel,)),)

    def learn_one(self, state: CrossChannelRepeatState, observation: Observation) -> None:
        """Note a channel."""
        channel = observation.terms[0]
        state.channels[channel] = max(observation.time, state.channels.get(channel, observation.time))
        if len(state.channels) > self.channels_kept:
            del state.channels[min(state.channels, key=lambda key: (state.channels[key], key))]

    def score_one(self, state: CrossChannelRepeatState, now: float) -> Reading | None:
        """How many; variable `channels`."""
        used = sorted(name for name, time in state.channels.items() if now - self.params.window_s < time <= now)
        if len(used) < 2:
            return None
        return Reading(now, len(used), n=len(used), start=now - self.params.window_s, end=now, variables={"channels": ", ".join(used)})

    def idle(self, state: CrossChannelRepeatState, now: float) -> bool:
        """Too few to speak of."""
        return sum(1 for time in state.channels.values() if now - self.params.window_s < time) < 2

    def expired(self, state: CrossChannelRepeatState, now: float) -> bool:
        """None is in the window."""
        return all(time <= now - self.params.window_s for time in state.channels.values())
