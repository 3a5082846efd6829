"""Microsoft Teams, through a webhook of its Workflows app."""

from __future__ import annotations

import re
from typing import Any, Final

from alerts.notifiers.base import Delivered, Delivery, Page, Rate, Retry
from alerts.notifiers.shared.http_notifier import Answer, Request, by_status, json_body
from alerts.notifiers.shared.message import Message, fitting, message_of
from alerts.notifiers.shared.robot import Robot, RobotParams
from alerts.notifiers.shared.text import markdown

__all__ = ["Teams"]

MAX_BYTES: Final = 28_000
_COLOURS: Final = {"blue": "accent", "yellow": "warning", "orange": "warning", "red": "attention"}
_ERROR: Final = re.compile(rb"HTTP error (\d{3})")


class Teams(Robot):
    """Posts an adaptive card to a Workflows webhook ("Post to a channel when a webhook request is received").

    The card is at most 28 kB; Markdown in texts is made harmless. The workflow answers 202 before the card is posted: what goes wrong
    in it later is seen in its run history only. An answer 200 that speaks of an HTTP error (Teams behind an older connector) is one.
    """

    max_request_bytes = MAX_BYTES

    class Params(RobotParams):
        """A receiver of type teams."""

        rate: Rate | None = Rate(per_minute=60)

    def request(self, page: Page, now: float) -> Request:
        """The card in a message."""
        return Request(self._url, fitting(message_of(page, self.params), _body, MAX_BYTES))

    def judge(self, answer: Answer) -> Delivery:
        """By the status, and by the error a connector hides in a body."""
        found, error = by_status(answer), _ERROR.search(answer.body)
        if isinstance(found, Delivered) and error is not None:
            return Retry(f"http_{int(error[1])}", answer.after_s)
        return found


def _body(message: Message) -> bytes:
    heading = {
        "type": "TextBlock",
        "text": f"{message.mark} {markdown(message.summary)}",
        "size": "Medium",
        "weight": "Bolder",
        "color": "good" if message.ended else _COLOURS.get(message.page.tier, "default"),
        "wrap": True,
    }
    facts = {"type": "FactSet", "facts": [{"title": each.label, "value": markdown(each.text)} for each in message.lines()]}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [heading, facts],
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": message.link_text, "url": message.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return json_body({"type": "message", "attachments": [attachment]})
