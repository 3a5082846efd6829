"""One spelling for what is written in many: width, case, repeated marks, placeholders, emoji, white space.

Everything downstream (segmentation, lexicons, negation) reads normalised text; lexicon entries are normalised by the same
function when they are loaded, so that an entry can never differ from a message by spelling alone.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["normalise"]

_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SAME: Final = {
    **_WIDTH,
    **dict.fromkeys((0x3000, 0xA0, 0x2003, 0x2002, 0x09), " "),
    # Kept apart from the half-width comma and full stop they become: clause ends are all that matters of them downstream.
    ord("、"): ",",
    ord("。"): ".",
    ord("…"): "...",
    ord("—"): "-",
    ord("‘"): "'",
    ord("’"): "'",
    ord("“"): '"',
    ord("”"): '"',
    # Zero-width marks and variation selectors split words and emoji without being seen.
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFE0E, 0xFE0F, 0x00), None),
    # Skin tones: one emoji whatever its shade.
    **dict.fromkeys(range(0x1F3FB, 0x1F400), None),
}
_PLACEHOLDER: Final = re.compile(
    r"\[[a-z_]{2,12}:[^\[\]]{0,400}\]|\[[a-z_]{2,20}\d{0,24}\]|\[[\u4e00-\u9fff]{1,6}x\]"
    r"|#e-[a-z](?:\d{1,4})?|&[a-z]{2,6};"
)
_FOLDED: Final = re.compile("[" + re.escape("".join(map(chr, _SAME))) + "]")
_TWICE: Final = re.compile(r"(.)\1")
_SPACE: Final = re.compile(r"\s\s+|[\r\n]")
_MARKS: Final = re.compile(r"([^\w\s])\1+")
_LETTERS: Final = re.compile(r"([^\W\d])\1{3,}")


def normalise(text: str) -> str:
    """The text in its one spelling.

    Full-width letters, digits and marks become half-width, capitals small; a repeated mark or emoji is kept once, a letter or
    Chinese character repeated more than three times three times; placeholders (`[PHONE:***]` of our own masking, `[地址x]`
    and `[ORDERID_1]` of anonymised corpora, `#E-s12` smileys, `&nbsp;`) become a space; runs of white space become one.
    Traditional characters stay as they are (`TextAnalyser` reads them as simplified ones). Time is linear in the text.

    >>> normalise("太差了！！！ＡＢＣ　[PHONE:***********]  哈哈哈哈哈哈😡😡")
    '太差了!abc 哈哈哈😡'
    """
    # Looking for something to do costs a tenth of doing it, and most short texts need nothing.
    if not text.isascii() and _FOLDED.search(text):
        text = text.translate(_SAME)
    text = text.lower()
    if "[" in text or "#" in text or "&" in text:
        text = _PLACEHOLDER.sub(" ", text)
    if _TWICE.search(text):
        text = _LETTERS.sub(r"\1\1\1", _MARKS.sub(r"\1", text))
    return _SPACE.sub(" ", text).strip()
