"""Who may post: tokens, of which only the hash is kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr, field_validator

from alerts.rule import Names, Stanza

__all__ = ["Token", "TokenParams", "Tokens", "given_secret", "token_of"]

MIN_LENGTH = 16


class TokenParams(Stanza):
    """A token of the gateway's file: whose it is and what it may do.

    Its secret is read from `secret_env` or `secret_file`, or only its hash is given in `sha256` (hexadecimal); several at once while
    rotating. `events` lets it post to /v1/events, `adapters` names the adapters it may post to.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    tenant: str = Field(pattern=r"^[^/\s]+$", max_length=128)
    secret_env: Names = []
    secret_file: Names = []
    sha256: Names = []
    events: bool = True
    adapters: Names = []

    @field_validator("sha256")
    @classmethod
    def _hexadecimal(cls, found: list[str]) -> list[str]:
        for each in found:
            if len(each) != 64 or not set(each.lower()) <= set("0123456789abcdef"):
                raise ValueError("a SHA-256 is 64 hexadecimal digits: printf %s TOKEN | sha256sum")
        return found


@dataclass(frozen=True)
class Token:
    """A token as it is checked: by the hashes of its secrets."""

    name: str
    tenant: str
    digests: tuple[bytes, ...]
    events: bool = True
    adapters: frozenset[str] = frozenset()


def token_of(params: TokenParams, secrets: Sequence[SecretStr]) -> Token:
    """The token of a stanza. Raises ValueError where it has no secret or a short one; the message does not show it."""
    for secret in secrets:
        if len(secret.get_secret_value()) < MIN_LENGTH:
            raise ValueError(f"token {params.name}: its secret has less than {MIN_LENGTH} characters; make one with `openssl rand -hex 32`")
    digests = [hashlib.sha256(secret.get_secret_value().encode()).digest() for secret in secrets]
    digests += [bytes.fromhex(each) for each in params.sha256]
    if not digests:
        raise ValueError(f"token {params.name} has no secret; give secret_env, secret_file or sha256")
    return Token(params.name, params.tenant, tuple(digests), params.events, frozenset(params.adapters))


class Tokens:
    """All tokens. Finding one takes as long wherever it stands, and whether there is one or not."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._known = [(digest, token) for token in tokens for digest in token.digests]

    def find(self, secret: bytes) -> Token | None:
        """The token with this secret.

        >>> mine = Token("crm", "acme", (hashlib.sha256(b"0123456789abcdef").digest(),))
        >>> Tokens([mine]).find(b"0123456789abcdef") is mine, Tokens([mine]).find(b"guessed")
        (True, None)
        """
        asked = hashlib.sha256(secret).digest()
        found = None
        for digest, token in self._known:
            if hmac.compare_digest(digest, asked):
                found = token
        return found


def given_secret(authorization: str | None) -> bytes | None:
    """The secret of an Authorization header: a bearer token, or the password of Basic (for senders that know only addresses with one).

    >>> given_secret("Bearer abc"), given_secret("basic dTphYmM="), given_secret("Digest x"), given_secret(None)
    (b'abc', b'abc', None, None)
    """
    scheme, _, rest = (authorization or "").partition(" ")
    value = rest.strip().encode("utf-8", "surrogateescape")
    if scheme.lower() == "bearer" and value:
        return value
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2] or None
    except (binascii.Error, ValueError):
        return None
