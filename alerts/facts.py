"""What may stand in a text about an alert: facts by name, each already cleaned and written out."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from typing import Final, Literal

from alerts.alert import Alert
from alerts.rule import Rule
from alerts.values import clean, number, show

__all__ = ["facts_of"]

_ALIASES: Final = {
    "queue_id": ("queue",),
    "agent_id": ("agent",),
    "department_id": ("department", "dept"),
    "issue_category": ("issue",),
    "product_id": ("product", "sku"),
    "customer_id": ("customer",),
    "conversation_id": ("conversation", "case_id"),
}
_MOMENTS: Final = frozenset({"since", "first_seen", "until"})
"""Variables a detector gives in epoch seconds."""
_CAC_S, _GDPR_S = 4 * 3600, 72 * 3600
"""Time to report an incident: 国家网络安全事件报告管理办法 (operators in general), GDPR article 33."""


def facts_of(alert: Alert, rule: Rule, zone: tzinfo, language: Literal["zh", "en"] = "zh") -> dict[str, str]:
    """The facts of an alert, the detector's own variables first, then what the rule calls by another name.

    Names: v and value (by unit; of a resolved alert the last that burned), threshold, sample (the reading's n), baseline, w and window_h,
    wait_s and wait_min (seconds only), tier, indicator, alert_id, since, first_seen, clock_cac, clock_gdpr, evidence_refs, tenant,
    scope, and the scope's keys by their full names and short ones (queue, agent, department, dept, issue, product, sku, customer,
    conversation, case_id).
    """
    facts = {**_scope(alert), **_figures(alert, rule), **_times(alert, zone)}
    facts["indicator"] = getattr(rule.name, language)
    facts["tier"] = alert.fire.zh if language == "zh" else alert.fire.label
    for name, value in alert.reading.variables.items():
        facts[name] = _written(name, value, zone)
    for name, source in rule.variables.items():
        if source in facts:
            facts.setdefault(name, facts[source])
    return {name: value for name, value in facts.items() if value}


def _written(name: str, value: str | float, zone: tzinfo) -> str:
    if isinstance(value, str):
        return clean(value)
    return _clock(value, zone) if name in _MOMENTS else number(value)


def _scope(alert: Alert) -> dict[str, str]:
    keys = [(name, clean(value)) for name, value in alert.scope.keys]
    facts = {"tenant": clean(alert.scope.tenant), "scope": " × ".join(value for _, value in keys) or clean(alert.scope.tenant)}
    for name, value in keys:
        for alias in (name, *_ALIASES.get(name, ())):
            facts[alias] = value
    return facts


def _figures(alert: Alert, rule: Rule) -> dict[str, str]:
    reading = alert.reading
    burning = reading.value if alert.burned is None else alert.burned
    value = show(burning, rule.unit, rule.show)
    facts: dict[str, str] = {"v": value, "value": value, "sample": number(reading.n), "alert_id": alert.id}
    if alert.threshold is not None:
        facts["threshold"] = show(alert.threshold, rule.unit, rule.show)
    if reading.baseline is not None:
        facts["baseline"] = number(round(reading.baseline, 1))
    if reading.start is not None and reading.end is not None and reading.end > reading.start:
        facts["w"] = facts["window_h"] = number(round((reading.end - reading.start) / 3600, 1))
    if rule.unit == "s":
        facts["wait_s"] = number(float(round(burning)))
        facts["wait_min"] = number(float(max(1, math.ceil(burning / 60))))
    facts["evidence_refs"] = ", ".join(clean(each.event_id) for each in reading.evidence[:3] if each.event_id)
    return facts


def _times(alert: Alert, zone: tzinfo) -> dict[str, str]:
    since = _clock(alert.since, zone)
    return {
        "since": since,
        "first_seen": since,
        "clock_cac": _clock(alert.since + _CAC_S, zone),
        "clock_gdpr": _clock(alert.since + _GDPR_S, zone),
    }


def _clock(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%m-%d %H:%M")
