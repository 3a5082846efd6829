"""The gateway's file: tokens and adapters, all of it checked before the first request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.rule import Stanza
from config.documents import Document, read, shipped
from config.errors import SettingsError
from config.settings import GatewaySettings, read_secrets
from streams.gateway.adapters import adapter_class
from streams.gateway.adapters.base import Adapter
from streams.gateway.tokens import Token, TokenParams, Tokens, token_of

__all__ = ["GatewayPolicy", "load_gateway"]


class _File(Stanza):
    tokens: list[dict[str, Any]]
    adapters: list[dict[str, Any]]


@dataclass(frozen=True)
class GatewayPolicy:
    """Who may post, and the adapters by name."""

    tokens: Tokens
    adapters: Mapping[str, Adapter]


def load_gateway(path: Path | None, settings: GatewaySettings, environ: Mapping[str, str] | None = None) -> GatewayPolicy:
    """The gateway's file, or the one that ships (it names nobody), and the token of the settings.

    Raises PolicyError naming file and key, SettingsError for a secret that is missing or too short, or where nobody could post at all.
    """
    document = shipped("gateway.yaml") if path is None else read(path)
    found = document.check(_File, {"tokens": [], "adapters": [], **document.data})
    adapters = dict(_adapters(document, found.adapters, environ))
    tokens = list(_tokens(document, found.tokens, adapters, environ))
    if settings.token is not None and settings.tenant is not None:
        own = {name for name, adapter in adapters.items() if adapter.params.tenant == settings.tenant}
        params = TokenParams(name="settings", tenant=settings.tenant, adapters=sorted(own))
        tokens.append(_token(params, [settings.token]))
    if not tokens and not any(adapter.secrets for adapter in adapters.values()):
        raise SettingsError(
            "nobody could post: set FENGHUO_GATEWAY__TENANT and FENGHUO_GATEWAY__TOKEN (openssl rand -hex 32),"
            " or name tokens in a copy of config/gateway.yaml and give it with --config"
        )
    return GatewayPolicy(Tokens(tokens), adapters)


def _adapters(document: Document, stanzas: Iterable[dict[str, Any]], environ: Mapping[str, str] | None) -> Iterable[tuple[str, Adapter]]:
    names: set[str] = set()
    for index, stanza in enumerate(stanzas):
        try:
            kind = adapter_class(str(stanza.get("type")))
        except LookupError as error:
            raise document.error(f"adapters.{index}.type", str(error)) from None
        params = document.check(kind.Params, stanza, "adapters", index)
        if params.name in names:
            raise document.error(f"adapters.{index}.name", f"two adapters are called {params.name}")
        names.add(params.name)
        try:
            yield params.name, kind(params, read_secrets(params.secret_env, params.secret_file, environ))
        except ValueError as error:
            raise document.error(f"adapters.{index}", str(error)) from None


def _tokens(
    document: Document, stanzas: Iterable[dict[str, Any]], adapters: Mapping[str, Adapter], environ: Mapping[str, str] | None
) -> Iterable[Token]:
    for index, stanza in enumerate(stanzas):
        params = document.check(TokenParams, stanza, "tokens", index)
        for name in params.adapters:
            known = adapters.get(name)
            if known is None:
                raise document.error(f"tokens.{index}.adapters", f"there is no adapter {name}; there are: {', '.join(adapters) or 'none'}")
            if known.params.tenant != params.tenant:
                raise document.error(f"tokens.{index}.adapters", f"the adapter {name} belongs to another tenant")
        yield _token(params, read_secrets(params.secret_env, params.secret_file, environ))


def _token(params: TokenParams, secrets: Any) -> Token:
    try:
        return token_of(params, secrets)
    except ValueError as error:
        raise SettingsError(str(error)) from None
