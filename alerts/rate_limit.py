"""A limit of pages for each receiver; what is too much comes as one digest."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pydantic import Field

from alerts.bundle import Bundles
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

    The end of an alert is never limited. Memory: `pages` times for each receiver, and what waits for a digest.
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
        del now
        alert = notice.alert
        if alert.open:
            return
        told = self.desk.told(alert.id)
        for receiver in self._limits:
            if receiver in told and self._bundles.holding(alert.id, receiver):
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
        """When the next digest may go."""
        return min((self._free_at(bundle.receiver) for bundle in self._bundles.all()), default=None)

    def tick(self, now: float) -> Batch:
        """The digests that may go now."""
        batch = Batch()
        for receiver in sorted(bundle.receiver for bundle in self._bundles.all()):
            if self._free_at(receiver) <= now:
                self._count(receiver, now)
                batch.notices.append(self._bundles.flush(receiver, self.desk, now))
                for alert_id, _ in batch.notices[-1].covers:
                    self._bundles.remove(receiver, alert_id)
        return batch

    def _allows(self, receiver: str, notice: Notice, now: float, result: Batch) -> bool:
        limit = self._limits.get(receiver)
        if limit is None or notice.passes or notice.alert.fire.label in limit.exempt:
            return True
        if self._bundles.get(receiver) is None and self._free_at(receiver) <= now:
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
