"""The example payloads of each adapter: shapes of the vendors' public documentation, with invented values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streams.gateway.adapters import adapter_class
from streams.gateway.adapters.base import Adapter, Call, Translation

__all__ = ["NOW", "adapter", "call", "examples", "one", "translated"]

FOLDER = Path(__file__).parent / "payloads"
NOW = 1_794_360_000.0


def _file(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text("utf-8"))
    return found


def examples(kind: str) -> dict[str, Any]:
    """The payloads of a kind by name."""
    found: dict[str, Any] = _file(kind)["examples"]
    return found


def adapter(kind: str, **params: Any) -> Adapter:
    """The adapter of the example's stanza."""
    cls = adapter_class(kind)
    return cls(cls.Params.model_validate({**_file(kind)["params"], **params}))


def call(headers: dict[str, str] | None = None) -> Call:
    return Call(headers or {}, "acme", NOW)


def translated(kind: str, *names: str, **params: Any) -> Translation:
    """What the adapter makes of some examples in one post."""
    payloads = [examples(kind)[name] for name in names]
    return adapter(kind, **params).read(payloads if len(payloads) > 1 else payloads[0], call())


def one(kind: str, name: str, **params: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The short type, the data and the whole of the only event of an example."""
    (event,) = translated(kind, name, **params).events
    return event["type"].removeprefix("fenghuo.").removesuffix(".v1"), event["data"], event
