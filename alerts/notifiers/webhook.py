"""Signed webhooks after the Standard Webhooks specification."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from pydantic import Field, SecretStr, field_validator
from yarl import URL

from alerts.notifiers.base import Delivered, Delivery, Failed, Notifier, NotifierParams, Page, Retry

__all__ = ["Webhook", "decode_secret", "resolve", "retry_after_s", "sign"]

log = logging.getLogger(__name__)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

PREFIX: Final = "whsec_"
MAX_RETRY_AFTER_S: Final = 86_400.0
_SLOW_DOWN: Final = frozenset({429, 502, 503, 504})
_THE_PAGE: Final = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431})
"""Refusals of the request itself: the same page would be refused again. All others may be mended while the page waits."""


def decode_secret(secret: SecretStr) -> bytes:
    """The key of a secret: `whsec_` and 24 to 64 bytes in base64. Raises ValueError, which does not show the secret.

    >>> len(decode_secret(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
    24
    """
    text = secret.get_secret_value().strip()
    if not text.startswith(PREFIX):
        raise ValueError("a webhook secret begins with whsec_")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("what follows whsec_ in a webhook secret must be base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"a webhook secret has 24 to 64 bytes, not {len(key)}; make one: echo whsec_$(openssl rand -base64 32)")
    return key


def sign(keys: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,` signature a key, separated by spaces.

    >>> sign([decode_secret(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
    ...     b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = b"%s.%d.%s" % (event_id.encode(), timestamp, body)
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def retry_after_s(header: str | None, now: float) -> float | None:
    """Seconds to wait by a `Retry-After` header (seconds or an HTTP date), at most a day; None where there is none that can be read.

    >>> retry_after_s("120", 0.0), retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 50.0), retry_after_s("soon", 0.0)
    (120.0, 10.0, None)
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_S)
    try:
        wait = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), MAX_RETRY_AFTER_S)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Webhook(Notifier):
    """Posts the alert's CloudEvent, signed. The receiver drops doubles by `webhook-id`, which is `<alert_id>:<revision>`.

    https only, unless the host is this machine or `allow_http`. The host's addresses are looked up and checked for each page, and the
    connection goes to the address that was checked: a name cannot lead into the private network (`allow_private` lets it). Redirects
    are not followed; at most 64 kB of the answer are read, and nothing of it is logged.
    """

    class Params(NotifierParams):
        """A receiver of type webhook. Times in seconds, sizes in bytes."""

        url: str
        allow_http: bool = False
        allow_private: bool = False
        timeout_s: float = Field(default=10.0, gt=0, le=120)
        connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
        max_body_bytes: int = Field(default=262_144, ge=1024)

        @field_validator("url")
        @classmethod
        def _absolute(cls, text: str) -> str:
            try:
                url = URL(text)
            except ValueError:
                raise ValueError("is no URL; write it as in https://example.com/hooks/fenghuo") from None
            if url.scheme not in {"http", "https"} or not url.host:
                raise ValueError("must begin with https:// and name a host")
            if url.user or url.password:
                raise ValueError("must hold no user or password; the signature proves who sends")
            return text

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets)
        if not secrets:
            raise ValueError(f"receiver {params.name} has no secret; name one in secret_env or secret_file")
        self._keys = [decode_secret(secret) for secret in secrets]
        self._url = URL(params.url)
        self._resolve = resolver
        if self._url.scheme != "https" and not params.allow_http and not _is_this_machine(self._url.host or ""):
            raise ValueError(f"receiver {params.name}: {self._url.origin()} is not https; use https, or set allow_http: true")
        self._timeout = aiohttp.ClientTimeout(total=params.timeout_s, sock_connect=params.connect_timeout_s)

    def __repr__(self) -> str:
        return f"Webhook({self.name!r}, {self._url.origin()!s})"

    async def send(self, page: Page, now: float) -> Delivery:
        """Post the page once. 410 disables the receiver; 429, 502, 503 and 504 slow down as the receiver says."""
        if len(page.body) > self.params.max_body_bytes:
            return Failed("body_too_large")
        try:
            delivery = await self._post(page, now)
        except TimeoutError:
            delivery = Retry("timeout")
        except aiohttp.ClientConnectorCertificateError:
            delivery = Retry("certificate")
        except (aiohttp.ClientError, OSError):
            delivery = Retry("connection")
        if not isinstance(delivery, Delivered):
            log.warning("webhook.undelivered receiver=%s page=%s reason=%s", self.name, page.event_id, delivery.reason)
        return delivery

    async def _post(self, page: Page, now: float) -> Delivery:
        host, port = self._url.host or "", self._url.port or 443
        async with asyncio.timeout(self.params.connect_timeout_s):
            addresses = await self._resolve(host, port)
        if not self._permitted(host, addresses):
            return Failed("private_address")
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, page, now)
            except aiohttp.ClientConnectorError:
                log.info("webhook.next_address receiver=%s", self.name)
        return await self._post_to(addresses[-1], page, now)

    async def _post_to(self, address: str, page: Page, now: float) -> Delivery:
        request = self.session.post(
            self._url.with_host(address),
            data=page.body,
            headers=self._headers(page, now),
            server_hostname=self._url.host if self._url.scheme == "https" else None,
            allow_redirects=False,
            timeout=self._timeout,
        )
        async with request as response:
            await response.content.read(65_536)
            return _judge(response.status, response.headers.get("Retry-After"), now)

    def _headers(self, page: Page, now: float) -> dict[str, str]:
        timestamp = int(now)
        port = "" if self._url.is_default_port() else f":{self._url.port}"
        return {
            "Host": f"{self._url.host_subcomponent}{port}",
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "Fenghuo-Webhook/1",
            "webhook-id": page.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._keys, page.event_id, timestamp, page.body),
        }

    def _permitted(self, host: str, addresses: Sequence[str]) -> bool:
        """Whether all addresses may be connected to: one private among public ones is not trusted."""
        if not addresses:
            raise OSError(f"{host} has no address")
        return self.params.allow_private or _is_this_machine(host) or all(_is_public(each) for each in addresses)


def _is_this_machine(host: str) -> bool:
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


def _judge(status: int, retry_after: str | None, now: float) -> Delivery:
    if 200 <= status < 300:
        return Delivered()
    reason = f"http_{status}"
    if status == 410:
        return Failed(reason, disables=True)
    if 300 <= status < 400 or status in _THE_PAGE:
        return Failed(reason)
    return Retry(reason, retry_after_s(retry_after, now) if status in _SLOW_DOWN else None)
