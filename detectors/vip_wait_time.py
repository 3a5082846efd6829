"""How long a VIP has been waiting for the first answer."""

from __future__ import annotations

from pydantic import BaseModel

from detectors.base import ConversationDetector, Reading, Turn
from detectors.first_response_time import FirstResponseTime, FirstResponseTimeParams, FirstResponseTimeState

__all__ = ["VipWaitTime"]


class VipWaitTimeParams(FirstResponseTimeParams):
    """The customers' `tiers` that are VIPs."""

    tiers: tuple[str, ...] = ("vip", "svip")


class VipWaitTimeState(FirstResponseTimeState):
    """A wait, and the VIP's tier once it is known."""

    tier: str = ""
    customer: str = ""


class VipWaitTime(ConversationDetector[VipWaitTimeState]):
    """The first response time of customers whose tier is `vip` or `svip`; of others nothing is said.

    Begins, ends and is evaluated like `first_response_time`. The tier may become known while the customer waits, the wait then counts
    from its beginning. Memory: eight values.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = VipWaitTime()
    >>> asked = Event("message.created", 100.0, "e1", "s", "t", "c", message=Message(role="customer", text="在吗"))
    >>> for tier in ("svip", "normal"):
    ...     state = detector.new()
    ...     turn = Turn(asked, Context("c", channel="chat", customer_tier=tier), None, 100.0)
    ...     detector.learn_one(state, turn), detector.due_at(state, 60.0)
    (True, 160.0)
    (False, None)
    """

    indicator = "vip_wait_time"
    State = VipWaitTimeState
    Params = VipWaitTimeParams

    def __init__(self, params: BaseModel | None = None) -> None:
        super().__init__(params)
        self._wait = FirstResponseTime(self.params)

    def learn_one(self, state: VipWaitTimeState, turn: Turn) -> bool:
        """Begin, go on with or end the wait."""
        known = bool(state.tier)
        tier = turn.context.customer_tier
        state.tier = tier if tier is not None and tier in self.params.tiers else ""
        state.customer = turn.context.customer_id or state.customer
        heard = self._wait.learn_one(state, turn)
        return bool(state.tier) and (heard or (not known and state.since is not None))

    def score_one(self, state: VipWaitTimeState, now: float) -> Reading | None:
        """The wait; variables as of the first response time, and `tier`, `customer_id`."""
        reading = self._wait.score_one(state, now) if state.tier else None
        if reading is not None:
            reading.variables |= {"tier": state.tier, **({"customer_id": state.customer} if state.customer else {})}
        return reading

    def due_at(self, state: VipWaitTimeState, level: float) -> float | None:
        """When the wait reaches `level` seconds, if it goes on."""
        return self._wait.due_at(state, level) if state.tier else None
