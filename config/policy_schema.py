"""The JSON Schema of a policy file, for editors: every key, each stage's, and the receivers of every kind."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from pydantic import BaseModel

import alerts
from alerts.notifiers import kinds, notifier_class
from alerts.outbox import Backoff
from alerts.stage import AlertStageStep, step_class
from config.loader import PolicyFile
from detectors.calendar import CalendarParams

__all__ = ["policy_schema", "stages"]

_REF: Final = "#/$defs/{model}"


def policy_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12). No key is required: what is left out is as in the policy that ships.

    >>> schema = policy_schema()
    >>> schema["properties"]["profile"]["enum"], "routes" in schema["properties"], schema["required"]
    (['core', 'full'], True, [])
    """
    definitions: dict[str, Any] = {}
    properties = _properties(PolicyFile, definitions)
    for _, step in stages():
        properties |= _properties(step.Params, definitions)
    properties["calendar"] = _reference(CalendarParams, definitions)
    properties["outbox"] = _reference(Backoff, definitions)
    properties["stages"] = {"type": "array", "uniqueItems": True, "items": {"enum": [name for name, _ in stages()]}}
    properties["receivers"] = {"type": "array", "items": {"oneOf": [_receiver(kind, definitions) for kind in kinds()]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fenghuo policy",
        "type": "object",
        "required": [],
        "additionalProperties": False,
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }


def stages() -> Iterator[tuple[str, type[AlertStageStep]]]:
    """The stages there are, by name; what several have in common is none.

    >>> "route" in dict(stages()), "holding" in dict(stages())
    (True, False)
    """
    for module in sorted(pkgutil.iter_modules(alerts.__path__), key=lambda each: each.name):
        with suppress(LookupError):
            yield module.name, step_class(module.name)


def _properties(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """The properties of a model; what they refer to goes to the definitions."""
    schema = model.model_json_schema(by_alias=True, ref_template=_REF)
    definitions |= schema.get("$defs", {})
    return dict(schema.get("properties", {}))


def _reference(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, ref_template=_REF)
    definitions |= schema.pop("$defs", {})
    definitions[model.__name__] = schema
    return {"$ref": _REF.format(model=model.__name__)}


def _receiver(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A receiver of one kind: its `type` says which."""
    params: type[BaseModel] = notifier_class(kind).Params
    schema = params.model_json_schema(by_alias=True, ref_template=_REF)
    definitions |= schema.pop("$defs", {})
    schema["title"] = f"receiver of type {kind}"
    schema["properties"]["type"] = {"const": kind}
    schema["required"] = sorted({*schema.get("required", []), "type"})
    return schema
