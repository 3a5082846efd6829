"""A campaign that somebody declared in advance: more is expected while it lasts."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["DeclaredCampaign"]


class DeclaredCampaign(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A campaign of `tenant` from `starts` until (exclusive) `until`, both epoch s, for what has all the keys of its `scope`.

    An empty scope is the whole tenant. A narrower one covers no alert that lacks one of its keys: what is wrong with the tenant as a whole
    is not explained by a campaign of one queue. The same `id` again replaces it.

    >>> sale = DeclaredCampaign("acme", "11.11", 0.0, 60.0, {"queue_id": "q-a"})
    >>> sale.covers({"tenant_id": "acme", "queue_id": "q-a"}), sale.covers({"tenant_id": "acme"}), sale.active(60.0)
    (True, False, False)
    """

    tenant: str
    id: str
    starts: float
    until: float
    scope: dict[str, str] = {}

    def active(self, now: float) -> bool:
        """Whether it runs now."""
        return self.starts <= now < self.until

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert of these labels is within its scope, whenever that be."""
        within = all(labels.get(name) == value for name, value in self.scope.items() if name != "tenant_id")
        return labels.get("tenant_id") == self.tenant and within
