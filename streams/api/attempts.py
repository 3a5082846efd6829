"""How often somebody may guess a token."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["Attempts"]

REMEMBERED: Final = 10_000


class Attempts:
    """Failed logins by address: after `limit` of them within `window_s` the address must wait.

    Whoever logged in before from that address with the same token (`known`) need not wait for a neighbour's guesses. Memory is bounded: of
    more than 10,000 addresses the one longest untouched is forgotten.

    >>> attempts = Attempts(limit=2, window_s=60)
    >>> attempts.failed("10.0.0.9", 0.0); attempts.failed("10.0.0.9", 1.0)
    >>> attempts.wait("10.0.0.9", 2.0), attempts.wait("10.0.0.9", 60.0), attempts.wait("10.0.0.8", 2.0)
    (58.0, 0.0, 0.0)
    """

    def __init__(self, limit: int = 10, window_s: float = 60.0) -> None:
        self._limit, self._window = limit, window_s
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Seconds until the address may try again; 0 when it may now."""
        recent = [at for at in self._failures.get(address, ()) if now - at < self._window]
        return 0.0 if len(recent) < self._limit else recent[-self._limit] + self._window - now

    def failed(self, address: str, now: float) -> None:
        """A token was wrong."""
        recent = [at for at in self._failures.pop(address, ()) if now - at < self._window]
        self._failures[address] = [*recent, now][-self._limit :]
        _bound(self._failures)

    def succeeded(self, address: str, digest: bytes) -> None:
        """A token was right; `digest` stands for it."""
        self._known[address, digest] = None
        self._known.move_to_end((address, digest))
        _bound(self._known)

    def known(self, address: str, digest: bytes) -> bool:
        """Whether that token was right from that address before."""
        return (address, digest) in self._known


def _bound(remembered: OrderedDict[str, list[float]] | OrderedDict[tuple[str, bytes], None]) -> None:
    while len(remembered) > REMEMBERED:
        remembered.popitem(last=False)
