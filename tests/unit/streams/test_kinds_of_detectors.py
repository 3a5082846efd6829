"""Parts of a scope, indicators made of others, what a conversation tells a wider scope, declared event types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from detectors.base import CompositeDetector, Context, ConversationDetector, Observation, Reading, Scope, ScopeDetector, State, Turn
from detectors.event import Event
from streams.batches import Item
from streams.conversations import Conversations, Results
from streams.scopes import Scopes
from streams.wiring import Wiring
from tests.unit.streams.fakes import LEVELS, PlainDecider, Waiting, analyse, opened, present, said


class OpenState(State):
    since: dict[str, float] = msgspec.field(default_factory=dict)


class LongOpen(ScopeDetector[OpenState]):
    """How long each conversation of a queue has been open: one state, a reading for each."""

    indicator = "long_open"
    State = OpenState

    def observe(self, turn: Turn) -> Iterable[Observation]:
        return ()

    def learn_one(self, state: OpenState, observation: Observation) -> None:
        state.since[observation.conversation_id or ""] = observation.time

    def score_one(self, state: OpenState, now: float) -> Reading | None:
        return None

    def score_parts(self, state: OpenState, now: float) -> Iterable[Reading]:
        for who, since in state.since.items():
            if now - since < 240:
                yield Reading(now, now - since, scope=Scope("acme", (("conversation_id", who),)))

    def idle(self, state: OpenState, now: float) -> bool:
        return all(now - since >= 240 for since in state.since.values())


class HeightState(State):
    height: int = 0


class Height(CompositeDetector[HeightState]):
    """The highest of the conversation's other fires, in seconds of the plain decider's levels."""

    indicator = "height"
    State = HeightState

    def combine(self, state: HeightState, context: Context, tiers: Mapping[str, int]) -> bool:
        assert self.indicator not in tiers
        state.height = max(tiers.values(), default=0)
        return True

    def score_one(self, state: HeightState, now: float) -> Reading | None:
        return Reading(now, LEVELS[state.height - 1] if state.height else 0.0)


class CountState(State):
    seen: int = 0


class Telling(ConversationDetector[CountState]):
    """Tells how many messages it has been shown."""

    indicator = "telling"
    State = CountState
    types = frozenset({"message.created"})

    def learn_one(self, state: CountState, turn: Turn) -> bool:
        state.seen += 1
        return False

    def tell(self, state: CountState, turn: Turn) -> Iterable[Observation]:
        yield Observation("told", turn.scope(agent_id="a-1"), turn.event.time, value=state.seen)

    def score_one(self, state: CountState, now: float) -> Reading | None:
        return None


def wired(*conversation: tuple[str, Any], scope: tuple[tuple[str, Any], ...] = ()) -> Wiring:
    return Wiring(list(conversation), list(scope), PlainDecider([]), analyse, present)


def scopes() -> Scopes:
    return Scopes(wired(scope=(("long_open", LongOpen()),)))


def begun(who: str, time: float) -> tuple[Item, Observation]:
    observation = Observation("long_open", Scope("acme", (("queue_id", "q-a"),)), time, conversation_id=who)
    return Item(time, "/s", who, 0, observation=observation), observation


def moves(results: Results) -> list[tuple[float, str | None, int]]:
    return [(item.at, item.change.reading.scope.get("conversation_id"), item.change.tier) for item in results.changes if item.change]


def test_each_part_of_a_scope_rises_by_itself_and_is_closed_when_it_is_not_given_any_more() -> None:
    stage, results = scopes(), Results(0.0)
    stage.learn(*begun("c-1", 0.0), results)
    stage.learn(*begun("c-2", 60.0), results)
    stage.fire(600.0, results, inclusive=True)
    first, second = ([(at, tier) for at, who, tier in moves(results) if who == name] for name in ("c-1", "c-2"))
    assert first == [(60.0, 2), (180.0, 3), (240.0, 0)]
    assert second == [(120.0, 2), (240.0, 3), (300.0, 0)]


def test_the_fires_of_parts_are_in_the_state() -> None:
    stage, results = scopes(), Results(0.0)
    stage.learn(*begun("c-1", 0.0), results)
    stage.fire(130.0, results, inclusive=True)
    other, more = scopes(), Results(130.0)
    for name, data in stage.records.changes():
        other.records.load(name, data or b"")
    other.start_grid()
    other.fire(600.0, more, inclusive=True)
    assert moves(results) == [(60.0, "c-1", 2)]
    assert moves(more) == [(180.0, "c-1", 3), (240.0, "c-1", 0)]


def play(stage: Conversations, *events: Event) -> Results:
    results = Results(0.0)
    for event in events:
        stage.fire(event.time, results, inclusive=False)
        results.move(event.time)
        stage.apply(event, results, event.time)
    return results


def test_what_is_made_of_other_indicators_follows_their_timers_and_their_ends() -> None:
    stage = Conversations(wired(("height", Height()), ("waiting", Waiting())))
    results = play(stage, said("customer", 0.0), said("agent", 100.0))
    assert [(item.at, item.change.reading.indicator, item.change.tier) for item in results.changes if item.change] == [
        (30.0, "waiting", 1),
        (30.0, "height", 1),
        (60.0, "waiting", 2),
        (60.0, "height", 2),
        (100.0, "waiting", 0),
        (100.0, "height", 0),
    ]


def test_a_detector_is_shown_the_event_types_it_declares_and_tells_wider_scopes() -> None:
    stage = Conversations(wired(("telling", Telling())))
    results = play(stage, opened(0.0, "c-1"), said("customer", 1.0), said("agent", 2.0))
    told = [
        (item.observation.detector, item.observation.scope.get("agent_id"), item.observation.value)
        for item in results.observations
        if item.observation
    ]
    assert told == [("told", "a-1", 1), ("told", "a-1", 2)]
