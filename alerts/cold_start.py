"""What an alert may say while its baseline is young."""

from __future__ import annotations

from typing import Final

from alerts.tier import Tier
from detectors.base import Reading

__all__ = ["MOST_WHILE_YOUNG", "SETTLED_DAYS", "is_young"]

SETTLED_DAYS: Final = 7.0
"""A baseline settles when it has seen each day of the week."""

MOST_WHILE_YOUNG: Final = Tier.YELLOW
"""Worth a look; nobody is called for a comparison with so little."""


def is_young(reading: Reading) -> bool:
    """Whether the reading compares with less than a week of its series' past.

    >>> [is_young(Reading(0.0, 3.0, baseline_days=days)) for days in (2.5, 7.0, None)]
    [True, False, False]
    """
    return reading.baseline_days is not None and reading.baseline_days < SETTLED_DAYS
