"""Whatever the order in which events come, they are given in that of their times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.event import Event
from streams.reorder import Reorder

LATENESS_S = 30.0


def event(time: float, name: str = "") -> Event:
    return Event("message.created", time, name or f"e{time}", "/s", "acme", f"c{time}")


def heartbeat(time: float) -> Event:
    return Event("stream.heartbeat", time, f"hb{time}", "/fenghuo/ingest", "", "")


def given_by(reorder: Reorder, *events: Event, source: int = 0) -> list[float]:
    return [each.time for one in events for each in reorder.add(one, source)]


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, LATENESS_S - 1)), max_size=60))
def test_what_is_out_of_order_within_the_lateness_comes_in_order(drawn: list[tuple[int, float]]) -> None:
    reorder = Reorder(LATENESS_S)
    arrived = [event(float(time), f"e{number}") for number, (time, _) in enumerate(sorted(drawn, key=lambda each: each[0] + each[1]))]
    out = [each for one in arrived for each in reorder.add(one)]
    out += reorder.finish()
    assert sorted(each.id for each in out) == sorted(each.id for each in arrived)
    assert [each.time for each in out] == sorted(each.time for each in arrived)


def test_a_slow_source_is_waited_for_until_it_has_ended() -> None:
    reorder = Reorder(LATENESS_S)
    assert given_by(reorder, *[event(float(time)) for time in (100, 101, 102, 500)]) == [100, 101, 102]
    assert given_by(reorder, *[event(time) for time in (110.0, 111.0, 112.0)], source=1) == []
    assert given_by(reorder, event(600.0)) == []
    assert [each.time for each in reorder.end(1)] == [110, 111, 112, 500]


def test_a_heartbeat_moves_the_clock_of_its_source_and_is_none_of_the_events() -> None:
    reorder = Reorder(LATENESS_S)
    assert given_by(reorder, event(1.0), heartbeat(100.0)) == [1.0]


def test_what_comes_late_is_given_at_once() -> None:
    reorder = Reorder(LATENESS_S)
    given_by(reorder, event(1_000.0), heartbeat(2_000.0))
    assert given_by(reorder, event(3.0)) == [3.0]
