"""Texts made safe for where they are shown, and cut to what fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

__all__ = ["as_is", "cut", "cut_bytes", "defang", "markdown", "one_line", "slack"]

_ACTING: Final = str.maketrans(
    {
        "*": "＊",
        "`": "'",
        "~": "～",
        "[": "［",
        "]": "］",
        "<": "‹",
        ">": "›",
        "#": "＃",
        "|": "｜",
        "\\": "＼",
        "&": "＆",
        "@": "＠",
        "!": "！",
    }
)
_EMPHASIS: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LIST: Final = re.compile(r"^(?:[-+=]|\d+[.)])(?=\s|$|[-+=])")
_SCHEME: Final = re.compile(r"(?<=[A-Za-z0-9])://")

Escape = Callable[[str], str]


def one_line(text: str) -> str:
    r"""The text on one line, without characters that control the line, its direction or a header, and without lone surrogates.

    >>> one_line("a\r\nBcc: x\u202e\x00 b")
    'a Bcc: x b'
    """
    kept = (" " if char.isspace() else char for char in text if char.isspace() or unicodedata.category(char)[0] != "C")
    return " ".join("".join(kept).split())


def defang(text: str) -> str:
    """No link out of what people said: programs make one of every address they see.

    >>> defang("see http://evil.example/x")
    'see http：//evil.example/x'
    """
    return _SCHEME.sub("：//", text)


def as_is(text: str) -> str:
    """For places that show plain text: one line, no link."""
    return defang(one_line(text))


def markdown(text: str) -> str:
    r"""For the Markdown of DingTalk, WeCom and Teams: what acts becomes its look-alike, for the three disagree about `\`.

    No emphasis, link, mention, image, heading, list, quote, table or HTML comes out of a text. `_` inside a word stays.

    >>> markdown("**a** [b](http://c) <@all> q_1 _i_ # d")
    '＊＊a＊＊ ［b］(http：//c) ‹＠all› q_1 ＿i＿ ＃ d'
    >>> markdown("- x"), markdown("1. x")
    ('\u200b- x', '\u200b1. x')
    """
    plain = _EMPHASIS.sub("＿", as_is(text).translate(_ACTING))
    return f"\u200b{plain}" if _LIST.match(plain) else plain


def slack(text: str) -> str:
    """For Slack's texts with markup switched off: `&`, `<` and `>` as Slack's manual says (a mention and a link begin with `<`).

    >>> slack("<!channel> a & b")
    '&lt;!channel&gt; a &amp; b'
    """
    return as_is(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis where something is missing.

    >>> cut("abcdef", 4), cut("abcd", 4), cut("abc", 0)
    ('abc…', 'abcd', '')
    """
    return text if len(text) <= limit else f"{text[: limit - 1]}…" if limit > 0 else ""


def cut_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, no character broken, an ellipsis where something is missing (limit >= 3).

    >>> cut_bytes("预警预警", 9), cut_bytes("预警", 6), len(cut_bytes("预警预警", 8).encode())
    ('预警…', '预警', 6)
    """
    raw = text.encode()
    return text if len(raw) <= limit else f"{raw[: max(limit - 3, 0)].decode(errors='ignore')}…"
