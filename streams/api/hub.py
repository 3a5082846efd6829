"""Live alerts for many readers at once, each with a bounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

__all__ = ["Hub", "Live", "Reader", "TooManyReaders"]

KEPT: Final = 1000
QUEUE: Final = 1000
READERS: Final = 200


class TooManyReaders(Exception):
    """No more readers are taken."""


class Live(NamedTuple):
    """One message: the alert's event id, its data for choosing, and its bytes. Id "" tells the reader that it has missed some."""

    id: str
    data: dict[str, Any]
    body: bytes


_MISSED: Final = Live("", {}, b"")


class Reader:
    """What one reader has not read yet, at most 1,000 messages."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Live | None] = asyncio.Queue(QUEUE)

    def put(self, item: Live | None) -> None:
        """Add a message, or None for the end. A queue that is full is emptied, and tells that something was missed."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(_MISSED)
        self._queue.put_nowait(item)

    async def read(self, idle_s: float) -> AsyncIterator[Live | None]:
        """The messages until the end; None whenever none came for `idle_s`."""
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    live = await self._queue.get()
            except TimeoutError:
                yield None
                continue
            if live is None:
                return
            yield live


class Hub:
    """Passes each alert to every reader that wants it.

    A reader that comes back names the last event it has, and gets what followed if that is among the last 1,000. One that falls behind by
    more than its queue loses what it did not read and is told so. At most 200 readers.
    """

    def __init__(self) -> None:
        self._recent: deque[Live] = deque(maxlen=KEPT)
        self._readers: dict[Reader, Callable[[Live], bool]] = {}
        self._closed = False
        self.ends: dict[int, int] = {}
        """The next offset of each partition of the alerts topic, as far as whoever publishes has read."""

    def __len__(self) -> int:
        return len(self._readers)

    def publish(self, live: Live) -> None:
        """Give it to those who want it; waits for nobody."""
        self._recent.append(live)
        for reader, wants in self._readers.items():
            if wants(live):
                reader.put(live)

    def close(self) -> None:
        """End all readers, now and later."""
        self._closed = True
        for reader in self._readers:
            reader.put(None)

    @contextmanager
    def follow(self, wants: Callable[[Live], bool], *, last: str | None = None) -> Iterator[Reader]:
        """What comes from now on, or after the event `last`. Raises TooManyReaders."""
        if len(self._readers) >= READERS:
            raise TooManyReaders
        reader = Reader()
        for live in self._since(last):
            if live is _MISSED or wants(live):
                reader.put(live)
        if self._closed:
            reader.put(None)
        self._readers[reader] = wants
        try:
            yield reader
        finally:
            del self._readers[reader]

    def _since(self, last: str | None) -> list[Live]:
        if last is None:
            return []
        ids = [live.id for live in self._recent]
        if last not in ids:
            return [_MISSED]
        position = len(ids) - 1 - ids[::-1].index(last)
        return list(self._recent)[position + 1 :]
