"""Who is let in: names and origins first, then the token."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from streams.api.attempts import Attempts
from streams.api.problem import Problem
from streams.api.tokens import Role, Token, Tokens

__all__ = ["Guard"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Decides about a request before anything of it is read.

    The Host must be one of `hosts` or loopback: a page that had its name rebound to this address is turned away. A script's Origin must
    be this server's own or one of `origins`. Tokens come as `Authorization: Bearer` only, which no page of another site can make a browser
    send. After 10 wrong tokens within a minute an address must wait; `wall` is the clock.
    """

    def __init__(self, tokens: Tokens, hosts: Collection[str], origins: Collection[str], wall: Callable[[], float]) -> None:
        self._tokens = tokens
        self._hosts = LOOPBACK | {host.lower().strip("[]") for host in hosts}
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._wall = wall
        self._attempts = Attempts()

    def origin(self, request: web.Request) -> str | None:
        """The allowed foreign origin of a request, for its answer; None where it has none or its own. Raises Problem."""
        host = request.headers.get(hdrs.HOST, "")
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            name = None
        if name is None or name not in self._hosts:
            raise Problem(421, "this server is not known under that name; add it to FENGHUO_API__HOSTS")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or urlsplit(origin.lower()).netloc == host.lower():
            return None
        if origin.lower() not in self._origins:
            raise Problem(403, "scripts of that origin may not use this server; add it to FENGHUO_API__ORIGINS")
        return origin

    def token(self, request: web.Request, role: Role) -> Token:
        """The token of a request. Raises Problem: 401 without a right one, 403 when its role is too low, 429 after too many wrong ones."""
        scheme, _, text = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise Problem(401, "a token is needed: Authorization: Bearer …", headers={"WWW-Authenticate": 'Bearer realm="fenghuo"'})
        address, digest, now = _network(request.remote), hashlib.sha256(text.encode(errors="replace")).digest(), self._wall()
        wait = 0.0 if self._attempts.known(address, digest) else self._attempts.wait(address, now)
        if wait > 0:
            raise Problem(429, "too many wrong tokens from this address; wait", headers={"Retry-After": str(math.ceil(wait))})
        found = self._tokens.find(text)
        if found is None:
            self._attempts.failed(address, now)
            raise Problem(401, "the token is not known", headers={"WWW-Authenticate": 'Bearer realm="fenghuo", error="invalid_token"'})
        self._attempts.succeeded(address, digest)
        if not found.may(role):
            raise Problem(403, f"this needs the role {role.name.lower()}; the token is {found.role}")
        return found


def _network(remote: str | None) -> str:
    """The address failures count for: one of IPv6 stands for its /64, which is one customer's."""
    try:
        address = ipaddress.ip_address(remote or "")
    except ValueError:
        return remote or ""
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
