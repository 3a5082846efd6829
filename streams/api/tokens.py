"""Who may use the API: tokens with a role, known by their hash only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.errors import SettingsError
from config.settings import ApiSettings

__all__ = ["Role", "Token", "Tokens", "load_tokens", "new_token"]

PREFIX: Final = "fh_"
LONGEST: Final = 512


class Role(IntEnum):
    """What a token may do: viewer reads; operator also gives commands; admin also reads the audit and silences a whole tenant."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


class Token(BaseModel):
    """One token. `name` stands in alerts and the audit as who did it; `sha256` (hex) is the hash of the token's text.

    `tenants` are those it may see and act for; None is all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    role: Literal["viewer", "operator", "admin"]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    tenants: tuple[Annotated[str, Field(min_length=1)], ...] | None = None

    def may(self, role: Role) -> bool:
        """Whether it has at least this role."""
        return Role[self.role.upper()] >= role

    def sees(self, tenant: str) -> bool:
        """Whether it may see a tenant."""
        return self.tenants is None or tenant in self.tenants


class Tokens:
    """All tokens. How long a look takes does not depend on which token comes near.

    >>> text, entry = new_token("ops", "operator")
    >>> tokens = Tokens([entry])
    >>> tokens.find(text) == entry, tokens.find("fh_guess")
    (True, None)
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tuple(tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, text: str) -> Token | None:
        """The token of a text, or None."""
        digest = hashlib.sha256(text[:LONGEST].encode(errors="replace")).hexdigest()
        found: Token | None = None
        for token in self._tokens:
            if hmac.compare_digest(token.sha256, digest):
                found = token
        return found


def new_token(name: str, role: Literal["viewer", "operator", "admin"], tenants: Sequence[str] | None = None) -> tuple[str, Token]:
    """A fresh token of 256 random bits: its text, to be given to whoever uses it, and the entry to configure."""
    text = PREFIX + secrets.token_urlsafe(32)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text, Token(name=name, role=role, sha256=digest, tenants=tuple(tenants) if tenants is not None else None)


_List: Final = TypeAdapter(list[Token])


def load_tokens(found: ApiSettings) -> Tokens:
    """The tokens of the settings. Raises SettingsError naming the variable, or the file, and the entry; it never shows a hash."""
    tokens: list[Token] = []
    if found.tokens is not None:
        tokens += _parse(found.tokens.get_secret_value(), "FENGHUO_API__TOKENS")
    if found.tokens_file is not None:
        try:
            text = found.tokens_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"FENGHUO_API__TOKENS_FILE: {found.tokens_file} cannot be read ({type(error).__name__})") from error
        tokens += _parse(text, str(found.tokens_file))
    names = [token.name for token in tokens]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"the API's token {name!r} is there twice; the audit could not tell who it was: rename one")
    return Tokens(tokens)


def _parse(text: str, where: str) -> list[Token]:
    try:
        data: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        # What the parser says quotes the text.
        raise SettingsError(f"{where}: neither YAML nor JSON; a list of name, role and sha256 is expected") from None
    try:
        return _List.validate_python(data if data is not None else [])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{where}: {place or 'the list'}: {first['msg']}; `fenghuo api token NAME` makes an entry") from None
