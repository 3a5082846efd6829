"""A notifier that posts: one request a page, to an address that was checked, no redirect followed, the answer judged."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from pydantic import SecretStr
from yarl import URL

from alerts.notifiers.base import Delivered, Delivery, Failed, Notifier, Page, Retry
from alerts.notifiers.shared.outgoing import PrivateAddressError, Resolver, checked_addresses, parse_url, resolve
from alerts.notifiers.shared.retry_after import retry_after_s

__all__ = ["Answer", "HttpNotifier", "Request", "by_status", "json_body", "json_object"]

MAX_ANSWER: Final = 65_536
_SLOW_DOWN: Final = frozenset({429, 502, 503, 504})
_THE_PAGE: Final = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431})
"""Refusals of the request itself: the same page would be refused again. All others may be mended while the page waits."""


@dataclass(frozen=True)
class Request:
    """What is posted. The URL may hold a key and so is not shown."""

    url: URL = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back: the status, at most 64 kB of the body, and the wait the receiver asked for (s)."""

    status: int
    body: bytes
    after_s: float | None = None


def by_status(answer: Answer) -> Delivery:
    """What a status means anywhere: 2xx delivered, 410 gone, a refusal of the page itself failed, all else tried again.

    >>> by_status(Answer(204, b"")), by_status(Answer(429, b"", 30.0)), by_status(Answer(413, b""))
    (Delivered(), Retry(reason='http_429', after_s=30.0), Failed(reason='http_413', disables=False))
    """
    if 200 <= answer.status < 300:
        return Delivered()
    reason = f"http_{answer.status}"
    if answer.status == 410:
        return Failed(reason, disables=True)
    if 300 <= answer.status < 400 or answer.status in _THE_PAGE:
        return Failed(reason)
    return Retry(reason, answer.after_s if answer.status in _SLOW_DOWN else None)


def json_body(value: object) -> bytes:
    """A JSON body: UTF-8, no spaces, the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_object(body: bytes) -> dict[str, Any]:
    """The object a body holds; empty where it holds none.

    >>> json_object(b'{"errcode": 0}'), json_object(b"<html>"), json_object(b"[1]")
    ({'errcode': 0}, {}, {})
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class HttpNotifier(Notifier):
    """Posts to `url`. A subclass writes `request`, and `judge` where the service tells failures in the body.

    https only, unless the host is this machine or `allow_http`. The host's addresses are looked up and checked for each page, and the
    connection goes to the address that was checked: a name cannot lead into the private network (`allow_private` lets it). Redirects
    are not followed; at most 64 kB of the answer are read, and nothing of it is logged. `max_request_bytes` is what the service takes.
    """

    max_request_bytes: int = 262_144

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets)
        self._resolve = resolver
        self._timeout = aiohttp.ClientTimeout(total=params.timeout_s, sock_connect=params.connect_timeout_s)
        try:
            self._url = parse_url(self.address(), allow_http=params.allow_http)
        except ValueError as error:
            raise ValueError(f"receiver {params.name}: its URL {error}") from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self._url.origin()!s})"

    def address(self) -> str:
        """The URL as text: the one of the policy."""
        return str(self.params.url)

    @abstractmethod
    def request(self, page: Page, now: float) -> Request:
        """What to post for the page."""

    def judge(self, answer: Answer) -> Delivery:
        """What the answer means, by its status alone."""
        return by_status(answer)

    async def deliver(self, page: Page, now: float) -> Delivery:
        """Post the page once."""
        request = self.request(page, now)
        if len(request.body) > self.max_request_bytes:
            return Failed("body_too_large")
        try:
            return self.judge(await self._post(request, now))
        except PrivateAddressError:
            return Failed("private_address")
        except TimeoutError:
            return Retry("timeout")
        except aiohttp.ClientConnectorCertificateError:
            return Retry("certificate")
        except (aiohttp.ClientError, OSError):
            return Retry("connection")

    async def _post(self, request: Request, now: float) -> Answer:
        host, port = request.url.host or "", request.url.port or 443
        addresses = await checked_addresses(host, port, self.params, self._resolve)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, request, now)
            except aiohttp.ClientConnectorError:
                continue
        return await self._post_to(addresses[-1], request, now)

    async def _post_to(self, address: str, request: Request, now: float) -> Answer:
        url = request.url
        port = "" if url.is_default_port() else f":{url.port}"
        sent = self.session.post(
            url.with_host(address),
            data=request.body,
            headers={
                "Host": f"{url.host_subcomponent}{port}",
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Fenghuo/1",
                **request.headers,
            },
            server_hostname=url.host if url.scheme == "https" else None,
            allow_redirects=False,
            timeout=self._timeout,
        )
        async with sent as response:
            body = await self._read(response)
            return Answer(response.status, body, retry_after_s(response.headers.get("Retry-After"), now))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body up to its end, 64 kB, or where it breaks off: the status has come, a second request would make a double."""
        found = bytearray()
        try:
            while len(found) < MAX_ANSWER and (chunk := await response.content.read(MAX_ANSWER - len(found))):
                found += chunk
        except (aiohttp.ClientError, TimeoutError, OSError):
            return bytes(found)
        return bytes(found)
