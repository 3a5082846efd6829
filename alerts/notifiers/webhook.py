"""Signed webhooks after the Standard Webhooks specification."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
from pydantic import Field, SecretStr

from alerts.notifiers.base import Page
from alerts.notifiers.shared.http_notifier import HttpNotifier, Request
from alerts.notifiers.shared.outgoing import AddressParams, Resolver, resolve

__all__ = ["Webhook", "decode_secret", "sign"]

PREFIX: Final = "whsec_"


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


class Webhook(HttpNotifier):
    """Posts the alert's CloudEvent, signed. The receiver drops doubles by `webhook-id`, which is `<alert_id>:<revision>`.

    The secrets are `whsec_…`: the first signs and, while rotating, the old one signs beside it. 410 disables the receiver; 429, 502,
    503 and 504 slow down as the receiver says.
    """

    class Params(AddressParams):
        """A receiver of type webhook. Times in seconds, sizes in bytes."""

        max_body_bytes: int = Field(default=262_144, ge=1024)

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets, resolver=resolver)
        if not secrets:
            raise ValueError(f"receiver {params.name} has no secret; name one in secret_env or secret_file")
        self.max_request_bytes = params.max_body_bytes
        self._keys = [decode_secret(secret) for secret in secrets]

    def request(self, page: Page, now: float) -> Request:
        """The CloudEvent as it lies in the outbox, signed at the moment it is sent."""
        timestamp = int(now)
        headers = {
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "Fenghuo-Webhook/1",
            "webhook-id": page.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._keys, page.event_id, timestamp, page.body),
        }
        return Request(self._url, page.body, headers)
