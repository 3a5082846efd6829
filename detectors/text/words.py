"""Words of one message, computed once and shared by everything that needs them."""

from __future__ import annotations

import msgspec

__all__ = ["Words"]


class Words(msgspec.Struct, gc=False):
    """What one pass over one message found.

    `tokens` are the segments of the normalised text without punctuation and placeholders; `negations` counts exact negator
    tokens outside fixed phrases and A-not-A questions; `negatives` counts negative-emotion tokens that are not negated;
    `sentiment` is in -1..1, absent (None) where the language is unknown or there is nothing to judge; `hits` maps a lexicon's
    name to the phrases of it that occur, in order of appearance; `complains` is whether the phrases of the lexicon `complaint` weigh 1
    together, absent where the language is unknown. `severity` in 0..1 is there only where a learnt model says it.
    """

    text: str
    lang: str | None
    tokens: tuple[str, ...]
    negations: int = 0
    negatives: int = 0
    sentiment: float | None = None
    hits: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    complains: bool | None = None
    severity: float | None = None
