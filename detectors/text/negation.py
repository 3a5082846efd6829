"""Negation: which pieces of a message negate, and which words are turned round by them.

A negator counts only as a piece of its own: `不`, `没有`, `不能`, not a word that begins with one (`不错`, `不满`). Three kinds of
use are no negation at all: fixed phrases (`没关系`, `没问题`), A-not-A questions (`能不能`, `收没收到`, `有没有`) and the closing
question (`发货了没`, `到了没有`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from detectors.text.lexicon import Hit, Lexicons

__all__ = ["FIXED", "Negation"]

FIXED: Final = "negators.fixed"
"""The lexicon of fixed phrases; its hits are handed to `Negation.count`."""

_REACH: Final = 2
_CLAUSE_END: Final = frozenset(",.!?;:~ ")
_PARTICLES: Final = frozenset("呢啊呀哦嘛吗")


class Negation:
    """Finds negators and decides what they turn round.

    Parameters
    ----------
    lexicons
        Reads `negators` (counted), `negators.inverters` (turn a word round but are not counted: `不够`, `难以`),
        `negators.commands` (forbid: `别骗我` denies nothing), and `negators.bridge` (words that may stand between a negator and what
        it negates: `不` 是 很 `满意`).
    """

    def __init__(self, lexicons: Lexicons) -> None:
        self._counted = frozenset(lexicons.phrases("negators"))
        self._turning = self._counted | frozenset(lexicons.phrases("negators.inverters"))
        self._commands = frozenset(lexicons.phrases("negators.commands"))
        self._bridge = frozenset(lexicons.phrases("negators.bridge"))

    def find(self, pieces: Sequence[str], starts: Sequence[int], text: str, hits: Iterable[Hit]) -> tuple[int, ...]:
        """Indices of the pieces that turn words round, in order; those in fixed phrases and questions are left out.

        `starts` are the offsets of the pieces in `text`, `hits` what the matcher found in it.
        """
        turning = self._turning
        places = [index for index, piece in enumerate(pieces) if piece in turning]
        if not places:
            return ()
        fixed = [(hit.start, hit.end) for hit in hits if hit.name == FIXED]
        return tuple(
            index
            for index in places
            if not any(start <= starts[index] < end for start, end in fixed) and not _is_question(pieces[index], text, starts[index])
        )

    def count(self, pieces: Sequence[str], places: Iterable[int]) -> int:
        """How many of the found places hold a counted negator."""
        return sum(pieces[index] in self._counted for index in places)

    def turned(self, pieces: Sequence[str], places: Sequence[int], index: int, *, by_commands: bool) -> bool:
        """Whether the word that begins at piece `index` is turned round: an odd number of negators stands before it.

        A negator stands right before, or with one bridge word between; a second one before that turns back
        (`不是不满意`). A mark ends the reach. `by_commands` says whether a command (`别担心`) turns this word.
        """
        turns, position = 0, index
        while True:
            position = self._previous(pieces, places, position)
            if position < 0 or (pieces[position] in self._commands and not by_commands):
                return turns % 2 == 1
            turns += 1

    def _previous(self, pieces: Sequence[str], places: Sequence[int], index: int) -> int:
        """The negator that governs the word at `index`, or -1."""
        left = _REACH
        for position in range(index - 1, -1, -1):
            if position in places:
                return position
            if pieces[position] == " ":
                continue
            left -= 1
            if not left or pieces[position] not in self._bridge:
                return -1
        return -1


def _is_question(piece: str, text: str, start: int) -> bool:
    """Whether the negator at `start` asks (`能不能`, `到没到`, `有没收到`, `好了没`) and does not deny."""
    before, after = text[start - 1 : start] if start else "", text[start + 1 : start + 2]
    if piece[0] not in "不没":
        return False
    if before and before == after and before not in "不没人":
        return True
    if piece == "没" and before == "有":
        return True
    end = start + len(piece)
    closing = text[end : end + 1]
    ends = not closing or closing in _CLAUSE_END or (closing in _PARTICLES and text[end + 1 : end + 2] in ("", *_CLAUSE_END))
    return piece in ("没", "没有") and before == "了" and ends
