"""Segmentation: a text into pieces, once per message, and the guess which language it is.

Chinese goes through `rjieba` with the domain's own dictionary on top, without its hidden Markov model: guessed words glue
negators to what they negate (`没到`, `没退`), words of the dictionary do not. English is cut at word boundaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import rjieba

__all__ = ["Segmenter", "guess_language", "is_chinese", "is_english", "is_word"]

_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_LATIN: Final = re.compile(r"[a-zA-Z]")
_FOREIGN: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f]")
_NOT_PLAIN: Final = re.compile(r"[a-zA-Z\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f]")
"""Latin or foreign letters: without them only Chinese ones are left to look for, which is the usual case."""
_ENGLISH_WORDS: Final = frozenset(
    (
        *("a", "an", "and", "are", "can", "do", "for", "have", "how", "i", "in", "is", "it", "me", "my", "no", "not", "of", "ok"),
        *("on", "please", "the", "this", "to", "what", "when", "where", "why", "you", "your", "thanks", "hello", "hi", "refund"),
    )
)
_PIECES: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[^a-z0-9]+")
_JOINED_FREQUENCY: Final = 20_000
_SPLIT_FREQUENCY: Final = 1


def is_chinese(lang: str | None) -> bool:
    """Whether the language tag is a Chinese one."""
    return lang is not None and (lang == "zh-CN" or lang.lower().startswith("zh"))


def is_english(lang: str | None) -> bool:
    """Whether the language tag is an English one."""
    return lang is not None and lang.lower().startswith("en")


def is_word(piece: str) -> bool:
    """Whether a piece is a token: it begins with a letter, digit, Chinese character or emoji; marks and spaces do not."""
    first = piece[0]
    return first.isalnum() or first > "\U0001efff" or "\u2600" <= first <= "\u27bf"


def guess_language(text: str) -> str | None:
    """`zh-CN`, `en` or None (unknown) by counting scripts; of a text of marks, digits or another script nothing is said.

    Chinese with English product names stays Chinese; Latin letters alone are English only with some common English word or
    a length at which they can hardly be an order number.

    >>> guess_language("iPhone 14 什么时候到货"), guess_language("where is my order"), guess_language("SF1234"), guess_language("???")
    ('zh-CN', 'en', None, None)
    """
    if not _NOT_PLAIN.search(text):
        return "zh-CN" if _CHINESE.search(text) else None
    chinese = len(_CHINESE.findall(text))
    if _FOREIGN.search(text) and len(_FOREIGN.findall(text)) * 2 >= chinese:
        return None
    if chinese and chinese * 4 >= len(_LATIN.findall(text)):
        return "zh-CN"
    words = [piece for piece in _PIECES.findall(text.lower()) if piece.isalpha() and piece.isascii()]
    # Four words are a sentence and no code.
    known = any(word in _ENGLISH_WORDS for word in words) or len(words) >= 4
    return "en" if known else None


class Segmenter:
    """Cuts a normalised text into pieces that, joined, are the text again: words, marks and spaces.

    Parameters
    ----------
    join
        Words the stock dictionary lacks (`无语` must not become the negator `无` and `语`).
    split
        Words of the stock dictionary that in service talk are nearly always two (`没收到` is not `没收` + `到`).

    Every instance owns a dictionary of about 25 MB; the process-wide one of `rjieba` is never changed.

    >>> Segmenter(join=["无语"], split=["没收"])("真无语,没收到货", "zh-CN")
    ['真', '无语', ',', '没', '收到', '货']
    >>> Segmenter()("i can't log in", "en")
    ['i', ' ', "can't", ' ', 'log', ' ', 'in']
    """

    def __init__(self, join: Iterable[str] = (), split: Iterable[str] = ()) -> None:
        self._jieba = rjieba.Jieba()
        for word in join:
            self._jieba.add_word(word, _JOINED_FREQUENCY, None)
        for word in split:
            self._jieba.add_word(word, _SPLIT_FREQUENCY, None)

    def __call__(self, text: str, lang: str | None) -> list[str]:
        """The pieces of a normalised text; an unknown language is cut like Chinese, which leaves Latin words whole."""
        if is_english(lang):
            return _PIECES.findall(text)
        return self._jieba.cut(text, False)
