"""Zendesk's event webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from streams.gateway.adapters.base import Adapter, AdapterParams, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import Unreadable, compact, flag, instant, label, moment, needed_id, part, text, word
from streams.gateway.adapters.shared.signature import header_bytes, matches

__all__ = ["Zendesk", "sign"]

_PREFIX: Final = "zen:event-type:"
_STATUS: Final = {"new": "new", "open": "open", "pending": "pending", "hold": "on_hold", "solved": "resolved", "closed": "closed"}
_CHANNELS: Final = {
    "chat": "chat",
    "native_messaging": "chat",
    "whatsapp": "chat",
    "line": "chat",
    "wechat": "chat",
    "sms": "chat",
    "email": "email",
    "voice": "voice",
    "phone": "voice",
    "mobile": "app",
    "mobile_sdk": "app",
    "ios": "app",
    "android": "app",
    "twitter": "social",
    "facebook": "social",
    "instagram_dm": "social",
    "any_channel": "social",
}
_ROLES: Final = {"end_user": "customer", "agent": "agent", "trigger": "bot", "system": "bot"}


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(timestamp + body)) (developer.zendesk.com/documentation/webhooks/verifying).

    >>> sign(b"demo", "2026-10-09T08:54:20Z", b"{}")
    '4baqyf7psDp5Rq+6/HlLxt2Nwzu1gj6GIwHuGauhMVI='
    """
    return base64.b64encode(hmac.new(secret, header_bytes(timestamp) + body, hashlib.sha256).digest()).decode()


class Zendesk(Adapter):
    """Tickets: created, their status, assignee and group, comments, and messages of a messaging ticket.

    The conversation is the ticket. The payload's `id` is the event's; several payloads in one post are put in order of their `time`,
    since Zendesk does not promise the order of `meta.sequence.position`. Ids come as texts, or as numbers; both are read. A ticket's group
    is its queue and its department. A ticket that was solved or closed and is open again is `reopened`.

    Shapes: developer.zendesk.com/api-reference/webhooks/event-types/ticket-events, …/messaging-events and …/webhook-event-types.
    """

    signs = True

    class Params(AdapterParams):
        """A stanza of type zendesk. A signature older than `tolerance_s` is refused."""

        tolerance_s: float = Field(300.0, gt=0, le=86_400)

    def verify(self, body: bytes, headers: Mapping[str, str], now: float) -> bool:
        """By the signature header; all secrets are tried."""
        timestamp, given = headers.get("x-zendesk-webhook-signature-timestamp", ""), headers.get("x-zendesk-webhook-signature", "")
        at = instant(timestamp)
        if at is None or abs(now - at) > self.params.tolerance_s:
            return False
        return matches((sign(secret, timestamp, body) for secret in self.secrets), given)

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the payload's `type`."""
        kind = payload.get("type")
        kind = kind.removeprefix(_PREFIX) if isinstance(kind, str) else ""
        readers: dict[str, Callable[[Mapping[str, Any]], Iterator[Translated]]] = {
            "ticket.created": self._created,
            "ticket.status_changed": self._status,
            "ticket.comment_added": self._comment,
            "ticket.agent_assignment_changed": self._assigned,
            "ticket.group_assignment_changed": self._moved,
            "messaging_ticket.message_added": self._said,
        }
        reader = readers.get(kind)
        return reader(payload) if reader is not None else [Ignored("ticket" if kind.startswith("ticket.") else "other")]

    def _event(self, kind: str, payload: Mapping[str, Any], data: Mapping[str, Any], suffix: str = "") -> Translated:
        """An event about the payload's ticket."""
        detail = part(payload, "detail")
        ticket = needed_id(detail, "id")
        channel, group = part(detail, "via").get("channel"), label(detail.get("group_id"))
        place = {
            "id": ticket,
            "channel": _CHANNELS.get(channel, "ticket") if isinstance(channel, str) else "ticket",
            "queue_id": group,
            "department_id": group,
        }
        customer, agent = label(detail.get("requester_id")), label(detail.get("assignee_id"))
        shared = {
            "customer": {"id": customer} if customer else None,
            "agent": {"id": agent, "type": "human"} if agent else None,
            "ticket": compact({"id": ticket, "type": _lower(detail.get("type")), "priority": _lower(detail.get("priority"))}),
        }
        name = stable_id(needed_id(payload, "id")) + suffix
        at = moment(payload, "time")
        return conversation_event(kind, name, at, self.source, place, {**compact(shared), **data})

    def _created(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        yield self._event("ticket.created", payload, {})
        yield self._event("conversation.opened", payload, {}, ":opened")

    def _status(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        change = part(payload, "event")
        previous, current = (_STATUS.get(_lower(change.get(name)) or "") for name in ("previous", "current"))
        if current is None:
            raise Unreadable("event.current", "is none of Zendesk's statuses")
        closed = {"resolved", "closed"}
        if previous in closed and current not in closed:
            current = "reopened"
        yield self._event("ticket.status_changed", payload, compact({"previous": previous, "current": current}))
        if current == "resolved":
            yield self._event("conversation.resolved", payload, {}, ":end")

    def _comment(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        comment = part(payload, "event", "comment")
        author, requester = part(comment, "author"), label(part(payload, "detail").get("requester_id"))
        who = label(author.get("id"))
        staff = flag(author.get("is_staff")) and who != requester
        role = "agent" if staff else "customer"
        message = {
            "id": needed_id(comment, "id"),
            "text": text(comment.get("body")),
            "direction": "out" if staff else "in",
            "private": None if flag(comment.get("is_public")) else True,
        }
        people = {"agent": {"id": who, "type": "human"}} if staff and who else {}
        data = {**people, "message": compact(message), "sender": compact({"role": role, "id": who})}
        yield self._event("message.created", payload, data)

    def _said(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        message, actor = part(payload, "event", "message"), part(payload, "event", "actor")
        role = _ROLES.get(word(actor.get("type")), "system")
        said = {"id": needed_id(message, "id"), "text": text(message.get("body")), "direction": "in" if role == "customer" else "out"}
        yield self._event(
            "message.created", payload, {"message": compact(said), "sender": compact({"role": role, "id": label(actor.get("id"))})}
        )

    def _assigned(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        before, after = _ends(payload)
        if after is None:
            yield Ignored("unassigned")
            return
        data = compact({"agent": {"id": after, "type": "human"}, "previous_agent_id": before})
        yield self._event("conversation.assigned", payload, data)

    def _moved(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        before, after = _ends(payload)
        if before is None or after is None:
            yield Ignored("first_group")
            return
        ends = {"from": {"queue_id": before, "department_id": before}, "to": {"queue_id": after, "department_id": after}}
        yield self._event("conversation.transferred", payload, ends)


def _ends(payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The ids before and after. Zendesk writes `0` for nobody."""
    change = part(payload, "event")
    before, after = (label(change.get(name)) for name in ("previous", "current"))
    return (before if before != "0" else None), (after if after != "0" else None)


def _lower(value: object) -> str | None:
    found = label(value)
    return found.lower() if found is not None else None
