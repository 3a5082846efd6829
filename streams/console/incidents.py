"""Open alerts that belong together: one incident for what happens at one place at one time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from streams.console.views import AlertView, Viewer

__all__ = ["Incident", "incidents_of"]

GAP_S: Final = 3 * 3600.0
"""Alerts at one place further apart than this are different incidents."""

_PLACES: Final = ("queue_id", "product_id", "issue_category", "department_id", "department_pair", "agent_id")


@dataclass
class Incident:
    """Alerts about one place (`place`: name and value of a scope's key, empty for the tenant), the highest first."""

    tenant: str
    place: tuple[str, str]
    alerts: list[AlertView] = field(default_factory=list)
    conversations: int = 0
    stage: int = 0

    @property
    def worst(self) -> AlertView:
        """The highest alert, and of those the latest."""
        return self.alerts[0]

    @property
    def first(self) -> str:
        """When the first of them changed last (RFC 3339)."""
        return min(alert.at for alert in self.alerts)

    @property
    def last(self) -> str:
        """When the latest of them changed last (RFC 3339)."""
        return max(alert.at for alert in self.alerts)

    @property
    def dimensions(self) -> list[str]:
        """The dimensions they are of."""
        return sorted({str(alert.data.get("dimension", "")) for alert in self.alerts})


def incidents_of(found: Iterable[Mapping[str, Any]], viewer: Viewer) -> list[Incident]:
    """The incidents of open alerts: the highest fire first, then the most alerts, then the latest.

    Alerts about one conversation make no incident; they are counted with the one at their queue. Linear in the alerts, but for sorting.
    """
    wide: dict[tuple[str, tuple[str, str]], list[Mapping[str, Any]]] = {}
    single: dict[tuple[str, tuple[str, str]], int] = {}
    for data in found:
        scope = data.get("scope") or {}
        place = str(scope.get("tenant_id", "")), _place(scope)
        if "conversation_id" in scope:
            single[place] = single.get(place, 0) + 1
        else:
            wide.setdefault(place, []).append(data)
    incidents = [made for place, alerts in wide.items() for made in _apart(place, alerts, viewer)]
    for incident in incidents:
        incident.conversations = single.get((incident.tenant, incident.place), 0) if incident.place[0] else 0
    return sorted(incidents, key=lambda each: (each.worst.fires, len(each.alerts), each.last), reverse=True)


def _place(scope: Mapping[str, Any]) -> tuple[str, str]:
    """What an alert is about, the broadest key first."""
    return next(((name, str(scope[name])) for name in _PLACES if scope.get(name)), ("", ""))


def _apart(place: tuple[str, tuple[str, str]], alerts: list[Mapping[str, Any]], viewer: Viewer) -> list[Incident]:
    incidents: list[Incident] = []
    last = None
    for at, data in sorted(((_moment(data), data) for data in alerts), key=lambda each: each[0]):
        if last is None or at - last > GAP_S:
            incidents.append(Incident(*place))
        incident, last = incidents[-1], at
        incident.alerts.append(viewer.alert(data))
        stage = (data.get("chain") or {}).get("stage")
        incident.stage = max(incident.stage, stage if isinstance(stage, int) else 0)
    for incident in incidents:
        incident.alerts.sort(key=lambda alert: (alert.fires, alert.at), reverse=True)
    return incidents


def _moment(data: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(data.get("detected_at"))).timestamp()
    except ValueError:
        return 0.0
