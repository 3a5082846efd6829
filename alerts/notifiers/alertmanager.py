"""Prometheus Alertmanager, API v2."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from pydantic import Field, SecretStr

from alerts.notifiers.base import Page
from alerts.notifiers.shared.http_notifier import HttpNotifier, Request, json_body
from alerts.notifiers.shared.message import ENDED, Message, Parts, TextParams, fitting, message_of, parts_of
from alerts.notifiers.shared.outgoing import AddressParams, Resolver, resolve

__all__ = ["Alertmanager"]

_SEVERITIES: Final = {"blue": "info", "yellow": "warning", "orange": "error", "red": "critical"}


class Alertmanager(HttpNotifier):
    """Posts alerts to `<url>/api/v2/alerts`. A secret, where there is one, is a bearer token, or the password of `username`.

    Labels are what an alert is known by: `alertname` is the indicator, then `alert_id`, `dimension`, `tier`, `severity` and the scope's
    keys. As the tier is a label, a change of tier ends the alert of the old tier in the same request. Title, value, evidence
    and advice are annotations.

    Alertmanager keeps alerts in memory and ends what it is not told again: a burning one is sent with an end `firing_for_s` ahead,
    and the owner sends its page again every `refresh_s`, so that a restart of Alertmanager loses nothing for longer than that.
    """

    class Params(AddressParams, TextParams):
        """A receiver of type alertmanager. `url` is the one Alertmanager is opened at, without /api/v2; times in seconds."""

        username: str | None = None
        refresh_s: float = Field(default=60.0, ge=1)
        firing_for_s: float = Field(default=86_400.0, ge=60)

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets, resolver=resolver)
        if len(secrets) > 1:
            raise ValueError(f"receiver {params.name} takes one secret; remove the others from secret_env and secret_file")
        if params.username is not None and not secrets:
            raise ValueError(f"receiver {params.name} has a username without a password; name it in secret_env or secret_file")
        self.refresh_s = params.refresh_s

    def address(self) -> str:
        """Where alerts are posted."""
        return f"{self.params.url.rstrip('/')}/api/v2/alerts"

    def request(self, page: Page, now: float) -> Request:
        """One alert, and the one of the tier before where the tier has changed."""

        def body(message: Message) -> bytes:
            return json_body(_alerts(message, now, self.params.firing_for_s))

        return Request(self._url, fitting(message_of(page, self.params), body, self.max_request_bytes), self._authorization())

    def _authorization(self) -> dict[str, str]:
        if not self.secrets:
            return {}
        secret = self.secrets[0].get_secret_value().strip()
        if self.params.username is None:
            return {"Authorization": f"Bearer {secret}"}
        return {"Authorization": f"Basic {base64.b64encode(f'{self.params.username}:{secret}'.encode()).decode()}"}


def _alerts(message: Message, now: float, firing_for_s: float) -> list[dict[str, Any]]:
    page, parts = message.page, parts_of(message.page)
    ended = page.state in ENDED
    changed = _moment(parts.detected_at, page.created)
    start = min(_moment(parts.event_time, page.created), changed)
    alert = {
        "labels": _labels(page, parts, page.tier),
        "annotations": _annotations(message),
        "startsAt": _rfc3339(start),
        "endsAt": _rfc3339(min(changed, now) if ended else now + firing_for_s),
        **({"generatorURL": message.link} if message.link else {}),
    }
    before = parts.previous_tier
    if before is None or before in {page.tier, "none", ""}:
        return [alert]
    return [{**alert, "labels": _labels(page, parts, before), "endsAt": _rfc3339(min(changed, now))}, alert]


def _labels(page: Page, parts: Parts, tier: str) -> dict[str, str]:
    labels = {name: str(value) for name, value in parts.scope.items() if name.isidentifier() and name.isascii()}
    labels |= {
        "alertname": parts.indicator or "fenghuo",
        "alert_id": page.alert_id,
        "tenant_id": page.tenant,
        "dimension": parts.dimension,
        "tier": tier,
        "severity": _SEVERITIES.get(tier, "info"),
    }
    return {name: value for name, value in sorted(labels.items()) if value}


def _annotations(message: Message) -> dict[str, str]:
    parts = parts_of(message.page)
    annotations = {
        "summary": message.heading,
        "description": "\n".join(f"{each.label}: {each.text}" for each in message.lines()),
        "state": message.page.state,
        "value": f"{parts.value:.6g}" if parts.value is not None else "",
        "threshold": f"{parts.threshold:.6g}" if parts.threshold is not None else "",
        "unit": parts.unit,
    }
    return {name: value for name, value in annotations.items() if value}


def _moment(text: str, otherwise: float) -> float:
    """Epoch seconds of a time in RFC 3339."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return found.timestamp() if found.tzinfo is not None else otherwise


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(round(at * 1000) / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
