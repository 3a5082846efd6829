"""How grave what a message says is, by its words."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Final

from detectors.text.words import Words

__all__ = ["WEIGHTS", "severity"]

WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "safety": 0.8,
        "medical": 0.6,
        "data_leak": 0.6,
        "account_theft": 0.6,
        "escalation": 0.45,
        "finance": 0.4,
        "anger": 0.35,
        "complaint": 0.25,
        "disappointment": 0.2,
        "anxiety": 0.15,
        "negative": 0.1,
    }
)
"""What the first hit of a lexicon alone makes of a message, 0..1; a lexicon that is not here does not make it graver."""
MORE: Final = 0.5


def severity(words: Words, weights: Mapping[str, float] = WEIGHTS) -> float | None:
    """0..1, or None where there are no words: 1 - the product of (1 - weight) over the lexicons hit (a noisy-or, Pearl 1988).

    Where a learnt model has said it (`Words.severity`), that holds. A second phrase of the same lexicon weighs half of the first, a third
    half of that. Reads `Words.hits` and so errs where a lexicon does; negation is heeded only as far as the hits are.

    >>> severity(Words("充电器爆炸，我要投诉", "zh-CN", ("爆炸",), hits={"safety": ("爆炸",), "escalation": ("投诉",)}))
    0.89
    >>> severity(Words("好的", "zh-CN", ("好的",))), severity(Words("", None, ()))
    (0.0, None)
    """
    if not words.tokens:
        return None
    if words.severity is not None:
        return words.severity
    rest = 1.0
    for name, phrases in words.hits.items():
        weight = weights.get(name, 0.0)
        rest *= prod(1.0 - weight * MORE**number for number in range(len(set(phrases))))
    return round(1.0 - rest, 6)
