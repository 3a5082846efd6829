"""Slack incoming webhooks."""

from __future__ import annotations

from typing import Any, Final

from alerts.notifiers.base import Delivered, Delivery, Failed, Page, Rate, Retry
from alerts.notifiers.shared.http_notifier import Answer, Request, by_status, json_body
from alerts.notifiers.shared.message import Message, fitting, message_of
from alerts.notifiers.shared.robot import Robot, RobotParams
from alerts.notifiers.shared.text import slack

__all__ = ["Slack"]

MAX_BYTES: Final = 16_000
_COLOURS: Final = {"blue": "#1e88e5", "yellow": "#fdd835", "orange": "#fb8c00", "red": "#e53935"}
_GONE: Final = frozenset({"no_service", "no_service_id", "no_team", "team_disabled", "invalid_token", "channel_is_archived"})
_REFUSED: Final = frozenset({"invalid_payload", "no_text", "too_many_attachments"})


class Slack(Robot):
    """Posts text and one attachment, coloured by tier, to an incoming webhook of Slack.

    Markup is off in every text, `&<>` are escaped and links are broken: what a customer said can neither call people nor lead them
    away. Slack takes about one message a second. Delivered is HTTP 200 with the body `ok`; errors are words in the body.
    """

    max_request_bytes = 2 * MAX_BYTES

    class Params(RobotParams):
        """A receiver of type slack."""

        rate: Rate | None = Rate(per_minute=60)

    def request(self, page: Page, now: float) -> Request:
        """The message as JSON."""
        return Request(self._url, fitting(message_of(page, self.params), _body, MAX_BYTES))

    def judge(self, answer: Answer) -> Delivery:
        """By the body's word where it is known, else by the status."""
        word = answer.body.decode(errors="replace").strip()
        if word in _GONE or word in _REFUSED:
            return Failed(word, disables=word in _GONE)
        found = by_status(answer)
        if isinstance(found, Delivered) and word != "ok":
            return Retry("unexpected_answer")
        return found


def _body(message: Message) -> bytes:
    heading = f"{message.mark} {slack(message.summary)}"
    attachment: dict[str, Any] = {
        "color": "#43a047" if message.ended else _COLOURS.get(message.page.tier, "#9e9e9e"),
        "fallback": heading,
        "fields": [{"title": each.label, "value": slack(each.text), "short": False} for each in message.lines()],
        "mrkdwn_in": [],
    }
    if message.link:
        attachment |= {"title": message.link_text, "title_link": message.link}
    return json_body({"text": heading, "mrkdwn": False, "link_names": False, "attachments": [attachment]})
