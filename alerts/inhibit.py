"""Inhibition: what a greater trouble explains is not paged beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from alerts.holding import Hold, Holding
from alerts.match import Match
from alerts.rule import Stanza
from alerts.stage import Notice

__all__ = ["Inhibit", "InhibitRule"]


class InhibitRule(Stanza):
    """While an alert that `source` means burns, those that `target` means are not paged, where both agree on the labels `equal`.

    A label both lack agrees. Tenants never inhibit one another. An alert that both sides mean is not inhibited by one that both sides
    mean, so that no two silence each other.
    """

    source: Match
    target: Match
    equal: list[str] = []


class _Group(NamedTuple):
    """A rule, and the values of its equal labels."""

    rule: int
    values: tuple[str, ...]


class Inhibit(Holding):
    """Holds back alerts as `inhibited` while their source burns; those that still burn when it ended are paged then.

    It never takes an end from anybody: who was paged before the source began is told when it is over. A source counts from its
    alert's first revision to its end, paged itself or not. Sources are found among the open alerts: nothing of them is kept.
    """

    name = "inhibit"

    class Params(Stanza):
        """`inhibit:` of the policy."""

        inhibit: list[InhibitRule] = []

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self.watches = bool(self.params.inhibit)
        self._sources: dict[_Group, dict[str, bool]] = {}
        self._groups: dict[str, list[_Group]] = {}
        self._targets: dict[_Group, set[str]] = {}
        self._waits: dict[str, _Group] = {}

    def observe(self, notice: Notice, now: float) -> None:
        """Take note of a source that begins, moves or ends."""
        super().observe(notice, now)
        if not self.params.inhibit:
            return
        alert = notice.alert
        if not alert.open:
            self._wait(alert.id, None)
        before = self._groups.pop(alert.id, [])
        for group in before:
            self._sources[group].pop(alert.id)
        if alert.open:
            self._enter(notice)
        for group in before:
            if not self._sources[group]:
                del self._sources[group]
                self._release(group)

    def _enter(self, notice: Notice) -> None:
        alert, labels = notice.alert, notice.labels
        for index, rule in enumerate(self.params.inhibit):
            if rule.source.meets(labels, alert.tier):
                group = _group(index, rule, labels)
                self._groups.setdefault(alert.id, []).append(group)
                self._sources.setdefault(group, {})[alert.id] = rule.target.meets(labels, alert.tier)

    def hold(self, notice: Notice, now: float) -> Hold | None:
        """The source that explains it."""
        del now
        if not self.params.inhibit:
            return None
        alert, labels = notice.alert, notice.labels
        for index, rule in enumerate(self.params.inhibit):
            if not rule.target.meets(labels, alert.tier):
                continue
            group = _group(index, rule, labels)
            both = rule.source.meets(labels, alert.tier)
            sources = [key for key, mutual in self._sources.get(group, {}).items() if key != alert.id and not (both and mutual)]
            if sources:
                self._wait(alert.id, group)
                return Hold("inhibited", min(sources))
        return None

    def _wait(self, alert_id: str, group: _Group | None) -> None:
        """A target waits for the sources of a group, and of no other."""
        before = self._waits.pop(alert_id, None)
        if before is not None:
            self._targets[before].discard(alert_id)
            if not self._targets[before]:
                del self._targets[before]
        if group is not None:
            self._waits[alert_id] = group
            self._targets.setdefault(group, set()).add(alert_id)

    def _release(self, group: _Group) -> None:
        for alert_id in sorted(self._targets.pop(group, ())):
            self._waits.pop(alert_id, None)
            self.wake(alert_id)

    def started(self) -> None:
        """Look at all that are held once: their source may have ended with the policy that named it."""
        super().started()
        for alert_id, _ in list(self.kept["held"].items()):
            self.wake(alert_id)


def _group(index: int, rule: InhibitRule, labels: Mapping[str, str]) -> _Group:
    return _Group(index, tuple(labels.get(name, "") for name in ("tenant_id", *rule.equal)))
