"""Which readings of the grid are on display."""

from __future__ import annotations

from config.loader import load_policy
from detectors.base import Observation, Scope
from streams.batches import Item
from streams.conversations import Results
from streams.scopes import Scopes
from streams.shown import Shown
from streams.stages import build_wiring
from streams.wiring import Layout

MINUTE = 60.0
SHOWN: Shown = ("queue_length", "acme", "queue", "q-1")


class Queue:
    """One queue's scope, stepped on the grid."""

    def __init__(self) -> None:
        self.scopes = Scopes(build_wiring(load_policy(), Layout(1, 1, 1), durable=False))
        self.now = 0.0

    def enters(self, who: str) -> None:
        self._learn(who, ("in",))

    def leaves(self, who: str) -> None:
        self._learn(who, ("out",))

    def on_display(self, minutes: float) -> dict[Shown, float | None]:
        self.now += minutes * MINUTE
        results = Results(self.now)
        self.scopes.fire(self.now, results, inclusive=True)
        return results.readings

    def _learn(self, who: str, way: tuple[str, ...]) -> None:
        observation = Observation("queue_length", Scope("acme", (("queue_id", "q-1"),)), self.now, conversation_id=who, terms=way)
        self.scopes.learn(Item(self.now, "s", who, 0, observation=observation), observation, Results(self.now))


def test_an_evaluation_of_the_grid_is_on_display() -> None:
    queue = Queue()
    for who in ("c-1", "c-2"):
        queue.enters(who)
    assert queue.on_display(1) == {SHOWN: 2.0}
    queue.leaves("c-1")
    assert queue.on_display(1) == {SHOWN: 1.0}
    queue.leaves("c-2")
    assert queue.on_display(1) == {SHOWN: 0.0}


def test_an_observation_between_the_steps_is_not() -> None:
    queue = Queue()
    queue.enters("c-1")
    assert queue.on_display(0) == {}
