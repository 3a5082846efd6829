"""Which alerts a page shows: read from its URL, asked of the store, and applied to live alerts alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from yarl import URL

from alerts.store.queries import Filter
from alerts.store.rows import CLOSED
from streams.api.models import AlertQuery

__all__ = ["fits", "query_of", "url_of", "wanted_of"]

_OPEN: Final = {"true": True, "false": False, "all": None}
_NAMES: Final = ("tier", "state", "indicator", "scope", "text", "tenant", "open")


def query_of(given: Mapping[str, str | Sequence[str]]) -> tuple[AlertQuery, list[str]]:
    """The query of a URL, and the names of what it gave that cannot be used and was left out.

    >>> query, wrong = query_of({"tier": ["red", "orange"], "open": "perhaps"})
    >>> query.tier, query.open, wrong
    (['red', 'orange'], 'true', ['open'])
    """
    known = {name: value for name, value in given.items() if name in {*_NAMES, "cursor", "limit"} and value not in ("", [], [""])}
    wrong: list[str] = []
    while True:
        try:
            return AlertQuery.model_validate(known), wrong
        except ValidationError as error:
            # A fault of the whole is the scope's: nothing else is checked there.
            place = str((error.errors()[0]["loc"] or ("scope",))[0])
            place = place if place in known else "scope"
            known.pop(place)
            wrong.append(place)


def wanted_of(query: AlertQuery, tenants: Sequence[str] | None) -> Filter:
    """The question to the store, for some tenants or for all."""
    return Filter(
        tenants=tenants,
        open=_OPEN[query.open],
        tiers=query.tier,
        states=query.state,
        indicators=query.indicator,
        scope=dict(each.split(":", 1) for each in query.scope),
        text=query.text,
    )


def fits(wanted: Filter, data: Mapping[str, Any]) -> bool:
    """Whether a live alert is one of those the store would give for the same question.

    >>> fits(Filter(tiers=["red"]), {"tier": "red", "state": "raised", "scope": {"tenant_id": "acme"}})
    True
    """
    scope = data.get("scope", {})
    if wanted.tenants is not None and scope.get("tenant_id") not in wanted.tenants:
        return False
    if wanted.open is not None and (data.get("state") not in CLOSED) is not wanted.open:
        return False
    for name, values in (("tier", wanted.tiers), ("state", wanted.states), ("indicator", wanted.indicators)):
        if values and data.get(name) not in values:
            return False
    if any(scope.get(name) != value for name, value in wanted.scope.items()):
        return False
    title = data.get("title") or {}
    words = "\n".join(map(str, (*title.values(), data.get("alert_key"), data.get("alert_id"), *scope.values()))).lower()
    return all(word in words for word in wanted.text.lower().split())


def url_of(path: str, query: AlertQuery, **change: object) -> str:
    """The page's URL for a query; `change` sets other values, None leaves one out.

    >>> url_of("/alerts", AlertQuery(tier=["red"], text="破损"), text=None)
    '/alerts?tier=red'
    """
    values = {**query.model_dump(include=set(_NAMES), exclude_defaults=True), **change}
    shown = {name: ",".join(value) if isinstance(value, list | tuple) else str(value) for name, value in values.items() if value}
    return str(URL(path).with_query(shown))
