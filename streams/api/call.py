"""A request that was let in and understood, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alerts.store.queries import Queries
from streams.api.problem import Problem
from streams.api.tokens import Token

__all__ = ["Answer", "Call", "find_alert", "tenant_of", "tenants_of"]

SHORTEST = 4
FULL = 32


@dataclass(frozen=True)
class Call:
    """Who asks for which operation; the path's id, and query and body as the models of `routes.py`.

    `revisions` are those of If-Match or If-None-Match, `key` the idempotency key.
    """

    token: Token
    operation: str
    id: str = ""
    query: Any = None
    body: Any = None
    revisions: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Answer:
    """A body to be sent as JSON, and the revision of the alert it shows (its ETag)."""

    body: Any
    revision: int | None = None


def tenants_of(token: Token, wanted: str | None) -> Sequence[str] | None:
    """The tenants to ask for; None is all. Raises Problem for one the token may not see."""
    if wanted is None:
        return token.tenants
    if not token.sees(wanted):
        raise Problem(403, "this token may not see that tenant")
    return (wanted,)


def tenant_of(token: Token, wanted: str | None) -> str:
    """The one tenant a command is for: the one named, or the only one of the token. Raises Problem."""
    tenants = tenants_of(token, wanted)
    if tenants is None or len(tenants) != 1:
        raise Problem(422, "name the tenant: the token may see several", errors=[{"path": "tenant", "problem": "is missing"}])
    return tenants[0]


async def find_alert(queries: Queries, token: Token, name: str) -> dict[str, Any]:
    """The data of the alert of an id, or of the only one whose id begins so. Raises Problem."""
    exact = await queries.alert(name, token.tenants)
    found = [exact] if exact is not None else []
    if not found and SHORTEST <= len(name) < FULL:
        found = await queries.find(name, token.tenants)
    if not found:
        raise Problem(404, "there is no such alert; GET /api/v1/alerts?open=all lists them")
    if len(found) > 1:
        ids = ", ".join(event["data"]["alert_id"] for event in found)
        raise Problem(409, f"several alerts begin so: {ids}; give more of the id")
    data: dict[str, Any] = found[0]["data"]
    return data
