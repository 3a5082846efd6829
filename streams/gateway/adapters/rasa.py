"""Rasa's tracker events, as its event broker writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field

from alerts.rule import Names
from streams.gateway.adapters.base import Adapter, AdapterParams, Call, Ignored, Translated
from streams.gateway.adapters.shared.envelope import conversation_event, stable_id
from streams.gateway.adapters.shared.fields import compact, label, moment, needed_id, number, part, text, word

__all__ = ["Rasa"]


class Rasa(Adapter):
    """What a customer and a bot say to each other, and where the bot hands over.

    The conversation is the `sender_id`. An id is made of it, the kind, the message's own id or the time (seconds, to the microsecond).
    `nlu.fallback` is set where the bot answered with one of `fallback_actions`, or the intent is `nlu_fallback` or less certain than
    `low_confidence`. Rasa's broker does not keep a conversation's order unless `partition_by_sender` is set; here the events of a
    conversation share a key, and one post is put in order of time.

    Shapes: rasa.com/docs/reference/integrations/event-brokers, rasa.com/docs/reference/integrations/action-server/events.
    """

    class Params(AdapterParams):
        """A stanza of type rasa. `handoff_actions` name the actions that give the conversation to a person."""

        low_confidence: float = Field(0.3, ge=0, le=1)
        fallback_actions: Names = ["utter_default", "utter_ask_rephrase", "action_default_fallback"]
        handoff_actions: Names = ["action_handoff", "action_human_handoff", "utter_handoff"]
        channel: str = "chat"

    def translate(self, payload: Mapping[str, Any], call: Call) -> Iterable[Translated]:
        """By the payload's `event`."""
        kind = word(payload.get("event"))
        if kind in {"user", "bot"}:
            return self._said(kind, payload)
        if kind == "session_started":
            return self._opened(payload)
        if kind == "action" and word(payload.get("name")) in self.params.handoff_actions:
            return self._handed_over(payload)
        return [Ignored("action" if kind == "action" else "other")]

    def _place(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": needed_id(payload, "sender_id"), "channel": self.params.channel}

    def _name(self, payload: Mapping[str, Any], kind: str, at: float) -> str:
        own = label(payload.get("message_id"))
        return stable_id(needed_id(payload, "sender_id"), kind, own or f"{at:.6f}")

    def _said(self, kind: str, payload: Mapping[str, Any]) -> Iterator[Translated]:
        place, at = self._place(payload), moment(payload, "timestamp")
        role = "customer" if kind == "user" else "bot"
        message = {
            "id": label(payload.get("message_id")),
            "text": text(payload.get("text")),
            "direction": "in" if kind == "user" else "out",
            "nlu": self._understood(payload) if kind == "user" else self._answered(payload),
        }
        data = {"customer": {"id": place["id"]}, "message": compact(message), "sender": {"role": role}}
        yield conversation_event("message.created", self._name(payload, kind, at), at, self.source, place, data)

    def _understood(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What the bot made of the customer's words."""
        intent = part(payload, "parse_data", "intent")
        name, confidence = label(intent.get("name")), number(intent.get("confidence"))
        confidence = confidence if confidence is not None and 0 <= confidence <= 1 else None
        unsure = name == "nlu_fallback" or (confidence is not None and confidence < self.params.low_confidence)
        return compact({"intent": name, "confidence": confidence, "fallback": unsure if intent else None})

    def _answered(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the bot's words say that it did not understand."""
        action = word(part(payload, "metadata").get("utter_action"))
        return {"fallback": True} if action in self.params.fallback_actions else {}

    def _opened(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        place, at = self._place(payload), moment(payload, "timestamp")
        data = {"customer": {"id": place["id"]}}
        yield conversation_event("conversation.opened", self._name(payload, "opened", at), at, self.source, place, data)

    def _handed_over(self, payload: Mapping[str, Any]) -> Iterator[Translated]:
        place, at = self._place(payload), moment(payload, "timestamp")
        data = {"customer": {"id": place["id"]}, "from": {"agent": {"id": self.params.name, "type": "bot"}}, "to": {}, "mode": "warm"}
        yield conversation_event("conversation.transferred", self._name(payload, "handoff", at), at, self.source, place, compact(data))
