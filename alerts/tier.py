"""The four fires."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Tier"]


class Tier(IntEnum):
    """蓝 blue < 黄 yellow < 橙 orange < 红 red; NONE where no fire burns.

    >>> Tier.RED > Tier.ORANGE, Tier.YELLOW.label, Tier.BLUE.zh
    (True, 'yellow', '蓝')
    """

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def label(self) -> str:
        """The name in topics, events and configuration: none, blue, yellow, orange, red."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """The Chinese name."""
        return "无蓝黄橙红"[self]

    @classmethod
    def named(cls, label: str) -> Tier:
        """The tier of a name. Raises KeyError for a name that is none.

        >>> Tier.named("orange")
        <Tier.ORANGE: 3>
        """
        return cls[label.upper()]
