"""Which of too many are followed: the same ones everywhere, and a fair sample of all."""

from __future__ import annotations

from zlib import crc32

__all__ = ["in_sample"]


def in_sample(name: str, halvings: int) -> bool:
    """Whether what is called so belongs to the sample of one in 2 ** `halvings`, by a checksum; a sample holds every smaller one.

    >>> [sum(in_sample(f"c-{number}", halvings) for number in range(1000)) for halvings in (0, 1, 2)]
    [1000, 502, 251]
    """
    return crc32(name.encode()) % (1 << halvings) == 0
