"""Small detectors and a plain decider, to test the stages by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerts.alert import Alert
from alerts.decide import Change, Decider, Memory
from detectors.base import ConversationDetector, Observation, Reading, ScopeDetector, State, Turn
from detectors.event import Agent, Conversation, Customer, Event, Message
from detectors.text.words import Words
from streams.wiring import Layout, Wiring

LEVELS = (30.0, 60.0, 180.0, 900.0)


class WaitingState(State):
    since: float | None = None


class Waiting(ConversationDetector[WaitingState]):
    """How long a customer has waited for an answer."""

    indicator = "waiting"
    State = WaitingState

    def learn_one(self, state: WaitingState, turn: Turn) -> bool:
        role = turn.event.message.role if turn.event.message else None
        if role == "customer" and state.since is None:
            state.since = turn.event.time
        elif role == "agent" and state.since is not None:
            state.since = None
            return True
        return False

    def score_one(self, state: WaitingState, now: float) -> Reading | None:
        return Reading(now, 0.0, closed=True) if state.since is None else Reading(now, now - state.since)

    def due_at(self, state: WaitingState, level: float) -> float | None:
        return None if state.since is None else state.since + level


class OpenedState(State):
    counts: dict[int, float] = {}


class Opened(ScopeDetector[OpenedState]):
    """Conversations opened in the last five minutes, by queue."""

    indicator = "opened"
    State = OpenedState

    def observe(self, turn: Turn) -> Iterable[Observation]:
        if turn.event.type == "conversation.opened":
            yield Observation("", turn.scope(queue_id=turn.context.queue_id), turn.event.time, cell=True)

    def learn_one(self, state: OpenedState, observation: Observation) -> None:
        minute = int(observation.time // 60)
        state.counts[minute] = state.counts.get(minute, 0.0) + observation.value

    def score_one(self, state: OpenedState, now: float) -> Reading | None:
        minute = int(now // 60)
        return Reading(now, sum(count for cell, count in state.counts.items() if minute - 5 <= cell < minute))

    def idle(self, state: OpenedState, now: float) -> bool:
        return all(cell < now // 60 - 5 for cell in state.counts)


class PlainDecider(Decider):
    """A tier is where the value is; it rises and falls at once."""

    _levels = LEVELS

    def levels(self, indicator: str, tenant: str, channel: str | None, segment: tuple[tuple[str, str], ...]) -> tuple[float | None, ...]:
        return self._levels

    def __call__(self, reading: Reading, memory: Memory, *, evaluation: bool = True) -> Change | None:
        tier = 0 if reading.closed else sum(reading.value >= level for level in self._levels)
        if tier == memory.tier or (tier < memory.tier and not evaluation):
            return None
        since = memory.since if memory.since is not None else reading.time
        change = Change(reading, tier, memory.tier, since)
        memory.tier, memory.since = tier, since if tier else None
        return change


def analyse(text: str, lang: str | None) -> Words:
    return Words(text, lang or "zh-CN", tuple(text))


def present(alert: Alert) -> dict[str, Any]:
    return {"id": alert.event_id, "tier": alert.tier, "state": alert.state, "data": {"dimension": "behaviour"}}


def wiring(layout: Layout | None = None, **options: Any) -> Wiring:
    detectors: tuple[Any, Any] = [("waiting", Waiting())], [("opened", Opened())]
    return Wiring(*detectors, PlainDecider([]), analyse, present, layout=layout or Layout(1, 1, 1), **options)


def said(role: str, time: float, conversation: str = "c-1", id: str | None = None, text: str = "在吗") -> Event:  # noqa: A002
    return Event(
        "message.created",
        time,
        id or f"{conversation}-{role}-{time}",
        "/t/acme",
        "acme",
        conversation,
        conversation=Conversation(conversation, "chat", queue_id="q-a"),
        customer=Customer("u-1"),
        agent=Agent("a-1") if role == "agent" else None,
        message=Message(text=text, role=role),
    )


def opened(time: float, conversation: str, queue: str = "q-a") -> Event:
    head = Event("conversation.opened", time, f"{conversation}-opened", "/t/acme", "acme", conversation)
    head.conversation = Conversation(conversation, "chat", queue_id=queue)
    return head
