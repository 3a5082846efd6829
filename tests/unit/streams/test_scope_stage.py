"""Population detectors see one order of things, whatever the partitions, the batches and the restarts were."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.event import Event
from streams.batches import EventBatch, decode_items, encode
from streams.conversation_stage import HEARTBEAT, ConversationStage
from streams.scope_stage import ScopeStage
from streams.stage import Effects, Stage
from streams.topics import CHANGES, OBSERVATIONS
from streams.wiring import Layout, partition_of
from tests.unit.streams.fakes import opened, wiring

Found = tuple[str, float, int]


class Centre:
    """Conversation and scope stages of one layout, chained; every change of tier is kept."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.conversations = [ConversationStage(each, wiring(layout)) for each in range(layout.events)]
        self.scopes = [ScopeStage(each, wiring(layout)) for each in range(layout.scopes)]
        self.logs: dict[int, dict[bytes, bytes]] = {each: {} for each in range(layout.scopes)}
        self.offsets = [0] * layout.events
        self.found: set[Found] = set()
        self.held = 0

    def give(self, partition: int, *events: Event, wall: float = 0.0, caught_up: bool = False, idle: bool = False) -> None:
        first = self.offsets[partition]
        copies = [msgspec.structs.replace(event, offset=offset) for offset, event in enumerate(events, first)]
        self.offsets[partition] += len(copies)
        batch = EventBatch(partition, first, first + len(copies), wall, caught_up, idle, None, copies)
        effects = self.conversations[partition].process(encode(batch))
        self._keep(effects)
        for send in effects.sends:
            if send.topic == OBSERVATIONS and send.partition is not None and send.value is not None:
                self._keep(self.scopes[send.partition].process(send.value))
                self._log(send.partition, self.scopes[send.partition])

    def spread(self, events: list[Event], size: int) -> None:
        for start in range(0, len(events), size):
            parts: dict[int, list[Event]] = {}
            for event in events[start : start + size]:
                parts.setdefault(partition_of(f"acme/{event.subject}", self.layout.events), []).append(event)
            for partition, part in parts.items():
                self.give(partition, *part)

    def heartbeat(self, time: float, **options: bool) -> None:
        for partition in range(self.layout.events):
            self.give(partition, Event(HEARTBEAT, time, f"h{time}", "/s", "", ""), **options)

    def restart(self) -> None:
        for each in range(self.layout.scopes):
            self.scopes[each] = ScopeStage(each, wiring(self.layout))
            self.scopes[each].restore(self.logs[each].items())

    def _keep(self, effects: Effects) -> None:
        for send in effects.sends:
            if send.topic == CHANGES:
                for item in decode_items(send.value or b"").items:
                    if item.change is not None:
                        self.found.add((item.change.reading.scope.key, item.change.reading.time, item.change.tier))

    def _log(self, partition: int, stage: Stage) -> None:
        for key, value in stage.changes():
            if value is None:
                self.logs[partition].pop(key, None)
            else:
                self.logs[partition][key] = value


def busy(count: int = 400, queues: int = 3) -> list[Event]:
    """Nearly one opening a second for a while on a few queues: some rise over 30 and 60 in five minutes, and fall again."""
    return [opened(60_000.0 + each * 1.2, f"c-{each:04d}", f"q-{each % queues}") for each in range(count)]


def run(layout: Layout, size: int, events: list[Event], *, restart: bool = False) -> set[Found]:
    centre = Centre(layout)
    half = len(events) // 2
    centre.spread(events[:half], size)
    if restart:
        centre.restart()
    centre.spread(events[half:], size)
    centre.heartbeat(60_000.0 + 3600)
    centre.heartbeat(60_000.0 + 3700, idle=True, caught_up=True)
    return centre.found


REFERENCE = run(Layout(1, 1, 1), 500, busy())


def test_the_reference_has_rises_and_falls() -> None:
    assert {tier for _, _, tier in REFERENCE} >= {0, 1, 2}


@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 300), st.booleans())
def test_partitions_batches_and_restarts_change_nothing(events: int, scopes: int, size: int, restart: bool) -> None:
    assert run(Layout(events, scopes, 1), size, busy(), restart=restart) == REFERENCE


def test_one_partition_far_ahead_of_the_others_changes_nothing() -> None:
    centre = Centre(Layout(3, 2, 1))
    parts: dict[int, list[Event]] = {0: [], 1: [], 2: []}
    for event in busy():
        parts[partition_of(f"acme/{event.subject}", 3)].append(event)
    for partition in (2, 0, 1):
        centre.give(partition, *parts[partition])
        centre.restart()
    centre.heartbeat(60_000.0 + 3600)
    centre.heartbeat(60_000.0 + 3700, idle=True, caught_up=True)
    assert centre.found == REFERENCE


def test_an_empty_partition_holds_nobody_once_it_has_been_at_its_end() -> None:
    centre = Centre(Layout(2, 1, 1))
    centre.give(0, *busy())
    centre.give(0, Event(HEARTBEAT, 60_000.0 + 3600, "h", "/s", "", ""))
    assert centre.found == set()
    centre.give(1, idle=True, caught_up=True)
    assert centre.found == REFERENCE


def test_live_the_grid_goes_on_when_the_stream_is_silent() -> None:
    centre = Centre(Layout(1, 1, 1))
    start = 1_700_000_040.0
    centre.give(0, *(opened(start + each, f"c-{each}") for each in range(40)), wall=start + 41, caught_up=True)
    for second in range(42, 700, 5):
        centre.give(0, wall=start + second, caught_up=True)
    assert [tier for _, _, tier in sorted(centre.found, key=lambda each: each[1])] == [1, 0]


def test_held_batches_do_not_pile_up_in_the_changelog() -> None:
    centre = Centre(Layout(2, 1, 1))
    centre.spread(busy(), 20)
    centre.heartbeat(60_000.0 + 3600)
    assert not [key for key in centre.logs[0] if key.startswith(b"held/")]
