"""What of an event must not go further: raw identity numbers, cards, phones, e-mails and addresses.

Free text is masked. Everything else in an event is an id, a name or a category; where one holds a phone or the like (a customer known by
the phone, a conversation named after an e-mail) it is replaced by a pseudonym, the same for the same tenant and value, so that
events still belong together. A long number that is no phone, card or identity number stays: ids are such numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from detectors.event import Event

__all__ = ["Masked", "Privacy"]

_REMEMBERED = 1 << 14

_PHONE = re.compile(rb"1[3-9][0-9][- ]?[0-9]{4}").search
_EMAIL = re.compile(rb"@[^@]{1,255}\.[A-Za-z]", re.DOTALL).search
_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_LONG = b"0" * 15
_LANDLINE = re.compile(rb"0[1-9][0-9]{1,2}-?[0-9]{7}").search

_IMPERSONAL = frozenset({"NUMBER", "ORDER", "TRACKING"})
"""Kinds that say of a text that it holds a number. Of an id they say nothing: it is one."""

_CARD = re.compile(r"(?<![0-9])[3-6][0-9]{12,18}(?![0-9])").search


class Masked(Protocol):
    """What masking a text gives: the text without what is private, and the kinds of what was found."""

    @property
    def text(self) -> str:
        """The masked text."""

    @property
    def types(self) -> Sequence[str]:
        """The kinds found, in a fixed order. For what is of no person: NUMBER, ORDER, TRACKING."""


class Privacy:
    """Cleans events in place.

    `secret` keys the pseudonyms. Whoever has it, or guesses that it is empty, can find the phone behind a pseudonym by trying all
    phones; with another secret all pseudonyms change, so it must stay the same over restarts.
    """

    def __init__(self, mask: Callable[[str], Masked], secret: bytes = b"") -> None:
        self._mask = mask
        self._key = hashlib.blake2b(secret).digest()
        self._encode = msgspec.msgpack.Encoder().encode
        self._code = lru_cache(_REMEMBERED)(self._masked_code)

    def clean(self, event: Event, texts: Sequence[str] = ()) -> None:
        """Mask the message's text and the named fields of `event.data` (`note`, `mention.topic`); hide ids that are private."""
        message = event.message
        text = message.text if message is not None else None
        if message is not None:
            message.text = None
        taken = self._take(event.data, texts) if texts and event.data is not None else []
        raw = self._encode(event)
        if _suspicious(raw):
            self._hide(event, event.tenant)
        for holder, name, value in taken:
            holder[name] = self._masked(value)
        if message is not None and text is not None:
            masked = self._mask(text)
            message.text, message.masked = masked.text, tuple(masked.types)

    def pseudonym(self, tenant: str, value: str) -> str:
        """`p-` and 20 hexadecimal digits: a keyed hash of the value, another for each tenant.

        >>> Privacy(lambda text: text).pseudonym("acme", "13800138000")
        'p-2d94590bb1713e893d73'
        """
        key = hashlib.blake2b(tenant.encode(), key=self._key).digest()
        return f"p-{hashlib.blake2b(value.encode(), key=key, digest_size=10).hexdigest()}"

    def _take(self, data: dict[str, Any], texts: Sequence[str]) -> list[tuple[dict[str, Any], str, Any]]:
        """Take the free texts out of `data`, each with the dictionary it belongs to."""
        taken = []
        for path in texts:
            parent, _, name = path.rpartition(".")
            holder = data.get(parent) if parent else data
            if holder is not None and name in holder:
                taken.append((holder, name, holder.pop(name)))
        return taken

    def _masked(self, value: str | list[str]) -> str | list[str]:
        if isinstance(value, str):
            return self._mask(value).text
        return [self._mask(each).text for each in value]

    def _masked_code(self, tenant: str, value: str) -> str:
        if not _suspicious(value.encode()):
            return value
        kinds = set(self._mask(value).types) - _IMPERSONAL
        # One in ten long numbers has a card's check digit; what does not begin like a card is an id.
        if not kinds or (kinds == {"CARD"} and _CARD(value) is None):
            return value
        return self.pseudonym(tenant, value)

    def _hide(self, value: Any, tenant: str) -> Any:
        """The value with every private string in it replaced: structs and dictionaries in place, the rest anew."""
        if isinstance(value, str):
            return self._code(tenant, value)
        if isinstance(value, (list, tuple)):
            return type(value)([self._hide(each, tenant) for each in value])
        if isinstance(value, dict):
            for key, each in list(value.items()):
                del value[key]
                value[self._code(tenant, key)] = self._hide(each, tenant)
        elif isinstance(value, msgspec.Struct):
            for name in value.__struct_fields__:
                if name not in {"tenant", "type"}:
                    setattr(value, name, self._hide(getattr(value, name), tenant))
        return value


def _suspicious(raw: bytes) -> bool:
    """Whether there may be a phone, a long number or an e-mail in it: true too often, never false wrongly; the mask decides.

    It is asked of every event, so each question is one that is answered at the speed of a byte search.
    """
    return bool(_PHONE(raw) or _LANDLINE(raw) or _EMAIL(raw)) or _LONG in raw.translate(_DIGITS)
