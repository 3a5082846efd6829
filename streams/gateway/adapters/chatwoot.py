"""Chatwoot's account webhooks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from streams.gateway.adapters.base import Adapter, AdapterParams, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import (
    compact,
    flag,
    instant,
    items,
    label,
    moment,
    needed_id,
    number,
    part,
    text,
    word,
)
from streams.gateway.adapters.shared.signature import header_bytes, matches

__all__ = ["Chatwoot", "sign"]

_CHANNELS: Final = {
    "Channel::WebWidget": "chat",
    "Channel::Api": "app",
    "Channel::Email": "email",
    "Channel::Sms": "chat",
    "Channel::TwilioSms": "chat",
    "Channel::Voice": "voice",
    "Channel::Whatsapp": "chat",
    "Channel::Telegram": "chat",
    "Channel::Line": "chat",
    "Channel::FacebookPage": "social",
    "Channel::Instagram": "social",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
}
_KINDS: Final = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}
_STATUS: Final = {"open": "open", "pending": "pending", "resolved": "resolved", "snoozed": "on_hold"}
_OLD_NAMES: Final = {"conversation_resolved": "resolved", "conversation_opened": "open"}
_SCALE: Final = 5


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """`sha256=` and the hexadecimal HMAC-SHA256 of the timestamp, a full stop and the body.

    >>> sign(b"demo", "1760000060", b"{}")[:23]
    'sha256=98881a181b59cde7'
    """
    return "sha256=" + hmac.new(secret, header_bytes(timestamp) + b"." + body, hashlib.sha256).hexdigest()


class Chatwoot(Adapter):
    """Messages, changes of status, of assignee and team, and survey answers.

    Chatwoot gives its events no id: one is made of the event's kind, its object's id and the time of its last change, so that a second
    delivery is a duplicate. `message_type` comes as a word in events and as a number in nested messages; both are read. Private notes
    stay private; templates and activities carry their kind as `content_type`, so that they count as no answer. A conversation that
    goes from resolved to open is `reopened`. Not told by Chatwoot, and so missing: who ended a call; after automatic assignment
    also the change of status (chatwoot/chatwoot issue 9277).

    Shapes: github.com/chatwoot/docs, docs/product/others/webhook-events.md; github.com/chatwoot/chatwoot,
    app/listeners/webhook_listener.rb and app/presenters/conversations/event_data_presenter.rb; the signature
    (`X-Chatwoot-Signature`, `X-Chatwoot-Timestamp`) exists since 4.x; older versions need a token.
    """

    signs = True

    class Params(AdapterParams):
        """A stanza of type chatwoot. A signature older than `tolerance_s` is refused."""

        tolerance_s: float = Field(300.0, gt=0, le=86_400)

    def verify(self, body: bytes, headers: Mapping[str, str], now: float) -> bool:
        """By the signature header; all secrets are tried."""
        timestamp, given = headers.get("x-chatwoot-timestamp", ""), headers.get("x-chatwoot-signature", "")
        at = number(timestamp)
        if at is None or abs(now - at) > self.params.tolerance_s:
            return False
        return matches((sign(secret, timestamp, body) for secret in self.secrets), given)

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the payload's `event`."""
        kind = word(payload.get("event"))
        if kind in {"message_created", "message_updated"}:
            return self._message(kind, payload)
        if kind == "conversation_created":
            return self._opened(payload)
        if kind == "conversation_status_changed" or kind in _OLD_NAMES:
            return self._status(kind, payload)
        return self._updated(payload) if kind == "conversation_updated" else [Ignored()]

    # -- messages

    def _message(self, kind: str, payload: Mapping[str, Any]) -> Iterator[Translated]:
        message, conversation = needed_id(payload, "id"), part(payload, "conversation")
        answer = part(payload, "content_attributes", "submitted_values", "csat_survey_response")
        if kind == "message_updated" and payload.get("content_type") == "input_csat":
            yield self._rated(message, payload, conversation, answer) if answer else Ignored("survey")
            return
        at = moment(payload, "updated_at", "created_at") if kind == "message_updated" else moment(payload, "created_at", "updated_at")
        name = stable_id(kind, message, f"{at:.3f}")
        what = _message_of(message, payload)
        data = {**_people(payload, conversation, what["role"]), "message": what["message"], "sender": what["sender"]}
        yield conversation_event(kind.replace("_", "."), name, at, self.source, _place(conversation, payload), data)

    def _rated(self, message: str, payload: Mapping[str, Any], conversation: Mapping[str, Any], answer: Mapping[str, Any]) -> Translated:
        at = moment(payload, "updated_at", "created_at")
        data = compact({"rating": number(answer.get("rating")), "scale_max": _SCALE, "comment": text(answer.get("feedback_message"))})
        people = _people(payload, conversation, "bot")
        name = stable_id("csat", message, data.get("rating"), f"{at:.3f}")
        return conversation_event("csat.rated", name, at, self.source, _place(conversation, payload), {**people, **data})

    # -- conversations

    def _opened(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        at = moment(payload, "created_at", "timestamp")
        place = _place(payload, payload)
        yield conversation_event(
            "conversation.opened", stable_id("opened", place["id"], f"{at:.3f}"), at, self.source, place, _people(payload, payload, None)
        )

    def _status(self, kind: str, payload: Mapping[str, Any]) -> Iterator[Translated]:
        before, after = _changed(payload, "status")
        current = _STATUS.get(word(after) or _OLD_NAMES.get(kind) or word(payload.get("status")))
        if current is None:
            yield Ignored("status")
            return
        previous = _STATUS.get(word(before))
        if previous == "resolved" and current == "open":
            current = "reopened"
        at = _changed_at(payload)
        place, people = _place(payload, payload), _people(payload, payload, None)
        # The same for the old event's name and the new one's: both may be subscribed to.
        name = stable_id("status", place["id"], current.replace("reopened", "open"), f"{at:.3f}")
        change = compact({"ticket": {"id": place["id"]}, "previous": previous, "current": current})
        yield conversation_event("ticket.status_changed", name, at, self.source, place, {**people, **change})
        if current == "resolved":
            yield conversation_event("conversation.resolved", f"{name}:end", at, self.source, place, people)

    def _updated(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        found = False
        place, people = _place(payload, payload), _people(payload, payload, None)
        for field in ("assignee_id", "team_id"):
            before, after = label(_changed(payload, field)[0]), label(_changed(payload, field)[1])
            if after is None:
                continue
            found, at = True, _changed_at(payload)
            name = stable_id(field, place["id"], before, after, f"{at:.3f}")
            if field == "assignee_id":
                data = {**people, "agent": {"id": after, "type": "human"}, **compact({"previous_agent_id": before})}
                yield conversation_event("conversation.assigned", name, at, self.source, place, data)
            elif before is not None:
                ends = {"from": {"department_id": before}, "to": {"department_id": after}}
                yield conversation_event("conversation.transferred", name, at, self.source, place, {**people, **ends})
        if not found:
            yield Ignored("conversation_updated")


def _message_of(message: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The message, who sent it and in which role."""
    kind = payload.get("message_type")
    kind = _KINDS.get(kind, "") if isinstance(kind, int) and not isinstance(kind, bool) else word(kind)
    sender = part(payload, "sender")
    role = {"incoming": "customer", "activity": "system", "template": "bot"}.get(kind)
    role = role or ("bot" if word(sender.get("type")) in {"agent_bot", "captain_assistant"} else "agent")
    content_type = kind if kind in {"template", "activity"} else label(payload.get("content_type"))
    return {
        "role": role,
        "sender": compact({"role": role, "id": label(sender.get("id")) if role in {"customer", "agent"} else None}),
        "message": compact(
            {
                "id": message,
                "text": text(payload.get("content")),
                "direction": "in" if role == "customer" else "out",
                "private": flag(payload.get("private")) or None,
                "content_type": content_type,
                "attachments": _attachments(payload) or None,
            }
        ),
    }


def _attachments(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"type": label(part(each).get("file_type")) or "file"} for each in items(payload, "attachments")[:64]]


def _place(conversation: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """The conversation object. In messages its inbox also stands beside it."""
    channel = conversation.get("channel")
    inbox = conversation.get("inbox_id") or part(payload, "inbox").get("id")
    return {
        "id": needed_id(conversation, "id" if label(conversation.get("id")) else "display_id"),
        "channel": _CHANNELS.get(channel, "chat") if isinstance(channel, str) else "chat",
        "queue_id": label(inbox),
        "department_id": label(part(conversation, "meta", "team").get("id")),
    }


def _people(payload: Mapping[str, Any], conversation: Mapping[str, Any], role: str | None) -> dict[str, Any]:
    """Customer and agent, by their ids alone: names, addresses and pictures stay behind."""
    meta = part(conversation, "meta")
    customer = label(part(meta, "sender").get("id")) or label(part(conversation, "contact_inbox").get("contact_id"))
    agent = label(part(meta, "assignee").get("id"))
    if role == "agent":
        agent = label(part(payload, "sender").get("id")) or agent
    return compact(
        {"customer": {"id": customer} if customer else None, "agent": {"id": agent, "type": "human"} if agent and role != "bot" else None}
    )


def _changed(payload: Mapping[str, Any], field: str) -> tuple[Any, Any]:
    """The value before and after, out of `changed_attributes`."""
    for each in items(payload, "changed_attributes"):
        change = part(each, field)
        if change:
            return change.get("previous_value"), change.get("current_value")
    return None, None


def _changed_at(payload: Mapping[str, Any]) -> float:
    """When the conversation changed: of `updated_at` what the change says first."""
    after = _changed(payload, "updated_at")[1]
    return instant(after) or moment(payload, "updated_at", "timestamp", "last_activity_at")
