"""Pages that wait for delivery: when each is tried next, in which order, and when to give up. Pure; sends nothing."""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Iterator
from enum import StrEnum

import msgspec
from pydantic import Field

from alerts.page import Delivered, Delivery, Failed, Page, Retry
from alerts.rule import Stanza

__all__ = ["Attempt", "Backoff", "Outbox", "Outcome"]


class Backoff(Stanza):
    """How often a page is tried: after `first_s`, then `factor` times longer each time, at most `cap_s`, until it is `max_age_s` old.

    The delay is spread by up to `jitter` of itself, so that what failed together does not come back together. The spread follows from
    the page, not from chance: the same page has the same schedule.

    >>> [round(Backoff(jitter=0).delay("a:1", attempt)) for attempt in (1, 2, 3, 9)]
    [2, 4, 8, 300]
    """

    first_s: float = Field(default=2.0, gt=0)
    factor: float = Field(default=2.0, ge=1)
    cap_s: float = Field(default=300.0, gt=0)
    max_age_s: float = Field(default=86_400.0, gt=0)
    jitter: float = Field(default=0.2, ge=0, le=1)

    def delay(self, page_id: str, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure (the first is 1)."""
        plain = min(self.cap_s, self.first_s * self.factor ** min(attempt - 1, 64))
        digest = hashlib.blake2b(f"{page_id}#{attempt}".encode(), digest_size=4).digest()
        return plain * (1 + self.jitter * (int.from_bytes(digest) / 2**32))


class Attempt(msgspec.Struct, array_like=True, omit_defaults=True):
    """A page with its delivery so far: failures, the reason of the last one, and when it is due (epoch s)."""

    page: Page
    failures: int = 0
    due: float = 0.0
    reason: str = ""


class Outcome(StrEnum):
    """What became of an attempt: delivered; waiting for another one; dead (to the delivery dead-letter topic)."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    DEAD = "dead"


class Outbox:
    """The pages of some receivers.

    Pages of one (receiver, alert) are delivered in the order they came, one at a time: a resolve never overtakes its raise. Lanes
    do not wait for one another, so a dead receiver delays nobody else. A page is removed when it was delivered or is dead; what is
    taken by `take` and not yet settled counts as under way. After a crash the owner adds the pages again: a page may be sent twice,
    never lost.

    >>> outbox = Outbox(Backoff(jitter=0))
    >>> outbox.add(Page("ops", "a", 1, "acme", "red", "raised", 100.0, b"{}"))
    >>> first = outbox.take(100.0)[0]
    >>> outbox.settle(first, Retry("http_503"), 100.0), outbox.due_at(), outbox.take(101.0)
    (<Outcome.WAITING: 'waiting'>, 102.0, [])
    """

    def __init__(self, backoff: Backoff | None = None) -> None:
        self.backoff = backoff if backoff is not None else Backoff()
        self.disabled: set[str] = set()
        self._lanes: dict[str, deque[Attempt]] = {}
        self._due: list[tuple[float, int, str]] = []
        self._count = 0

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def __iter__(self) -> Iterator[Attempt]:
        return (attempt for lane in self._lanes.values() for attempt in lane)

    def waits(self, lane: str) -> bool:
        """Whether a page of this lane waits or is under way."""
        return lane in self._lanes

    def add(self, page: Page, due: float | None = None) -> None:
        """Put a page behind those of its lane; one that waits there already (the same event id) is not put twice."""
        lane = self._lanes.setdefault(page.lane, deque())
        if any(attempt.page.event_id == page.event_id for attempt in lane):
            return
        lane.append(Attempt(page, due=page.created if due is None else due))
        if len(lane) == 1:
            self._schedule(lane[0])

    def take(self, now: float, limit: int = 100) -> list[Attempt]:
        """The attempts due now, at most one a lane. They are under way until told otherwise."""
        taken: list[Attempt] = []
        while self._due and self._due[0][0] <= now and len(taken) < limit:
            _, _, lane = heapq.heappop(self._due)
            taken.append(self._lanes[lane][0])
        return taken

    def due_at(self) -> float | None:
        """When `take` has something next; None while nothing waits."""
        return self._due[0][0] if self._due else None

    def settle(self, attempt: Attempt, delivery: Delivery, now: float) -> Outcome:
        """Tell what came of an attempt.

        Retry: tried again after the back-off, not before the receiver's own wish; dead if the page would be too old then. Failed: dead, and
        if that disables the receiver, its name is in `disabled` (the owner settles its other pages as failed without sending).
        """
        if isinstance(delivery, Retry):
            attempt.failures += 1
            attempt.reason = delivery.reason
            attempt.due = now + max(self.backoff.delay(attempt.page.event_id, attempt.failures), delivery.after_s or 0.0)
            if attempt.due <= attempt.page.created + self.backoff.max_age_s:
                self._schedule(attempt)
                return Outcome.WAITING
        elif isinstance(delivery, Failed):
            attempt.reason = delivery.reason
            if delivery.disables:
                self.disabled.add(attempt.page.receiver)
        self._next(attempt)
        return Outcome.DELIVERED if isinstance(delivery, Delivered) else Outcome.DEAD

    def _next(self, attempt: Attempt) -> None:
        lane = self._lanes[attempt.page.lane]
        lane.popleft()
        if lane:
            self._schedule(lane[0])
        else:
            del self._lanes[attempt.page.lane]

    def _schedule(self, attempt: Attempt) -> None:
        self._count += 1
        heapq.heappush(self._due, (attempt.due, self._count, attempt.page.lane))
