"""Which readings are on display, and as what."""

from __future__ import annotations

from typing import Final

from detectors.base import Scope

__all__ = ["KINDS", "Shown", "shown"]

Shown = tuple[str, str, str, str]
"""What a reading on display is of: indicator, tenant, kind of scope (tenant, queue, agent …), its id."""

KINDS: Final = {
    "queue_id": "queue",
    "agent_id": "agent",
    "department_id": "department",
    "issue_category": "issue",
    "channel": "channel",
}
"""Keys of scopes that are on display, and what they are called there."""


def shown(indicator: str, scope: Scope) -> Shown | None:
    """Where a scope's reading is on display; None for scopes that are too many.

    >>> shown("queue_length", Scope("acme", (("queue_id", "q-1"),))), shown("churn_risk", Scope("acme", (("customer_id", "u-1"),)))
    (('queue_length', 'acme', 'queue', 'q-1'), None)
    >>> shown("csat_rate", Scope("acme"))
    ('csat_rate', 'acme', 'tenant', 'acme')
    """
    if not scope.keys:
        return indicator, scope.tenant, "tenant", scope.tenant
    (name, key), *others = scope.keys
    kind = KINDS.get(name)
    return None if others or kind is None else (indicator, scope.tenant, kind, key)
