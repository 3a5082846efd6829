"""Category learnt online: files of `intent TAB text`, shuffled, predicted before each is learnt.

`accuracy` is of all texts, those before a class was first seen included; `coverage` the share of texts where the learner is sure
enough to speak, `precision` the accuracy there. `stretched` is the same file with each class in three
channels, the channel's own word in every text: three times as many classes (231 of banking77's 77) of a third of the texts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._textdata import name_of, tab_rows
from detectors.similarity import features
from detectors.text.category import CategoryLearner

__all__ = ["ROLE", "measure"]

ROLE: Final = "intents"
CHANNELS: Final = ("webshop", "branch", "hotline")
LAST: Final = 3_000
Row = tuple[str, str]


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """Prequential accuracy by file, plain and stretched."""
    found = {}
    for path in files:
        rows = tab_rows(path)
        chance = random.Random(0)
        chance.shuffle(rows)
        found[name_of(path)] = {**_prequential(rows), "stretched": _prequential([_in_channel(row, chance) for row in rows])}
    return found


def _in_channel(row: Row, chance: random.Random) -> Row:
    channel = chance.choice(CHANNELS)
    return (f"{row[0]}/{channel}", f"{row[1]} {channel}")


def _prequential(rows: Sequence[Row]) -> dict[str, Any]:
    """One pass, features included."""
    learner = CategoryLearner(most=max(256, len({label for label, _ in rows})))
    right: list[bool] = []
    sure: list[bool] = []
    began = time.process_time()
    for label, text in rows:
        found = features(text)
        said, chance = learner.best_one(found)
        right.append(said == label)
        sure.append(chance >= learner.sure and len(learner.labels) > 1)
        learner.learn_one(found, label)
    spent = time.process_time() - began
    return {
        "classes": len(learner.labels),
        "accuracy": _share(right),
        "accuracy_last_3000": _share(right[-LAST:]),
        "coverage": _share(sure),
        "precision": _share([good for good, spoken in zip(right, sure, strict=True) if spoken]),
        "texts_per_s": round(len(rows) / max(spent, 1e-9)),
    }


def _share(found: Sequence[bool]) -> float:
    return round(sum(found) / max(1, len(found)), 3)
