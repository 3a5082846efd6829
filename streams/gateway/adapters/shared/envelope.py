"""The envelope of an adapter's events, and ids that are the same for the same payload."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from streams.gateway.adapters.shared.fields import compact, rfc3339

__all__ = ["conversation_event", "event", "stable_id"]

MAX_ID: Final = 200


def stable_id(*parts: object) -> str:
    """An id made of parts; a long one is replaced by its hash.

    >>> stable_id("message", 118, 1627063368), len(stable_id("x" * 900))
    ('message:118:1627063368', 32)
    """
    joined = ":".join(str(part) for part in parts)
    return joined if len(joined) <= MAX_ID and joined.isprintable() else hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()


def event(kind: str, name: str, seconds: float, source: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A structured CloudEvent of type `fenghuo.{kind}.v1`. The tenant is in `source`, so that `data` need not name it."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": f"fenghuo.{kind}.v1",
        "time": rfc3339(seconds),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": compact(data),
    }


def conversation_event(
    kind: str, name: str, seconds: float, source: str, conversation: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """An event about a conversation, which is its subject."""
    return event(kind, name, seconds, source, conversation["id"], {"conversation": compact(conversation), **data})
