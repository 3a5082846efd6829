"""How values are written in texts: numbers by their unit, strings without anything that acts."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from typing import Final

__all__ = ["LONGEST", "clean", "number", "path_segment", "show", "unquoted"]

LONGEST: Final = 200
"""Characters of a value that reach a text."""

_HARMLESS: Final = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "[": "［", "]": "］", "`": "'", "*": "＊", "&": "＆", "\\": "＼"})
_UNRESERVED: Final = frozenset((string.ascii_letters + string.digits + "-._~").encode())
_QUOTED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_SHOWN: Final = {"ratio": "percent", "s": "whole", "min": "whole"}


def clean(text: str) -> str:
    r"""The text without control and direction characters, on one line, without what HTML, Markdown or chat markup would read.

    >>> clean("<b>q-1</b>\n[x](http://a)\u202e {v}")
    '‹b›q-1‹/b› ［x］(http://a) (v)'
    """
    # What is printable has no control characters and no white space but plain spaces.
    plain = (
        text
        if text.isprintable()
        else "".join(" " if char.isspace() else char for char in text if char.isspace() or unicodedata.category(char)[0] != "C")
    )
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


def path_segment(text: str) -> str:
    """A text in a URI path: everything but unreserved characters percent-encoded (RFC 3986, 2.1).

    >>> path_segment("a b/烽")
    'a%20b%2F%E7%83%BD'
    """
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def unquoted(segment: str) -> str:
    """The text of a path segment; bytes that are no UTF-8 become U+FFFD.

    >>> unquoted("a%20b%2F%E7%83%BD")
    'a b/烽'
    """
    return _QUOTED.sub(lambda found: bytes.fromhex(found[1].decode()), segment.encode(errors="replace")).decode(errors="replace")
