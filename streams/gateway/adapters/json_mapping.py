"""Any other system's JSON, by a mapping in the configuration."""

from __future__ import annotations

import hashlib
import types
import typing
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from pydantic import BaseModel, Field, model_validator

from alerts.rule import Stanza
from streams import wire
from streams.gateway.adapters.base import Adapter, AdapterParams, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import event, stable_id
from streams.gateway.adapters.shared.fields import Unreadable, instant, label

__all__ = ["JsonMapping", "MappedEvent"]

Scalar = str | int | float | bool
Texts = dict[str, str]

MAX_STEPS: Final = 16
MAX_LIST: Final = 1024


class MappedEvent(Stanza):
    """How one kind of payload becomes one kind of event.

    Paths into the payload are names and numbers with full stops between them: `order.lines.0.sku`.

    `when` says which payloads: each path must hold that value. `type` is a type of the schema without `fenghuo.` and `.v1`; `time` is where
    the time stands, `id` where the event's id does (without it one is made of the whole payload). `fields` say for each field of the
    schema's data (`conversation.id`, `message.text`) where its value stands, `constants` what it always is, `values` how values of a
    field are translated; what `values` does not know is left out.
    """

    type: str
    time: str
    id: str | None = None
    subject: str | None = None
    when: dict[str, Scalar] = {}
    fields: Texts = Field(default={}, max_length=128)
    constants: dict[str, Scalar] = {}
    values: dict[str, dict[str, Scalar]] = {}

    @model_validator(mode="after")
    def _known(self) -> MappedEvent:
        model = wire.TYPES.get(self.type)
        if model is None or self.type == "stream.heartbeat":
            raise ValueError(f"there is no event type {self.type!r}; there are: {', '.join(sorted(wire.TYPES))}")
        for name in (*self.fields, *self.constants):
            _check_field(model, name)
        names = {*self.fields, *self.constants}
        for name in names:
            if any(other.startswith(f"{name}.") for other in names):
                raise ValueError(f"{name} and fields inside it are both given; give one or the other")
        for name in self.values:
            if name not in self.fields:
                raise ValueError(f"values of {name}, but fields does not say where it stands")
        for path in (self.time, self.id or "x", self.subject or "x", *self.when, *self.fields.values()):
            _check_path(path)
        return self


class JsonMapping(Adapter):
    """Payloads of a system nobody wrote an adapter for: each `events` entry whose `when` holds gives one event.

    All is checked when the gateway starts: event types, names of fields, form of paths. What a payload lacks is absent in the event;
    without its time it is a reject. Whole numbers become texts where the schema wants a text (ids), texts become numbers nowhere,
    objects are left out. There are no loops and no expressions: what needs them needs an adapter of its own, one file in this folder.
    """

    class Params(AdapterParams):
        """A stanza of type json_mapping."""

        events: list[MappedEvent] = Field(min_length=1, max_length=64)

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the entries of the configuration."""
        matching = [each for each in self.params.events if all(_equal(_at(payload, path), value) for path, value in each.when.items())]
        return (self._event(each, payload) for each in matching) if matching else [Ignored()]

    def _event(self, entry: MappedEvent, payload: Mapping[str, Any]) -> Translated:
        at = instant(_at(payload, entry.time))
        if at is None:
            raise Unreadable(entry.time, "is no time")
        data: dict[str, Any] = {}
        for name, path in entry.fields.items():
            value = _value(entry, name, _at(payload, path))
            if value is not None:
                _put(data, name, value)
        for name, constant in entry.constants.items():
            _put(data, name, constant)
        own = label(_at(payload, entry.id)) if entry.id else None
        subject = (label(_at(payload, entry.subject)) if entry.subject else None) or label(_at(data, "conversation.id")) or ""
        made = event(entry.type, stable_id(entry.type, own or _digest(payload)), at, self.source, subject, data)
        return made if subject else {name: value for name, value in made.items() if name != "subject"}


def _value(entry: MappedEvent, name: str, found: Any) -> Any:
    """A field's value: translated where the entry says how, a whole number as text where the schema wants a text."""
    if name in entry.values:
        return entry.values[name].get(_key(found))
    whole = isinstance(found, int) and not isinstance(found, bool)
    return label(found) if whole and _wants_text(entry.type, name) else _plain(found)


def _plain(found: Any) -> Any:
    """A value, or a list of them; objects are left out."""
    if isinstance(found, list):
        return [each for each in found[:MAX_LIST] if isinstance(each, Scalar)]
    return found if isinstance(found, Scalar) else None


def _key(found: object) -> str:
    """How a value is written as a key of `values`."""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, float) else label(found) or ""


def _digest(payload: Mapping[str, Any]) -> str:
    """The hash of a payload: the same for the same values, whatever their order."""
    return hashlib.blake2b(msgspec.json.encode(payload, order="deterministic"), digest_size=16).hexdigest()


def _at(payload: object, path: str) -> Any:
    """The value at a path, None where there is none.

    >>> _at({"a": [{"b": 1}]}, "a.0.b"), _at({"a": []}, "a.0"), _at({"a": 1}, "a.b")
    (1, None, None)
    """
    found = payload
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and len(step) < 7 and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _equal(found: object, wanted: Scalar) -> bool:
    """Whether a value is the wanted one: true is not 1."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    for step in outer:
        data = data.setdefault(step, {})
    data[last] = value


def _check_path(path: str) -> None:
    steps = path.split(".")
    if len(steps) > MAX_STEPS or not all(steps):
        raise ValueError(f"{path!r} is no path: names with full stops between them, at most {MAX_STEPS}, such as order.lines.0.sku")


def _check_field(model: type[BaseModel], name: str) -> None:
    """Refuse a name that is none of the schema's, before any payload comes."""
    if name == "tenant_id":
        raise ValueError("tenant_id is the adapter's own: it comes from its stanza")
    found = _field(model, name)
    if found is None:
        raise ValueError(f"{name!r} is no field of this event type; its own fields are: {', '.join(_names(model))}")
    inner = _object(found)
    if inner is not None:
        raise ValueError(f"{name!r} is an object: name its fields, such as {name}.{_names(inner)[0]}")


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if name != "tenant_id"]


def _field(model: type[BaseModel], name: str) -> Any:
    """The annotation of a field, by its dotted name; None where there is none."""
    first, _, rest = name.partition(".")
    for own, field in model.model_fields.items():
        if (field.alias or own) == first:
            if not rest:
                return field.annotation
            inner = _object(field.annotation)
            return _field(inner, rest) if inner is not None else None
    return None


def _object(annotation: Any) -> type[BaseModel] | None:
    """The model a field holds, if it holds one."""
    return next((each for each in _alternatives(annotation) if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    union = isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
    return typing.get_args(annotation) if union else (annotation,)


@lru_cache(1024)
def _wants_text(kind: str, name: str) -> bool:
    """Whether the schema wants a text there."""
    plain = (getattr(each, "__origin__", each) for each in _alternatives(_field(wire.TYPES[kind], name)))
    return str in plain
