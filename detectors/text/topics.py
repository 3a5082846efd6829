"""What a stream of texts is about: one-pass clusters with names, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from math import inf, log, sqrt
from typing import Final

import msgspec

from detectors.similarity import COMMON_TEXTS, common

__all__ = ["Burst", "Topic", "Topics", "TopicsState"]

LEAST: Final = 0.1
BUCKETS: Final = 24


class Burst(msgspec.Struct, frozen=True):
    """How a topic goes: weight in the latest bucket of time, the usual of a bucket before it, and the Poisson excess in deviations."""

    recent: float
    usual: float
    excess: float
    total: float
    first: float
    last: float


class Topic(msgspec.Struct):
    """A topic: the sum of its texts' vectors with its squared length, its texts, and their weight by bucket of time."""

    centre: dict[str, float]
    square: float = 0.0
    texts: int = 0
    total: float = 0.0
    first: float = inf
    last: float = -inf
    buckets: dict[int, float] = msgspec.field(default_factory=dict)


class TopicsState(msgspec.Struct):
    """All of `Topics` as plain data."""

    topics: dict[int, Topic] = msgspec.field(default_factory=dict)
    counts: dict[str, float] = msgspec.field(default_factory=dict)
    texts: float = 0.0
    next: int = 0


class Topics:
    """Clusters texts as they come: each joins the topic whose centre it is most like, or founds one (leader clustering, Hartigan 1975).

    Parameters
    ----------
    alike
        The cosine of inverse-frequency weights from which a text belongs to a topic.
    most
        Topics held; beyond that the one that was silent longest goes.
    window_s
        A topic silent for longer expires.
    bucket_s
        The unit of `burst`.
    looked_up
        The rarest of a text's features by which candidates are found.

    `features` of a text are its words or grams (`detectors.similarity.grams`), without duplicates. A topic keeps its 64 heaviest
    features when it holds 128, and a feature points at the 32 topics that took it up last, so a text costs the same however many
    topics there are. Short texts of one meaning in quite different words become several topics.
    Memory: `most` topics of at most 128 features; 200,000 feature counts.

    >>> topics = Topics()
    >>> ids = [topics.learn_one(words.split(), 60.0 * at) for at, words in enumerate(("耳机 蓝牙 断连", "蓝牙 断连 耳机", "发票 抬头"))]
    >>> ids, topics.name(0, 2), len(topics)
    ([0, 0, 1], ('耳机', '蓝牙'), 2)
    """

    most_features = 200_000
    widest = 128
    pointed = 32
    compared = 16

    def __init__(
        self, *, alike: float = 0.13, most: int = 2_000, window_s: float = 7 * 86_400.0, bucket_s: float = 3_600.0, looked_up: int = 8
    ) -> None:
        self.alike, self.most, self.window_s, self.bucket_s, self.looked_up = alike, most, window_s, bucket_s, looked_up
        self._state = TopicsState()
        self._by_feature: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._state.topics)

    def __contains__(self, topic: int) -> bool:
        return topic in self._state.topics

    def learn_one(self, features: Iterable[str], time: float, weight: float = 1.0) -> int | None:
        """The id of the topic the text was put into; None for a text without features."""
        found = tuple(dict.fromkeys(features))
        if not found:
            return None
        vector = self._learn_weights(found)
        topic = self._nearest(vector)
        if topic is None:
            topic = self._found()
        self._join(topic, vector, time, weight)
        if len(self._state.topics) > self.most:
            self._drop(next(iter(self._state.topics)))
        return topic

    def name(self, topic: int, terms: int = 3) -> tuple[str, ...]:
        """The heaviest features of a topic; of one that expired none.

        Of Chinese grams only pairs, none overlapping another (of `发票`, `票抬`, `抬头` the second), single characters where there is
        nothing else.
        """
        known = self._state.topics.get(topic)
        if known is None:
            return ()
        ranked = sorted(known.centre, key=lambda each: (len(each) < 2, -known.centre[each]))
        chosen: list[str] = []
        for each in ranked:
            if len(chosen) == terms:
                break
            if each.isascii() or not any(set(each) & set(other) for other in chosen):
                chosen.append(each)
        return tuple(chosen)

    def burst(self, topic: int, now: float) -> Burst | None:
        """How much heavier the bucket of `now` is than usual; None for a topic that expired.

        The usual is the mean of the buckets since the topic was founded, at most the 24 before this one, with one text added for a
        topic that is new. `excess` is (recent - usual) / sqrt(usual), the deviations of a Poisson count: above 3 is rare.
        """
        known = self._state.topics.get(topic)
        if known is None:
            return None
        current = int(now // self.bucket_s)
        span = min(BUCKETS, max(1, current - int(known.first // self.bucket_s)))
        past = sum(weight for bucket, weight in known.buckets.items() if current - span <= bucket < current)
        recent, usual = known.buckets.get(current, 0.0), (past + 1.0) / span
        return Burst(recent, usual, (recent - usual) / sqrt(usual), known.total, known.first, known.last)

    def hot(self, now: float, count: int = 10) -> list[tuple[int, Burst]]:
        """The topics with the greatest excess, greatest first; only such as have any."""
        bursts = [(topic, found) for topic in self._state.topics if (found := self.burst(topic, now)) is not None and found.excess > 0]
        return nlargest(count, bursts, key=lambda each: (each[1].excess, -each[0]))

    def expire(self, now: float) -> int:
        """Forget the topics that have been silent for longer than the window; how many went."""
        silent = [topic for topic, known in self._state.topics.items() if known.last < now - self.window_s]
        for topic in silent:
            self._drop(topic)
        return len(silent)

    def state(self) -> TopicsState:
        """Everything, as plain data; a copy."""
        return msgspec.convert(msgspec.to_builtins(self._state), TopicsState)

    def restore(self, state: TopicsState) -> None:
        """Become what `state` was taken from; which topic took a feature up last is known only roughly then."""
        self._state = msgspec.convert(msgspec.to_builtins(state), TopicsState)
        self._by_feature = {}
        for topic, known in self._state.topics.items():
            for feature in known.centre:
                self._point(feature, topic)

    def _learn_weights(self, found: tuple[str, ...]) -> dict[str, float]:
        """Count the features, then weigh them by inverse frequency; of length 1."""
        state = self._state
        counts = state.counts
        for each in found:
            counts[each] = counts.get(each, 0.0) + 1.0
        state.texts += 1.0
        if len(counts) > self.most_features:
            state.counts = counts = {each: count / 2 for each, count in counts.items() if count >= 2}
            state.texts /= 2
        texts = state.texts + COMMON_TEXTS
        raw = {each: max(LEAST, log(texts / (counts.get(each, 0.0) + common(each) + 0.5))) for each in found}
        length = sqrt(sum([each * each for each in raw.values()]))
        return {each: weight / length for each, weight in raw.items()}

    def _nearest(self, vector: dict[str, float]) -> int | None:
        """The topic most like the vector, if it is alike enough."""
        shared: dict[int, float] = {}
        pointers = self._by_feature
        # Only of those that lead somewhere: what nobody else said is always the rarest.
        for feature in sorted([each for each in vector if each in pointers], key=vector.__getitem__, reverse=True)[: self.looked_up]:
            weight = vector[feature]
            for topic in pointers[feature]:
                shared[topic] = shared.get(topic, 0.0) + weight
        best, nearest = self.alike, None
        candidates = nlargest(self.compared, shared, key=shared.__getitem__) if len(shared) > self.compared else shared
        for topic in candidates:
            known = self._state.topics[topic]
            centre = known.centre.get
            cosine = sum([weight * centre(feature, 0.0) for feature, weight in vector.items()]) / sqrt(known.square)
            if cosine > best:
                best, nearest = cosine, topic
        return nearest

    def _found(self) -> int:
        """A new, empty topic."""
        topic = self._state.next
        self._state.next += 1
        self._state.topics[topic] = Topic({})
        return topic

    def _join(self, topic: int, vector: dict[str, float], time: float, weight: float) -> None:
        """Add a text to a topic, which becomes the one heard of last."""
        known = self._state.topics.pop(topic)
        self._state.topics[topic] = known
        for feature, share in vector.items():
            before = known.centre.get(feature)
            if before is None:
                self._point(feature, topic)
                before = 0.0
            known.centre[feature] = before + share
            known.square += share * (2 * before + share)
        known.texts += 1
        known.total += weight
        known.first, known.last = min(known.first, time), max(known.last, time)
        bucket = int(time // self.bucket_s)
        known.buckets[bucket] = known.buckets.get(bucket, 0.0) + weight
        if len(known.buckets) > BUCKETS + 2:
            del known.buckets[min(known.buckets)]
        if len(known.centre) > self.widest:
            self._narrow(topic, known)

    def _narrow(self, topic: int, known: Topic) -> None:
        """Keep the heavier half of a topic's features."""
        kept = set(nlargest(self.widest // 2, known.centre, key=known.centre.__getitem__))
        for feature in [each for each in known.centre if each not in kept]:
            del known.centre[feature]
            self._unpoint(feature, topic)
        known.square = sum(weight * weight for weight in known.centre.values())

    def _drop(self, topic: int) -> None:
        """Forget a topic."""
        for feature in self._state.topics.pop(topic).centre:
            self._unpoint(feature, topic)

    def _point(self, feature: str, topic: int) -> None:
        pointers = self._by_feature.setdefault(feature, [])
        pointers.append(topic)
        if len(pointers) > self.pointed:
            del pointers[0]

    def _unpoint(self, feature: str, topic: int) -> None:
        pointers = self._by_feature.get(feature, [])
        if topic in pointers:
            pointers.remove(topic)
        if not pointers:
            self._by_feature.pop(feature, None)
