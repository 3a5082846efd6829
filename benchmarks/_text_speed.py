"""Texts a second: segmentation, the full pass, and SnowNLP as shipped on the same short messages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import snownlp

from benchmarks._textdata import name_of, rate, tab_rows
from config.lexicon_loader import load_analyser
from detectors.text.normalise import normalise
from detectors.text.segment import Segmenter, guess_language

__all__ = ["ROLE", "measure"]

ROLE = "sentiment"
SHORT, TEXTS, SHIPPED, ROUNDS = 25, 5_000, 200, 5
METHOD = (
    "Short messages: at most 25 characters. CPU time of one process; median of five rounds. SnowNLP: segmentation and sentiment as shipped."
)


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """One entry a file."""
    analyse = load_analyser()
    cut = Segmenter()
    found = {}
    for path in files:
        texts = [text for _, text in tab_rows(path) if text.strip()]
        short = [text for text in texts if len(text) <= SHORT][:TEXTS]
        clean = [(text, guess_language(text)) for text in map(normalise, short) if text]
        shipped = rate(lambda text: snownlp.SnowNLP(text).sentiments, short[:SHIPPED]) if short else 0.0
        full = _rounds(analyse, short)
        found[name_of(path)] = {
            "short_texts": len(short),
            "mean_characters": round(mean(map(len, short)), 1) if short else None,
            "segmentation_texts_s": _rounds(lambda each: cut(*each), clean),
            "full_pass_texts_s": full,
            "full_pass_any_length_texts_s": _rounds(analyse, texts[:TEXTS]),
            "snownlp_texts_s": round(shipped),
            "ratio_to_snownlp": round(full / shipped, 1) if shipped else None,
            "method": METHOD,
        }
    return found


def _rounds(work: Any, items: Sequence[Any]) -> int:
    return round(median(rate(work, items) for _ in range(ROUNDS))) if items else 0
