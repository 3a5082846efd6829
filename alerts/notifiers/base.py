"""What every notifier is: sends one page, tells what came of it, raises nothing of the network."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import aiohttp
from pydantic import Field, SecretStr

from alerts.notifiers.shared.send_window import SendWindow
from alerts.page import Delivered, Delivery, Failed, Page, Retry
from alerts.rule import Names, Stanza

__all__ = ["Delivered", "Delivery", "Failed", "Notifier", "NotifierParams", "Page", "Rate", "Retry"]

log = logging.getLogger(__name__)


class Rate(Stanza):
    """How much a receiver takes: at most `per_minute` requests in any minute."""

    per_minute: int = Field(ge=1, le=6000)


class NotifierParams(Stanza):
    """What every receiver of the policy has: a name, a kind, where its secrets lie, how much it takes.

    Secrets are never in the policy. `secret_env` and `secret_file` name where each is read from when the notifier is built: the
    one to sign with first and, while rotating, the old one behind it. An address with a key in it is a secret too.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    type: str
    secret_env: Names = []
    secret_file: Names = []
    rate: Rate | None = None


class Notifier(ABC):
    """One receiver.

    `session` is shared by all notifiers and closed by its owner. A subclass writes `deliver`; owners call `send`, which keeps the
    receiver's rate and lets it rest when it asked for that. `refresh_s`: send the last page of a burning alert again this often
    (seconds), for receivers that forget; None for all others. Raises ValueError when built with secrets it cannot use; what it
    says never shows them.
    """

    Params: ClassVar[type[NotifierParams]] = NotifierParams
    refresh_s: float | None = None

    def __init__(self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = ()) -> None:
        self.params: Any = params
        self.session = session
        self.secrets = tuple(secrets)
        self._window = SendWindow(params.rate.per_minute if params.rate is not None else None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        """The receiver's name in the policy."""
        return str(self.params.name)

    async def send(self, page: Page, now: float) -> Delivery:
        """Try once to deliver the page; `now` is epoch seconds. Trouble of the network is a Retry, never an exception."""
        wait = self._window.wait_s(now)
        if wait > 0:
            return Retry("rate_limited", wait)
        self._window.add(now)
        delivery = await self.deliver(page, now)
        if isinstance(delivery, Retry) and delivery.after_s:
            self._window.hold(now + delivery.after_s)
        if not isinstance(delivery, Delivered):
            log.warning("%s.undelivered receiver=%s page=%s reason=%s", self.params.type, self.name, page.event_id, delivery.reason)
        return delivery

    @abstractmethod
    async def deliver(self, page: Page, now: float) -> Delivery:
        """Hand the page to the service once and judge its answer; raises nothing of the network."""
