"""YAML files of the policy, and what pydantic finds wrong in them as one line naming file and key."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from config.errors import PolicyError

try:
    # libyaml reads what ships seven times as fast: 0.14 s instead of 1.0 s of every start.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["Document", "SafeLoader", "read", "shipped"]

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A YAML file that holds a mapping. `name` is what errors call it, `folder` where relative paths begin (None: shipped)."""

    name: str
    data: dict[str, Any]
    folder: Path | None = None

    def error(self, key: str, problem: str) -> PolicyError:
        """An error at a key path of this file."""
        return PolicyError(self.name, key, problem)

    def check(self, model: type[M], data: object, *path: str | int) -> M:
        """The data as a model. Raises PolicyError naming the first thing that is wrong, and how many more there are."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            first, more = found[0], len(found) - 1
            key = ".".join(str(part) for part in (*path, *first["loc"]))
            known = f"; known keys: {', '.join(_keys(model))}" if first["type"] == "extra_forbidden" and len(first["loc"]) == 1 else ""
            problem = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
            raise self.error(key, f"{problem}{known}" + (f" (and {more} more)" if more else "")) from None


def read(path: Path, name: str | None = None) -> Document:
    """A file given by the user. Raises PolicyError when it cannot be read or is no mapping."""
    name = name or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PolicyError(name, "", f"cannot be read: {reason}") from error
    return Document(name, _mapping(name, text), path.parent)


def shipped(name: str) -> Document:
    """A file that ships with Fenghuo, by its name inside the package."""
    text = files("config").joinpath(*name.split("/")).read_text(encoding="utf-8")
    return Document(f"config/{name}", _mapping(f"config/{name}", text))


class _Loader(SafeLoader):
    """Plain data only; a key given twice is an error, where YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands there twice", key_node.start_mark)
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)


def _mapping(name: str, text: str) -> dict[str, Any]:
    try:
        data = yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        told = _told(text, error)
        mark = told.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise PolicyError(name, place, told.problem or "is no YAML") from error
    except yaml.YAMLError as error:
        raise PolicyError(name, "", f"is no YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise PolicyError(name, "", "must be a mapping of keys to values, such as `lateness_s: 30`")
    return data


def _told(text: str, error: yaml.MarkedYAMLError) -> yaml.MarkedYAMLError:
    """The mistake in the words of PyYAML's own parser, which points at it; libyaml points behind it."""
    try:
        yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as plain:
        return plain
    return error


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
