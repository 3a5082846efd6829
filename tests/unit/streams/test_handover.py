"""What a stage hands on is known by its number, comes whole, and in parts where it is much."""

from __future__ import annotations

from streams.batches import Item, decode_items
from streams.handover import ITEMS, Handover
from streams.merge import Merge
from streams.stage import Send


def items(count: int) -> list[Item]:
    return [Item(float(each), "s", f"{each:06d}", 0) for each in range(count)]


def told(handover: Handover, given: list[Item], frontier: float) -> list[Send]:
    return list(handover.records([("topic", 0, given)], frontier, 0.0, live=False, idle=False))


def arrive(merge: Merge, sends: list[Send]) -> list[float]:
    arrived = []
    for send in sends:
        merge.add(decode_items(send.value or b""))
        arrived += [item.at for item in merge.release()]
    return arrived


def test_many_items_travel_in_parts_and_arrive_whole_and_in_order() -> None:
    sends = told(Handover("c0"), items(2 * ITEMS + 10), 1e9)
    assert len(sends) == 3
    assert arrive(Merge(["c0"]), sends) == [float(each) for each in range(2 * ITEMS + 10)]


def test_the_frontier_is_told_with_the_last_part_only() -> None:
    sends = told(Handover("c0"), items(ITEMS + 1), 1e9)
    assert [decode_items(send.value or b"").frontier for send in sends] == [float(ITEMS), 1e9]


def test_a_part_written_again_after_a_crash_is_known_by_its_number() -> None:
    first = told(Handover("c0"), items(ITEMS + 1), 1e9)
    again = told(Handover("c0"), items(ITEMS + 1), 1e9)
    assert len(arrive(Merge(["c0"]), [first[0], again[0], again[1]])) == ITEMS + 1


def test_a_target_without_items_is_told_the_frontier_once() -> None:
    handover = Handover("c0")
    assert [decode_items(send.value or b"").seq for send in told(handover, [], 5.0)] == [0]
    assert told(handover, [], 5.0) == []
    assert len(told(handover, [], 6.0)) == 1


def test_that_history_has_ended_is_told_again_and_again() -> None:
    handover = Handover("c0")
    sends = [list(handover.records([("topic", 0, [])], 5.0, wall, live=False, idle=True)) for wall in (1.0, 2.0)]
    assert [decode_items(each.value or b"").wall for send in sends for each in send] == [1.0, 2.0]
