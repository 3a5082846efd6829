"""Amazon Transcribe Live Call Analytics (LCA), the call events of its Kinesis stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from streams.gateway.adapters.base import Adapter, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import compact, flag, instant, label, millis, needed_id, text, word

__all__ = ["LiveCallAnalytics"]

_ROLES: Final = {"CALLER": "customer", "AGENT": "agent", "AGENT_ASSISTANT": "system"}
_SENTIMENT: Final = {"POSITIVE": 0.8, "NEUTRAL": 0.0, "NEGATIVE": -0.8, "MIXED": 0.0}


class LiveCallAnalytics(Adapter):
    """Calls that start and end, who takes them, and what was said.

    Seconds come as texts or as numbers. Partial segments are left out: LCA sends the final one under the same id. The caller's phone
    number is not taken over, so there is no customer. An event without `CreatedAt` gets the time it came.

    Shapes: github.com/aws-samples/amazon-transcribe-live-call-analytics, lca-websocket-stack/source/app/src/entities-lca.ts (types) and
    lca-chimevc-stack (seconds as texts).
    """

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the payload's `EventType`."""
        kind = word(payload.get("EventType"))
        if kind == "ADD_TRANSCRIPT_SEGMENT":
            return self._said(payload, call)
        if kind in {"START", "END", "UPDATE_AGENT"}:
            return self._call(kind, payload, call)
        return [Ignored("recording" if kind == "ADD_S3_RECORDING_URL" else "category" if kind == "ADD_CALL_CATEGORY" else "other")]

    def _said(self, payload: Mapping[str, Any], call: Call) -> Iterator[Translated]:
        channel = payload.get("Channel")
        role = _ROLES.get(channel) if isinstance(channel, str) else None
        if flag(payload.get("IsPartial")) or role is None:
            yield Ignored("channel" if role is None else "partial")
            return
        place, segment = _place(payload), needed_id(payload, "SegmentId")
        sentiment = _SENTIMENT.get(word(payload.get("Sentiment")))
        message = {
            "id": segment,
            "text": text(payload.get("Transcript")),
            "direction": "in" if role == "customer" else "out",
            "begin_offset_ms": millis(payload.get("StartTime"), 1000),
            "end_offset_ms": millis(payload.get("EndTime"), 1000),
            "sentiment": {"score": sentiment} if sentiment is not None else None,
        }
        name = stable_id(place["id"], "segment", segment)
        data = {"message": compact(message), "sender": {"role": role}}
        yield conversation_event("message.created", name, _at(payload, call), self.source, place, data)

    def _call(self, kind: str, payload: Mapping[str, Any], call: Call) -> Iterator[Translated]:
        place, at = _place(payload), _at(payload, call)
        agent = label(payload.get("AgentId"))
        people = {"agent": {"id": agent, "type": "human"}} if agent else {}
        name = stable_id(place["id"], kind)
        if kind == "END":
            yield conversation_event("call.ended", name, at, self.source, place, people)
        elif kind == "START":
            yield conversation_event("conversation.opened", name, at, self.source, place, {})
            yield conversation_event("call.started", f"{name}:call", at, self.source, place, people)
        elif agent:
            yield conversation_event("conversation.assigned", stable_id(name, agent), at, self.source, place, people)
        else:
            yield Ignored("unassigned")


def _place(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": needed_id(payload, "CallId"), "channel": "voice"}


def _at(payload: Mapping[str, Any], call: Call) -> float:
    """When it happened. LCA writes the segment after it was said: `CreatedAt` is close enough, `UpdatedAt` may be much later."""
    return instant(payload.get("CreatedAt")) or instant(payload.get("UpdatedAt")) or call.now
