"""Grouping: one page for many alerts that belong together."""

from __future__ import annotations

import hashlib
import heapq
from typing import Any, Self

from pydantic import Field, model_validator

from alerts.alert import Alert
from alerts.bundle import Bundle, Bundles
from alerts.match import Match
from alerts.rule import Stanza, TierName
from alerts.stage import AlertStageStep, Batch, Notice
from alerts.tier import Tier

__all__ = ["Group", "GroupRule"]


class GroupRule(Match):
    """Alerts it means that agree on the labels `by` come as one page for each receiver: `wait_s` after the first, then every `interval_s`.

    An alert of `at_once` or above, and the rise of one to it, does not wait. A page follows only where something is new.
    """

    by: list[str]
    wait_s: float = Field(default=30, ge=0, le=3600)
    interval_s: float = Field(default=300, ge=0, le=86_400)
    at_once: TierName = "red"

    @model_validator(mode="after")
    def _by_something(self) -> Self:
        if not self.by:
            raise ValueError("by: name the labels that make a group, such as [indicator, queue_id]")
        return self


class Group(AlertStageStep):
    """Gathers notices into groups, by the first rule that means them; without a rule each is a page of its own.

    Fired and over within the wait is told as over: no alert is lost in a group. A group's pages have its own id and number; they are
    `resolved` when none of its alerts burns. Listed are 50 alerts, the others are counted.
    """

    name = "group"

    class Params(Stanza):
        """`group:` of the policy."""

        group: list[GroupRule] = []

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._bundles = Bundles()
        self.kept = self._bundles.kept
        self._due: list[tuple[float, str]] = []

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices that belong to no group; the others wait in theirs."""
        result = Batch(drops=list(batch.drops))
        for notice in batch.notices:
            rule = None if notice.lane else self._rule(notice)
            alone = tuple(each for each in notice.receivers if rule is None or not self._put(rule, each, notice, now))
            if alone:
                notice.receivers = alone
                result.notices.append(notice)
        return result

    def observe(self, notice: Notice, now: float) -> None:
        """What waits here and has ended is told as that."""
        del now
        if not notice.alert.open:
            self._bundles.ended(notice)

    def started(self) -> None:
        """Rebuild the timers."""
        self._bundles.started()
        self._due = [(bundle.due, bundle.id) for bundle in self._bundles.all() if bundle.due]
        heapq.heapify(self._due)

    def due(self) -> float | None:
        """When the next group is told."""
        while self._due and not self._is_due(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def tick(self, now: float) -> Batch:
        """The groups that have waited long enough."""
        batch = Batch()
        while (due := self.due()) is not None and due <= now:
            bundle_id = heapq.heappop(self._due)[1]
            batch.notices.append(self._bundles.flush(bundle_id, self.desk, now))
        return batch

    def _put(self, rule: GroupRule, receiver: str, notice: Notice, now: float) -> bool:
        """Put a notice into the receiver's group; False for an alert that the receiver was paged for by itself."""
        alert = notice.alert
        known = self._bundles.holding(alert.id, receiver)
        if not known and (notice.told or receiver in self.desk.told(alert.id)):
            return False
        for bundle_id in known or [_id(rule, receiver, notice)]:
            self._schedule(self._bundles.add(bundle_id, receiver, notice, now), rule, alert, now)
        return True

    def _is_due(self, at: float, bundle_id: str) -> bool:
        bundle = self._bundles.get(bundle_id)
        return bundle is not None and bundle.due == at and self._bundles.waiting(bundle_id) > 0

    def _rule(self, notice: Notice) -> GroupRule | None:
        rules: list[GroupRule] = self.params.group
        if not rules:
            return None
        labels = notice.labels
        return next((rule for rule in rules if rule.meets(labels, notice.alert.max_tier)), None)

    def _schedule(self, bundle: Bundle, rule: GroupRule, alert: Alert, now: float) -> None:
        urgent = alert.open and alert.tier >= Tier.named(rule.at_once) and (alert.revision == 1 or alert.tier > alert.previous_tier)
        due = now if urgent else max(bundle.sent + rule.interval_s, now) if bundle.number else now + rule.wait_s
        if not bundle.due or due < bundle.due:
            bundle.due = due
            heapq.heappush(self._due, (due, bundle.id))
        self._bundles.put(bundle)


def _id(rule: GroupRule, receiver: str, notice: Notice) -> str:
    """The identity of a group: 32 hex digits of tenant, receiver and the values of its labels."""
    labels = notice.labels
    values = [notice.alert.scope.tenant, receiver, *(f"{name}={labels.get(name, '')}" for name in rule.by)]
    text = "|".join(f"{len(value)}:{value}" for value in values)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
