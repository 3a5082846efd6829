"""Hot issues: what customers complain about now, with the alerts that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Final

from aiohttp import web
from yarl import URL

from alerts.rule import Rule
from alerts.store.overviews import Issue, Overviews
from alerts.tier import Tier
from detectors.similarity import COMMON, grams
from streams.api.call import tenants_of
from streams.api.server import ApiParts
from streams.console.floor import Floor, Place
from streams.console.views import AlertView, Viewer
from streams.console.visit import Templates, Visit, common

__all__ = ["IssuesPage", "shared_terms"]

DAY_S: Final = 86_400.0
LATELY_S: Final = 3 * 3600.0
SHOWN: Final = 60
ALERTS: Final = 6
QUOTES: Final = 3
TERMS: Final = 4
LONGEST: Final = 10
CALM: Final = 40
BURST: Final = "new_term_burst"
SIMILAR: Final = "similar_complaint_count"
VOLUME: Final = "volume_ratio_3h"
GROWTH: Final = "issue_share_growth"


@dataclass
class Card:
    """One issue on the page.

    `counts` are its alerts within 24 h, within 3 h, and the open ones. `volume` is how many conversations came in 3 h and how many times
    the mean that is, `share` the growth of its share of all complaints, `similar` the largest cluster of similar complaints within 24 h
    and how many customers made them.
    """

    tenant: str
    name: tuple[str, str]
    tier: Tier
    alerts: list[AlertView]
    counts: tuple[int, int, int] = (0, 0, 0)
    terms: Sequence[str] = ()
    quotes: Sequence[tuple[str, str]] = ()
    volume: tuple[str, str] | None = None
    share: str = ""
    similar: tuple[str, int] | None = None
    products: Sequence[str] = field(default_factory=list)
    link: str = ""


@dataclass(frozen=True)
class Calm:
    """An issue of which the indicators read something, whether it burns or not: a line of the table."""

    place: Place
    volume: tuple[str, str] | None
    share: str
    link: str


class IssuesPage:
    """The page, and the part of it that is read anew when an alert has changed."""

    def __init__(self, parts: ApiParts, overviews: Overviews, rules: Mapping[str, Rule], floor: Floor, templates: Templates) -> None:
        self._parts, self._overviews, self._rules, self._floor, self._templates = parts, overviews, rules, floor, templates

    async def show(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The page."""
        return self._templates.page("issues.html", visit, **common(request, visit), **await self._values(request, visit))

    async def body(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """The part that changes."""
        return self._templates.page("_issues.html", visit, **await self._values(request, visit))

    async def _values(self, request: web.Request, visit: Visit) -> dict[str, Any]:
        wanted = request.query.get("tenant") or None
        tenants = tenants_of(visit.token, wanted)
        # A replayed day has its own now.
        now = self._floor.now(tenants) or self._parts.wall()
        viewer = Viewer(visit.texts, self._rules)
        issues = await self._overviews.issues(now - DAY_S, now - LATELY_S, tenants, limit=SHOWN + 1)
        found = await self._overviews.issue_alerts(issues[:SHOWN], now - DAY_S)
        places = {(place.tenant, place.id): place for place in self._floor.places("issue", tenants)}
        cards = [_card(issue, found.get((issue.tenant, issue.value), []), places, viewer) for issue in issues[:SHOWN]]
        cards += [_burst(data, viewer) for data in await self._overviews.bursts(BURST, now - DAY_S, tenants)]
        calm = sorted(places.values(), key=lambda place: (-place.tier, -_number(place, VOLUME), place.tenant, place.id))
        return {
            "cards": sorted(cards, key=lambda card: (-card.tier, -card.counts[2], -card.counts[0])),
            "calm": [_calm(place, viewer) for place in calm[:CALM]],
            "cut": SHOWN if len(issues) > SHOWN else 0,
            "at": now,
            "tenant": wanted or "",
            "tenants": visit.token.tenants or (),
            "query": request.rel_url.raw_query_string,
        }


def _card(issue: Issue, found: Sequence[Mapping[str, Any]], places: Mapping[tuple[str, str], Place], viewer: Viewer) -> Card:
    place = places.get((issue.tenant, issue.value)) if issue.name == "issue_category" else None
    quotes = _quotes(found)
    similar = max((data for data in found if data.get("indicator") == SIMILAR), key=lambda data: data.get("value") or 0, default=None)
    query = {"scope": f"{issue.name}:{issue.value}", "tenant": issue.tenant, "open": "all"}
    return Card(
        tenant=issue.tenant,
        name=(issue.name, issue.value),
        tier=issue.tier,
        alerts=[viewer.alert(data) for data in found[:ALERTS]],
        counts=(issue.alerts, issue.lately, issue.open),
        terms=shared_terms(text for text, _ in quotes),
        quotes=quotes[:QUOTES],
        volume=_volume(place, viewer) if place is not None else None,
        share=_share(place, viewer) if place is not None else "",
        similar=(viewer.value(similar, similar.get("value")), _customers(similar)) if similar is not None else None,
        products=sorted({str(product) for data in found if (product := (data.get("scope") or {}).get("product_id"))})[:ALERTS],
        link=str(URL("/alerts").with_query(query)),
    )


def _burst(data: Mapping[str, Any], viewer: Viewer) -> Card:
    """A new term is an issue of its own; its alert names it."""
    view, quotes = viewer.alert(data), _quotes([data])
    sample = data.get("sample") or {}
    return Card(
        tenant=view.tenant,
        name=("", view.title),
        tier=Tier(view.fires) if view.open else Tier.NONE,
        alerts=[view],
        counts=(1, 1, int(view.open)),
        quotes=quotes[:QUOTES],
        similar=(str(sample.get("n", "")), _customers(data)) if sample.get("n") is not None else None,
        link=f"/alerts/{view.id}",
    )


def _calm(place: Place, viewer: Viewer) -> Calm:
    link = URL("/alerts").with_query({"scope": f"issue_category:{place.id}", "tenant": place.tenant, "open": "all"})
    return Calm(place, _volume(place, viewer), _share(place, viewer), str(link))


def _number(place: Place, indicator: str) -> float:
    measure = place.readings.get(indicator)
    return measure.n if measure is not None else 0.0


def _volume(place: Place, viewer: Viewer) -> tuple[str, str] | None:
    measure = place.readings.get(VOLUME)
    return None if measure is None else (f"{measure.n:.0f}", _shown(VOLUME, measure.value, viewer))


def _share(place: Place, viewer: Viewer) -> str:
    measure = place.readings.get(GROWTH)
    return "" if measure is None else f"{'+' if measure.value >= 0 else ''}{_shown(GROWTH, measure.value, viewer)}"


def _shown(indicator: str, value: float, viewer: Viewer) -> str:
    rule = viewer.rule(indicator)
    return viewer.value({"indicator": indicator, "unit": rule.unit if rule is not None else ""}, value)


def _customers(data: Mapping[str, Any]) -> int:
    found = (data.get("sample") or {}).get("customers")
    return round(found) if isinstance(found, int | float) else 0


def _quotes(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What customers said (masked), each once, with the alert it stands in; the newest alert's first."""
    quotes: dict[str, str] = {}
    for data in found:
        for each in data.get("evidence") or ():
            if isinstance(each, Mapping) and (text := each.get("excerpt_masked")) and isinstance(text, str):
                quotes.setdefault(text, str(data.get("alert_id", "")))
    return list(quotes.items())


def shared_terms(texts: Iterable[str], most: int = TERMS) -> list[str]:
    """What several texts have in common: words, or runs of characters, that at least two of them hold.

    Those in most texts stand first, of nearly as many the longer.

    Characters that any text may hold begin and end no run. Of two runs one of which lies in the other the first counts.

    >>> shared_terms(["刚买的耳机蓝牙老是断连", "耳机蓝牙一直断开连不上手机", "蓝牙耳机隔几分钟就断一次"])
    ['耳机', '蓝牙']
    >>> shared_terms(["电动牙刷充不进电", "你们的电动牙刷插一晚上充不进电"])
    ['充不进电', '电动牙刷']
    """
    given = [grams(text) for text in dict.fromkeys(texts)]
    counts = Counter(gram for found in given for gram in set(found) if len(gram) > 1)
    runs = {run for found in given for run in _runs(found, counts)}
    shared = {run: n for run in runs if (n := sum(run in "".join(_plain(found)) for found in given)) > 1}
    held: list[str] = []
    for run in sorted(shared, key=lambda run: (-shared[run] * sqrt(len(run)), run)):
        if not any(run in other or other in run for other in held):
            held.append(run)
    return held[:most]


def _runs(found: Sequence[str], counts: Mapping[str, int]) -> Iterator[str]:
    """The longest runs of one text that are made of pairs which another text holds too, and its words that another one holds."""
    run = ""
    for gram in (*(gram for gram in found if len(gram) > 1), ""):
        if counts.get(gram, 0) > 1 and not gram.isascii() and run[-1:] in ("", gram[0]) and not all(char in COMMON for char in gram):
            run = run[:-1] + gram
            continue
        trimmed = run.strip("".join(char for char in COMMON if len(char) == 1))
        if len(trimmed) > 1:
            yield trimmed[:LONGEST]
        run = ""
        if gram.isascii() and len(gram) > 2 and not gram.isdecimal() and gram not in COMMON and counts.get(gram, 0) > 1:
            yield gram


def _plain(found: Sequence[str]) -> Iterator[str]:
    """The text behind its grams: what is one character long or Latin, in order."""
    return (gram if len(gram) == 1 else f" {gram} " for gram in found if len(gram) == 1 or gram.isascii())
