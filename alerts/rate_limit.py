"""A limit of pages for each receiver; what is too much comes as one digest."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pydantic import Field

from alerts.bundle import Bundle, Bundles
from alerts.kept import Kept
from alerts.rule import Names, Stanza, TierName
from alerts.stage import AlertStageStep, Batch, Drop, Notice

__all__ = ["Limit", "RateLimit"]


class Limit(Stanza):
    """At most `pages` to each of the `receivers` within any `per_s` seconds. What is too much is gathered (`digest`) or dropped.

    Alerts of the tiers `exempt` are not counted and never wait.
    """

    receivers: Names = Field(min_length=1)
    pages: int = Field(ge=1, le=10_000)
    per_s: float = Field(default=60, gt=0, le=86_400)
    overflow: Literal["digest", "drop"] = "digest"
    exempt: list[TierName] = ["red"]


class _Sent(msgspec.Struct, array_like=True):
    """When the last pages went to a receiver."""

    times: list[float]


class RateLimit(AlertStageStep):
    """Keeps the limits, as `digest` or `rate_limited`. A digest goes out as soon as the limit allows, and counts as one page.

    The end of an alert is never limited, nor is that of a digest: a receiver's digests are pages of one id until all that they told of is
    over, and a last page says so. Who keeps incidents then has one for them, and it is closed. Memory: `pages` times for each receiver, and
    some 300 bytes for each open alert that a digest told of or is to tell of.
    """

    name = "rate_limit"

    class Params(Stanza):
        """`rate_limit:` of the policy."""

        rate_limit: list[Limit] = []

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        limits: list[Limit] = self.params.rate_limit
        self._limits = {receiver: limit for limit in reversed(limits) for receiver in limit.receivers}
        self._sent: Kept[_Sent] = Kept(_Sent)
        self._bundles = Bundles()
        self.kept = {"sent": self._sent, **self._bundles.kept}

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices within the limits."""
        result = Batch(drops=list(batch.drops))
        for notice in batch.notices:
            if self._limits:
                notice.receivers = tuple(each for each in notice.receivers if self._allows(each, notice, now, result))
            if notice.receivers:
                result.notices.append(notice)
        return result

    def observe(self, notice: Notice, now: float) -> None:
        """What waits for a digest and has ended is told as that, or by itself to who knew of it."""
        alert = notice.alert
        if alert.open:
            return
        told = self.desk.told(alert.id)
        for receiver in self._bundles.holding(alert.id):
            bundle = self._bundles.get(receiver)
            if bundle is not None and bundle.number and self._bundles.burning(receiver) == 1:
                self._bundles.add(receiver, receiver, notice, now)
            elif receiver in told:
                self._bundles.remove(receiver, alert.id)
        self._bundles.ended(notice)

    def started(self) -> None:
        """Rebuild the indexes."""
        self._bundles.started()

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers that are limited."""
        limits: list[Limit] = self.params.rate_limit
        return [(f"rate_limit.{index}.receivers", name) for index, limit in enumerate(limits) for name in limit.receivers]

    def due(self) -> float | None:
        """When the next digest may go, or the last one at once."""
        dues = (self._due(bundle) for bundle in self._bundles.all())
        return min((due for due in dues if due is not None), default=None)

    def tick(self, now: float) -> Batch:
        """The digests that may go now."""
        batch = Batch()
        for bundle in sorted(self._bundles.all(), key=lambda each: each.receiver):
            due = self._due(bundle)
            if due is None or due > now:
                continue
            if not self._over(bundle):
                self._count(bundle.receiver, now)
            batch.notices.append(self._bundles.flush(bundle.receiver, self.desk, now, news=True))
        return batch

    def _due(self, bundle: Bundle) -> float | None:
        if not self._bundles.waiting(bundle.receiver):
            return None
        return 0.0 if self._over(bundle) else self._free_at(bundle.receiver)

    def _over(self, bundle: Bundle) -> bool:
        """Whether all is over that digests told of."""
        return bundle.number > 0 and not self._bundles.burning(bundle.receiver)

    def _allows(self, receiver: str, notice: Notice, now: float, result: Batch) -> bool:
        limit = self._limits.get(receiver)
        if limit is None or notice.passes or notice.alert.fire.label in limit.exempt:
            return True
        if not self._bundles.waiting(receiver) and self._free_at(receiver) <= now:
            self._count(receiver, now)
            return True
        if limit.overflow == "digest":
            self._bundles.add(receiver, receiver, notice, now)
        reason = "digest" if limit.overflow == "digest" else "rate_limited"
        result.drops.append(Drop(notice.event_id, self.name, reason, receiver))
        return False

    def _free_at(self, receiver: str) -> float:
        """When the receiver may get its next page."""
        limit, sent = self._limits.get(receiver), self._sent.get(receiver)
        if limit is None or sent is None or len(sent.times) < limit.pages:
            return 0.0
        return sent.times[-limit.pages] + limit.per_s

    def _count(self, receiver: str, now: float) -> None:
        pages = self._limits[receiver].pages if receiver in self._limits else 1
        sent = self._sent.get(receiver) or _Sent([])
        self._sent.put(receiver, _Sent([*sent.times, now][-pages:]))
