"""What a notifier is to deliver, one revision of one alert for one receiver, and what came of it."""

from __future__ import annotations

import msgspec

__all__ = ["Delivered", "Delivery", "Failed", "Page", "Retry"]


class Page(msgspec.Struct, array_like=True, omit_defaults=True):
    """One message to one receiver, as it lies in the outbox topic; **fields are only ever appended**.

    `event_id` (`<alert_id>:<revision>`, and `:<step>` for a repetition or an escalation) is the same when the page is sent again, so
    the receiver can drop a double. `created` is the clock (epoch s) when it was written; `body` the alert's CloudEvent as JSON. A page of
    many alerts has its group's id and number for an alert's id and revision.
    """

    receiver: str
    alert_id: str
    revision: int
    tenant: str
    tier: str
    state: str
    created: float
    body: bytes
    step: str = ""

    @property
    def event_id(self) -> str:
        """The id that receivers drop doubles by."""
        return f"{self.alert_id}:{self.revision}:{self.step}" if self.step else f"{self.alert_id}:{self.revision}"

    @property
    def lane(self) -> str:
        """Pages of one lane are delivered in the order of their revisions; lanes do not wait for one another."""
        return f"{self.receiver}|{self.alert_id}"


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it."""


class Retry(msgspec.Struct, frozen=True):
    """Not delivered now; another attempt may succeed, not before `after_s` seconds where the receiver said so. `reason` is for metrics."""

    reason: str
    after_s: float | None = None


class Failed(msgspec.Struct, frozen=True):
    """Not delivered, and another attempt of this page would not mend it. `disables`: the receiver wants no more pages at all."""

    reason: str
    disables: bool = False


Delivery = Delivered | Retry | Failed
"""Whether it can be tried again is in the type."""
