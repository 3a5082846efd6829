"""What all workers of a measurement have in common, loaded once in the server that forks them: modules, and the lexicons of texts."""

from __future__ import annotations

import functools

import faust.transport.drivers.aiokafka  # noqa: F401 - Faust imports it when it connects

from config.lexicon_loader import load_analyser
from streams import stages
from streams.cli import worker  # noqa: F401 - with all that it imports

__all__: list[str] = []

_once = functools.cache(load_analyser)
_once((), directory=None)
setattr(stages, "load_analyser", _once)  # noqa: B010 - the same analyser for all: it only reads
