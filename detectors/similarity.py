"""How alike short complaint texts are: cosine of TF-IDF, as River weighs it, over character 1-2-grams and Latin words.

Document frequencies learnt from the few texts of one scope alone would make the very words of an incident worthless: all texts
hold them. So the frequencies begin with what is common in service talk anyway (`COMMON`, as of 1,000 texts) and the live texts
come on top.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from math import log, sqrt
from typing import Final

import msgspec

from detectors.text.normalise import normalise

__all__ = [
    "COMMON",
    "COMMON_TEXTS",
    "StreamWeights",
    "Vector",
    "cohesion",
    "common",
    "cosine",
    "features",
    "grams",
    "near_last",
    "vectors",
    "vectors_at",
    "weakest_link",
]

Vector = dict[str, float]

COMMON_TEXTS: Final = 1000
MOST_FEATURES: Final = 200_000
LEAST_WEIGHT: Final = 0.1
STEEP: Final = 1.5
"""A rare word shared weighs more than its inverse frequency says (benchmarks/_text_groups.py)."""
_TIERS: Final = (
    (250, "的了我是你有不"),
    (100, "好吗一在这么个要就可以说没怎什那到能都还来时候"),
    (40, "人大中上为们会请问下看给去得过后多天现买收货单也和对里样想用再谢知道少啥子出今明行点吧呢啊哦嗯您它他啦呀嘛"),
)
_PAIRS: Final = (
    "可以 什么 怎么 没有 请问 你好 您好 我的 的话 这个 那个 一下 现在 不是 是不 谢谢 多少 时候 知道 能不 不能 我们 你们 "
    "就是 还是 为什 订单 商品 今天 明天 一个 有没 了吗 的吗 好的 是的 怎样 如何 这样 不了 了我 我想 想问"
)
_LATIN: Final = (
    (250, "the i to a is my it"),
    (100, "and not you have for in of on can this that was me please with hello hi but"),
    (40, "are be do your what how when why there we they has had get got help thanks thank order im will would could at from so no yes"),
)
COMMON: Final[dict[str, int]] = {
    **{gram: count for count, grams_ in _TIERS for gram in grams_},
    **dict.fromkeys(_PAIRS.split(), 30),
    **{word: count for count, words in _LATIN for word in words.split()},
}
"""In how many of 1,000 texts a character, pair or Latin word occurs anyway, roughly."""

_RUN: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[^\W_a-z0-9]+")


@lru_cache(maxsize=8192)
def grams(text: str) -> tuple[str, ...]:
    """Characters and pairs of them, Latin words and numbers whole; nothing across punctuation.

    >>> grams("蓝牙断连, iPhone 15")
    ('蓝', '牙', '断', '连', '蓝牙', '牙断', '断连', 'iphone', '15')
    """
    found: list[str] = []
    for run in _RUN.findall(normalise(text)):
        if run.isascii():
            found.append(run)
        else:
            found.extend(run)
            found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return tuple(found)


def features(text: str) -> tuple[str, ...]:
    """The distinct grams of a text, and of Latin words their stems (first four letters) and the pairs of neighbours.

    >>> features("card payments"), features("蓝牙 断")
    (('card', 'payments', 'paym~', 'card payments'), ('蓝', '牙', '蓝牙', '断'))
    """
    found = grams(text)
    words = [gram for gram in found if gram.isascii()]
    stems = [word[:4] + "~" for word in words if len(word) > 4]
    return tuple(dict.fromkeys((*found, *stems, *map(" ".join, pairwise(words)))))


@lru_cache(maxsize=65_536)
def common(gram: str) -> int:
    """In how many of 1,000 texts a gram occurs anyway; a pair of common characters half as often as the rarer of them.

    >>> common("的"), common("问我"), common("蓝牙")
    (250, 20, 0)
    """
    known = COMMON.get(gram)
    if known is None:
        known = min(COMMON.get(gram[0], 0), COMMON.get(gram[1], 0)) // 2 if len(gram) == 2 and not gram.isascii() else 0
    return known


def vectors(texts: Sequence[str]) -> list[Vector]:
    """The texts' TF-IDF vectors, of length 1, after learning all of them. A text without grams has an empty one."""
    return list(vectors_at(texts, range(len(texts))).values())


def vectors_at(texts: Sequence[str], places: Iterable[int]) -> dict[int, Vector]:
    """The vectors of the texts at some places only, by place; all texts tell how common their grams are.

    >>> texts = ("耳机断连", "发票抬头", "耳机发票")
    >>> vectors_at(texts, [2]) == {2: vectors(texts)[2]}
    True
    """
    wanted = {place: grams(texts[place]) for place in places}
    asked = frozenset(chain.from_iterable(wanted.values()))
    known = _taught([asked.intersection(grams(text)) for text in texts])
    return {place: _weighed(found, known, COMMON_TEXTS + len(texts)) for place, found in wanted.items()}


def near_last(texts: Sequence[str], least: float) -> list[int]:
    """The places of texts whose cosine with the last may reach `least`: it misses none, and spares the vectors of most others.

    They share two grams, and the part of the last one's vector that lies in the shared grams is at least that long: the cosine cannot
    be larger (Cauchy-Schwarz).

    >>> near_last(("耳机蓝牙断连", "发票抬头写错了", "蓝牙老是断连"), 0.2)
    [0]
    """
    if not grams(texts[-1]):
        return []
    mine = frozenset(grams(texts[-1]))
    shared = [mine.intersection(grams(text)) for text in texts]
    weighed = _weighed(grams(texts[-1]), _taught(shared), COMMON_TEXTS + len(texts))
    squares = {gram: weight * weight for gram, weight in weighed.items()}
    enough = least * least - 1e-9
    return [at for at, both in enumerate(shared[:-1]) if len(both) >= 2 and sum([squares.get(gram, 0.0) for gram in both]) >= enough]


def _taught(found: Sequence[Collection[str]]) -> Counter[str]:
    """In how many texts each gram that is asked for occurs, after texts, given as those of their grams that are asked for."""
    known = Counter({gram: common(gram) for gram in frozenset(chain.from_iterable(found))})
    for each in found:
        known.update(each)
    return known


def _weighed(found: Sequence[str], known: Mapping[str, int], texts: int) -> Vector:
    """A text's TF-IDF vector of length 1, to the last bit as River's `feature_extraction.TFIDF` gives it.

    Not River's itself: to import it loads SciPy, which takes a second and a half of every start and 40 MB.
    """
    weights = {gram: count / len(found) * (log((1 + texts) / (1 + known[gram])) + 1) for gram, count in Counter(found).items()}
    norm = sqrt(sum(weight**2 for weight in weights.values()))
    return {gram: weight / norm for gram, weight in weights.items()}


class StreamWeights(msgspec.Struct):
    """How common each feature is in a stream of texts, learnt as it comes, beginning with what is `COMMON` anyway.

    `counts` are the texts a feature was in, of `texts` texts. At most 200,000 features are kept: beyond that all counts are halved
    and those below one forgotten. Plain data: msgspec encodes it.

    >>> weights = StreamWeights()
    >>> for text in ("耳机坏了", "耳机没声音", "发票抬头写错"):
    ...     weights.learn_one(features(text))
    >>> vector = weights.vector(features("耳机的发票"))
    >>> vector["发票"] > vector["耳机"] > vector["的"]
    True
    """

    counts: dict[str, float] = msgspec.field(default_factory=dict)
    texts: float = 0.0

    def learn_one(self, found: Iterable[str]) -> None:
        """Count a text's distinct features."""
        counts = self.counts
        for each in found:
            counts[each] = counts.get(each, 0.0) + 1.0
        self.texts += 1.0
        if len(counts) > MOST_FEATURES:
            self._forget()

    def vector(self, found: Iterable[str]) -> Vector:
        """The features weighed by their inverse frequency to the power of 1.5, of length 1; empty for no features."""
        known, texts = self.counts.get, self.texts + COMMON_TEXTS
        raw = {each: max(LEAST_WEIGHT, log(texts / (known(each, 0.0) + common(each) + 0.5))) ** STEEP for each in found}
        length = sqrt(sum([weight * weight for weight in raw.values()]))
        return {each: weight / length for each, weight in raw.items()}

    def _forget(self) -> None:
        """Halve until half of the room is free."""
        while len(self.counts) > MOST_FEATURES // 2:
            self.counts = {each: count / 2 for each, count in self.counts.items() if count >= 2}
            self.texts /= 2


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two vectors of length 1, 0..1.

    >>> same, different = vectors(["耳机蓝牙断连", "蓝牙耳机老是断连"]), vectors(["耳机蓝牙断连", "发票抬头写错了"])
    >>> cosine(*same) > 0.5 > cosine(*different)
    True
    """
    if len(other) < len(one):
        one, other = other, one
    return sum([weight * other[gram] for gram, weight in one.items() if gram in other])


def weakest_link(found: Sequence[Vector]) -> float:
    """The weakest link of the maximum spanning tree: how alike the least connected of them is to any other. 1 for a single one.

    >>> round(weakest_link(vectors(["退款太慢了", "退款太慢了", "退款太慢了"])), 6)
    1.0
    """
    best = {at: cosine(found[0], found[at]) for at in range(1, len(found))}
    weakest = 1.0
    while best:
        nearest = max(best, key=lambda at: (best[at], -at))
        weakest = min(weakest, best.pop(nearest))
        best = {at: max(link, cosine(found[nearest], found[at])) for at, link in best.items()}
    return weakest


def cohesion(found: Sequence[Vector]) -> float:
    """How well texts hang together, 0..1: two thirds that of the least connected of them, one third the mean of all.

    A text's connection is the mean root of its cosines with the others; the root because the first shared word says more than the
    next. Unlike the weakest link it does not hang on one lucky pair: benchmarks/_text_groups.py measures both. 1 for a single one.

    >>> round(cohesion(vectors(["退款太慢了", "退款太慢了", "退款太慢了"])), 6), cohesion(vectors(["退款", "发票", "耳机"]))
    (1.0, 0.0)
    """
    if len(found) < 2:
        return 1.0
    sums = [0.0] * len(found)
    for at, one in enumerate(found):
        for before in range(at):
            root = sqrt(max(0.0, cosine(one, found[before])))
            sums[at] += root
            sums[before] += root
    return (2 * min(sums) + sum(sums) / len(sums)) / (3 * (len(sums) - 1))
