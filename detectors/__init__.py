"""Detectors: events in, readings out. Pure and online; no Kafka, HTTP, files or clock.

A detector is found by its module: every concrete `Detector` defined in a module of this package is one, called by its class
name in snake_case. Nothing is registered anywhere.

>>> kind = discover()["first_response_time"]
>>> kind.indicator
'first_response_time'
>>> build("false_promise_hit", {"aproved": []})
Traceback (most recent call last):
detectors.errors.WrongParameters: false_promise_hit: aproved: Extra inputs are not permitted; it takes: approved
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from detectors.errors import UnknownDetector, WrongParameters
from detectors.naming import name_of

if TYPE_CHECKING:
    from detectors.base import Detector

__all__ = ["build", "discover"]


def discover() -> dict[str, type[Detector[Any]]]:
    """Every detector by name, sorted. The first call imports the package's modules."""
    return dict(_found())


def build(name: str, params: Mapping[str, Any]) -> Detector[Any]:
    """The detector of this name with these parameters, the rest at their defaults.

    Raises UnknownDetector or WrongParameters, each in one line.
    """
    found = _found()
    if name not in found:
        message = f"no detector is called {name!r}; there are: {', '.join(found)}"
        raise UnknownDetector(message)
    kind = found[name]
    try:
        return kind(kind.Params.model_validate(dict(params)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "parameters"
        takes = ", ".join(kind.Params.model_fields) or "no parameters"
        message = f"{name}: {place}: {first['msg']}; it takes: {takes}"
        raise WrongParameters(message) from error


@cache
def _found() -> dict[str, type[Detector[Any]]]:
    from detectors.base import Detector  # noqa: PLC0415 - base is a module of this package: importing it above would be a cycle

    found: dict[str, type[Detector[Any]]] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.ispkg:
            continue
        module = import_module(f"{__name__}.{info.name}")
        for kind in vars(module).values():
            own = inspect.isclass(kind) and issubclass(kind, Detector) and kind.__module__ == module.__name__
            if own and not inspect.isabstract(kind) and hasattr(kind, "indicator"):
                found[name_of(kind)] = kind
    return dict(sorted(found.items()))
