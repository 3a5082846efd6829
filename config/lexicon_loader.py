r"""Reads `config/lexicons/*.yaml` and builds what depends on them.

A file holds sections; section `entries` becomes the lexicon named like the file, another section the lexicon `file.section`.
An entry is a text, or a mapping with the keys below. A new file is found by itself.

    - 投诉                                   a phrase of weight 1
    - {text: "12315", weight: 2}             a phrase with a weight
    - text: 态度                              a phrase with exclusions, searched for within 16 characters around it
      not: [态度很好]
    - pattern: 返现.{0,4}\d{1,6}                  a regular expression without unbounded repeats,
      words: [返现]                           tried only where one of these words occurs
      not: [活动返现]
      examples: [私下给您返现50]              texts it must match (tests read them)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import yaml

from config.documents import SafeLoader
from config.errors import ConfigurationError
from config.sentiment_prior import load_prior
from config.traditional import load_traditional
from detectors.text.analyse import TextAnalyser
from detectors.text.lexicon import Entry, Lexicons
from detectors.text.normalise import normalise
from detectors.text.sentiment import SentimentParams

__all__ = ["load_analyser", "load_lexicons"]

_KEYS: Final = frozenset(("text", "pattern", "weight", "words", "not", "examples"))
_UNBOUNDED: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\})")


def load_analyser(offers: Iterable[str] = (), params: SentimentParams | None = None, directory: Traversable | None = None) -> TextAnalyser:
    """The analyser with the lexicons of `directory` (default: those that come with Fenghuo) and SnowNLP's prior and characters.

    `offers` are texts of approved offers, which are no false promises. Raises ConfigurationError as its parts do.
    """
    return TextAnalyser(load_lexicons(directory), load_prior(), params, offers, load_traditional())


def load_lexicons(directory: Traversable | None = None) -> Lexicons:
    """Every lexicon in the directory's YAML files.

    Raises
    ------
    ConfigurationError
        Naming the file and the entry: unreadable YAML, a misspelt key, a value of the wrong type, a duplicate, a pattern
        that does not compile or could take more than linear time.
    """
    place = directory if directory is not None else files("config") / "lexicons"
    found: dict[str, tuple[Entry, ...]] = {}
    for file in sorted((item for item in place.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name):
        stem = file.name.removesuffix(".yaml")
        for section, items in _sections(file).items():
            name = stem if section == "entries" else f"{stem}.{section}"
            found[name] = _entries(f"{file.name}: {section}", items)
    if not found:
        message = f"{place}: no lexicon (*.yaml) there; give a folder that holds some"
        raise ConfigurationError(message)
    return Lexicons(found)


def _sections(file: Traversable) -> dict[str, list[Any]]:
    """The sections of a file, each a list."""
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), SafeLoader)  # noqa: S506 - it is one
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        message = f"{file.name}: not readable as YAML ({' '.join(str(error).split())})"
        raise ConfigurationError(message) from error
    if not isinstance(data, dict) or not all(isinstance(name, str) and isinstance(items, list) for name, items in data.items()):
        message = f"{file.name}: a lexicon file is a mapping of section names to lists, as in `entries: [投诉, 曝光]`"
        raise ConfigurationError(message)
    return data


def _entries(where: str, items: list[Any]) -> tuple[Entry, ...]:
    """The entries of a section; a second one of the same spelling is an error."""
    seen: dict[str, int] = {}
    entries = []
    for number, item in enumerate(items, 1):
        entry = _entry(f"{where}[{number}]", item)
        if (first := seen.setdefault(entry.phrase, number)) != number:
            message = f"{where}[{number}] {entry.phrase!r}: already entry {first}; remove one"
            raise ConfigurationError(message)
        entries.append(entry)
    return tuple(entries)


def _entry(where: str, item: Any) -> Entry:
    """One entry; the phrase comes out normalised like the texts it is looked for in."""
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, dict) or not _KEYS.issuperset(item) or ("text" in item) == ("pattern" in item):
        message = (
            f"{where} {item!r}: an entry is a text (quote numbers), or a mapping with `text` or `pattern`, of {', '.join(sorted(_KEYS))}"
        )
        raise ConfigurationError(message)
    weight = item.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        message = f"{where} {item!r}: weight is a number above 0"
        raise ConfigurationError(message)
    if "pattern" in item:
        return _pattern(where, item, float(weight))
    phrase = normalise(_text(where, item["text"]))
    if not phrase or "words" in item:
        message = f"{where} {item!r}: a phrase is not empty, and has no `words` (those are for patterns)"
        raise ConfigurationError(message)
    return Entry(phrase, float(weight), unless=_expressions(where, item.get("not", [])))


def _pattern(where: str, item: dict[str, Any], weight: float) -> Entry:
    """An entry that is a regular expression."""
    words = tuple(normalise(word) for word in _texts(where, item.get("words", [])))
    if not words or not all(words):
        message = f"{where} {item['pattern']!r}: a pattern needs `words`, one of which stands in every text it matches"
        raise ConfigurationError(message)
    (expression,) = _expressions(where, [item["pattern"]])
    return Entry(expression, weight, True, words, _expressions(where, item.get("not", [])), _texts(where, item.get("examples", [])))


def _expressions(where: str, items: object) -> tuple[str, ...]:
    """Regular expressions that compile and have bounded repeats only, so that no text can make them slow."""
    expressions = _texts(where, items)
    for expression in expressions:
        try:
            re.compile(expression)
        except re.error as error:
            message = f"{where} {expression!r}: not a regular expression ({error})"
            raise ConfigurationError(message) from error
        if _UNBOUNDED.search(expression):
            message = f"{where} {expression!r}: unbounded repeat; write {{0,12}} or the like for * and +"
            raise ConfigurationError(message)
    return expressions


def _texts(where: str, items: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(items, list):
        message = f"{where}: {items!r} must be a list of texts"
        raise ConfigurationError(message)
    return tuple(_text(where, item) for item in items)


def _text(where: str, item: object) -> str:
    """A text; YAML makes numbers and yes/no of unquoted ones."""
    if not isinstance(item, str):
        message = f"{where} {item!r}: must be a text; put it in quotes"
        raise ConfigurationError(message)
    return item
