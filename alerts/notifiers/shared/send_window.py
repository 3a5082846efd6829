"""A service's rate limit, kept before it is met. Pure: the clock is passed in."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["SendWindow"]

WINDOW_S: Final = 61.0
"""A second more than the minute: what leaves a minute apart can arrive closer together."""


class SendWindow:
    """At most `per_minute` requests in any minute, and none while the service asked to be left alone. None of `per_minute`: no limit.

    A token bucket of n tokens lets 2n through within the minute after a pause; services that block for ten minutes at the n+1st
    count otherwise. So the moments of the last n requests are kept (epoch s, n numbers). One process knows its own requests only:
    several that share a receiver need a share of its limit each.

    >>> window = SendWindow(2)
    >>> [window.wait_s(0.0) or window.add(0.0), window.wait_s(1.0) or window.add(1.0), window.wait_s(2.0)]
    [None, None, 59.0]
    >>> window.hold(600.0)
    >>> window.wait_s(70.0)
    530.0
    """

    def __init__(self, per_minute: int | None = None) -> None:
        self._sent: deque[float] | None = deque(maxlen=per_minute) if per_minute is not None else None
        self._held_until = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until a request may be sent; 0 when it may be now."""
        wait = self._held_until - now
        if self._sent is not None and len(self._sent) == self._sent.maxlen:
            wait = max(wait, self._sent[0] + WINDOW_S - now)
        return max(wait, 0.0)

    def add(self, now: float) -> None:
        """A request is sent now, whatever comes of it."""
        if self._sent is not None:
            self._sent.append(now)

    def hold(self, until: float) -> None:
        """The service asked for silence until then (epoch s); an earlier wish does not shorten a longer one."""
        self._held_until = max(self._held_until, until)
