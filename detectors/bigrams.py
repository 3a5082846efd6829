"""How alike two utterances are by their pairs of neighbouring characters: Jaccard's index over small sketches.

A state that must compare an utterance with later ones cannot keep texts; it keeps the hashes of their pairs. Sketches of short
texts hold all pairs, so their index is exact but for hashes that coincide (one in 65,536); of longer ones the smallest hashes are
kept, which estimate it (standard error 0.09 at 0.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

__all__ = ["KEPT", "hashes", "jaccard", "pack", "sketch"]

KEPT: Final = 32
"""Pairs of an utterance that are kept: two bytes each."""


def pack(words: Iterable[str], kept: int) -> bytes:
    """The smallest `kept` of the words' 16-bit hashes, in order, two bytes each.

    >>> len(pack(["退款", "到账", "退款"], 8))
    4
    """
    found = sorted({crc32(word.encode()) & 0xFFFF for word in words})
    return b"".join(each.to_bytes(2, "big") for each in found[:kept])


@lru_cache(maxsize=16_384)
def hashes(packed: bytes) -> frozenset[int]:
    """What `pack` put together."""
    return frozenset(int.from_bytes(packed[at : at + 2], "big") for at in range(0, len(packed), 2))


def sketch(text: str) -> bytes:
    """The pairs of a text; it should hold no marks or spaces. A text of less than two characters has none.

    >>> len(sketch("退款到账")), sketch("好")
    (6, b'')
    """
    return pack(map("".join, pairwise(text)), KEPT)


def jaccard(one: bytes, other: bytes) -> float:
    """Shared pairs over all pairs of two sketches, 0..1; 0 where one is empty.

    >>> jaccard(sketch("退款什么时候到账"), sketch("退款什么时候到账啊")), jaccard(sketch("退款"), sketch("发票"))
    (0.875, 0.0)
    """
    if one == other:
        return 1.0 if one else 0.0
    mine, theirs = hashes(one), hashes(other)
    shared, union = mine & theirs, mine | theirs
    if not shared:
        return 0.0
    if max(len(mine), len(theirs)) < KEPT:
        return len(shared) / len(union)
    least = sorted(union)[:KEPT]
    return sum(each in shared for each in least) / len(least)
