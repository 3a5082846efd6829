"""Trouble that spreads is worth more: a queue's or product's open alerts rise by one tier while its chain is at stage 2 or more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from alerts.alert import Alert
from alerts.tier import Tier

__all__ = ["CHAIN", "chain_of", "own_tier", "uplift"]

CHAIN: Final = "propagation_stage"
"""The indicator that tells of the chain; its own alert is not lifted."""
LEAST_STAGE: Final = 2
_KEYS: Final = ("queue_id", "product_id")


def own_tier(alert: Alert) -> int:
    """The tier an alert has by its own reading, without the chain."""
    return alert.tier - alert.uplift


def chain_of(alert: Alert, chains: Iterable[Alert]) -> Alert | None:
    """The open chain of the highest stage that concerns an alert: of its tenant, and of its queue or product.

    >>> from detectors.base import Chain, Reading, Scope
    >>> def made(indicator, tier, reading, **keys):
    ...     scope = Scope("acme", tuple(keys.items()))
    ...     return Alert("a", indicator, 1, "raised", indicator, scope, tier, 0, tier, 0.0, 0.0, 0.0, reading)
    >>> chain = made(CHAIN, 2, Reading(0.0, 2.0, chain=Chain(2, "complaints", 11520.0)), queue_id="q-1")
    >>> chain_of(made("queue_length", 1, Reading(0.0, 60.0), queue_id="q-1"), [chain]) is chain
    True
    >>> chain_of(made("queue_length", 1, Reading(0.0, 60.0), queue_id="q-2"), [chain]) is None
    True
    """
    if alert.indicator == CHAIN:
        return None
    mine = {(name, value) for name, value in alert.scope.keys if name in _KEYS}
    concerned = (
        chain
        for chain in chains
        if chain.indicator == CHAIN and chain.open and chain.scope.tenant == alert.scope.tenant and mine.intersection(chain.scope.keys)
    )
    return max(concerned, key=lambda chain: (chain.reading.value, chain.key), default=None)


def uplift(alerts: Iterable[Alert], chains: Iterable[Alert], now: float) -> list[Alert]:
    """New revisions of the open alerts whose uplift the chains change, in the order given.

    An alert rises by one tier, at most to red, while a chain of its queue or product is at stage 2 or more, and falls back when it no
    longer is. What is red by itself stays as it is. Its reading, threshold and start remain. The same chains twice change nothing.
    """
    known = list(chains)
    return [lifted for alert in alerts if alert.open and (lifted := _revised(alert, chain_of(alert, known), now)) is not None]


def _revised(alert: Alert, chain: Alert | None, now: float) -> Alert | None:
    own = own_tier(alert)
    wanted = int(chain is not None and chain.reading.value >= LEAST_STAGE and own < Tier.RED)
    if wanted == alert.uplift:
        return None
    return replace(
        alert,
        revision=alert.revision + 1,
        state="updated",
        tier=own + wanted,
        previous_tier=alert.tier,
        max_tier=max(alert.max_tier, own + wanted),
        updated_at=now,
        uplift=wanted,
        chain=chain.reading.chain if wanted and chain is not None else None,
        acknowledged=alert.acknowledged if wanted <= alert.uplift else None,
    )
