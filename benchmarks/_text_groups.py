"""Five in a row, and the index of live texts, on files of `group TAB text` (texts of one group mean the same).

**Five in a row.** Of each group five texts, as often as it has them up to `RUNS` times, are a run, five distinct customers; the other
texts are shuffled to a stream, and the runs are put at random places of it. Each message is scored by the five texts that end with
it, with weights learnt from the stream up to it. A message is a hit when all five are of one group, and none when at most three are: when
four are, an alert is neither right nor wrong. The threshold is set so that at most 1, 5, 20 of 1,000 of the others alert; recall is
the share of hits at or above it. `strict` counts an alert with four of five as false too. Mean of `SEEDS` streams. `weakest_link` is the
same for the weakest link of the maximum spanning tree on the same vectors.

**Live index.** 10,000 and 100,000 different real clauses (8 to 30 characters between marks) of the files in `sentiment/` and `groups/`
live; where there are too few, pairs of clauses are joined, which repeats sentences and so is harder (`joined` says how many). Each query is
a live text, any of them, with a tenth of its characters left out; `hit_at_5` is the share of queries where that text is among the five
found. The cost is that of a message: its features, the query, its insertion and the eviction that makes; the median of blocks timed in
turns at both sizes.

**Detector**. These clauses as complaints of `similar_complaint_count`, as many as it keeps in each scope (100, issue and product), scopes
until 10,000 and 100,000 live; each message is a complaint of a random scope, compared with all that live there. `bytes_per_complaint` is
the state, encoded.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from benchmarks._textdata import name_of, tab_rows
from detectors.base import Observation, Scope
from detectors.similar_complaint_count import Complaint, SimilarComplaintCount
from detectors.similarity import StreamWeights, Vector, cohesion, features, weakest_link
from detectors.text.live_index import LiveIndex

__all__ = ["ROLE", "measure"]

ROLE: Final = "groups"
FIVE: Final = 5
RUNS: Final = 3
SEEDS: Final = 3
RATES: Final = (1, 5, 20)
LIVE: Final = (10_000, 100_000)
QUERIES: Final = 2_000
BLOCKS: Final = 20
_MARKS: Final = re.compile(r"[\s,.!?;:，。！？；：、~…]+")
MOST_MESSAGES: Final = 20_000
LEFT_OUT: Final = 0.1

Message = tuple[str, str]


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """Recall and cost of five in a row and of the live index, by file."""
    found: dict[str, Any] = {name_of(path): _five_in_a_row(tab_rows(path)[:MOST_MESSAGES]) for path in files}
    beside = sorted((files[0].parent.parent / "sentiment").glob("*.tsv*")) if files else []
    texts = [text for path in (*beside, *files) for _, text in tab_rows(path)]
    clauses = list(dict.fromkeys(clause for text in texts for clause in _MARKS.split(text) if 8 <= len(clause) <= 30))
    return {**found, "live_index": _live_index(list(clauses)), "detector": _detector(clauses)}


def _five_in_a_row(rows: Sequence[Message]) -> dict[str, Any]:
    """Both scores on the same streams."""
    streams = [_stream(rows, seed) for seed in range(SEEDS)]
    methods: dict[str, Callable[[Sequence[Vector]], float]] = {"cohesion": cohesion, "weakest_link": weakest_link}
    report: dict[str, Any] = {"messages": len(streams[0]), "full_rows": sum(size == FIVE for size in _same(streams[0]))}
    for name, method in methods.items():
        began = time.process_time()
        scores = [_scores(stream, method) for stream in streams]
        spent = time.process_time() - began
        pairs = [(score, _same(stream)) for score, stream in zip(scores, streams, strict=True)]
        report[name] = {
            "recall": _mean_recall(pairs, near=FIVE - 2),
            "recall_strict": _mean_recall(pairs, near=FIVE - 1),
            "messages_per_s": round(sum(map(len, streams)) / spent),
        }
    return report


def _stream(rows: Sequence[Message], seed: int) -> list[Message]:
    """The runs in the shuffled others."""
    chance = random.Random(seed)
    groups: dict[str, list[Message]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    runs: list[list[Message]] = []
    others: list[Message] = []
    for texts in groups.values():
        chance.shuffle(texts)
        count = min(RUNS, len(texts) // FIVE)
        runs += [texts[at * FIVE : (at + 1) * FIVE] for at in range(count)]
        others += texts[count * FIVE :]
    blocks = [*([other] for other in others), *runs]
    chance.shuffle(blocks)
    return [message for block in blocks for message in block]


def _scores(stream: Sequence[Message], method: Callable[[Sequence[Vector]], float]) -> list[float]:
    """Each message's score; the first four have none to speak of."""
    weights, row = StreamWeights(), deque[Vector](maxlen=FIVE)
    scores = []
    for _, text in stream:
        found = features(text)
        weights.learn_one(found)
        row.append(weights.vector(found))
        scores.append(method(row) if len(row) == FIVE else 0.0)
    return scores


def _same(stream: Sequence[Message]) -> list[int]:
    """Of the last five at each message, how many are of the commonest group."""
    groups = [group for group, _ in stream]
    return [max(Counter(groups[max(0, at - FIVE + 1) : at + 1]).values()) for at in range(len(groups))]


def _mean_recall(pairs: Sequence[tuple[list[float], list[int]]], near: int) -> dict[str, float]:
    """Recall at each rate of false alerts, of the messages of whose five at most `near` are of one group; mean over the streams."""
    totals = dict.fromkeys(RATES, 0.0)
    for scores, same in pairs:
        hits = [score for score, size in zip(scores, same, strict=True) if size == FIVE]
        others = sorted((score for score, size in zip(scores, same, strict=True) if size <= near), reverse=True)
        for rate in RATES:
            limit = others[min(len(others) - 1, rate * len(others) // 1000)] if others else 0.0
            totals[rate] += sum(score > limit for score in hits) / max(1, len(hits))
    return {f"at_{rate}_per_1000": round(total / len(pairs), 3) for rate, total in totals.items()}


def _live_index(real: list[str]) -> dict[str, Any]:
    """Hits and cost at each number of live texts, and what the larger costs in units of the smaller."""
    chance = random.Random(0)
    chance.shuffle(real)
    wanted = LIVE[-1]
    different = dict.fromkeys(real[:wanted])
    for _ in range(4 * wanted):
        if len(different) == wanted or len(real) ** 2 < wanted:
            break
        different[f"{chance.choice(real)}，{chance.choice(real)}"] = None
    if len(different) < wanted:
        return {"skipped": f"only {len(different)} different texts of {wanted} can be made"}
    sizes = [_Filled(list(different), live, chance) for live in LIVE]
    costs = _costs(sizes)
    found = {
        f"live_{live}": {
            "hit_at_5": round(size.hits / QUERIES, 3),
            "us_per_message": round(1e6 * cost, 1),
            "messages_per_s": round(1 / cost),
        }
        for live, size, cost in zip(LIVE, sizes, costs, strict=True)
    }
    return {**found, "cost_ratio": round(costs[-1] / costs[0], 2), "joined": max(0, wanted - len(real))}


def _detector(texts: Sequence[str]) -> dict[str, Any]:
    """What a complaint costs the detector at each number that live, spread over scopes."""
    if not texts:
        return {"skipped": "no text of 8 to 30 characters"}
    chance = random.Random(0)
    sizes = [_Scopes(texts, live, chance) for live in LIVE]
    costs = _costs(sizes)
    found = {
        f"live_{live}": {
            "us_per_message": round(1e6 * cost, 1),
            "messages_per_s": round(1 / cost),
            "bytes_per_complaint": round(sum(len(msgspec.msgpack.encode(state)) for state in size.states) / live),
        }
        for live, size, cost in zip(LIVE, sizes, costs, strict=True)
    }
    return {**found, "cost_ratio": round(costs[-1] / costs[0], 2)}


def _costs(sizes: Sequence[_Filled | _Scopes]) -> list[float]:
    """Seconds a message at each size, measured in turns."""
    for _ in range(BLOCKS):
        for size in sizes:
            size.block()
    return [median(size.seconds) * BLOCKS / QUERIES for size in sizes]


class _Scopes:
    """Full scopes of the detector, and complaints to come."""

    def __init__(self, texts: Sequence[str], live: int, chance: random.Random) -> None:
        self.detector, self.texts, self.chance = SimilarComplaintCount(), texts, chance
        self.states = [self.detector.new() for _ in range(live // self.detector.kept)]
        for number in range(live):
            complaint = Complaint(float(number), f"c{number}", f"u{number}", self._text(), f"e{number}")
            self.states[number % len(self.states)].live.append(complaint)
        self.next = live
        self.seconds: list[float] = []

    def _text(self) -> str:
        return self.chance.choice(self.texts)[: self.detector.characters]

    def block(self) -> None:
        """The next messages, timed."""
        came = [
            Observation("", Scope(""), float(at), customer_id=f"u{at}", conversation_id=f"c{at}", event_id=f"e{at}", excerpt=self._text())
            for at in range(self.next, self.next + QUERIES // BLOCKS)
        ]
        self.next += len(came)
        targets = self.chance.choices(self.states, k=len(came))
        began = time.process_time()
        for state, observation in zip(targets, came, strict=True):
            self.detector.learn_one(state, observation)
        self.seconds.append(time.process_time() - began)


class _Filled:
    """An index full of so many live texts, and what is asked of it: one query, insertion and eviction a message."""

    def __init__(self, texts: Sequence[str], live: int, chance: random.Random) -> None:
        self.index = LiveIndex(live)
        for number, text in enumerate(texts[:live]):
            self.index.add(str(number), features(text), float(number))
        self.asked = [chance.randrange(QUERIES, live) for _ in range(QUERIES)]
        self.queries = ["".join(each for each in texts[number] if chance.random() >= LEFT_OUT) for number in self.asked]
        self.live, self.hits, self.done = live, 0, 0
        self.seconds: list[float] = []

    def block(self) -> None:
        """The next messages, timed."""
        until = self.done + QUERIES // BLOCKS
        began = time.process_time()
        for at in range(self.done, until):
            wanted = str(self.asked[at])
            found = features(self.queries[at])
            self.hits += any(key == wanted for _, key in self.index.near(found))
            self.index.add(f"new {at}", found, float(self.live + at))
        self.seconds.append(time.process_time() - began)
        self.done = until
