"""Where outgoing connections may lead: the one place that checks URLs and addresses of receivers."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from pydantic import Field, field_validator
from yarl import URL

from alerts.notifiers.base import NotifierParams

__all__ = [
    "AddressParams",
    "OutgoingParams",
    "PrivateAddressError",
    "Resolver",
    "checked_addresses",
    "is_this_machine",
    "parse_url",
    "resolve",
]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
_AS_SENT: Final = re.compile(r"[!-~]+")
_PLAIN: Final = "is not https; use https, or set allow_http: true"


class OutgoingParams(NotifierParams):
    """Where a receiver may lie and how long it may take; times in seconds.

    `allow_http`: an unencrypted connection to another machine. `allow_private`: addresses of private networks.
    """

    allow_http: bool = False
    allow_private: bool = False
    timeout_s: float = Field(default=10.0, gt=0, le=120)
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)


class AddressParams(OutgoingParams):
    """A receiver whose address is no secret: `url`, absolute, checked when the policy is read."""

    url: str

    @field_validator("url")
    @classmethod
    def _absolute(cls, text: str) -> str:
        parse_url(text)
        return text


class PrivateAddressError(Exception):
    """A host has an address that may not be connected to."""


def parse_url(text: str, *, allow_http: bool = True) -> URL:
    """The URL of a receiver. Raises ValueError, which does not show it, unless it is https (or http where allowed or on this machine).

    >>> parse_url("https://example.com/hook").host, parse_url("http://localhost:8080/", allow_http=False).port
    ('example.com', 8080)
    """
    try:
        # Taken as it stands: another way to write a signed query is another query to some services.
        url = URL(text, encoded=_AS_SENT.fullmatch(text) is not None)
    except ValueError:
        raise ValueError("is no URL; write it as in https://example.com/hooks/fenghuo") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("must begin with https:// and name a host")
    if url.user or url.password:
        raise ValueError("must hold no user or password; secrets come by secret_env or secret_file")
    if url.scheme != "https" and not allow_http and not is_this_machine(url.host):
        raise ValueError(_PLAIN)
    return url


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def checked_addresses(host: str, port: int, params: OutgoingParams, resolver: Resolver = resolve) -> Sequence[str]:
    """The addresses to connect to, all of them permitted: connect to these, not to the name, which may lead elsewhere a moment later.

    One private address among public ones is not trusted. Raises PrivateAddressError, OSError when there is none, TimeoutError.
    """
    async with asyncio.timeout(params.connect_timeout_s):
        addresses = await resolver(host, port)
    if not addresses:
        raise OSError(f"{host} has no address")
    if not params.allow_private and not is_this_machine(host) and not all(_is_public(each) for each in addresses):
        raise PrivateAddressError(host)
    return addresses


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by its name or number.

    >>> is_this_machine("localhost"), is_this_machine("127.0.0.2"), is_this_machine("::1"), is_this_machine("10.0.0.1")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_global and not parsed.is_multicast
