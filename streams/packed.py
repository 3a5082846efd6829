"""Records as compressed bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import zstandard

__all__ = ["Packed"]

R = TypeVar("R")

MAGIC: Final = zstandard.FRAME_HEADER
LEVEL: Final = 1
"""Higher ones take twice the time for a twentieth of the bytes."""
LARGEST: Final = 64 * 2**20
"""Bytes of a record, so that broken data cannot ask for more memory."""


class Packed(Generic[R]):
    """Turns records into zstandard frames and back; what is no frame is taken as the plain bytes that were written before.

    `encode` and `decode` are those of the plain bytes. Not for several threads at a time. Raises ZstdError for a broken frame.

    >>> packed = Packed(str.encode, bytes.decode)
    >>> data = packed.encode("again and again, " * 100)
    >>> len(data) < 50, packed.decode(data)[:15], packed.decode(b"plain")
    (True, 'again and again', 'plain')
    """

    def __init__(self, encode: Callable[[R], bytes], decode: Callable[[bytes], R]) -> None:
        self._encode, self._decode = encode, decode
        self._compress = zstandard.ZstdCompressor(level=LEVEL).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    def encode(self, record: R) -> bytes:
        """The bytes of a record."""
        return self._compress(self._encode(record))

    def decode(self, data: bytes) -> R:
        """The record of these bytes."""
        return self._decode(self._decompress(data, max_output_size=LARGEST) if data.startswith(MAGIC) else data)
