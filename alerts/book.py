"""The open alerts of some tenants: changes of tier in, revisions of alerts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from alerts.alert import Alert, alert_id, alert_key, place, place_of
from alerts.command import Command
from alerts.decide import Change
from alerts.lifecycle import commanded, expired
from alerts.tier import Tier
from alerts.uplift import own_tier, uplift
from detectors.base import Reading

__all__ = ["AlertBook", "Closed"]


class Closed(msgspec.Struct, frozen=True, array_like=True):
    """An occurrence that people or time ended while its reading still burned: since when (for who decides), and at which tier."""

    since: float
    tier: int


class AlertBook:
    """One open alert for each (indicator, scope).

    Memory grows with the open alerts only: one that ended is dropped with its last revision, and the next occurrence has another start,
    therefore another id. Not a store of history.

    An alert that was ended by hand, or expired, while its reading still burns stays ended: it is raised again, as a new alert, when
    its reading has cleared and lights once more, or rises to a tier above the one it was ended at. `closed` holds these places, as many
    as were ended so and have not cleared.
    """

    def __init__(self) -> None:
        self._open: dict[str, Alert] = {}
        self._places: dict[str, str] = {}
        self.closed: dict[str, Closed] = {}

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
            return self._light(where, change, now)
        if change.tier == own_tier(alert) or change.since < _origin(alert):
            return None
        return self._update(where, alert, change, now) if change.tier else self._resolve(where, alert, change, now)

    def find(self, command: Command) -> Alert | None:
        """The open alert a command means: by its id, else by its key. Never one of another tenant."""
        where = self._places.get(command.alert_id) if command.alert_id else place_of(command.tenant, command.alert_key or "")
        alert = self._open.get(where or "")
        return alert if alert is not None and alert.scope.tenant == command.tenant else None

    def command(self, command: Command, now: float) -> Alert | None:
        """The new revision a command causes; None where it changes nothing or means no open alert."""
        alert = self.find(command)
        revised = commanded(alert, command, now) if alert is not None else None
        return self._keep(revised) if revised is not None else None

    def expire(self, where: str, now: float) -> Alert | None:
        """End the alert of a place of which nothing was heard for too long."""
        alert = self._open.get(where)
        return self._keep(expired(alert, now)) if alert is not None else None

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
                self._enter(place(alert.indicator, alert.scope), alert)

    def _enter(self, where: str, alert: Alert) -> None:
        self._open[where] = alert
        self._places[alert.id] = where

    def _leave(self, where: str, alert: Alert) -> None:
        del self._open[where]
        self._places.pop(alert.id, None)

    def _keep(self, alert: Alert) -> Alert:
        """Keep a revision that no reading caused."""
        where = place(alert.indicator, alert.scope)
        if alert.open:
            self._open[where] = alert
        else:
            self._leave(where, alert)
            self.closed[where] = Closed(_origin(alert), own_tier(alert))
        return alert

    def _light(self, where: str, change: Change, now: float) -> Alert | None:
        """Raise an alert where none is open, unless it was ended by hand and the reading has neither cleared nor risen since."""
        closed = self.closed.get(where)
        if closed is not None and change.since < closed.since:
            return None
        if closed is None or change.since > closed.since:
            self.closed.pop(where, None)
            return self._raise(where, change, change.since, now) if change.tier else None
        if 0 < change.tier <= closed.tier:
            return None
        del self.closed[where]
        return self._raise(where, change, max(change.reading.time, change.since + 0.001), now) if change.tier else None

    def _raise(self, where: str, change: Change, since: float, now: float) -> Alert:
        reading = change.reading
        alert = Alert(
            id=alert_id(reading.indicator, reading.scope, since),
            key=alert_key(reading.indicator, reading.scope),
            revision=1,
            state="raised",
            indicator=reading.indicator,
            scope=reading.scope,
            tier=change.tier,
            previous_tier=0,
            max_tier=change.tier,
            since=since,
            raised_at=now,
            updated_at=now,
            reading=reading,
            threshold=change.threshold,
            origin=change.since if change.since < since else None,
        )
        self._enter(where, alert)
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
            acknowledged=alert.acknowledged if tier <= alert.tier else None,
        )
        return self._open[where]

    def _resolve(self, where: str, alert: Alert, change: Change, now: float) -> Alert:
        self._leave(where, alert)
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


def _origin(alert: Alert) -> float:
    """Where its occurrence began for who decides."""
    return alert.since if alert.origin is None else alert.origin


def _with_evidence(change: Change, alert: Alert) -> Reading:
    """The last reading; what it does not say itself (a closed subject has little to say) is as the alert had it."""
    reading = change.reading
    return replace(
        reading,
        evidence=reading.evidence or alert.reading.evidence,
        variables={**alert.reading.variables, **reading.variables},
    )
