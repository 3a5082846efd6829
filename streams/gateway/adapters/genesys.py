"""Genesys Cloud's notifications: detail events of conversations, and live transcripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from streams.gateway.adapters.base import Adapter, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import compact, flag, instant, items, label, millis, moment, needed_id, number, part, text, word

__all__ = ["Genesys"]

_TOPIC: Final = re.compile(r"v2\.detail\.events\.conversation\.[^.]{1,64}\.([a-z]+\.[a-z]+)")
_TRANSCRIPTS: Final = re.compile(r"v2\.conversations\.[^.]{1,64}\.transcription")
_CHANNELS: Final = {"VOICE": "voice", "CALLBACK": "voice", "CHAT": "chat", "EMAIL": "email", "MESSAGE": "chat", "SOCIAL": "social"}
_ROLES: Final = {"EXTERNAL": "customer", "INTERNAL": "agent"}
_BY_ITSELF: Final = frozenset({"CLIENT", "ENDPOINT"})
_BY_OTHER: Final = frozenset({"PEER", "REMOTE"})

Body = Mapping[str, Any]


class Genesys(Adapter):
    """Queues (`acd`), people (`user`), the customer's part (`customer`), and what was said.

    Who hung up is told by how the customer's part ended: by itself (CLIENT, ENDPOINT) it was the customer, by the other side (PEER) the
    agent, otherwise the system; an end by a transfer is none. Times are milliseconds. The detail events have no id: one is made of
    conversation, topic, session and time. Sentiment, where a transcript has one, is -100..100 and becomes -1..1. Phone numbers and
    addresses are not taken over; the customer is the external contact, where there is one. Notifications come through EventBridge
    (`detail`), or from a client that forwards a notification channel.

    Shapes: developer.genesys.cloud/notificationsalerts/notifications/available-topics,
    developer.genesys.cloud/analyticsdatamanagement/speechtextanalytics/transcription-notifications, and the models
    AcdEndDetailEventTopicAcdEndEvent, CustomerEndDetailEventTopicCustomerEndEvent, TranscriptionTopicTranscriptResult of
    github.com/MyPureCloud/platform-client-sdk-python and -java.
    """

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the topic."""
        notice = part(payload, "detail") or payload
        topic, body = notice.get("topicName"), part(notice, "eventBody")
        if not isinstance(topic, str) or len(topic) > 256:
            return [Ignored()]
        if _TRANSCRIPTS.fullmatch(topic):
            return self._said(body, call)
        matched = _TOPIC.fullmatch(topic)
        readers: dict[str, Callable[[str, Body], Iterator[Translated]]] = {
            "acd.start": self._queued,
            "acd.end": self._dequeued,
            "user.start": self._joined,
            "user.end": self._left,
            "customer.start": self._opened,
            "customer.end": self._ended,
        }
        reader = readers.get(matched[1]) if matched else None
        return reader(matched[1], body) if matched and reader is not None else [Ignored("topic")]

    def _event(self, kind: str, topic: str, body: Body, data: Mapping[str, Any], suffix: str = "") -> Translated:
        at = moment(body, "eventTime")
        place = {
            "id": needed_id(body, "conversationId"),
            "channel": _CHANNELS.get(word(body.get("mediaType")).upper(), "voice"),
            "queue_id": label(body.get("queueId")),
        }
        external = [label(body.get("externalContactId")), *(label(each) for each in items(body, "conversationExternalContactIds")[:1])]
        customer = next((each for each in external if each), None)
        name = stable_id(place["id"], topic, label(body.get("sessionId")), f"{at:.3f}") + suffix
        people = {"customer": {"id": customer}} if customer else {}
        return conversation_event(kind, name, at, self.source, place, {**people, **data})

    def _queued(self, topic: str, body: Body) -> Iterator[Translated]:
        yield self._event("conversation.queued", topic, body, {})

    def _dequeued(self, topic: str, body: Body) -> Iterator[Translated]:
        outcome = word(body.get("acdOutcome")).upper()
        waited = compact({"wait_ms": millis(body.get("connectedDurationMs"))})
        if outcome in {"ANSWERED", "ANSWER"}:
            agent = label(body.get("answeredUserId"))
            yield self._event("conversation.connected", topic, body, {**_agent(agent), **waited})
        elif outcome in {"ABANDON", "ABANDONED"}:
            yield self._event("conversation.abandoned", topic, body, waited)
        else:
            yield Ignored("outcome")

    def _joined(self, topic: str, body: Body) -> Iterator[Translated]:
        agent = label(body.get("userId"))
        yield self._event("conversation.assigned", topic, body, _agent(agent)) if agent else Ignored("user")

    def _left(self, topic: str, body: Body) -> Iterator[Translated]:
        agent, how = label(body.get("userId")), word(body.get("disconnectType")).upper()
        if not how.startswith("TRANSFER") or agent is None:
            yield Ignored("user")
            return
        mode = "warm" if how == "TRANSFER_CONSULT" else "cold"
        origin = compact({"agent_id": agent, "queue_id": label(body.get("queueId"))})
        yield self._event("conversation.transferred", topic, body, {**_agent(agent), "from": origin, "mode": mode})

    def _opened(self, topic: str, body: Body) -> Iterator[Translated]:
        yield self._event("conversation.opened", topic, body, {})
        if word(body.get("mediaType")).upper() == "VOICE":
            yield self._event("call.started", topic, body, {}, ":call")

    def _ended(self, topic: str, body: Body) -> Iterator[Translated]:
        how = word(body.get("disconnectType")).upper()
        if how.startswith("TRANSFER"):
            yield Ignored("transfer")
        elif word(body.get("mediaType")).upper() != "VOICE":
            yield self._event("conversation.resolved", topic, body, {})
        else:
            by = "customer" if how in _BY_ITSELF else "agent" if how in _BY_OTHER else "system"
            call = compact({"duration_ms": millis(body.get("interactingDurationMs")), "disconnected_by": by})
            yield self._event("call.ended", topic, body, {"call": call})

    def _said(self, body: Body, call: Call) -> Iterator[Translated]:
        conversation = needed_id(body, "conversationId")
        start = instant(body.get("sessionStartTimeMs")) or instant(body.get("transcriptionStartTimeMs"))
        fallback = instant(body.get("eventTime")) or call.now
        place = {"id": conversation, "channel": "voice"}
        found = [part(each) for each in items(body, "transcripts")]
        for each in found:
            best = _best(each)
            offset = millis(best.get("offsetMs"))
            at = fallback if start is None or offset is None else start + offset / 1000
            yield conversation_event(
                "message.created", _utterance_id(conversation, each, best), at, self.source, place, _message(each, best, offset)
            )
        if not found:
            yield Ignored("session")


def _agent(agent: str | None) -> dict[str, Any]:
    return {"agent": {"id": agent, "type": "human"}} if agent else {}


def _best(transcript: Body) -> Body:
    """The surest of what may have been said."""
    return max(
        (part(each) for each in items(transcript, "alternatives")), key=lambda each: number(each.get("confidence")) or 0.0, default={}
    )


def _utterance_id(conversation: str, transcript: Body, best: Body) -> str:
    """A partial transcript has an id of its own: under that of the final one it would make that a duplicate."""
    own = needed_id(transcript, "utteranceId")
    if transcript.get("isFinal") is False:
        return stable_id(conversation, own, "partial", millis(best.get("durationMs")), len(text(best.get("transcript")) or ""))
    return stable_id(conversation, own)


def _message(transcript: Body, best: Body, offset: int | None) -> dict[str, Any]:
    role = _ROLES.get(word(transcript.get("channel")), "system")
    length = millis(best.get("durationMs"))
    sentiment = number(transcript.get("sentiment"))
    message = {
        "id": label(transcript.get("utteranceId")),
        "text": text(best.get("transcript")),
        "direction": "in" if role == "customer" else "out",
        "is_partial": not flag(transcript.get("isFinal", True)) or None,
        "begin_offset_ms": offset,
        "end_offset_ms": None if offset is None or length is None else offset + length,
        "lang": label(transcript.get("dialect")),
        "sentiment": {"score": sentiment / 100} if sentiment is not None and abs(sentiment) <= 100 else None,
    }
    return {"message": compact(message), "sender": {"role": role}}
