"""Pages that are sent again and again to receivers that forget: while an alert burns, and for a while after its end."""

from __future__ import annotations

import heapq
import math
from typing import Final

from msgspec.structs import replace

from alerts.page import Page

__all__ = ["Refresh"]

AFTER_END_S: Final = 300.0
"""How long the end of an alert is repeated: what a service like Alertmanager asks of its clients."""
_ENDED: Final = frozenset({"resolved", "expired", "false_positive"})


class Refresh:
    """The last page of each lane, sent again every `every_s` seconds. Pure; sends nothing. Memory: a page for each burning alert.

    >>> refresh = Refresh(60.0)
    >>> refresh.told(Page("am", "a", 1, "acme", "red", "raised", 0.0, b"{}"), 0.0)
    >>> [page.event_id for page in refresh.take(59.0)], [page.event_id for page in refresh.take(60.0)]
    ([], ['a:1'])
    """

    def __init__(self, every_s: float) -> None:
        self._every = every_s
        self._last: dict[str, tuple[Page, float, float]] = {}
        self._due: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._last)

    def told(self, page: Page, now: float) -> None:
        """Remember that the receiver has a page; an older one of its lane is forgotten. The same once more changes nothing."""
        known = self._last.get(page.lane)
        if known is not None and (known[0].revision > page.revision or known[0].event_id == page.event_id):
            return
        until = now + AFTER_END_S if page.state in _ENDED else math.inf
        self._last[page.lane] = (page, now + self._every, until)
        heapq.heappush(self._due, (now + self._every, page.lane))

    def take(self, now: float) -> list[Page]:
        """The pages to be sent again now; the next time is counted from now."""
        pages = []
        while self._due and self._due[0][0] <= now:
            due, lane = heapq.heappop(self._due)
            page, at, until = self._last.get(lane, (None, 0.0, 0.0))
            if page is None or at != due:
                continue
            if now > until:
                del self._last[lane]
                continue
            self._last[lane] = (page, now + self._every, until)
            heapq.heappush(self._due, (now + self._every, lane))
            pages.append(replace(page, created=now))
        return pages

    def clear(self) -> None:
        """Forget all: another worker has these alerts now."""
        self._last.clear()
        self._due.clear()
