"""Why an alert would, or would not, go to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.route import RouteRule
from alerts.tier import Tier

__all__ = ["RouteSays", "explain", "receivers_of"]


@dataclass(frozen=True)
class RouteSays:
    """One route about one alert: `why` it does not fit, a reason for each thing that differs (empty: it fits). `index` counts from 0."""

    index: int
    receivers: tuple[str, ...]
    why: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the alert goes to its receivers."""
        return not self.why


def explain(routes: Iterable[RouteRule], labels: Mapping[str, str], tier: Tier) -> list[RouteSays]:
    """What each route says of an alert of these labels at this tier. `labels` as routes see them (indicator, queue_id, …).

    >>> route = RouteRule(receivers=["duty"], min_tier="orange", match={"queue_id": ["q-a"]})
    >>> [says.why for says in explain([route], {"queue_id": "q-b"}, Tier.BLUE)]
    [('blue is below min_tier orange', 'queue_id is q-b, not q-a')]
    """
    labels = {**labels, "tier": tier.label}
    return [RouteSays(index, tuple(route.receivers), tuple(_why(route, labels, tier))) for index, route in enumerate(routes)]


def receivers_of(says: Iterable[RouteSays]) -> tuple[str, ...]:
    """The receivers of the routes that fit, each once, in the order of the routes."""
    return tuple(dict.fromkeys(name for route in says if route.fits for name in route.receivers))


def _why(route: RouteRule, labels: Mapping[str, str], tier: Tier) -> list[str]:
    why = [f"{tier.label} is below min_tier {route.min_tier}"] if tier < Tier.named(route.min_tier) else []
    for name, values in route.match.items():
        if labels.get(name) not in values:
            has = f"{name} is {labels[name]}" if name in labels else f"it has no {name}"
            why.append(f"{has}, not {' or '.join(values)}")
    return why
