"""What came of one attempt to deliver a page, as it is recorded on the deliveries topic."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from alerts.outbox import Attempt, Outcome
from alerts.page import Delivered, Delivery, Retry

__all__ = ["DeliveryRecord", "Result", "record_of"]

Result = Literal["delivered", "waiting", "dead"]

_RESULTS: Final[dict[Outcome, Result]] = {Outcome.DELIVERED: "delivered", Outcome.WAITING: "waiting", Outcome.DEAD: "dead"}


class DeliveryRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="fenghuo.delivery.v1"):
    """One attempt. `at` is when it ended (epoch s), `attempt` counts from 1 and begins anew after a worker's crash.

    `step` is the page's: r2 of a repetition, e1 of an escalation, empty of a revision's own. `result`: delivered; waiting for another
    attempt, not before `due` (epoch s); dead, no more attempts. `reason` names the failure.
    """

    receiver: str
    alert_id: str
    revision: int
    tenant: str
    at: float
    attempt: int
    result: Result
    reason: str = ""
    due: float | None = None
    step: str = ""


def record_of(attempt: Attempt, delivery: Delivery, outcome: Outcome, now: float) -> DeliveryRecord:
    """The record of an attempt that `Outbox.settle` has just been told of.

    >>> from alerts.page import Page
    >>> page = Page("ops", "a", 1, "acme", "red", "raised", 100.0, b"{}")
    >>> record_of(Attempt(page), Delivered(), Outcome.DELIVERED, 101.0).result
    'delivered'
    """
    page = attempt.page
    # `settle` has counted a Retry as a failure, and nothing else.
    made = attempt.failures + (0 if isinstance(delivery, Retry) else 1)
    return DeliveryRecord(
        receiver=page.receiver,
        alert_id=page.alert_id,
        revision=page.revision,
        tenant=page.tenant,
        at=now,
        attempt=made,
        result=_RESULTS[outcome],
        reason="" if isinstance(delivery, Delivered) else delivery.reason,
        due=attempt.due if outcome is Outcome.WAITING else None,
        step=page.step,
    )
