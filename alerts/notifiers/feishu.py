"""Feishu and Lark group robots (飞书自定义机器人)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final

from alerts.notifiers.base import Delivery, Page, Rate
from alerts.notifiers.shared.body_code import BodyCode
from alerts.notifiers.shared.http_notifier import Answer, Request, json_body
from alerts.notifiers.shared.message import Message, fitting, message_of
from alerts.notifiers.shared.robot import Robot, RobotParams

__all__ = ["Feishu", "sign"]

MAX_BYTES: Final = 20_000
_CODES: Final = BodyCode(
    "code",
    slow={11232: 60.0, 99991400: 60.0},
    refused=frozenset({9499, 19021, 19022, 19024}),
    gone=frozenset({19001}),
)
"""19021: bad signature, or a clock more than an hour off; 19022: address not allowed; 19024: a keyword is missing; 19001: no such robot."""
_COLOURS: Final = {"blue": "blue", "yellow": "yellow", "orange": "orange", "red": "red"}


def sign(secret: bytes, timestamp: int) -> str:
    r"""base64(HMAC-SHA256(key = timestamp + "\n" + secret, message = "")); the timestamp in seconds (Feishu, 自定义机器人使用指南).

    >>> sign(b"demo", 1760000060)
    '9gGE6Bl/7s4lUEpa2lg5X6XkHdeyGz2olPEDsimi4lA='
    """
    return base64.b64encode(hmac.new(b"%d\n%s" % (timestamp, secret), b"", hashlib.sha256).digest()).decode()


class Feishu(Robot):
    """Posts a card to a Feishu or Lark robot, signed in the body where a signing secret (签名校验) stands beside the URL.

    All texts of the card are `plain_text`: Feishu reads no markup in them. Takes 100 messages a minute and 20 kB each. HTTP 200 says
    nothing; `code` does.
    """

    signs = True
    max_request_bytes = MAX_BYTES

    class Params(RobotParams):
        """A receiver of type feishu."""

        rate: Rate | None = Rate(per_minute=100)

    def request(self, page: Page, now: float) -> Request:
        """The card, with timestamp and sign in the body."""
        signature: dict[str, str] = {}
        if self.signing_secret is not None:
            signature = {"timestamp": str(int(now)), "sign": sign(self.signing_secret, int(now))}

        def body(message: Message) -> bytes:
            return json_body({**signature, "msg_type": "interactive", "card": _card(message)})

        return Request(self._url, fitting(message_of(page, self.params), body, MAX_BYTES))

    def judge(self, answer: Answer) -> Delivery:
        """By `code`."""
        return _CODES.judge(answer)


def _card(message: Message) -> dict[str, Any]:
    colour = "green" if message.ended else _COLOURS.get(message.page.tier, "grey")
    elements: list[dict[str, Any]] = [{"tag": "div", "text": _plain(f"{each.label}: {each.text}")} for each in message.lines()]
    if message.link:
        button = {"tag": "button", "text": _plain(message.link_text), "type": "primary", "url": message.link}
        elements.append({"tag": "action", "actions": [button]})
    return {
        "config": {"wide_screen_mode": True},
        "header": {"template": colour, "title": _plain(message.heading)},
        "elements": elements,
    }


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}
