"""How many bytes may be on their way at once: what is more must wait outside."""

from __future__ import annotations

__all__ = ["Admission"]


class Admission:
    """Counts bytes in, from the first byte of a body until Kafka has it or it is answered with an error.

    >>> door = Admission(100)
    >>> door.enter(60), door.enter(60), door.used
    (True, False, 60)
    >>> door.leave(60); door.enter(100)
    True
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def enter(self, size: int) -> bool:
        """Let so many bytes in, if there is room."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def leave(self, size: int) -> None:
        """So many bytes are done."""
        self.used -= size
