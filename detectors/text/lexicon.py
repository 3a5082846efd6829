"""Lexicons: named lists of phrases and patterns, and a matcher that finds all of them in one walk over a text.

A lexicon is data (`config/lexicons/*.yaml`); nothing here knows the name of one. The walk looks up each pair of neighbouring
characters in one table, so its cost does not grow with the number of entries.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import add
from typing import Final, NamedTuple

import msgspec

from detectors.text.normalise import normalise

__all__ = ["Entry", "Hit", "Lexicons", "Matcher", "by_name", "covered_by_offer"]

_AROUND: Final = 16
_SHORT: Final = 2
_WINDOW: Final = 48
_TRIES: Final = 32


class Entry(msgspec.Struct, frozen=True):
    """One entry of a lexicon.

    `phrase` is the text looked for, normalised; of a pattern it is the pattern itself. A phrase of one or two Chinese
    characters, and any phrase in Latin letters or digits, matches whole words only; a longer one matches anywhere.
    `weight` is in the unit the lexicon's user gives it. A `pattern` is a regular expression without unbounded repeats, tried
    only within 48 characters of one of its anchor `words`, at the first 32 anchors of a message. A match is dropped when one
    of the `unless` expressions is found within 16 characters around it.
    `examples` are texts the pattern must match; the tests read them.
    """

    phrase: str
    weight: float = 1.0
    pattern: bool = False
    words: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class Hit(NamedTuple):
    """A phrase found: characters `start` to `end` of the normalised text, in lexicon `name`."""

    name: str
    phrase: str
    start: int
    end: int
    weight: float


class Lexicons(msgspec.Struct, frozen=True):
    """All lexicons, by name; a name that is not there is an empty lexicon.

    >>> lexicons = Lexicons({"escalation": (Entry("投诉"), Entry("12315", weight=2.0))})
    >>> lexicons.phrases("escalation"), lexicons.weight("escalation", "12315"), lexicons.phrases("anger")
    (('投诉', '12315'), 2.0, ())
    """

    entries: dict[str, tuple[Entry, ...]]

    def __getitem__(self, name: str) -> tuple[Entry, ...]:
        """The entries of a lexicon, in the order of its file."""
        return self.entries.get(name, ())

    def phrases(self, name: str) -> tuple[str, ...]:
        """The literal phrases of a lexicon, in the order of its file."""
        return tuple(entry.phrase for entry in self[name] if not entry.pattern)

    def weight(self, name: str, phrase: str) -> float:
        """The weight of a phrase as `Words.hits` gives it; 1 where no entry of the lexicon explains it."""
        for entry in self[name]:
            if entry.phrase == phrase or (entry.pattern and re.search(entry.phrase, phrase)):
                return entry.weight
        return 1.0


class _Rule(msgspec.Struct, eq=False):
    """An entry made ready: which lexicon it speaks for, and its compiled expressions."""

    name: str
    phrase: str
    weight: float
    whole: bool
    pattern: re.Pattern[str] | None
    unless: tuple[re.Pattern[str], ...]

    def spared(self, text: str, start: int, end: int) -> bool:
        """Whether an `unless` expression is found around the match."""
        if not self.unless:
            return False
        around = text[max(0, start - _AROUND) : end + _AROUND]
        return any(expression.search(around) for expression in self.unless)


class _Bucket(NamedTuple):
    """What begins with one pair of characters: the longer words by their third character, the longest first, and the pair itself."""

    longer: dict[str, list[tuple[str, _Rule]]]
    short: list[tuple[str, _Rule]]


def _is_whole(phrase: str) -> bool:
    """Whether the phrase may only match whole words: Latin words always, Chinese ones up to two characters."""
    return phrase.isascii() or len(phrase) <= _SHORT


class Matcher:
    """Finds the phrases of all lexicons in one walk.

    Parameters
    ----------
    lexicons
        What to look for.
    skip
        Lexicons that are word lists for other uses and not to be looked for in texts.
    whole
        Lexicons whose phrases match whole words only, whatever their length.

    Within one lexicon the longest phrase at a place wins and found phrases do not overlap; phrases of different lexicons may.

    >>> from itertools import accumulate
    >>> matcher = Matcher(Lexicons({"escalation": (Entry("投诉"), Entry("投诉到底")), "anger": (Entry("骗子"),)}))
    >>> pieces = ["骗子", ",", "我", "要", "投诉", "到底"]
    >>> [(hit.name, hit.phrase) for hit in matcher("".join(pieces), [0, *accumulate(map(len, pieces))])]
    [('anger', '骗子'), ('escalation', '投诉到底')]
    """

    def __init__(self, lexicons: Lexicons, skip: Iterable[str] = (), whole: Iterable[str] = ()) -> None:
        skipped, aligned = frozenset(skip), frozenset(whole)
        self._pairs: dict[str, _Bucket] = {}
        self._singles: dict[str, list[_Rule]] = {}
        for name, entries in lexicons.entries.items():
            if name in skipped:
                continue
            for entry in entries:
                self._add(name, entry, name in aligned)
        self._letters = frozenset(self._singles)
        for bucket in self._pairs.values():
            for longer in bucket.longer.values():
                longer.sort(key=lambda pair: -len(pair[0]))

    def _add(self, name: str, entry: Entry, aligned: bool) -> None:
        expression = re.compile(entry.phrase) if entry.pattern else None
        unless = tuple(re.compile(text) for text in entry.unless)
        rule = _Rule(name, entry.phrase, entry.weight, aligned or _is_whole(entry.phrase), expression, unless)
        for word in entry.words if entry.pattern else (entry.phrase,):
            if len(word) == 1:
                self._singles.setdefault(word, []).append(rule)
            else:
                bucket = self._pairs.setdefault(word[:2], _Bucket({}, []))
                (bucket.longer.setdefault(word[2], []) if len(word) > 2 else bucket.short).append((word, rule))

    def __call__(self, text: str, starts: Sequence[int]) -> list[Hit]:
        """The hits in a normalised text, by place.

        `starts` are the offsets of the pieces `text` was cut into, and its length at the end.
        """
        pairs = self._pairs
        hits: list[Hit] = []
        found: list[tuple[int, _Rule]] = []
        bounds: frozenset[int] | None = None
        until: dict[str, int] = {}
        for place, pair in [each for each in enumerate(map(add, text, text[1:])) if each[1] in pairs]:
            bucket = pairs[pair]
            bounds = bounds or frozenset(starts)
            longer = bucket.longer.get(text[place + 2 : place + 3]) if bucket.longer else None
            if longer is not None:
                self._at(text, place, longer, bounds, (hits, found, until))
            if bucket.short:
                self._at(text, place, bucket.short, bounds, (hits, found, until))
        if not self._letters.isdisjoint(text):
            self._single_words(text, starts, hits, found)
        return _merge(hits, _patterns(text, found)) if found else hits

    @staticmethod
    def _at(
        text: str,
        place: int,
        bucket: list[tuple[str, _Rule]],
        bounds: frozenset[int],
        out: tuple[list[Hit], list[tuple[int, _Rule]], dict[str, int]],
    ) -> None:
        """Collect what begins at one place: phrases into hits, anchored patterns into the list to try."""
        hits, found, until = out
        for word, rule in bucket:
            if not text.startswith(word, place):
                continue
            if rule.pattern is not None:
                found.append((place, rule))
                continue
            end = place + len(word)
            if until.get(rule.name, 0) > place or (rule.whole and not (place in bounds and end in bounds)):
                continue
            until[rule.name] = end
            if not rule.spared(text, place, end):
                hits.append(Hit(rule.name, word, place, end, rule.weight))

    def _single_words(self, text: str, starts: Sequence[int], hits: list[Hit], found: list[tuple[int, _Rule]]) -> None:
        """Phrases of one character, which match whole pieces only."""
        singles, before = self._singles, len(hits)
        for start, end in pairwise(starts):
            if end - start != 1 or text[start] not in singles:
                continue
            for rule in singles[text[start]]:
                if rule.pattern is not None:
                    found.append((start, rule))
                elif not rule.spared(text, start, start + 1) and not _is_inside(hits, rule.name, start):
                    hits.append(Hit(rule.name, rule.phrase, start, start + 1, rule.weight))
        if len(hits) > before:
            hits.sort(key=lambda hit: (hit.start, hit.end))


def _is_inside(hits: Iterable[Hit], name: str, place: int) -> bool:
    """Whether a longer phrase of the lexicon covers the place."""
    return any(hit.name == name and hit.start <= place < hit.end for hit in hits)


def _patterns(text: str, anchors: list[tuple[int, _Rule]]) -> list[Hit]:
    """The matches of the patterns whose anchors occur, the exclusions applied; the phrase of a hit is the matched text."""
    hits = []
    until: dict[int, int] = {}
    for place, rule in anchors[:_TRIES]:
        if rule.pattern is None or until.get(id(rule), 0) > place:
            continue
        match = rule.pattern.search(text, max(0, place - _WINDOW, until.get(id(rule), 0)), place + _WINDOW)
        if match is None:
            continue
        start, end = match.span()
        until[id(rule)] = end
        if end > start and not rule.spared(text, start, end):
            hits.append(Hit(rule.name, match.group(), start, end, rule.weight))
    return hits


def _merge(phrases: list[Hit], matches: list[Hit]) -> list[Hit]:
    """All hits by place; where those of one lexicon overlap, the longest stays."""
    kept: dict[str, list[tuple[int, int]]] = {}
    hits = []
    for hit in sorted(phrases + matches, key=lambda hit: hit.start - hit.end):
        same = kept.setdefault(hit.name, [])
        place = bisect(same, (hit.start, hit.end))
        if (not place or same[place - 1][1] <= hit.start) and (place == len(same) or hit.end <= same[place][0]):
            same.insert(place, (hit.start, hit.end))
            hits.append(hit)
    return sorted(hits, key=lambda hit: (hit.start, hit.end))


def covered_by_offer(phrase: str, offers: Iterable[str]) -> bool:
    """Whether a promise is one the company has approved: the phrase stands in an approved offer's text, or holds one.

    >>> covered_by_offer("假一赔三", ["本店正品, 假一赔三"]), covered_by_offer("假一赔百", ["本店正品, 假一赔三"])
    (True, False)
    >>> covered_by_offer("返现50", ["会员返现5"])
    False
    """
    said = normalise(phrase)
    return any(_holds(offer, said) or _holds(said, offer) for offer in map(normalise, offers) if offer)


def _holds(text: str, part: str) -> bool:
    """Whether the part stands in the text, its numbers whole (`返现5` does not stand in `返现50`)."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        left = part[0].isdigit() and text[:start][-1:].isdigit()
        right = part[-1].isdigit() and text[end : end + 1].isdigit()
        if not (left or right):
            return True
        start = text.find(part, start + 1)
    return False


def by_name(hits: Iterable[Hit]) -> dict[str, tuple[str, ...]]:
    """Hits as `Words.hits` carries them: lexicon -> its distinct phrases in order of appearance."""
    found: dict[str, dict[str, None]] = {}
    for hit in hits:
        found.setdefault(hit.name, {})[hit.phrase] = None
    return {name: tuple(phrases) for name, phrases in found.items()}
