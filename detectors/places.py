"""The way of a conversation through departments, as its transfers tell it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import Final

from detectors.event import Event, Place

__all__ = ["HOPS_KEPT", "Hop", "add_hop", "hop_of", "path"]

HOPS_KEPT: Final = 24
"""Of a conversation handed on more often, the last ones are known."""

Hop = tuple[float, str, str]
"""Event time, where from, where to; a place that is not known is empty."""


def hop_of(event: Event) -> Hop | None:
    """The hand-over an event reports, or None. Asking a colleague (`consult`) hands nothing over."""
    transfer = event.transfer
    if event.type != "conversation.transferred" or transfer is None or transfer.mode == "consult":
        return None
    return (event.time, _name(transfer.origin), _name(transfer.target))


def add_hop(hops: list[Hop], hop: Hop) -> None:
    """Put a hop where its time says, forgetting the oldest beyond `HOPS_KEPT`."""
    insort(hops, hop)
    del hops[:-HOPS_KEPT]


def path(hops: Iterable[Hop]) -> list[str]:
    """The places in the order they had the conversation; staying in one place counts once.

    >>> path([(1.0, "logistics", "finance"), (2.0, "finance", "logistics"), (3.0, "", "tech")])
    ['logistics', 'finance', 'logistics', 'tech']
    """
    places: list[str] = []
    for _, origin, target in hops:
        for place in (origin, target):
            if place and (not places or places[-1] != place):
                places.append(place)
    return places


def _name(place: Place) -> str:
    return place.department_id or place.queue_id or place.agent_id or ""
