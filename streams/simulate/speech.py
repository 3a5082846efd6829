"""Texts made from templates: phrase banks by topic, expanded with a seeded random source."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

__all__ = ["Speech", "Topic", "compose", "topics", "variants"]

_PART = re.compile(r"(\[[^\]]*\]|\{[a-z]+\})")


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said about one topic in one language, as templates.

    Customers say `openings` first, then `details`, and `pushes` when they lose patience; agents say `probes` to find out more and
    `answers` to solve it.
    """

    openings: tuple[str, ...]
    details: tuple[str, ...]
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    pushes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """One issue category: where it goes, how often it comes, and what is said.

    `weight` is its share of the volume (relative; 0 means never on an ordinary day), `complaint` the probability that a conversation
    about it is a complaint, `product` that it names a product, `refer` the queue it is handed to when the first cannot help. `evening`
    multiplies the weight from 19 to 23 o'clock.
    """

    queue: str
    weight: float
    zh: Speech
    en: Speech | None = None
    complaint: float = 0.0
    product: float = 0.9
    stage: str = "aftersale"
    refer: str | None = None
    evening: float = 1.0
    category: str = ""


@functools.cache
def _parse(template: str) -> tuple[str | tuple[str, ...], ...]:
    """The template as parts: a text, alternatives, or a slot (a text that begins with a brace)."""
    parts: list[str | tuple[str, ...]] = []
    for part in _PART.split(template):
        if part.startswith("["):
            parts.append(tuple(part[1:-1].split("|")))
        elif part:
            parts.append(part)
    return tuple(parts)


def compose(template: str, rng: Random, slots: Mapping[str, str]) -> str:
    """The template with one alternative of each `[a|b|c]` chosen and each `{slot}` filled.

    An alternative may be empty, and may hold slots, but no further alternatives.

    >>> compose("[我的|我买的]{product}还没到", Random(1), {"product": "电饭煲"})
    '我的电饭煲还没到'

    Raises:
        KeyError: when a slot has no value.
    """
    out: list[str] = []
    for part in _parse(template):
        if isinstance(part, tuple):
            choice = part[int(rng.random() * len(part))]
            out.append(choice.format_map(slots) if "{" in choice else choice)
        elif part[0] == "{":
            out.append(slots[part[1:-1]])
        else:
            out.append(part)
    return "".join(out)


def variants(template: str) -> int:
    """How many different texts the template makes with its slots held fixed.

    >>> variants("[a|b]{product}[c|d|]")
    6
    """
    total = 1
    for part in _parse(template):
        total *= len(part) if isinstance(part, tuple) else 1
    return total


@functools.cache
def topics() -> Mapping[str, Topic]:
    """All topics by category, found as the modules of `streams.simulate.topics`.

    A module's name is its category, the first underscore read as a dot; it defines `TOPIC`.
    """
    package = importlib.import_module("streams.simulate.topics")
    found: dict[str, Topic] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        topic: Topic = importlib.import_module(f"{package.__name__}.{name}").TOPIC
        found[name.replace("_", ".", 1)] = replace(topic, category=name.replace("_", ".", 1))
    return found
