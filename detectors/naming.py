"""How a detector is called: its class name in snake_case."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["name_of", "snake_case"]

_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])")


def snake_case(name: str) -> str:
    """A class name as file names and the configuration spell it.

    >>> snake_case("VolumeRatio3h"), snake_case("NegationShareByIssue")
    ('volume_ratio_3h', 'negation_share_by_issue')
    """
    return _BREAK.sub("_", name).lower()


@cache
def name_of(kind: type) -> str:
    """The name of a detector's class, as observations carry it and `detectors.discover` lists it."""
    return snake_case(kind.__name__)
