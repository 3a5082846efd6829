"""The merge gives one order, whatever the partitions and batches were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.batches import Item, ItemBatch, decode_items, encode
from streams.errors import Halt
from streams.merge import Merge, after


def batch(origin: str, seq: int, frontier: float, *times: float, live: bool = False, idle: bool = False, wall: float = 0.0) -> ItemBatch:
    return ItemBatch(origin, seq, frontier, wall, live, idle, [Item(time, "s", f"{time:09.3f}", 0) for time in times])


def released(merge: Merge) -> list[float]:
    return [item.at for item in merge.release()]


def test_nothing_is_released_before_every_source_has_spoken() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 10, 1, 2))
    assert released(merge) == []
    merge.add(batch("c1", 0, 2))
    assert released(merge) == [1]


def test_a_source_far_ahead_waits_for_the_slowest() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 9000, 10, 5000, 8999))
    merge.add(batch("c1", 1, 100, 20))
    assert released(merge) == [10, 20]
    assert len(merge) == 2


def test_a_source_read_to_its_end_holds_nobody() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 50, 10, 40))
    merge.add(batch("c1", 0, 0, idle=True, wall=100))
    assert released(merge) == [10, 40]


def test_when_all_are_idle_everything_is_released_up_to_the_last_frontier() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 50, 10, 40, idle=True, wall=100))
    merge.add(batch("c1", 1, 20, 15, idle=True, wall=101))
    assert released(merge) == [10, 15]
    merge.add(batch("c1", 0, 20, idle=True, wall=103))
    assert released(merge) == [40]
    assert merge.released == 50


def test_who_wakes_first_from_a_common_sleep_does_not_overtake_the_others() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 0, 0, idle=True, wall=100))
    merge.add(batch("c1", 0, 0, idle=True, wall=100))
    merge.add(batch("c0", 1, 9000, 10, 8000, wall=200))
    assert released(merge) == []
    merge.add(batch("c1", 1, 9000, 5, 7000, wall=200.1))
    assert released(merge) == [5, 10, 7000, 8000]


def test_who_fell_idle_first_may_still_be_told_how_far_the_others_came() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 20, 10, idle=True, wall=100))
    merge.add(batch("c1", 1, 60, 15, 50, idle=True, wall=100.5))
    assert released(merge) == [10, 15]
    merge.add(batch("c0", 2, 60, 40, idle=True, wall=100.6))
    assert released(merge) == [40, 50]


def test_a_repeated_batch_after_a_crash_is_ignored() -> None:
    merge = Merge(["c0"])
    assert merge.add(batch("c0", 1, 5, 1, 2)) == "c0/1"
    assert merge.add(batch("c0", 1, 5, 1, 2)) is None
    assert released(merge) == [1, 2]


def test_live_a_slow_source_is_waited_for_at_most_200_ms() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c1", 0, 99, live=True, wall=99))
    merge.add(batch("c0", 1, after(100), 100, live=True, wall=100))
    assert released(merge) == []
    merge.add(batch("c0", 0, 100.1, live=True, wall=100.1))
    assert released(merge) == []
    merge.add(batch("c0", 0, 100.21, live=True, wall=100.21))
    assert released(merge) == [100]


def test_what_comes_after_its_turn_is_released_at_once() -> None:
    merge = Merge(["c0", "c1"])
    merge.add(batch("c0", 1, 50, 10, idle=True))
    merge.add(batch("c1", 0, 60))
    assert released(merge) == [10]
    merge.add(batch("c0", 2, 60, 30))
    assert released(merge) == [30]


def test_what_is_held_survives_a_restart() -> None:
    merge = Merge(["c0", "c1"])
    raw = encode(batch("c0", 1, 100, 10, 40, 90))
    merge.add(decode_items(raw))
    merge.add(batch("c1", 0, 30))
    assert released(merge) == [10]
    again = Merge(["c0", "c1"])
    again.sources, again.released = merge.sources, merge.released
    again.restore(decode_items(raw))
    again.add(batch("c1", 0, 100))
    assert released(again) == [40, 90]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1000)), max_size=80), st.randoms(use_true_random=False))
def test_the_order_depends_neither_on_batches_nor_on_how_sources_interleave(events: list[tuple[int, int]], random: object) -> None:
    times: list[list[float]] = [sorted(float(time) for source, time in events if source == which) for which in range(3)]
    merge, out, cursor, seq = Merge(["c0", "c1", "c2"]), [], [0, 0, 0], [0, 0, 0]
    while any(cursor[which] < len(times[which]) for which in range(3)):
        which = random.choice([each for each in range(3) if cursor[each] < len(times[each])])  # type: ignore[attr-defined]
        size = random.randint(1, 5)  # type: ignore[attr-defined]
        part = times[which][cursor[which] : cursor[which] + size]
        cursor[which] += size
        rest = times[which][cursor[which] :]
        seq[which] += 1
        merge.add(batch(f"c{which}", seq[which], rest[0] if rest else 2000.0, *part))
        out += released(merge)
    for which in range(3):
        merge.add(batch(f"c{which}", 0, 2000.0))
    out += released(merge)
    assert out == sorted(time for each in times for time in each)


def test_a_record_of_another_format_is_refused_with_the_way_out() -> None:
    raw = encode(batch("c0", 1, 10, 1))
    with pytest.raises(Halt, match="format 2"):
        decode_items(bytes([2]) + raw[1:])
    with pytest.raises(Halt, match="format none"):
        decode_items(b"")
