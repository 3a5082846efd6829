"""An alert's revision as the event others receive: CloudEvents 1.0, data as the schema of alerts says."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, Literal

from alerts.alert import Acknowledgement, Alert
from alerts.render import Renderer
from alerts.rule import Rule
from alerts.tier import Tier
from alerts.values import clean, path_segment
from detectors.base import Chain, Evidence, Reading

__all__ = ["EvidenceMode", "rfc3339", "to_cloudevent", "to_data"]

EvidenceMode = Literal["masked", "ids", "none"]

MAX_EVIDENCE = 10
MAX_EXCERPT = 120


def rfc3339(at: float, zone: tzinfo) -> str:
    """A moment in the zone, with milliseconds.

    >>> from zoneinfo import ZoneInfo
    >>> rfc3339(1794326592.481, ZoneInfo("Asia/Shanghai"))
    '2026-11-11T00:03:12.481+08:00'
    """
    return datetime.fromtimestamp(round(at * 1000) / 1000, zone).isoformat(timespec="milliseconds")


def to_data(
    alert: Alert, rule: Rule, renderer: Renderer, zone: tzinfo, *, version: str, evidence: EvidenceMode = "masked"
) -> dict[str, Any]:
    """The `data` of an alert's event.

    `tier` is the fire that burns, or, when `state` is resolved, the one that burned last; `previous_tier` is null on the first revision.
    `value`, `threshold` and `sample` are in the indicator's unit; `event_time` is the reading's event time, `detected_at` the clock
    when it was decided, `latency_ms` what lies between (never negative). `version` is that of the whole policy. `evidence`: masked
    excerpts, only the events' ids, or none. `onset` and `chain` are there only where the
    detector can tell, `chain` and `uplift` also where a chain has raised the tier. `acknowledged` (by, at, in_progress,
    comment) is there while somebody has the alert, `closed_by` and `comment` once somebody ended it.
    """
    reading = alert.reading
    optional: dict[str, Any] = {"onset": reading.onset, "chain": _chain(reading.chain or alert.chain, zone), "uplift": alert.uplift or None}
    optional |= {"acknowledged": _acknowledged(alert.acknowledged, zone), "closed_by": alert.closed_by, "comment": alert.comment}
    return {
        "alert_id": alert.id,
        "revision": alert.revision,
        "alert_key": alert.key,
        "state": alert.state,
        "indicator": alert.indicator,
        "dimension": rule.dimension,
        "tier": alert.fire.label,
        "previous_tier": Tier(alert.previous_tier).label if alert.previous_tier else None,
        "value": _rounded(reading.value),
        "unit": rule.unit,
        "threshold": alert.threshold,
        "direction": rule.direction,
        "window": _window(reading, zone),
        "sample": _sample(reading),
        "scope": alert.scope.fields(),
        "title": renderer.title(alert, rule),
        "evidence": [_evidence(each, evidence) for each in reading.evidence[:MAX_EVIDENCE]] if evidence != "none" else [],
        "suggested_actions": renderer.actions(alert, rule),
        "rule": {"id": rule.id, "version": version},
        "event_time": rfc3339(reading.time, zone),
        "detected_at": rfc3339(alert.updated_at, zone),
        "latency_ms": max(0, round((alert.updated_at - reading.time) * 1000)),
        **{name: value for name, value in optional.items() if value is not None},
    }


def to_cloudevent(data: dict[str, Any]) -> dict[str, Any]:
    """The event (structured mode) of what `to_data` made. Its id is the same whenever the same revision is written again."""
    return {
        "specversion": "1.0",
        "id": f"{data['alert_id']}:{data['revision']}",
        "source": f"/tenants/{path_segment(data['scope']['tenant_id'])}/fenghuo",
        "type": f"fenghuo.alert.{data['state']}.v1",
        "subject": data["alert_key"],
        "time": data["detected_at"],
        "datacontenttype": "application/json",
        "data": data,
    }


def _window(reading: Reading, zone: tzinfo) -> dict[str, str]:
    """The window of the value; an instant where the reading names none."""
    end = reading.end if reading.end is not None else reading.time
    start = reading.start if reading.start is not None else end
    return {"start": rfc3339(start, zone), "end": rfc3339(end, zone)}


def _chain(chain: Chain | None, zone: tzinfo) -> dict[str, Any] | None:
    """How far trouble has spread, and what is expected next; None where nobody says."""
    if chain is None:
        return None
    found = {
        "scope": chain.scope,
        "stage": chain.stage,
        "next_link": chain.next_link,
        "eta": rfc3339(chain.eta, zone) if chain.eta is not None else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _acknowledged(held: Acknowledgement | None, zone: tzinfo) -> dict[str, Any] | None:
    """Who has the alert."""
    if held is None:
        return None
    found = {"by": held.by, "at": rfc3339(held.at, zone), "in_progress": held.in_progress, "comment": held.comment}
    return {name: value for name, value in found.items() if value != ""}


def _sample(reading: Reading) -> dict[str, float]:
    known = {"n": reading.n, "baseline": reading.baseline, "sd": reading.sd, "baseline_days": reading.baseline_days, **reading.sample}
    return {name: _rounded(value) for name, value in known.items() if value is not None}


def _evidence(evidence: Evidence, mode: EvidenceMode) -> dict[str, str]:
    found = {"event_id": evidence.event_id, "conversation_id": evidence.conversation_id}
    if mode == "masked" and evidence.excerpt:
        found["excerpt_masked"] = clean(evidence.excerpt)[:MAX_EXCERPT]
    return {name: text for name, text in found.items() if text}


def _rounded(value: float) -> float:
    """Six digits after the point: what lies beyond is noise of the floating point; whole numbers as such."""
    short = round(value, 6)
    return int(short) if short == int(short) else short
