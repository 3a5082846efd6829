"""Early warning: AUC of "this conversation ends badly" by utterances seen, each conversation predicted before it is learnt."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks._textdata import auc, json_lines, name_of
from detectors.text.early_warning import EarlyWarning, Heard
from detectors.text.hashed_logistic import Slots
from detectors.text.normalise import normalise
from detectors.text.segment import Segmenter, guess_language, is_word

__all__ = ["ROLE", "measure"]

ROLE = "dialogues"
MOMENTS = (1, 2, 4, 6, 10)
FULL = 0
ALERT = 0.7
SEEDS = (1, 2, 3)
METHOD = (
    "Records may come sorted by outcome, and in that order the last outcomes give the next away: they are shuffled, three times "
    "(seeds 1, 2, 3), and mean, lowest and highest AUC are given. "
    "Records in a row that share more than half of their utterances are windows of one dialogue: they stay together, all "
    "predicted before any is learnt. At k utterances only conversations that have k count. without_sentiment leaves out the "
    "sentiment the file gives."
)

Turns = list[tuple[str, tuple[str, ...], float | None]]


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """One entry a file: AUC at each moment with and without the sentiment the file gives, alerts, turns a second."""
    cut = Segmenter()
    return {name_of(path): _measure(json_lines(path), cut) for path in files}


def _measure(records: list[dict[str, Any]], cut: Segmenter) -> dict[str, Any]:
    together = groups([[(turn[0], turn[1]) for turn in record["turns"]] for record in records])
    read = [[(_turns(records[index], cut), records[index]["satisfaction"] == 0) for index in group] for group in together]
    orders = [random.Random(seed).sample(read, len(read)) for seed in SEEDS]
    began = time.process_time()
    scored = [_prequential(order) for order in orders]
    took = time.process_time() - began
    turns = len(SEEDS) * sum(len(each) for group in read for each, _ in group)
    return {
        "conversations": len(records),
        "independent": len(together),
        "ended_badly": round(sum(record["satisfaction"] == 0 for record in records) / len(records), 3),
        "auc": _by_moment(scored),
        "auc_without_sentiment": _by_moment([_prequential(_bare(order)) for order in orders]),
        "alert": [_alerts(each) for each in scored],
        "turns_s": round(turns / took),
        "method": METHOD,
    }


def _bare(read: Sequence[Sequence[tuple[Turns, bool]]]) -> list[list[tuple[Turns, bool]]]:
    """The same without the sentiment the file gives."""
    return [[([(role, tokens, None) for role, tokens, _ in turns], bad) for turns, bad in group] for group in read]


def groups(dialogues: Sequence[Sequence[tuple[str, str]]]) -> list[list[int]]:
    """Indices of the dialogues, those in a row that share more than half of their utterances together.

    >>> groups([[("c", "a"), ("c", "b")], [("c", "b"), ("c", "a"), ("c", "d")], [("c", "x"), ("c", "b")]])
    [[0, 1], [2]]
    """
    found: list[list[int]] = []
    before: set[tuple[str, str]] = set()
    for index, dialogue in enumerate(dialogues):
        now = set(dialogue)
        if found and 2 * len(now & before) > min(len(now), len(before)):
            found[-1].append(index)
        else:
            found.append([index])
        before = now
    return found


def _turns(record: dict[str, Any], cut: Segmenter) -> Turns:
    return [(turn[0], _tokens(turn[1], cut), float(turn[2]) if len(turn) > 2 else None) for turn in record["turns"]]


def _tokens(text: str, cut: Segmenter) -> tuple[str, ...]:
    """Words; a text of ids is cut at its spaces."""
    if text.isascii() and text.replace(" ", "").isdecimal():
        return tuple(text.split())
    clean = normalise(text)
    return tuple(piece for piece in cut(clean, guess_language(clean)) if is_word(piece)) if clean else ()


def _prequential(read: Sequence[Sequence[tuple[Turns, bool]]]) -> list[tuple[int, int, float, bool]]:
    """(conversation, moment, P(ends badly), ended badly), each group predicted before it is learnt."""
    warning, scored, number = EarlyWarning(), [], 0
    for group in read:
        waiting: list[tuple[Slots, bool]] = []
        for turns, bad in group:
            for moment, features in _moments(warning, turns):
                scored.append((number, moment, warning.predict_proba_one(features)[True], bad))
                waiting.append((features, bad))
            number += 1
        for features, bad in waiting:
            warning.learn_one(features, bad)
    return scored


def _moments(warning: EarlyWarning, turns: Turns) -> Iterator[tuple[int, Slots]]:
    heard = Heard()
    for count, turn in enumerate(turns, 1):
        warning.hear(heard, *turn)
        if count in MOMENTS:
            yield count, warning.features(heard)
    yield FULL, warning.features(heard)


def _by_moment(orders: Sequence[Sequence[tuple[int, int, float, bool]]]) -> dict[str, dict[str, float] | None]:
    """Mean, lowest and highest AUC over the orders, by utterances seen; None where the conversations all ended alike."""
    found: dict[str, dict[str, float] | None] = {}
    for moment in (*MOMENTS, FULL):
        all_areas = (auc([(chance, bad) for _, at, chance, bad in scored if at == moment]) for scored in orders)
        areas = [area for area in all_areas if area is not None]
        spread = {"mean": round(mean(areas), 4), "low": round(min(areas), 4), "high": round(max(areas), 4)} if areas else None
        found[str(moment) if moment else "full"] = spread
    return found


def _alerts(scored: Sequence[tuple[int, int, float, bool]]) -> dict[str, float | None]:
    """Recall and precision of alerting once one of the first moments, not the end, says 0.7, over the conversations."""
    bad = {number for number, _, _, ended in scored if ended}
    warned = {number for number, at, chance, _ in scored if at != FULL and chance >= ALERT}
    right = len(bad & warned)
    return {"recall": round(right / len(bad), 3) if bad else None, "precision": round(right / len(warned), 3) if warned else None}
