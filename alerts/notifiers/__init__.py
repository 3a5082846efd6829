"""Notifiers, one a module: `webhook` is `webhook.py` with `class Webhook(Notifier)`, found by the name alone.

What several of them need lies in `shared/`, which is a package and so no notifier.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Final

from alerts.notifiers.base import Notifier

__all__ = ["kinds", "notifier_class"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def kinds() -> list[str]:
    """The kinds of notifier there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base" and not module.ispkg)


def notifier_class(kind: str) -> type[Notifier]:
    """The notifier of a kind. Raises LookupError where there is none."""
    if _NAME.fullmatch(kind) is None or kind not in kinds():
        raise LookupError(f"there is no notifier {kind!r}; there are: {', '.join(kinds())}")
    module = importlib.import_module(f"{__name__}.{kind}")
    found: type[Notifier] = getattr(module, "".join(part.capitalize() for part in kind.split("_")))
    return found
