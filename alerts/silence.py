"""A silence: what matches it pages nobody for a while."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["Silence"]


class Silence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Alerts of `tenant` whose labels all `match` page nobody from `starts` until (exclusive) `until`, both epoch s.

    Labels are those of routes: indicator, dimension, tier, tenant_id and the scope's keys (queue_id, agent_id, …). A label an alert lacks
    does not match; an empty `match` is every alert of the tenant. `by` and `why` are for people. Alert events are published all the same.

    >>> lunch = Silence(id="s-1", tenant="acme", match={"queue_id": "q-a"}, starts=0.0, until=60.0, by="li", why="test call")
    >>> lunch.covers({"tenant_id": "acme", "queue_id": "q-a"}), lunch.covers({"tenant_id": "acme"}), lunch.active(60.0)
    (True, False, False)
    """

    id: str
    tenant: str
    match: dict[str, str] = {}
    starts: float
    until: float
    by: str = ""
    why: str = ""

    def active(self, now: float) -> bool:
        """Whether it holds now."""
        return self.starts <= now < self.until

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert of these labels is meant, whenever that be."""
        return labels.get("tenant_id") == self.tenant and all(labels.get(name) == value for name, value in self.match.items())
