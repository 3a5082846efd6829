"""Amazon Connect: Contact Lens' real-time segments, of calls and chats, and contact events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from streams.gateway.adapters.base import Adapter, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import compact, instant, items, label, millis, moment, needed_id, part, text, word

__all__ = ["AmazonConnect"]

_CHANNELS: Final = {"VOICE": "voice", "CHAT": "chat", "TASK": "ticket", "EMAIL": "email"}
_ROLES: Final = {"CUSTOMER": "customer", "AGENT": "agent", "SYSTEM": "system", "CUSTOM_BOT": "bot", "SUPERVISOR": "system"}
_SENTIMENT: Final = {"POSITIVE": 0.8, "NEUTRAL": 0.0, "NEGATIVE": -0.8}
_TRANSFERS: Final = frozenset({"TRANSFER", "QUEUE_TRANSFER"})
_ENDED_BY: Final = {"CUSTOMER_DISCONNECT": "customer", "AGENT_DISCONNECT": "agent"}
_CONTACT_EVENT: Final = "Amazon Connect Contact Event"
_KNOWN: Final = frozenset({"INITIATED", "QUEUED", "CONNECTED_TO_AGENT", "DISCONNECTED"})
_STARTS: Final = ("ContactStartTimestamp", "InitiationTimestamp", "ConnectedToSystemTimestamp")


class AmazonConnect(Adapter):
    """Segments become messages: `Utterance` a partial one, `Transcript` a final one. Contact events become the life of a conversation.

    A segment of a call has only its distance from the contact's start. Where whoever forwards the stream adds `ContactStartTimestamp`
    (the contact's InitiationTimestamp), its time is that plus `BeginOffsetMillis`; otherwise the last segment of a post is taken to
    end when the post came, which is right to the delay of the stream. Segments of chats have a time of their own. Sentiment becomes
    -0.8, 0 or 0.8. The conversation is `InitialContactId` where it is given, else `ContactId`: after a transfer segments lack the first
    one unless it is added. Contact events have no order and are "best effort": Amazon may leave some out.

    Shapes: docs.aws.amazon.com/connect/latest/adminguide/real-time-contact-analysis-segment-streams-data-model.html,
    …/sample-real-time-contact-analysis-segment-stream.html, …/chat-sample-real-time-contact-analysis-segment-stream.html,
    …/contact-events.html.
    """

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """A contact event in EventBridge's envelope, or an event of a segment stream."""
        if payload.get("detail-type") == _CONTACT_EVENT:
            return self._contact(payload, part(payload, "detail"))
        kind = word(payload.get("EventType")) or word(payload.get("StreamingEventType"))
        if kind == "SEGMENTS":
            return self._segments(payload, call)
        return [Ignored("session" if kind in {"STARTED", "COMPLETED", "FAILED"} else "other")]

    # -- segments

    def _segments(self, payload: Mapping[str, Any], call: Call) -> Iterator[Translated]:
        contact = needed_id(payload, "ContactId")
        place = {
            "id": label(payload.get("InitialContactId")) or contact,
            "channel": _CHANNELS.get(word(payload.get("Channel")), "voice"),
            "language": label(payload.get("LanguageCode")),
        }
        found = [
            (kind, part(each, kind)) for each in items(payload, "Segments") for kind in ("Utterance", "Transcript") if part(each, kind)
        ]
        start = _start(payload, [segment for _, segment in found], call)
        for kind, segment in found:
            yield self._segment(contact, place, kind, segment, start)
        if not found:
            yield Ignored("categories")

    def _segment(self, contact: str, place: Mapping[str, Any], kind: str, segment: Mapping[str, Any], start: float) -> Translated:
        role = _ROLES.get(word(segment.get("ParticipantRole")), "system")
        begin, end = millis(segment.get("BeginOffsetMillis")), millis(segment.get("EndOffsetMillis"))
        at = instant(part(segment, "Time").get("AbsoluteTime")) or start + (begin or 0) / 1000
        sentiment = _SENTIMENT.get(word(segment.get("Sentiment")))
        partial = kind == "Utterance"
        message = {
            "id": needed_id(segment, "Id"),
            "text": text(segment.get("PartialContent" if partial else "Content")),
            "direction": "in" if role == "customer" else "out",
            "is_partial": partial or None,
            "begin_offset_ms": begin,
            "end_offset_ms": end,
            "sentiment": {"score": sentiment} if sentiment is not None else None,
        }
        name = stable_id(contact, kind, message["id"])
        data = {"message": compact(message), "sender": {"role": role}}
        return conversation_event("message.created", name, at, self.source, place, data)

    # -- contact events

    def _contact(self, payload: Mapping[str, Any], detail: Mapping[str, Any]) -> Iterator[Translated]:
        kind = word(detail.get("eventType"))
        if kind not in _KNOWN:
            yield Ignored("contact")
            return
        contact = needed_id(detail, "contactId")
        queue, agent = _either(detail, "queueInfo"), _either(detail, "agentInfo")
        queue_id = _arn_id(queue.get("queueArn"))
        place = {
            "id": label(detail.get("initialContactId")) or contact,
            "channel": _CHANNELS.get(word(detail.get("channel")).upper(), "voice"),
            "queue_id": queue_id,
        }
        agent_id = _arn_id(agent.get("agentArn") or agent.get("AgentArn"))
        people = {"agent": {"id": agent_id, "type": "human"}} if agent_id else {}
        name = label(payload.get("id")) or stable_id(contact, kind)
        times = {"queued": instant(queue.get("enqueueTimestamp")), "joined": instant(agent.get("connectedToAgentTimestamp"))}
        for suffix, (event_type, at, data) in enumerate(_steps(kind, detail, payload, times)):
            own = name if suffix == 0 else f"{name}:{suffix}"
            yield conversation_event(event_type, own, at, self.source, place, {**people, **compact(data)})


_Step = tuple[str, float, dict[str, Any]]


def _steps(kind: str, detail: Mapping[str, Any], payload: Mapping[str, Any], times: Mapping[str, float | None]) -> Iterator[_Step]:
    """What a contact event means: the type, time and data of each of our events."""
    voice = word(detail.get("channel")).upper() == "VOICE"
    wait = _between(times["queued"], times["joined"])
    if kind == "INITIATED":
        at = instant(detail.get("initiationTimestamp")) or moment(payload, "time")
        if word(detail.get("initiationMethod")) in _TRANSFERS:
            yield (
                "conversation.transferred",
                at,
                {"to": compact({"queue_id": _arn_id(_either(detail, "queueInfo").get("queueArn"))}) or None},
            )
            return
        yield "conversation.opened", at, {}
        if voice:
            yield "call.started", at, {}
    elif kind == "QUEUED":
        yield "conversation.queued", times["queued"] or moment(payload, "time"), {}
    elif kind == "CONNECTED_TO_AGENT":
        yield "conversation.connected", times["joined"] or moment(payload, "time"), {"wait_ms": wait}
    else:
        yield from _ends(detail, payload, times, voice=voice)


def _ends(detail: Mapping[str, Any], payload: Mapping[str, Any], times: Mapping[str, float | None], *, voice: bool) -> Iterator[_Step]:
    """What a disconnect means: given up in the queue, a call that ended, a chat that was closed."""
    at = instant(detail.get("disconnectTimestamp")) or moment(payload, "time")
    if times["queued"] is not None and not _either(detail, "agentInfo"):
        yield "conversation.abandoned", at, {"wait_ms": _between(times["queued"], at)}
    if not voice:
        yield "conversation.resolved", at, {}
        return
    reason = word(detail.get("disconnectReason"))
    begun = instant(detail.get("connectedToSystemTimestamp")) or instant(detail.get("initiationTimestamp"))
    call = {
        "duration_ms": _between(begun, at),
        "talk_ms": _between(times["joined"], at),
        "disconnected_by": _ENDED_BY.get(reason, "system") if reason else None,
        "connected": times["joined"] is not None,
    }
    yield "call.ended", at, {"call": compact(call)}


def _start(payload: Mapping[str, Any], segments: list[Mapping[str, Any]], call: Call) -> float:
    """When the contact began (epoch s): told, or reckoned from what was said last."""
    for name in _STARTS:
        told = instant(payload.get(name))
        if told is not None:
            return told
    last = max((millis(segment.get("EndOffsetMillis")) or millis(segment.get("BeginOffsetMillis")) or 0 for segment in segments), default=0)
    return max(1.0, call.now - last / 1000)


def _either(detail: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object whose name Amazon writes with a small or a capital letter."""
    return part(detail, name) or part(detail, name[0].upper() + name[1:])


def _arn_id(arn: object) -> str | None:
    """The last part of an ARN: the queue's or agent's own id.

    >>> _arn_id("arn:aws:connect:eu-west-2:111122223333:instance/i-1/queue/q-9")
    'q-9'
    """
    found = label(arn)
    return label(found.rsplit("/", 1)[-1]) if found is not None else None


def _between(start: float | None, end: float | None) -> int | None:
    """Milliseconds from one time to another, None where one is missing or they are the wrong way round."""
    return None if start is None or end is None or end < start else round((end - start) * 1000)
