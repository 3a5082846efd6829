"""What came before, in bounded memory: events by (source, id), and answers by Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec

__all__ = ["Answer", "Answers", "Events", "digest"]

ANSWER_BYTES = 32 << 20
MAX_ANSWERS = 10_000


def digest(*parts: bytes) -> bytes:
    """16 bytes that stand for some parts, of which only a single one may hold a NUL.

    >>> digest(b"a", b"b") == digest(b"a", b"b"), digest(b"ab") == digest(b"a", b"b")
    (True, False)
    """
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()


class Events:
    """The last events that Kafka has, by the hash of (tenant, source, id): the hash of each one's bytes. About 200 bytes an event.

    An event that is forgotten and comes again is written again; the worker drops it, it remembers longer.

    >>> seen = Events(2)
    >>> for name in (b"a", b"b", b"c"):
    ...     seen.add(name, name)
    >>> seen.get(b"a"), seen.get(b"c")
    (None, b'c')
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, key: bytes) -> bytes | None:
        """The hash of the content that came under a key."""
        return self._known.get(key)

    def add(self, key: bytes, content: bytes) -> None:
        """Remember an event, and forget the oldest."""
        self._known[key] = content
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)


class Answer(msgspec.Struct):
    """What was answered to a request with this content. `body` is None while it is on its way."""

    content: bytes
    status: int = 0
    body: bytes | None = None


class Answers:
    """Answers by the hash of (tenant, path, Idempotency-Key): at most 10,000, and 32 MB of bodies; the oldest go first."""

    def __init__(self, capacity: int = MAX_ANSWERS, limit: int = ANSWER_BYTES) -> None:
        self._capacity = capacity
        self._limit = limit
        self._size = 0
        self._known: OrderedDict[bytes, Answer] = OrderedDict()

    def get(self, key: bytes) -> Answer | None:
        """What was answered, or that an answer is on its way."""
        return self._known.get(key)

    def begin(self, key: bytes, content: bytes) -> Answer:
        """A request that is not answered yet."""
        answer = self._known[key] = Answer(content)
        return answer

    def end(self, key: bytes, status: int, body: bytes) -> None:
        """Keep the answer, as long as there is room."""
        answer = self._known.get(key)
        if answer is None:
            return
        answer.status, answer.body = status, body
        self._size += len(body)
        self._shrink()

    def drop(self, key: bytes) -> None:
        """The request failed: it may come again."""
        answer = self._known.pop(key, None)
        if answer is not None:
            self._size -= len(answer.body or b"")

    def _shrink(self) -> None:
        while len(self._known) > self._capacity or self._size > self._limit:
            # One on its way is bounded by the bytes let in, and must still find its place.
            oldest = next((key for key, answer in self._known.items() if answer.body is not None), None)
            if oldest is None:
                return
            self.drop(oldest)
