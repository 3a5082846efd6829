"""Deduplication: one page for one thing."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import Field

from alerts.kept import Kept
from alerts.rule import Stanza
from alerts.stage import AlertStageStep, Batch, Drop, Notice

__all__ = ["Dedup", "DedupRule"]


class DedupRule(Stanza):
    """Alerts that agree on the labels `by` are one for `window_s` seconds from the first one's page; 0 switches that off."""

    by: list[str] = []
    window_s: float = Field(default=0, ge=0, le=30 * 86_400)


class _Lit(msgspec.Struct, array_like=True):
    alert_id: str
    tier: int
    until: float


class Dedup(AlertStageStep):
    """Drops a revision that was passed on before (`duplicate`), and within `window_s` other alerts of the same labels (`same_labels`).

    An alert of a higher tier than the first one passes and begins a new window. Ends pass. Memory: an entry for each open alert, and
    for each set of labels within the window.
    """

    name = "dedup"

    class Params(Stanza):
        """`dedup:` of the policy."""

        dedup: DedupRule = DedupRule()

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._passed: Kept[int] = Kept(int)
        self._lit: Kept[_Lit] = Kept(_Lit)
        self.kept = {"passed": self._passed, "lit": self._lit}

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices that are new."""
        result = Batch(drops=list(batch.drops))
        self._forget(now)
        for notice in batch.notices:
            if notice.passes and notice.alert.open and notice.receivers:
                self._passed.put(notice.alert.id, notice.alert.revision)
            drop = None if notice.passes or notice.step else self._double(notice, now)
            if drop is None:
                result.notices.append(notice)
            else:
                result.drops.append(drop)
        return result

    def observe(self, notice: Notice, now: float) -> None:
        """Forget an alert that ended; its window stays."""
        del now
        if not notice.alert.open:
            self._passed.drop(notice.alert.id)

    def started(self) -> None:
        """Bring the windows into the order of their ends."""
        entries = sorted(self._lit.items(), key=lambda item: (item[1].until, item[0]))
        for key, lit in entries:
            self._lit.move_to_end(key, lit)

    def _double(self, notice: Notice, now: float) -> Drop | None:
        alert = notice.alert
        if (self._passed.get(alert.id) or 0) >= alert.revision:
            return Drop(notice.event_id, self.name, "duplicate")
        rule: DedupRule = self.params.dedup
        if rule.window_s:
            labels = notice.labels
            key = "|".join(f"{len(value)}:{value}" for value in (labels.get(name, "") for name in ("tenant_id", *rule.by)))
            lit = self._lit.get(key)
            if lit is not None and lit.alert_id != alert.id and alert.tier <= lit.tier:
                return Drop(notice.event_id, self.name, "same_labels", lit.alert_id)
            if lit is None or lit.alert_id != alert.id:
                self._lit.drop(key)
                self._lit.put(key, _Lit(alert.id, alert.tier, now + rule.window_s))
        self._passed.put(alert.id, alert.revision)
        return None

    def _forget(self, now: float) -> None:
        while (first := next(self._lit.items(), None)) is not None and first[1].until <= now:
            self._lit.drop(first[0])
