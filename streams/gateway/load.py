"""One body on its way: let in piece by piece, unpacked at most once, and all of it counted until it is done."""

from __future__ import annotations

from streams.gateway.admission import Admission
from streams.gateway.bodies import unpacked
from streams.gateway.problem import Problem

__all__ = ["Load"]


class Load:
    """A body as it came (`packed`). What it takes of the room is given back by `leave`.

    >>> door = Admission(100)
    >>> load = Load(door, 50)
    >>> load.take(b"[1]"); load.body(""), door.used
    (b'[1]', 3)
    >>> load.leave(); door.used
    0
    """

    def __init__(self, admission: Admission, limit: int) -> None:
        self._admission = admission
        self._limit = limit
        self._pieces = bytearray()
        self._held = 0

    @property
    def packed(self) -> bytes:
        """What has come."""
        return bytes(self._pieces)

    def take(self, piece: bytes) -> None:
        """The next piece. Raises Problem where the body is too large, or there is no room."""
        if len(self._pieces) + len(piece) > self._limit:
            raise Problem("too_large", {"limit": self._limit})
        self._enter(len(piece))
        self._pieces += piece

    def body(self, encoding: str) -> bytes:
        """The body without its packing, which counts too. Raises Problem as `take` does, or where it is damaged."""
        packed = self.packed
        found = unpacked(packed, encoding, self._limit)
        if found is not packed:
            self._enter(len(found))
        return found

    def leave(self) -> None:
        """It is done: give back its room."""
        self._admission.leave(self._held)
        self._held = 0

    def _enter(self, size: int) -> None:
        if not self._admission.enter(size):
            raise Problem("busy", retry_after_s=1)
        self._held += size
