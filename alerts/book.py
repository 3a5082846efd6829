"""The open alerts of some tenants: changes of tier in, revisions of alerts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from alerts.alert import Alert, alert_id, alert_key, place
from alerts.decide import Change
from alerts.tier import Tier
from alerts.uplift import own_tier, uplift
from detectors.base import Reading

__all__ = ["AlertBook"]


class AlertBook:
    """One open alert for each (indicator, scope).

    Memory grows with the open alerts only: one that ended is dropped with its last revision, and the next occurrence has another start,
    therefore another id. Not a store of history.
    """

    def __init__(self) -> None:
        self._open: dict[str, Alert] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._open.values())

    def get(self, where: str) -> Alert | None:
        """The open alert of a place (`alerts.alert.place`)."""
        return self._open.get(where)

    def apply(self, change: Change, now: float) -> Alert | None:
        """The new revision, or None where the change alters nothing.

        It alters nothing when the tier is what it was, when nothing burns that could end, or when it tells of an occurrence before the
        open one. An occurrence that began later than the open one belongs to it: its end was never told, and one fire burns at a place.
        """
        reading = change.reading
        where = place(reading.indicator, reading.scope)
        alert = self._open.get(where)
        if alert is None:
            return self._raise(where, change, now) if change.tier else None
        if change.tier == own_tier(alert) or change.since < alert.since:
            return None
        return self._update(where, alert, change, now) if change.tier else self._resolve(where, alert, change, now)

    def lift(self, alerts: Iterable[Alert], chains: Iterable[Alert], now: float) -> list[Alert]:
        """The revisions of open alerts whose uplift the chains change; kept as any other."""
        lifted = uplift(alerts, chains, now)
        self._open.update((place(alert.indicator, alert.scope), alert) for alert in lifted)
        return lifted

    def state(self) -> dict[str, Alert]:
        """The open alerts by place: plain structs that msgspec encodes."""
        return dict(self._open)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Load open alerts; those that ended are ignored."""
        for alert in alerts:
            if alert.open:
                self._open[place(alert.indicator, alert.scope)] = alert

    def _raise(self, where: str, change: Change, now: float) -> Alert:
        reading = change.reading
        alert = Alert(
            id=alert_id(reading.indicator, reading.scope, change.since),
            key=alert_key(reading.indicator, reading.scope),
            revision=1,
            state="raised",
            indicator=reading.indicator,
            scope=reading.scope,
            tier=change.tier,
            previous_tier=0,
            max_tier=change.tier,
            since=change.since,
            raised_at=now,
            updated_at=now,
            reading=reading,
            threshold=change.threshold,
        )
        self._open[where] = alert
        return alert

    def _update(self, where: str, alert: Alert, change: Change, now: float) -> Alert:
        lifted = min(alert.uplift, Tier.RED - change.tier)
        tier = change.tier + lifted
        self._open[where] = replace(
            alert,
            revision=alert.revision + 1,
            state="updated",
            tier=tier,
            previous_tier=alert.tier,
            max_tier=max(alert.max_tier, tier),
            updated_at=now,
            reading=_with_evidence(change, alert),
            threshold=change.threshold,
            uplift=lifted,
            chain=alert.chain if lifted else None,
        )
        return self._open[where]

    def _resolve(self, where: str, alert: Alert, change: Change, now: float) -> Alert:
        del self._open[where]
        return replace(
            alert,
            revision=alert.revision + 1,
            state="resolved",
            previous_tier=alert.tier,
            updated_at=now,
            resolved_at=now,
            reading=_with_evidence(change, alert),
            threshold=change.threshold,
            burned=alert.reading.value,
        )


def _with_evidence(change: Change, alert: Alert) -> Reading:
    """The last reading; what it does not say itself (a closed subject has little to say) is as the alert had it."""
    reading = change.reading
    return replace(
        reading,
        evidence=reading.evidence or alert.reading.evidence,
        variables={**alert.reading.variables, **reading.variables},
    )
