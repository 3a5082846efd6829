"""How far event time has come in one source, trusting no single timestamp."""

from __future__ import annotations

import msgspec

__all__ = ["Watermark"]

JUMP_S = 600.0
AGREE = 3


class Watermark(msgspec.Struct, array_like=True):
    """The largest event time seen, moved by more than ten minutes only when three conversations agree.

    `value` is None before the first event. It is `confirmed` once three conversations stand behind it, or the wall clock or a heartbeat
    does; until then it may still be corrected downwards, so that a first event from the future does not make the stream late.
    Claims beyond the jump are kept by conversation, at most eight; when three stand, the lowest of them is believed.

    >>> mark = Watermark()
    >>> for key, time in [("a", 0), ("b", 10), ("c", 20), ("a", 86400), ("b", 30)]:
    ...     mark.observe(time, key)
    >>> mark.value, mark.confirmed
    (30, True)
    >>> for key, time in [("b", 7200), ("c", 7210)]:
    ...     mark.observe(time, key)
    >>> mark.value
    7210
    """

    value: float | None = None
    confirmed: bool = False
    claims: dict[str, float] = {}
    supporters: list[str] = []

    def observe(self, time: float, key: str, *, credible: bool = False) -> None:
        """Take one event's time in. `credible` says the wall clock confirms it (a live event)."""
        if credible:
            self._believe(time)
        elif self.value is None:
            self.value, self.supporters = time, [key]
        elif time > self.value + JUMP_S or (not self.confirmed and time < self.value - JUMP_S):
            self._claim(time, key)
        else:
            self.value = max(self.value, time)
            if not self.confirmed:
                self._support(key)

    def advance(self, time: float) -> None:
        """Believe a heartbeat: whoever wrote it confirmed it already."""
        if self.value is None or time > self.value or not self.confirmed:
            self.value = time if self.value is None else max(self.value, time)
        self.confirmed, self.supporters = True, []
        self._settle()

    def _believe(self, time: float) -> None:
        if self.value is None or time > self.value or (not self.confirmed and self.value > time + JUMP_S):
            self.value = time
        if not self.confirmed:
            self.confirmed, self.supporters = True, []
        if self.claims:
            self._settle()

    def _support(self, key: str) -> None:
        if key not in self.supporters:
            self.supporters.append(key)
        if len(self.supporters) >= AGREE:
            self.confirmed, self.supporters = True, []

    def _claim(self, time: float, key: str) -> None:
        if key not in self.claims and len(self.claims) >= 8:
            self.claims.pop(max(self.claims, key=lambda name: (self.claims[name], name)))
        self.claims[key] = time
        if len(self.claims) >= AGREE:
            claims = sorted(self.claims.values())
            self.value = claims[0] if self.confirmed else claims[-AGREE]
            self.confirmed, self.supporters = True, []
            self._settle()

    def _settle(self) -> None:
        """Drop the claims the value has reached, and follow those that are now within the jump."""
        for key, time in sorted(self.claims.items(), key=lambda item: item[1]):
            if self.value is not None and time <= self.value + JUMP_S:
                self.value = max(self.value, time)
                del self.claims[key]
