"""Adapters, one a module: `chatwoot` is `chatwoot.py` with `class Chatwoot(Adapter)`, found by the name alone.

What several of them need lies in `shared/`, which is a package and so no adapter.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Final

from streams.gateway.adapters.base import Adapter

__all__ = ["adapter_class", "kinds"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def kinds() -> list[str]:
    """The kinds of adapter there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base" and not module.ispkg)


def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises LookupError where there is none."""
    if _NAME.fullmatch(kind) is None or kind not in kinds():
        raise LookupError(f"there is no adapter {kind!r}; there are: {', '.join(kinds())}")
    module = importlib.import_module(f"{__name__}.{kind}")
    found: type[Adapter] = getattr(module, "".join(part.capitalize() for part in kind.split("_")))
    return found
