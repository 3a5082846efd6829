"""A group robot: its URL holds the key, so the URL is a secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import aiohttp
from pydantic import SecretStr

from alerts.notifiers.shared.http_notifier import HttpNotifier
from alerts.notifiers.shared.message import TextParams
from alerts.notifiers.shared.outgoing import OutgoingParams, Resolver, resolve

__all__ = ["Robot", "RobotParams"]


class RobotParams(OutgoingParams, TextParams):
    """A receiver whose webhook URL, whole as the service shows it, is its secret; where the robot signs, a second secret signs."""


class Robot(HttpNotifier):
    """Posts to the URL among its secrets, the one that begins with https:// (or http://); the order does not matter.

    `signs`: the service can ask for a signature, `signing_secret` is what to sign with (None where none was given).
    """

    Params = RobotParams
    signs: ClassVar[bool] = False

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        urls = [secret for secret in secrets if _is_url(secret)]
        others = [secret for secret in secrets if not _is_url(secret)]
        if len(urls) != 1:
            raise ValueError(
                f"receiver {params.name} needs one webhook URL among its secrets, not {len(urls)}; put the URL the service shows there"
            )
        if len(others) > (1 if self.signs else 0):
            more = "at most one signing secret beside its URL" if self.signs else "no secret but its URL"
            raise ValueError(f"receiver {params.name} takes {more}; remove the others from secret_env and secret_file")
        self._address = urls[0]
        self.signing_secret = others[0].get_secret_value().strip().encode() if others else None
        super().__init__(params, session, secrets, resolver=resolver)

    def address(self) -> str:
        """The URL out of the secret."""
        return self._address.get_secret_value().strip()


def _is_url(secret: SecretStr) -> bool:
    return secret.get_secret_value().strip().startswith(("https://", "http://"))
