"""One spelling of a text for those who look for personal data, and the way back to the characters as they were written."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["ODD", "PersonalView", "personal_view"]

MASKED: Final = "\ufffc"
"""Stands in a view for a marker of earlier masking."""

_SAME: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x09, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000), " "),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0x2E3A, 0x30FC, 0xFE58, 0xFE63), "-"),
    **dict.fromkeys((0x2022, 0x2027, 0x30FB, 0x00B7, 0xFF65), "·"),
    **{0x2460 + step: str(step + 1) for step in range(9)},
    **{0x2776 + step: str(step + 1) for step in range(9)},
    **{0x1D7CE + step: str(step % 10) for step in range(50)},
    0x24EA: "0",
    0x3007: "零",
}
# Marks nobody sees: joiners, direction marks, variation selectors, the box of a keycap.
_UNSEEN: Final = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe00-\ufe0f\u20e3\x00"
_MARKER: Final = r"\[[A-Z]{2,12}:[*\-@. ]{0,40}\]"
# Six or more single characters with one space or mark between each: a word that was pulled apart.
_APART: Final = r"(?<![A-Za-z0-9])[^\s\[\]](?: [^\s\[\]]){5,}(?![A-Za-z0-9])|(?<![A-Za-z0-9])\w(?:([\-._])\w)(?:\1\w){4,}(?![A-Za-z0-9])"
_SEEN: Final = re.compile(rf"[^{_UNSEEN}]")
_CUT: Final = re.compile(rf"[{_UNSEEN}]+|{_MARKER}|{_APART}")
ODD: Final = (
    rf"{_UNSEEN}\t\xa0\u2000-\u200a\u202f\u2010-\u2015\u2212\u2e3a\u30fc\ufe58\ufe63\u2022\u2027\u30fb\xb7\uff65\u2460-\u2468\u2776-\u277e"
    "\u24ea\u3007\u3000\uff03\uff0b\uff0d-\uff19\uff20-\uff3a\uff3f\uff41-\uff5a\U0001d7ce-\U0001d7ff"
)
"""The characters, for a class of an expression, that are spelt another way in a view."""

_ODD: Final = re.compile(rf"[{ODD}]")
_CUTTABLE: Final = re.compile(rf"[{_UNSEEN}\[]|[ \-._][^\s\[\]][ \-._][^\s\[\]][ \-._]")


class PersonalView(NamedTuple):
    """A text in one spelling, and for each of its characters the place of the written one (None: they are the same)."""

    text: str
    places: list[int] | None = None

    def written(self, start: int, end: int) -> tuple[int, int]:
        """The written characters that the view's characters `start` to `end` (at least one) stand for."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def personal_view(text: str) -> PersonalView:
    r"""The view of a text; time is linear in the text.

    Full-width and fancy letters, digits, dashes and spaces become the plain ones; marks that are not seen are left out; markers of
    earlier masking become one character; a word pulled apart by spaces or marks is put together.

    >>> personal_view("１３８\u200b0013 [ID:**]").text
    '1380013 \ufffc'
    >>> personal_view("1 3 8 0 0 1").text, personal_view("1 3 8 0 0 1").written(1, 3)
    ('138001', (2, 5))
    """
    plain = text.translate(_SAME) if not text.isascii() and _ODD.search(text) else text
    if _CUTTABLE.search(plain) is None:
        return PersonalView(plain)
    parts: list[str] = []
    places: list[int] = []
    last = 0
    for match in _CUT.finditer(plain):
        start, end = match.span()
        parts.append(plain[last:start])
        places.extend(range(last, start))
        if plain[start] == "[":
            parts.append(MASKED)
            places.append(start)
        elif _SEEN.match(plain, start):
            parts.append(plain[start:end:2])
            places.extend(range(start, end, 2))
        last = end
    parts.append(plain[last:])
    places.extend(range(last, len(plain)))
    return PersonalView("".join(parts), places)
