"""How values are written in texts: numbers by their unit, strings without anything that acts."""

from __future__ import annotations

import math
import unicodedata
from typing import Final

__all__ = ["LONGEST", "clean", "number", "show"]

LONGEST: Final = 200
"""Characters of a value that reach a text."""

_HARMLESS: Final = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "[": "［", "]": "］", "`": "'", "*": "＊", "&": "＆", "\\": "＼"})
_SHOWN: Final = {"ratio": "percent", "s": "whole", "min": "whole"}


def clean(text: str) -> str:
    r"""The text without control and direction characters, on one line, without what HTML, Markdown or chat markup would read.

    >>> clean("<b>q-1</b>\n[x](http://a)\u202e {v}")
    '‹b›q-1‹/b› ［x］(http://a) (v)'
    """
    plain = "".join(" " if char.isspace() else char for char in text if char.isspace() or unicodedata.category(char)[0] != "C")
    return " ".join(plain.translate(_HARMLESS).split())[:LONGEST]


def number(value: float) -> str:
    """A number with at most two digits after the point, none where it is whole.

    >>> number(5.0), number(2.3149), number(-0.001)
    ('5', '2.31', '0')
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "?"
    text = f"{round(value, 2) + 0.0:.2f}"  # adding zero makes -0.0 plain
    return text.rstrip("0").rstrip(".")


def show(value: float, unit: str, style: str | None = None) -> str:
    """A value as people read it; `style` overrides what follows from the unit.

    >>> show(0.1826, "ratio"), show(2.3149, "ratio", "times"), show(61.7, "s"), show(5, "count")
    ('18.3%', '2.3', '62', '5')
    """
    style = style or _SHOWN.get(unit, "number")
    if style == "percent":
        return f"{number(round(100 * value, 1))}%"
    if style == "times":
        return number(round(value, 1))
    return number(float(round(value))) if style == "whole" and math.isfinite(value) else number(value)
