"""What every adapter is: a vendor's payload in, events of the schema out; a pure function of what came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from pydantic import Field, SecretStr

from alerts.rule import Names, Stanza
from streams.gateway.adapters.shared.fields import Unreadable
from streams.records import Reject

__all__ = ["Adapter", "AdapterParams", "Call", "Event", "Ignored", "Translated", "Translation"]

Event = dict[str, Any]
"""A structured CloudEvent."""

MAX_EVENTS: Final = 10_000


class Call(msgspec.Struct, frozen=True):
    """What came with a payload: the headers (names in lower case), whose it is, when it came (epoch s)."""

    headers: Mapping[str, str]
    tenant: str
    now: float


class Ignored(msgspec.Struct, frozen=True):
    """A payload that is not for us. `kind` is one of the adapter's own names, or `other`: it becomes a metric's label."""

    kind: str = "other"


Translated = Event | Ignored | Reject


class Translation(msgspec.Struct):
    """What became of one post, in the order of the events' times."""

    events: list[Event] = []
    ignored: list[Ignored] = []
    rejects: list[Reject] = []


class AdapterParams(Stanza):
    """What the stanza of every adapter has: its name (the last part of its address), its kind, whose its events are.

    `system` becomes the last part of the events' source; its name by default. `secret_env` and `secret_file` name where the secret of the
    vendor's signature is read from, the new one and the old one while rotating.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    type: str
    tenant: str = Field(pattern=r"^[^/\s]+$", max_length=128)
    system: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,128}$")
    secret_env: Names = []
    secret_file: Names = []


class Adapter(ABC):
    """One vendor's webhook.

    A subclass writes `translate` for one payload, and `verify` where the vendor signs (`signs`). Both are pure: the same payload at the
    same `Call` gives the same. Ids come from the vendor's or from what the payload says, never from the clock, so a vendor's retry is a
    duplicate.
    """

    Params: ClassVar[type[AdapterParams]] = AdapterParams
    signs: ClassVar[bool] = False

    def __init__(self, params: Any, secrets: Sequence[SecretStr] = ()) -> None:
        self.params: Any = params
        self.secrets = tuple(secret.get_secret_value().encode() for secret in secrets)
        if self.secrets and not self.signs:
            raise ValueError(f"{params.type} signs nothing: remove its secret, and let a token name it in `adapters`")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.params.name!r})"

    @property
    def source(self) -> str:
        """The `source` of its events."""
        return f"/tenants/{self.params.tenant}/{self.params.system or self.params.name}"

    @abstractmethod
    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """What one payload says. May raise Unreadable where a field is missing or is not what it must be."""

    def verify(self, body: bytes, headers: Mapping[str, str], now: float) -> bool:
        """Whether the vendor signed this body. Only asked where there are secrets."""
        return False

    def read(self, payload: Any, call: Call) -> Translation:
        """Everything in a decoded body: one payload, or a list of them. Never raises; time and memory grow with what came."""
        found = Translation()
        for each in payload if isinstance(payload, list) else [payload]:
            self._read_one(each, call, found)
        found.events.sort(key=lambda event: str(event["time"]))
        return found

    def _read_one(self, payload: Any, call: Call, found: Translation) -> None:
        if not isinstance(payload, dict):
            found.rejects.append(Reject("not_an_object", "", "a JSON object is expected", call.tenant))
            return
        try:
            translated = list(self.translate(payload, call))
        except Unreadable as error:
            found.rejects.append(Reject("invalid_data", error.path, error.detail, call.tenant))
            return
        except RecursionError:
            found.rejects.append(Reject("too_deep", "", "the payload is nested too deep", call.tenant))
            return
        for each in translated:
            if isinstance(each, Reject):
                found.rejects.append(each)
            elif isinstance(each, Ignored):
                found.ignored.append(each)
            else:
                found.events.append(each)
