"""Compares alerts with what a simulation planted: what was found, what burned without a reason, what must not have burned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from streams.simulate.truth import Benign, Incident, Truth

__all__ = ["Score", "score"]

TIERS = ("blue", "yellow", "orange", "red")
EARLY = timedelta(seconds=60)
HOT = TIERS.index("orange")


@dataclass
class Score:
    """What the alerts of a simulation are worth.

    `quiet` is the load of the day before the planted one, `unexplained` that of the planted day but for what was planted: orange or
    red keys that are no conversation, and the share of the day's conversations with an orange or red alert.
    """

    missed: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    quiet: tuple[list[str], float] = ([], 0.0)
    unexplained: tuple[list[str], float] = ([], 0.0)


@dataclass(frozen=True)
class _Alert:
    indicator: str
    tier: int
    time: datetime
    scope: tuple[str, ...]
    conversation: str | None


def score(truth: Truth, alerts: Iterable[dict[str, Any]], indicators: Sequence[str]) -> Score:
    """Score the `data` of alerts; of the truth only what these indicators can find, or must not."""
    burning = [_alert(each) for each in alerts if each["state"] != "resolved"]
    planted = [each for each in truth.incidents if set(each.accept) & set(indicators)]
    known = {name for each in _planted(truth) for name in (each.scope, *each.involved)}
    start, end = _time(truth.scored_from), _time(truth.until)
    hot = [each for each in burning if each.tier >= HOT]
    before = [each for each in hot if start - timedelta(days=1) <= each.time < start]
    odd = [each for each in hot if start <= each.time < end and not known & set(each.scope)]
    return Score(
        [f"{each.kind} {each.scope}" for each in planted if not any(_finds(alert, each) for alert in burning)],
        [f"{each.id}: {alert.indicator}" for each in truth.benign for alert in burning if _breaches(alert, each, truth)],
        _load(before, truth.conversations_quiet_day),
        _load(odd, truth.conversations_scored_day),
    )


def _planted(truth: Truth) -> list[Incident | Benign]:
    return [*truth.incidents, *truth.benign]


def _alert(data: dict[str, Any]) -> _Alert:
    scope = {name: value for name, value in data["scope"].items() if name != "tenant_id"}
    names = tuple(scope.values()) or (data["scope"]["tenant_id"],)
    return _Alert(data["indicator"], TIERS.index(data["tier"]), _time(data["event_time"]), names, scope.get("conversation_id"))


def _finds(alert: _Alert, incident: Incident) -> bool:
    named = alert.indicator in incident.accept and incident.scope in alert.scope and alert.tier >= TIERS.index(incident.min_tier)
    return named and _time(incident.since or incident.onset) - EARLY <= alert.time <= _time(incident.deadline)


def _breaches(alert: _Alert, benign: Benign, truth: Truth) -> bool:
    named = alert.indicator in benign.must_not and benign.scope in alert.scope and alert.tier >= TIERS.index("yellow")
    return named and _time(benign.since or truth.scored_from) <= alert.time < _time(benign.until or truth.until)


def _load(alerts: Sequence[_Alert], conversations: int) -> tuple[list[str], float]:
    others = sorted({f"{each.indicator} {' '.join(each.scope)}" for each in alerts if each.conversation is None})
    return others, len({each.conversation for each in alerts if each.conversation is not None}) / max(1, conversations)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
