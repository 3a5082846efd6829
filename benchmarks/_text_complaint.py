"""Complaint by words: precision and recall of the lexicons for dialogues that end unsatisfied, beside plainer rules.

Files of dialogues tell who was not satisfied, not who complained: the nearest label there is. Many an unsatisfied customer never
complains, so recall is low by nature; precision beside the share of unsatisfied dialogues (`usual`) is what counts. `f1` is their harmonic
mean. Files of ids instead of words are left out: lexicons find nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._textdata import json_lines, name_of
from config.lexicon_loader import load_analyser
from detectors.text.words import Words

__all__ = ["ROLE", "measure"]

ROLE: Final = "dialogues"
RULES: Final[dict[str, Callable[[Words], bool]]] = {
    "complains": lambda words: bool(words.complains),
    "any_negative_word": lambda words: words.negatives > 0,
    "sentiment_below_half": lambda words: (words.sentiment or 0.0) < -0.5,
}


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """One entry a file of words."""
    analyse = load_analyser()
    found = {}
    for path in files:
        records = json_lines(path)
        said = [[turn[1] for turn in record["turns"] if turn[0] == "customer"] for record in records]
        if all(text.replace(" ", "").isdecimal() for texts in said[:100] for text in texts):
            continue
        bad = [record["satisfaction"] == 0 for record in records]
        words = [[analyse(text) for text in texts] for texts in said]
        rules = {name: _score([any(map(rule, each)) for each in words], bad) for name, rule in RULES.items()}
        found[name_of(path)] = {"dialogues": len(records), "usual": round(sum(bad) / max(1, len(bad)), 3), **rules}
    return found


def _score(said: Sequence[bool], true: Sequence[bool]) -> dict[str, float | None]:
    right = sum(one and other for one, other in zip(said, true, strict=True))
    precision = right / sum(said) if any(said) else None
    recall = right / sum(true) if any(true) else None
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
    figures = {"precision": precision, "recall": recall, "f1": f1}
    return {name: None if figure is None else round(figure, 3) for name, figure in figures.items()}
