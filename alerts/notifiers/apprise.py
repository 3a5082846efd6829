"""The long tail of services, through the Apprise library (the extra `apprise`)."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
from pydantic import Field, SecretStr, field_validator

from alerts.notifiers.base import Delivered, Delivery, Failed, Notifier, Page, Retry
from alerts.notifiers.shared.message import Message, TextParams, message_of
from alerts.tier import Tier

__all__ = ["Apprise"]

_HIGHEST: Final = Tier.YELLOW
_MAX_TITLE: Final = 250


class Apprise(Notifier):
    """Sends through Apprise, best effort; the secrets are Apprise's URLs (`tgram://…`, `ntfys://…`).

    Apprise says whether, not why: any failure is tried again, even one that is for good; some services' error codes it takes for success;
    and its connections are not checked as ours are. So it is refused for orange and red, when the policy is read (`max_tier`) and
    when a page comes. Its own retries are off: the outbox tries again. A request that takes longer than `timeout_s` may still arrive.
    """

    class Params(TextParams):
        """A receiver of type apprise. Times in seconds."""

        max_tier: str = _HIGHEST.label
        timeout_s: float = Field(default=20.0, gt=0, le=120)

        @field_validator("max_tier")
        @classmethod
        def _not_the_top(cls, tier: str) -> str:
            if tier not in {Tier.BLUE.label, Tier.YELLOW.label}:
                raise ValueError("apprise is best effort: max_tier is blue or yellow; give orange and red a receiver of another type")
            return tier

    def __init__(self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = ()) -> None:
        super().__init__(params, session, secrets)
        if not secrets:
            raise ValueError(f"receiver {params.name} has no URL of Apprise; name it in secret_env or secret_file")
        try:
            library: Any = importlib.import_module("apprise")
        except ImportError:
            raise ValueError(f"receiver {params.name} needs the extra apprise; install it: pip install 'fenghuo[apprise]'") from None
        # Below warnings both write the URLs they post to, keys included.
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._asset = library.AppriseAsset(async_mode=False, interpret_escapes=False, http_redirects=False)
        self._library = library
        self._service = library.Apprise(asset=self._asset)
        for secret in secrets:
            self._service.add(self._plugin(secret))

    async def deliver(self, page: Page, now: float) -> Delivery:
        """Send the page to all URLs once; delivered when all took it."""
        if Tier[page.tier.upper()] > Tier.named(self.params.max_tier):
            return Failed("tier_too_high")
        message = message_of(page, self.params)
        try:
            async with asyncio.timeout(self.params.timeout_s):
                taken = await asyncio.to_thread(self._notify, message)
        except TimeoutError:
            return Retry("timeout")
        return Delivered() if taken else Retry("apprise")

    def _plugin(self, secret: SecretStr) -> Any:
        plugin = self._library.Apprise.instantiate(secret.get_secret_value().strip(), asset=self._asset, suppress_exceptions=True)
        if plugin is None:
            raise ValueError(f"receiver {self.name}: a secret is no URL that Apprise knows")
        plugin.retry, plugin.redirects = 0, False
        return plugin

    def _notify(self, message: Message) -> bool:
        lines = [f"{each.label}: {each.text}" for each in message.lines()]
        body = "\n".join([*lines, message.link] if message.link else lines)
        title = message.heading[:_MAX_TITLE]
        return bool(self._service.notify(body=body, title=title, notify_type="success" if message.ended else "warning", body_format="text"))
