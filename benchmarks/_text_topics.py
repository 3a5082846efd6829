"""Topics of streams: how well one-pass clusters agree with what the file says, and how fast, with River's TextClust and DBSTREAM beside it.

Files of the role `clusters` are JSON lines `{"text", "cluster"}` in stream order. The same setting is used for all of them, and for
the intents that lie beside them in `intents/` (short questions, shuffled). NMI is normalised by the mean of the two entropies, ARI is
adjusted for chance (Hubert, Arabie 1985). River's see the first 5,000 texts, or as many as they can in `RIVERS_S` seconds of CPU each;
`same_texts` is what our clusters reach on just those.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from math import log
from pathlib import Path
from typing import Any, Final

from river import cluster, feature_extraction

from benchmarks._textdata import json_lines, name_of, tab_rows
from detectors.similarity import grams
from detectors.text.topics import Topics

__all__ = ["ROLE", "adjusted_rand", "measure", "normalised_mutual_information"]

ROLE: Final = "clusters"
SLICE: Final = 5_000
RIVERS_S: Final = 30.0
Row = tuple[Hashable, str]


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """NMI, ARI and speed by file; intents are found beside the folder of the first file."""
    found: dict[str, Any] = {}
    for path in files:
        found[name_of(path)] = _compare([(row["cluster"], row["text"]) for row in json_lines(path)])
    beside = files[0].parent.parent / "intents" if files else Path("intents")
    for path in sorted(beside.glob("*.tsv*")):
        rows: list[Row] = list(tab_rows(path))
        random.Random(0).shuffle(rows)
        found[name_of(path)] = _ours(rows)
    return found


def _compare(rows: Sequence[Row]) -> dict[str, Any]:
    found = _ours(rows)
    for name, run in (("textclust", _textclust), ("dbstream", _dbstream)):
        theirs, count = run(rows[:SLICE])
        found[name] = {"texts": count, **theirs, "same_texts": _ours(rows[:count])}
    return found


def _ours(rows: Sequence[Row]) -> dict[str, Any]:
    """One pass, grams included."""
    topics = Topics()
    began = time.process_time()
    given = [topics.learn_one(grams(text), float(at)) for at, (_, text) in enumerate(rows)]
    spent = time.process_time() - began
    return _agreement([truth for truth, _ in rows], given, spent)


def _textclust(rows: Sequence[Row]) -> tuple[dict[str, Any], int]:
    """River's TextClust, predict after learn, as long as time lasts."""
    bags = feature_extraction.BagOfWords(lowercase=True, ngram_range=(1, 2))
    model = cluster.TextClust(real_time_fading=False, fading_factor=0.001, tgap=100, auto_r=True, radius=0.9)
    given: list[Hashable] = []
    began = time.process_time()
    for _, text in rows:
        bag = bags.transform_one(text)
        model.learn_one(bag)
        # The nearest micro-cluster: there are only three macro-clusters, made anew for each prediction.
        given.append(model.predict_one(bag, type="micro"))
        if time.process_time() - began > RIVERS_S:
            break
    return _agreement([truth for truth, _ in rows[: len(given)]], given, time.process_time() - began), len(given)


def _dbstream(rows: Sequence[Row]) -> tuple[dict[str, Any], int]:
    """River's DBSTREAM on its TF-IDF vectors of length 1, predict after learn, as long as time lasts."""
    weights = feature_extraction.TFIDF(lowercase=True)
    model = cluster.DBSTREAM(clustering_threshold=0.9, fading_factor=0.001, cleanup_interval=100, minimum_weight=1)
    given: list[Hashable] = []
    began = time.process_time()
    for _, text in rows:
        weights.learn_one(text)
        vector = weights.transform_one(text)
        model.learn_one(vector)
        given.append(model.predict_one(vector))
        if time.process_time() - began > RIVERS_S:
            break
    return _agreement([truth for truth, _ in rows[: len(given)]], given, time.process_time() - began), len(given)


def _agreement(truth: Sequence[Hashable], given: Sequence[Hashable], spent: float) -> dict[str, Any]:
    return {
        "nmi": round(normalised_mutual_information(truth, given), 3),
        "ari": round(adjusted_rand(truth, given), 3),
        "topics": len(set(given)),
        "texts_per_s": round(len(given) / max(spent, 1e-9)),
    }


def normalised_mutual_information(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Mutual information over the mean of the entropies, 0..1.

    >>> normalised_mutual_information([1, 1, 2, 2], ["a", "a", "b", "b"]), normalised_mutual_information([1, 2, 1, 2], [1, 1, 2, 2])
    (1.0, 0.0)
    """
    count, ones, others = len(one), Counter(one), Counter(other)
    joint = Counter(zip(one, other, strict=True))
    shared = sum(each / count * log(each * count / (ones[left] * others[right])) for (left, right), each in joint.items())
    entropies = sum(-each / count * log(each / count) for counts in (ones, others) for each in counts.values())
    return 2 * shared / entropies if entropies else 1.0


def adjusted_rand(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """The Rand index adjusted for chance: 1 the same, 0 as by chance.

    >>> adjusted_rand([1, 1, 2, 2], ["a", "a", "b", "b"]), round(adjusted_rand([1, 2, 1, 2], [1, 1, 2, 2]), 2)
    (1.0, -0.5)
    """

    def pairs(counts: Counter[Any]) -> float:
        return sum(each * (each - 1) / 2 for each in counts.values())

    both, ones, others = pairs(Counter(zip(one, other, strict=True))), pairs(Counter(one)), pairs(Counter(other))
    every = len(one) * (len(one) - 1) / 2
    expected = ones * others / every if every else 0.0
    most = (ones + others) / 2
    return (both - expected) / (most - expected) if most != expected else 1.0
