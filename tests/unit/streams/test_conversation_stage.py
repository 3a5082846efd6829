"""Order, clock, fence and timers of one source partition, on a settable clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from detectors.event import Event
from streams.batches import EventBatch, Item, decode_items, encode
from streams.conversation_stage import HEARTBEAT, ConversationStage
from streams.errors import Halt
from streams.stage import Effects
from streams.topics import CHANGES
from tests.unit.streams.fakes import opened, said, wiring

NIGHT = 1_700_000_000.0
HOUR = 3600.0


class Source:
    """A source partition: events in the order in which they arrive, a wall clock that is set."""

    def __init__(self, stage: ConversationStage | None = None, offset: int = 0) -> None:
        self.stage = stage or ConversationStage(0, wiring())
        self.offset = offset
        self.log: dict[bytes, bytes] = {}
        self.counts: Counter[tuple[str, ...]] = Counter()

    def give(
        self, *events: Event, wall: float = 0.0, caught_up: bool = False, idle: bool = False, watermark: float | None = None
    ) -> list[tuple[float, float, int]]:
        """The changes that come of it, as (at, event time, tier)."""
        for offset, event in enumerate(events, self.offset):
            event.offset = offset
        batch = EventBatch(0, self.offset, self.offset + len(events), wall, caught_up, idle, watermark, list(events))
        self.offset += len(events)
        effects = self.stage.process(encode(batch))
        self.counts.update(effects.counts)
        for key, value in self.stage.changes():
            if value is None:
                self.log.pop(key, None)
            else:
                self.log[key] = value
        return [(item.at, item.change.reading.time, item.change.tier) for item in changes(effects) if item.change]

    def restart(self) -> Source:
        """The same partition after a crash: the state from its changelog, the input where it was."""
        stage = ConversationStage(0, wiring())
        stage.restore(self.log.items())
        again = Source(stage, self.offset)
        again.log = dict(self.log)
        return again

    def heartbeat(self, time: float, **options: float | bool) -> list[tuple[float, float, int]]:
        """The stream says how far it is."""
        return self.give(Event(HEARTBEAT, time, f"h{time}", "/s", "", ""), **options)  # type: ignore[arg-type]


def changes(effects: Effects) -> Sequence[Item]:
    return [item for send in effects.sends if send.topic == CHANGES for item in decode_items(send.value or b"").items]


def test_a_customer_who_waits_lights_the_tiers_at_their_times_although_nothing_else_arrives() -> None:
    source = Source()
    source.give(said("customer", 1000.0))
    assert source.heartbeat(1000.0 + 30 + 30) == []
    assert source.heartbeat(1000.0 + 200) == [(1030, 1030, 1), (1060, 1060, 2)]
    assert source.heartbeat(1000.0 + 2000) == [(1180, 1180, 3), (1900, 1900, 4)]


def test_a_reply_that_arrives_out_of_order_within_the_lateness_is_in_time() -> None:
    source = Source()
    source.give(said("customer", 1000.0), said("customer", 1040.0, "c-2"), said("agent", 1020.0))
    assert source.heartbeat(1065.0) == []


def test_events_are_released_by_time_source_and_id_whatever_their_order_of_arrival() -> None:
    forward, backward = Source(), Source()
    events = [said("customer", 1000.0 + each, f"c-{each}") for each in range(20)]
    copies = [said("customer", 1000.0 + each, f"c-{each}") for each in reversed(range(20))]
    forward.give(*events)
    backward.give(*copies)
    assert forward.heartbeat(1100.0) == backward.heartbeat(1100.0)


def test_what_is_late_does_not_depend_on_where_batches_begin() -> None:
    def run(size: int) -> tuple[int, list[tuple[float, float, int]]]:
        source = Source()
        events = [said("customer", 1000.0 + 20 * each, f"c-{each}") for each in range(40)]
        events.insert(30, said("agent", 1201.0, "c-10"))
        events.insert(20, said("agent", 1350.0, "c-5"))
        found = [change for start in range(0, len(events), size) for change in source.give(*events[start : start + size])]
        return source.counts["late_events_total",], found

    late, found = run(1)
    assert late == 1
    assert len(found) > 40
    assert all(run(size) == (late, found) for size in (2, 3, 7, 100))


def test_a_second_event_with_the_same_identity_is_dropped_and_counted() -> None:
    source = Source()
    source.give(said("customer", 1000.0, id="e-1"), said("customer", 1001.0, id="e-1"))
    batch = EventBatch(0, 2, 2, 0.0, True, True, 1100.0)
    assert source.stage.process(encode(batch)).counts["duplicates_total",] == 1


def test_one_wrong_timestamp_fires_no_timer_of_another_conversation() -> None:
    source = Source()
    source.give(said("customer", 1000.0, "c-1"), said("customer", 1001.0, "c-2"), said("agent", 1002.0, "c-2"))
    assert source.give(said("customer", 1000.0 + 24 * HOUR, "c-3")) == []
    assert source.give(said("agent", 1010.0, "c-1"), idle=True, caught_up=True) == []


def test_at_the_end_of_a_stream_timers_go_no_further_than_its_watermark() -> None:
    source = Source()
    source.give(said("customer", 1000.0), said("customer", 1045.0, "c-2"))
    assert source.give(idle=True, caught_up=True) == [(1030, 1030, 1)]


def test_a_small_file_of_one_conversation_still_fires_between_its_events() -> None:
    source = Source()
    source.give(said("customer", 1000.0), said("agent", 1000.0 + 1200))
    tiers = [tier for _, _, tier in source.give(idle=True, caught_up=True, watermark=0.0)]
    assert tiers == [1, 2, 3, 4, 0]


def test_what_one_conversation_alone_claims_waits_until_no_other_partition_can_confirm_it() -> None:
    source = Source()
    source.give(said("customer", 1000.0, "c-1"), said("customer", 1001.0, "c-2"), said("agent", 1002.0, "c-2"))
    source.give(said("agent", 1003.0, "c-1"))
    assert source.give(said("customer", 5000.0, "c-3"), wall=24 * HOUR, idle=True, caught_up=True) == []
    assert source.give(wall=24 * HOUR + 2, idle=True, caught_up=True, watermark=5100.0) == [(5030, 5030, 1), (5060, 5060, 2)]


def test_a_live_event_is_released_at_once_and_timers_follow_the_wall_clock() -> None:
    source = Source()
    assert source.give(said("customer", NIGHT), wall=NIGHT + 0.1, caught_up=True) == []
    assert source.give(wall=NIGHT + 29.9, caught_up=True) == []
    assert source.give(wall=NIGHT + 30.5, caught_up=True) == [(NIGHT + 30.5, NIGHT + 30, 1)]


def test_a_silent_stream_stays_live() -> None:
    source = Source()
    source.give(said("customer", NIGHT), said("agent", NIGHT + 5), wall=NIGHT + 6, caught_up=True)
    source.give(wall=NIGHT + 2 * HOUR, caught_up=True)
    assert source.give(said("customer", NIGHT + 2 * HOUR), wall=NIGHT + 2 * HOUR, caught_up=True) == []
    assert source.give(wall=NIGHT + 2 * HOUR + 31, caught_up=True) == [(NIGHT + 2 * HOUR + 31, NIGHT + 2 * HOUR + 30, 1)]


def test_after_a_night_without_input_the_customer_still_waiting_is_seen_at_the_first_tick() -> None:
    source = Source()
    source.give(said("customer", NIGHT), wall=NIGHT + 1, caught_up=True)
    morning = NIGHT + 12 * HOUR
    again = source.restart()
    assert [(time - NIGHT, tier) for _, time, tier in again.give(wall=morning, caught_up=True)] == [(30, 1), (60, 2), (180, 3), (900, 4)]


def test_after_a_night_with_a_backlog_an_answer_in_the_backlog_counts_before_any_timer() -> None:
    source = Source()
    source.give(said("customer", NIGHT), wall=NIGHT + 1, caught_up=True)
    morning = NIGHT + 12 * HOUR
    again = source.restart()
    assert again.give(wall=morning) == []
    assert again.give(said("agent", NIGHT + 20), said("customer", NIGHT + 4 * HOUR, "c-2"), wall=morning) == []
    assert again.give(said("agent", NIGHT + 4 * HOUR + 5, "c-2"), wall=morning, caught_up=True) == []
    assert again.give(wall=morning + 1, caught_up=True, idle=True) == []


def test_a_backlog_that_fits_into_one_batch_fires_no_false_timer_either() -> None:
    source = Source()
    source.give(said("customer", NIGHT), wall=NIGHT + 1, caught_up=True)
    again = source.restart()
    assert again.give(said("agent", NIGHT + 20), wall=NIGHT + 12 * HOUR, caught_up=True) == []
    assert again.give(wall=NIGHT + 12 * HOUR + 1, caught_up=True) == []


def test_a_batch_read_again_after_a_crash_changes_nothing() -> None:
    source = Source()
    source.give(said("customer", 1000.0), said("customer", 1040.0, "c-2"))
    again = source.restart()
    again.offset = 0
    again.give(said("customer", 1000.0), said("customer", 1040.0, "c-2"), said("customer", 1041.0, "c-3"))
    assert again.heartbeat(1000.0 + 61 + 30) == source.restart().heartbeat(1000.0 + 61 + 30)


def test_a_crash_after_any_batch_gives_the_same_changes() -> None:
    script = [said("customer", 1000.0 + 7 * each, f"c-{each % 5}", id=f"e{each}") for each in range(40)]
    whole, broken = Source(), Source()
    expected: list[tuple[float, float, int]] = []
    got: list[tuple[float, float, int]] = []
    for event in script:
        expected += whole.give(event)
    for event in [said("customer", 1000.0 + 7 * each, f"c-{each % 5}", id=f"e{each}") for each in range(40)]:
        got += broken.give(event)
        broken = broken.restart()
    expected += whole.heartbeat(5000.0)
    got += broken.heartbeat(5000.0)
    assert got == expected


def test_missing_offsets_halt_the_stage_unless_they_are_known_to_be_gone() -> None:
    source = Source()
    source.give(said("customer", 1000.0))
    source.offset = 10
    with pytest.raises(Halt, match="offsets 1 to 10 are missing"):
        source.give(said("customer", 1001.0))
    gone = Source()
    gone.give(said("customer", 1000.0))
    gone.stage.process(encode(EventBatch(0, 10, 11, 0.0, False, False, None, [said("customer", 1001.0)], gap=True)))


def test_state_of_another_partition_count_is_refused_with_the_way_out() -> None:
    source = Source()
    source.give(said("customer", 1000.0))
    other = ConversationStage(0, wiring())
    other._meta.layout = (8, 8, 1)
    with pytest.raises(Halt, match="app-id"):
        other.restore(source.log.items())


def test_memory_is_bounded_by_open_conversations() -> None:
    source = Source(ConversationStage(0, wiring(conversation_ttl_s=HOUR)))
    for each in range(3000):
        source.give(said("customer", 1000.0 + each * 60, f"c-{each}"), opened(1000.0 + each * 60, f"c-{each}"))
    assert len(source.stage._conversations.records) < 70
    assert len(source.stage._conversations._timers) < 200
    assert len(source.log) < 80
