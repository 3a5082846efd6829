"""Finding the live texts most like a new one without comparing it with all of them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from heapq import nlargest
from itertools import chain
from math import inf
from operator import attrgetter
from typing import Final

__all__ = ["LiveIndex"]

CHECKED: Final = 24
"""Candidates whose similarity is computed; the others shared too little rare."""
COUNTED: Final = 120
"""So many entries of the lists suffice: where texts are many, the few rarest features tell more than those after them."""

_live: Final = attrgetter("live")

IndexState = list[tuple[str, float, list[str]]]


class LiveIndex:
    """A bounded inverted index of the texts that live, by their features (`detectors.similarity.features`).

    Parameters
    ----------
    most
        Texts held; beyond that the earliest added goes, whatever its time.
    window_s
        How long a text lives after its time.
    rarest
        Of a query only its rarest features are looked up.
    recent
        Of the texts with a feature only the latest are candidates.

    The cost of a query and an insertion is bounded and hardly depends on how many texts live, but for what the processor's caches
    hold (benchmarks/_text_groups.py). The similarity is Dice's: twice the shared over the sum of the features, 0..1. A text of which all
    rare features are shared with more than `recent` later texts may be missed. Memory: some 500 bytes and 8 per feature a text, some
    200 bytes and at most 16 x `recent` a distinct feature. Texts are dropped in the order they were added.

    >>> index = LiveIndex(window_s=60.0)
    >>> index.add("a", ["耳机", "坏了"], 0.0)
    >>> index.add("b", ["发票", "抬头"], 10.0)
    >>> index.near(["耳机", "断连", "坏了"])
    [(0.8, 'a')]
    >>> index.evict(65.0), len(index)
    (1, 1)
    """

    def __init__(self, most: int = 100_000, window_s: float = 86_400.0, *, rarest: int = 8, recent: int = 128) -> None:
        self.most, self.window_s, self.rarest, self.recent = most, window_s, rarest, recent
        self._features: dict[str, _Feature] = {}
        self._texts: OrderedDict[int, _Text] = OrderedDict()
        self._numbers: dict[str, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, key: str) -> bool:
        return key in self._numbers

    def add(self, key: str, features: Iterable[str], time: float) -> None:
        """Take a text in under its key; a key that lives is replaced."""
        if key in self._numbers:
            self._drop(self._numbers[key])
        number, self._next = self._next, self._next + 1
        known = self._features
        found: list[_Feature] = []
        for name in dict.fromkeys(features):
            feature = known.get(name)
            if feature is None:
                feature = known[name] = _Feature(name)
            feature.live += 1
            feature.latest.append(number)
            if len(feature.latest) >= 2 * self.recent:
                del feature.latest[: -self.recent]
            found.append(feature)
        self._texts[number] = _Text(key, time, tuple(found))
        self._numbers[key] = number
        if len(self._texts) > self.most:
            self._drop(next(iter(self._texts)))

    def near(self, features: Iterable[str], count: int = 5, *, after: float = -inf) -> list[tuple[float, str]]:
        """The texts most like one with these features, as (similarity, key), best first; only such as are later than `after`."""
        names = dict.fromkeys(features)
        mine = [self._features[name] for name in names if name in self._features]
        lists: list[list[int]] = []
        counted = 0
        for feature in sorted(mine, key=_live)[: self.rarest]:
            lists.append(feature.latest)
            counted += len(feature.latest)
            if counted >= COUNTED:
                break
        shared = Counter(chain.from_iterable(lists))
        every = set(mine)
        found: list[tuple[float, str]] = []
        # The counter is in order of rarity, and among equals the first come first.
        for number in nlargest(CHECKED, shared, key=shared.__getitem__):
            text = self._texts.get(number)
            if text is not None and text.time > after:
                both = len(every.intersection(text.features))
                found.append((2 * both / (len(names) + len(text.features)), text.key))
        return nlargest(count, found)

    def evict(self, now: float) -> int:
        """Drop what is older than the window; how many went."""
        gone, oldest = 0, now - self.window_s
        while self._texts:
            number = next(iter(self._texts))
            if self._texts[number].time > oldest:
                break
            self._drop(number)
            gone += 1
        return gone

    def state(self) -> IndexState:
        """Plain data to restore the index from: key, time and features of each text in order."""
        return [(text.key, text.time, [feature.name for feature in text.features]) for text in self._texts.values()]

    def restore(self, state: IndexState) -> None:
        """Take in what `state` gave, besides what is held already."""
        for key, time, features in state:
            self.add(key, features, time)

    def _drop(self, number: int) -> None:
        """Forget a text; its number in the lists of its features is passed over until it is cut off."""
        text = self._texts.pop(number)
        del self._numbers[text.key]
        for feature in text.features:
            feature.live -= 1
            if not feature.live:
                del self._features[feature.name]


class _Feature:
    """A feature, in how many live texts it is and the numbers of the latest of them."""

    __slots__ = ("latest", "live", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.live = 0
        self.latest: list[int] = []


class _Text:
    """A live text."""

    __slots__ = ("features", "key", "time")

    def __init__(self, key: str, time: float, features: tuple[_Feature, ...]) -> None:
        self.key, self.time, self.features = key, time, features
