"""Thresholds and models over time, and how often people called an alert a false alarm under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from aiohttp import web

from alerts.rule import Rule
from alerts.store.overviews import Overviews, Verdicts
from streams.api.call import tenants_of
from streams.api.server import ApiParts
from streams.console.changes import Changed, Changes, InForceSince
from streams.console.i18n import Texts
from streams.console.views import Viewer
from streams.console.visit import Templates, Visit, common

__all__ = ["HistoryPage", "weeks_before"]

WEEKS: Final = 8
SHOWN: Final = 50
TIERS: Final = ("blue", "yellow", "orange", "red")


@dataclass(frozen=True)
class Change:
    """One number that changed: the indicator's name, what it is called, before and after with their units."""

    indicator: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Judged:
    """An indicator's verdicts of one week, with the tiers that were in force at its end (several where applications differed)."""

    indicator: str
    name: str
    begin: float
    tiers: Sequence[Sequence[tuple[str, str]]]
    n: int
    false: int
    late: int

    @property
    def share(self) -> str:
        """How many of them were false alarms."""
        return f"{100 * self.false / self.n:.0f}%"


class HistoryPage:
    """The page. Thresholds are everybody's; verdicts are those of the tenants that the token may see."""

    def __init__(
        self, parts: ApiParts, overviews: Overviews, rules: Mapping[str, Rule], changes: Changes, zone: tzinfo, templates: Templates
    ) -> None:
        self._parts, self._overviews, self._rules, self._changes = parts, overviews, rules, changes
        self._zone, self._templates = zone, templates

    async def show(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The page."""
        wanted = request.query.get("tenant") or None
        viewer = Viewer(visit.texts, self._rules)
        weeks = weeks_before(self._parts.wall(), self._zone)
        verdicts = await self._overviews.verdicts(weeks, tenants_of(visit.token, wanted))
        policies, models = self._changes.policies(), self._changes.models()
        values: dict[str, Any] = {
            "policies": [(each, _changes(each, viewer, visit.texts)) for each in policies[:SHOWN]],
            "models": [(at, model, model.trained_until.isoformat(timespec="seconds")) for at, model in models[:SHOWN]],
            "judged": self._judged(verdicts, weeks, viewer),
            "weeks": WEEKS,
            "tenant": wanted or "",
            "tenants": visit.token.tenants or (),
        }
        return self._templates.page("history.html", visit, **common(request, visit), **values)

    def _judged(self, verdicts: Sequence[Verdicts], weeks: Sequence[float], viewer: Viewer) -> list[Judged]:
        """A row for each indicator and week in which people judged; by name, the latest week first."""
        counts: dict[tuple[str, int], dict[str, int]] = {}
        for each in verdicts:
            counts.setdefault((each.indicator, each.span), {})[each.kind] = each.n
        rows = []
        for (indicator, span), kinds in counts.items():
            end = weeks[span - 1] if span else self._parts.wall()
            tiers = [_tiers(indicator, found, viewer) for found in self._changes.tiers_at(indicator, end)]
            false, late = kinds.get("false_positive", 0), kinds.get("late", 0)
            rows.append(Judged(indicator, viewer.name(indicator), weeks[span], tiers, sum(kinds.values()), false, late))
        return sorted(rows, key=lambda row: (row.name, -row.begin))


def weeks_before(now: float, zone: tzinfo, count: int = WEEKS) -> list[float]:
    """When the last weeks began (epoch s), Mondays at midnight, this one's first.

    >>> from datetime import UTC
    >>> [datetime.fromtimestamp(at, UTC).strftime("%a %d %H:%M") for at in weeks_before(1_763_000_000.0, UTC, 2)]
    ['Mon 10 00:00', 'Mon 03 00:00']
    """
    day = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return [(monday - timedelta(weeks=week)).timestamp() for week in range(count)]


def _changes(since: InForceSince, viewer: Viewer, texts: Texts) -> list[Change]:
    return [
        Change(
            viewer.name(each.indicator),
            _what(each, texts),
            _number(each, each.before, viewer, texts),
            _number(each, each.after, viewer, texts),
        )
        for each in since.changed
    ]


def _what(changed: Changed, texts: Texts) -> str:
    part, _, tier = changed.what.partition(".")
    if part == "min_sample":
        return f"{texts('history.min_sample')} {texts.word('tier', tier)}"
    return texts.word("tier", part) if part in TIERS else texts.word("history", part)


def _number(changed: Changed, number: float | None, viewer: Viewer, texts: Texts) -> str:
    if number is None:
        return "–"
    if changed.what in TIERS:
        return _shown(changed.indicator, number, viewer)
    if changed.what == "enabled":
        return texts("history.on" if number else "history.off")
    return f"{number:g}{texts('unit.s') if changed.what == 'for_s' else ''}"


def _tiers(indicator: str, tiers: Mapping[str, float | None], viewer: Viewer) -> list[tuple[str, str]]:
    return [(tier, _shown(indicator, number, viewer)) for tier in TIERS if (number := tiers.get(tier)) is not None]


def _shown(indicator: str, number: float, viewer: Viewer) -> str:
    rule = viewer.rule(indicator)
    return viewer.value({"indicator": indicator, "unit": rule.unit if rule is not None else ""}, number)
