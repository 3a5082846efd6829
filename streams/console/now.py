"""Queues and agents now: what burns first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final

from aiohttp import web
from yarl import URL

from alerts.rule import Rule
from alerts.tier import Tier
from streams.api.call import tenants_of
from streams.api.server import ApiParts
from streams.console.floor import Floor, Place
from streams.console.i18n import Texts
from streams.console.views import Viewer
from streams.console.visit import Templates, Visit, common

__all__ = ["NowPage"]

SHOWN: Final = 200
"""Queues, and agents, on the page; the ones that burn come first."""
COLUMNS: Final = {
    "queue": ("response_within_30s_rate", "abandonment_rate"),
    "agent": ("agent_emotional_exposure", "cusum_drift", "service_attitude_score"),
}
"""Readings that have a column of their own. The others are shown while they burn."""
_SPELT: Final = frozenset({"queue_length"})
WIDTH, HEIGHT = 120, 28


@dataclass(frozen=True)
class Cell:
    """A reading on the page: the indicator's name, the value with its unit, the tier it stands at."""

    indicator: str
    name: str
    value: str
    tier: Tier


@dataclass(frozen=True)
class Spark:
    """How many waited in the last hour: the points of a line in a box of 120 by 28, the least and the most."""

    points: str
    low: int
    high: int


@dataclass(frozen=True)
class Line:
    """A queue or an agent as a line of the page. `wait_tier` is the fire of how many wait; `link` leads to the alerts about it."""

    place: Place
    tier: Tier
    wait_tier: Tier
    oldest: str
    cells: Sequence[Cell | None]
    others: Sequence[Cell]
    spark: Spark | None
    link: str


class NowPage:
    """The page, and the part of it that is read anew every few seconds. What a token may not see is not there for it."""

    def __init__(self, parts: ApiParts, rules: Mapping[str, Rule], floor: Floor, templates: Templates) -> None:
        self._parts, self._rules, self._floor, self._templates = parts, rules, floor, templates

    async def show(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The page."""
        return self._templates.page("now.html", visit, **common(request, visit), **self._values(request, visit))

    async def body(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The part that changes."""
        return self._templates.page("_now.html", visit, **self._values(request, visit))

    def _values(self, request: web.Request, visit: Visit) -> dict[str, Any]:
        wanted, text = request.query.get("tenant") or None, request.query.get("text", "")[:200]
        tenants = tenants_of(visit.token, wanted)
        viewer = Viewer(visit.texts, self._rules)
        kinds: dict[str, list[Line]] = {}
        found: dict[str, int] = {}
        for kind in COLUMNS:
            places = [place for place in self._floor.places(kind, tenants) if _fits(place, text)]
            found[kind] = len(places)
            kinds[kind] = [self._line(kind, place, viewer, visit.texts) for place in nsmallest(SHOWN, places, key=_rank)]
        heads = {kind: [viewer.name(name) for name in names] for kind, names in COLUMNS.items()}
        return {
            "queues": kinds["queue"],
            "agents": kinds["agent"],
            "heads": heads,
            "cut": {kind: SHOWN if n > SHOWN else 0 for kind, n in found.items()},
            "at": self._floor.now(tenants),
            "ready": self._floor.ready,
            "text": text,
            "tenant": wanted or "",
            "tenants": visit.token.tenants or (),
            "query": request.rel_url.raw_query_string,
        }

    def _line(self, kind: str, place: Place, viewer: Viewer, texts: Texts) -> Line:
        made = {name: _cell(name, place, viewer) for name in place.readings}
        burning = (cell for cell in made.values() if cell.tier and cell.indicator not in {*COLUMNS[kind], *_SPELT})
        length = made.get("queue_length")
        oldest = place.facts.get("oldest_wait_s")
        return Line(
            place=place,
            tier=place.tier,
            wait_tier=length.tier if length is not None else Tier.NONE,
            oldest=_span(oldest, texts) if isinstance(oldest, int | float) else "–",
            cells=[made.get(name) for name in COLUMNS[kind]],
            others=sorted(burning, key=lambda cell: (-cell.tier, cell.name)),
            spark=_spark(self._floor.trend(place)),
            link=str(URL("/alerts").with_query(scope=f"{kind}_id:{place.id}", tenant=place.tenant)),
        )


def _fits(place: Place, text: str) -> bool:
    if not text:
        return True
    words = f"{place.id}\n{place.tenant}\n{place.facts.get('team_id', '')}".lower()
    return all(word in words for word in text.lower().split())


def _rank(place: Place) -> tuple[int, int, bool, float, str, str]:
    """The highest fire first, then the most fires, then who waits or is exposed most; who is off duty last."""
    burning = sum(measure.tier > Tier.NONE for measure in place.readings.values())
    exposed = place.readings.get("agent_emotional_exposure")
    load = float(place.facts.get("waiting") or 0) if "waiting" in place.facts else exposed.value if exposed is not None else 0.0
    return -place.tier, -burning, place.facts.get("state") == "offline", -load, place.tenant, place.id


def _cell(name: str, place: Place, viewer: Viewer) -> Cell:
    measure, rule = place.readings[name], viewer.rule(name)
    value = viewer.value({"indicator": name, "unit": rule.unit if rule is not None else ""}, measure.value)
    return Cell(name, viewer.name(name), value, measure.tier)


def _span(seconds: float, texts: Texts) -> str:
    """A wait in words: seconds up to two minutes, then minutes, then hours."""
    if seconds < 120:
        return texts("now.seconds", n=round(seconds))
    return texts("now.minutes", n=round(seconds / 60)) if seconds < 7200 else texts("now.hours", n=f"{seconds / 3600:.1f}")


def _spark(found: Sequence[tuple[float, float]]) -> Spark | None:
    """A line through the numbers; None for fewer than two.

    >>> _spark([(0, 4), (60, 0), (120, 8)])
    Spark(points='0,15 60,27 120,3', low=0, high=8)
    """
    if len(found) < 2:
        return None
    begin, end = found[0][0], found[-1][0]
    high = max(value for _, value in found)
    points = (
        f"{round(WIDTH * (at - begin) / ((end - begin) or 1.0))},{round(HEIGHT - 1 - (HEIGHT - 4) * value / (high or 1.0))}"
        for at, value in found
    )
    return Spark(" ".join(points), round(min(value for _, value in found)), round(high))
