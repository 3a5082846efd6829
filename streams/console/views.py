"""Alerts as pages show them. Whatever comes from a topic is taken with care: what is not there is not shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from alerts.explain import explain
from alerts.route import RouteRule
from alerts.rule import Rule
from alerts.silence import Silence
from alerts.store.rows import CLOSED, Row
from alerts.tier import Tier
from alerts.values import show
from streams.console.i18n import Texts

__all__ = ["AlertView", "Viewer", "labels_of"]

_TIMES: Final = 1e-6


def labels_of(data: Mapping[str, Any]) -> dict[str, str]:
    """What routes and silences are asked about: the alert's labels."""
    own = {name: str(data[name]) for name in ("indicator", "dimension", "tier") if data.get(name)}
    return {**own, **{str(name): str(value) for name, value in (data.get("scope") or {}).items()}}


@dataclass(frozen=True)
class AlertView:
    """One alert in one language. `fires` is 1 to 4; times are RFC 3339, as they came."""

    id: str
    revision: int
    tier: str
    fires: int
    state: str
    open: bool
    title: str
    indicator: str
    indicator_name: str
    value: str
    threshold: str
    low: bool
    tenant: str
    scope: list[tuple[str, str, str]]
    at: str
    event_time: str
    held_by: str
    held_since: str
    working: bool
    labels: str
    data: Mapping[str, Any]


class Viewer:
    """Makes views of alerts for one language, by the rules of the policy."""

    def __init__(self, texts: Texts, rules: Mapping[str, Rule], routes: Sequence[RouteRule] = ()) -> None:
        self._texts, self._rules, self._routes = texts, rules, routes

    def alert(self, data: Mapping[str, Any]) -> AlertView:
        """What the list and the page show of an alert."""
        scope = {str(name): str(value) for name, value in (data.get("scope") or {}).items()}
        held = data.get("acknowledged") or {}
        tier = str(data.get("tier", "blue"))
        return AlertView(
            id=str(data.get("alert_id", "")),
            revision=int(data.get("revision", 0)),
            tier=tier,
            fires=int(_tier(tier)),
            state=str(data.get("state", "")),
            open=data.get("state") not in CLOSED,
            title=self.text(data.get("title")) or str(data.get("alert_key", "")),
            indicator=str(data.get("indicator", "")),
            indicator_name=self.name(str(data.get("indicator", ""))),
            value=self.value(data, data.get("value")),
            threshold=self.value(data, data.get("threshold")),
            low=data.get("direction") == "low",
            tenant=scope.get("tenant_id", ""),
            scope=[(name, self._texts.word("scope", name), value) for name, value in scope.items() if name != "tenant_id"],
            at=str(data.get("detected_at", "")),
            event_time=str(data.get("event_time", "")),
            held_by=str(held.get("by", "")),
            held_since=str(held.get("at", "")),
            working=bool(held.get("in_progress")),
            labels=json.dumps({name: value for name, value in labels_of(data).items() if name != "dimension"}, ensure_ascii=False),
            data=data,
        )

    def rule(self, indicator: str) -> Rule | None:
        """The rule of an indicator, None for one the policy does not know."""
        return self._rules.get(indicator)

    def name(self, indicator: str) -> str:
        """What an indicator is called."""
        rule = self._rules.get(indicator)
        return getattr(rule.name, self._texts.language) if rule is not None else indicator

    def text(self, both: object) -> str:
        """One of two languages, the other one where it is missing."""
        if not isinstance(both, Mapping):
            return ""
        return str(both.get(self._texts.language) or next((text for text in both.values() if text), ""))

    def value(self, data: Mapping[str, Any], value: object) -> str:
        """A value of the alert's indicator with its unit; a dash where there is none."""
        if not isinstance(value, int | float):
            return "–"
        rule, unit = self._rules.get(str(data.get("indicator"))), str(data.get("unit") or "")
        style = rule.show if rule is not None else None
        text = show(float(value), unit, style)
        suffix = "" if text.endswith("%") else "×" if unit == "ratio" else self._texts.word("unit", unit)
        return f"{text}{suffix}"

    def actions(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The suggested actions, each with its title, text, whom it is for, and until when."""
        return [
            {
                "title": self.text(each.get("title")),
                "text": self.text(each.get("text")),
                "targets": [self._texts.word("target", name) for name in str(each.get("target", "")).split("+") if name],
                "minutes": round(float(each.get("deadline_s") or 0) / 60),
            }
            for each in data.get("suggested_actions") or ()
            if isinstance(each, Mapping)
        ]

    def steps(self, history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The revisions as rows of the table behind the chart: numbers for it, texts for people."""
        rows = []
        for data in history:
            sample = data.get("sample") or {}
            view = self.alert(data)
            rows.append(
                {
                    "view": view,
                    "epoch": _epoch(data.get("event_time")),
                    "value": data.get("value"),
                    "threshold": data.get("threshold"),
                    "baseline": _baseline(data),
                    "baseline_shown": self.value(data, _baseline(data)),
                    "n": sample.get("n"),
                }
            )
        return rows

    def sample(self, data: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What the value was computed from."""
        found = [(name, value) for name, value in (data.get("sample") or {}).items() if isinstance(value, int | float)]
        return [(self._texts.word("sample", str(name)), _plain(str(name), value)) for name, value in found]

    def told(self, data: Mapping[str, Any], silences: Sequence[Row], now: float) -> dict[str, Any]:
        """Who should have been told, and what kept it from them: routes that fit or not, silences that cover it, reasons in the event."""
        labels, tier = labels_of(data), str(data.get("tier", "blue"))
        says = explain(self._routes, labels, _tier(tier))
        held = (data.get("delivery") or {}).get("suppressed") or ()
        covering = [row for row in silences if _silence(row).active(now) and _silence(row).covers(labels)]
        return {
            "routes": [each for each in says if each.fits],
            "others": [each for each in says if not each.fits],
            "silences": covering,
            "held": [
                {
                    "step": self._texts.word("step", str(each.get("step", ""))),
                    "reason": self._texts.word("reason", str(each.get("reason", ""))),
                    "by": str(each.get("by", "")),
                }
                for each in held
                if isinstance(each, Mapping)
            ],
        }


def _tier(name: str) -> Tier:
    """The tier of a name; what is none counts as the least."""
    return Tier.__members__.get(name.upper(), Tier.BLUE) or Tier.BLUE


def _baseline(data: Mapping[str, Any]) -> float | None:
    """The baseline on the value's own axis; None where there is none or it is of another kind.

    A value that is n over the baseline (a volume against its mean) has the baseline 1 there.
    """
    sample, value = data.get("sample") or {}, data.get("value")
    baseline, n = sample.get("baseline"), sample.get("n")
    if not isinstance(baseline, int | float) or not isinstance(value, int | float):
        return None
    if isinstance(n, int | float) and baseline > 0 and abs(n / baseline - value) <= 0.02 * max(abs(value), _TIMES):
        return 1.0
    if data.get("unit") == "ratio" and baseline > max(1.0, 20 * abs(value)):
        return None
    return float(baseline)


def _plain(name: str, value: float) -> str:
    if name.endswith("_since") and value > 1e9:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="minutes")
    return str(round(value)) if value == round(value) else f"{value:.4g}"


def _epoch(moment: object) -> float | None:
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except ValueError:
        return None


def _silence(row: Row) -> Silence:
    return Silence(id=row["silence_id"], tenant=row["tenant"], match=row["match"], starts=row["starts"], until=row["until"])
