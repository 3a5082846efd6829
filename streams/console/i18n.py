"""The console's texts in Chinese and English: one catalogue a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

__all__ = ["DEFAULT", "LANGUAGES", "Texts", "choose_language", "load_texts"]

LANGUAGES: Final = {"zh": "中文", "en": "English"}
"""Each language by its own name."""

DEFAULT: Final = "zh"
_TAGS: Final = {"zh": "zh-CN", "en": "en"}


class Texts:
    """The texts of one language. A key that is missing is a fault of the catalogue: KeyError."""

    def __init__(self, language: str, found: Mapping[str, str]) -> None:
        self.language = language
        self.tag = _TAGS[language]
        """The language for HTML and for `Intl`."""
        self.found = found

    def __call__(self, key: str, **values: object) -> str:
        """A text, its variables filled in."""
        return self.found[key].format(**values) if values else self.found[key]

    def word(self, group: str, name: str) -> str:
        """What a name of the protocol is called (`state.raised`); the name itself where there is no text for it."""
        return self.found.get(f"{group}.{name}", name)

    def beginning(self, prefix: str) -> dict[str, str]:
        """The texts whose keys begin so, for scripts; without the prefix."""
        return {key.removeprefix(prefix): text for key, text in self.found.items() if key.startswith(prefix)}


@cache
def load_texts(language: str) -> Texts:
    """The catalogue of a language, flat: `a: {b: x}` is `a.b`."""
    tree = yaml.safe_load((Path(__file__).parent / "texts" / f"{language}.yaml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flat(tree, "")))


def choose_language(cookie: str, accepted: str) -> str:
    """The language chosen before, else the first of Accept-Language that is known, by weight; else Chinese.

    >>> choose_language("", "fr;q=0.9, en-GB;q=0.8, zh;q=0.1"), choose_language("zh", "en"), choose_language("xx", "")
    ('en', 'zh', 'zh')
    """
    if cookie in LANGUAGES:
        return cookie
    weighed = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            weighed.append((-_weight(weight), place, language))
    return min(weighed)[2] if weighed else DEFAULT


def _weight(text: str) -> float:
    try:
        return float(text or 1.0)
    except ValueError:
        return 0.0


def _flat(tree: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found
