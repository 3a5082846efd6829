"""What every notifier is: sends one page, tells what came of it, raises nothing of the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import aiohttp
from pydantic import Field, SecretStr

from alerts.page import Delivered, Delivery, Failed, Page, Retry
from alerts.rule import Names, Stanza

__all__ = ["Delivered", "Delivery", "Failed", "Notifier", "NotifierParams", "Page", "Retry"]


class NotifierParams(Stanza):
    """What every receiver of the policy has: a name, a kind, where its secrets lie.

    Secrets are never in the policy. `secret_env` and `secret_file` name where each is read from when the notifier is built: the
    one to sign with first and, while rotating, the old one behind it.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    type: str
    secret_env: Names = []
    secret_file: Names = []


class Notifier(ABC):
    """One receiver.

    `session` is shared by all notifiers and closed by its owner. `send` is given the clock and gives a Delivery back; trouble of
    the network is a Retry, never an exception. Raises ValueError when built with secrets it cannot use.
    """

    Params: ClassVar[type[NotifierParams]] = NotifierParams

    def __init__(self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = ()) -> None:
        self.params: Any = params
        self.session = session
        self.secrets = tuple(secrets)

    @property
    def name(self) -> str:
        """The receiver's name in the policy."""
        return str(self.params.name)

    @abstractmethod
    async def send(self, page: Page, now: float) -> Delivery:
        """Try once to deliver the page; `now` is epoch seconds."""
