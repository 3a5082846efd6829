"""WeCom group robots (企业微信群机器人)."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import model_validator

from alerts.notifiers.base import Delivery, Page, Rate
from alerts.notifiers.shared.body_code import BodyCode
from alerts.notifiers.shared.http_notifier import Answer, Request, json_body
from alerts.notifiers.shared.message import Message, fitting, message_of
from alerts.notifiers.shared.robot import Robot, RobotParams
from alerts.notifiers.shared.text import cut_bytes, markdown

__all__ = ["Wecom"]

MAX_MARKDOWN: Final = 4096
MAX_TEXT: Final = 2048
_CODES: Final = BodyCode(
    "errcode",
    slow={45009: 60.0, 45033: 60.0},
    refused=frozenset({40008, 40058, 40063, 44004, 45002}),
    gone=frozenset({93000}),
)
"""45009: too many messages; 40058 and 45002: the content is not taken; 93000: the key is wrong or the robot was removed."""
_COLOURS: Final = {"red": "warning", "orange": "warning", "yellow": "warning"}


class Wecom(Robot):
    """Posts to a WeCom robot: Markdown of at most 4,096 bytes, or text of at most 2,048 bytes, which can mention people.

    WeCom takes 20 messages a minute; the default rate stays below. HTTP 200 says nothing; `errcode` does.
    """

    class Params(RobotParams):
        """A receiver of type wecom. `mentioned` are user ids or @all, `mentioned_mobiles` phone numbers; both need `format: text`."""

        rate: Rate | None = Rate(per_minute=20)
        format: Literal["markdown", "text"] = "markdown"
        mentioned: list[str] = []
        mentioned_mobiles: list[str] = []

        @model_validator(mode="after")
        def _only_text_mentions(self) -> Self:
            if self.format == "markdown" and (self.mentioned or self.mentioned_mobiles):
                raise ValueError("WeCom mentions people in texts only; set format: text, or remove mentioned and mentioned_mobiles")
            return self

    def request(self, page: Page, now: float) -> Request:
        """The message in the receiver's format, cut to its limit."""
        write, limit = (_markdown, MAX_MARKDOWN) if self.params.format == "markdown" else (_text, MAX_TEXT)
        content = fitting(message_of(page, self.params), write, limit).decode()
        body: dict[str, Any] = {"content": cut_bytes(content, limit)}
        if self.params.format == "text":
            body |= {"mentioned_list": self.params.mentioned, "mentioned_mobile_list": self.params.mentioned_mobiles}
        return Request(self._url, json_body({"msgtype": self.params.format, self.params.format: body}))

    def judge(self, answer: Answer) -> Delivery:
        """By `errcode`."""
        return _CODES.judge(answer)


def _markdown(message: Message) -> bytes:
    colour = "info" if message.ended else _COLOURS.get(message.page.tier, "comment")
    lines = [f'**{message.mark} <font color="{colour}">{markdown(message.summary)}</font>**']
    lines += [f"> {each.label}: {markdown(each.text)}" for each in message.lines()]
    if message.link:
        lines.append(f"[{message.link_text}]({message.link})")
    return "\n".join(lines).encode()


def _text(message: Message) -> bytes:
    lines = [message.heading, *(f"{each.label}: {each.text}" for each in message.lines())]
    return "\n".join([*lines, message.link] if message.link else lines).encode()
