"""How the policy says which alerts are meant: by least tier and by labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from alerts.rule import Names, Stanza, TierName
from alerts.tier import Tier

__all__ = ["Choice", "Match", "matches"]

Choice = Annotated[Names, Field(min_length=1)]
"""One of these values; a single one needs no list."""


class Match(Stanza):
    """Alerts of at least `min_tier` whose labels all `match` (each: one of the values listed); a label an alert lacks does not match."""

    min_tier: TierName = "blue"
    match: dict[str, Choice] = {}

    def meets(self, labels: Mapping[str, str], tier: int) -> bool:
        """Whether an alert of these labels and this tier is meant.

        >>> Match(match={"queue_id": ["q-a", "q-b"]}, min_tier="red").meets({"queue_id": "q-b"}, 4)
        True
        """
        return tier >= Tier.named(self.min_tier) and matches(self.match, labels)


def matches(match: Mapping[str, list[str]], labels: Mapping[str, str]) -> bool:
    """Whether each label has one of its values."""
    return all(labels.get(name) in values for name, values in match.items())
