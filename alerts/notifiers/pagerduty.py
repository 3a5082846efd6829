"""PagerDuty, Events API v2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
from pydantic import SecretStr

from alerts.notifiers.base import Delivered, Delivery, Page, Retry
from alerts.notifiers.shared.http_notifier import Answer, HttpNotifier, Request, by_status, json_body, json_object
from alerts.notifiers.shared.message import ENDED, Message, TextParams, fitting, message_of, parts_of
from alerts.notifiers.shared.outgoing import OutgoingParams, Resolver, resolve
from alerts.notifiers.shared.text import as_is, cut

__all__ = ["Pagerduty"]

MAX_BYTES: Final = 512_000
_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
_SEVERITIES: Final = {"blue": "info", "yellow": "warning", "orange": "error", "red": "critical"}
_ACTIONS: Final = {"acknowledged": "acknowledge", "in_progress": "acknowledge", **dict.fromkeys(ENDED, "resolve")}
_SLOW_S: Final = 60.0


class Pagerduty(HttpNotifier):
    """Triggers, acknowledges and resolves incidents; the secret is the integration's routing key.

    `dedup_key` is the alert's id, so a page sent twice is one incident, and an alert that comes back after its end is a new one.
    Updates trigger again, which PagerDuty adds to the incident. Severity by tier: critical, error, warning, info.
    """

    max_request_bytes = MAX_BYTES

    class Params(OutgoingParams, TextParams):
        """A receiver of type pagerduty. Accounts in the EU have their own `url`: https://events.eu.pagerduty.com/v2/enqueue."""

        url: str = "https://events.pagerduty.com/v2/enqueue"

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets, resolver=resolver)
        keys = [secret.get_secret_value().strip() for secret in secrets]
        if len(keys) != 1 or _KEY.fullmatch(keys[0]) is None:
            raise ValueError(f"receiver {params.name} needs one secret: the integration's routing key, 32 letters and digits")
        self._key = SecretStr(keys[0])

    def request(self, page: Page, now: float) -> Request:
        """The event."""
        return Request(self._url, fitting(message_of(page, self.params), self._body, MAX_BYTES))

    def judge(self, answer: Answer) -> Delivery:
        """202 with `status: success`; 429 without a wait of its own waits a minute."""
        found = by_status(answer)
        if isinstance(found, Delivered) and json_object(answer.body).get("status") != "success":
            return Retry("unexpected_answer")
        if answer.status == 429:
            return Retry("http_429", answer.after_s if answer.after_s is not None else _SLOW_S)
        return found

    def _body(self, message: Message) -> bytes:
        page = message.page
        event: dict[str, Any] = {
            "routing_key": self._key.get_secret_value(),
            "event_action": _ACTIONS.get(page.state, "trigger"),
            "dedup_key": cut(page.alert_id, 255),
        }
        if event["event_action"] == "trigger":
            event |= {"client": "Fenghuo", "payload": _payload(message)}
            if message.link:
                event |= {"client_url": message.link, "links": [{"href": message.link, "text": message.link_text}]}
        return json_body(event)


def _payload(message: Message) -> dict[str, Any]:
    page, parts = message.page, parts_of(message.page)
    payload = {
        "summary": cut(message.heading, 1024),
        "source": cut(as_is(f"fenghuo/{page.tenant}"), 255),
        "severity": _SEVERITIES.get(page.tier, "info"),
        "timestamp": parts.event_time,
        "class": parts.indicator,
        "group": parts.dimension,
        "custom_details": {"tier": page.tier, "state": page.state, **_details(message)},
    }
    return {name: value for name, value in payload.items() if value}


def _details(message: Message) -> dict[str, str]:
    """The lines by their labels; several of one label (evidence) are one value of several lines."""
    details: dict[str, str] = {}
    for each in message.lines():
        details[each.label] = f"{details[each.label]}\n{each.text}" if each.label in details else each.text
    return details
