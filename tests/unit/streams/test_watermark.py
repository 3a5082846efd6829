"""The watermark trusts no single timestamp."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.watermark import Watermark

HOUR = 3600.0


def confirmed_at(time: float) -> Watermark:
    mark = Watermark()
    for key in "abc":
        mark.observe(time, key)
    return mark


def test_it_follows_the_largest_time() -> None:
    mark = confirmed_at(100)
    mark.observe(160, "a")
    mark.observe(130, "b")
    assert mark.value == 160


def test_one_wrong_timestamp_does_not_make_a_day_late() -> None:
    mark = confirmed_at(0)
    mark.observe(24 * HOUR, "wrong")
    for minute in range(60):
        mark.observe(minute * 60.0, "ab"[minute % 2])
    assert mark.value == 59 * 60


def test_the_same_conversation_repeating_a_wrong_time_is_still_one() -> None:
    mark = confirmed_at(0)
    for _ in range(10):
        mark.observe(24 * HOUR, "wrong")
    assert mark.value == 0


def test_three_conversations_after_a_quiet_night_are_believed_at_the_lowest() -> None:
    mark = confirmed_at(0)
    for time, key in [(8 * HOUR + 5, "a"), (8 * HOUR, "b"), (8 * HOUR + 9, "c")]:
        mark.observe(time, key)
    assert mark.value == 8 * HOUR + 9


def test_a_jump_of_exactly_ten_minutes_needs_nobody_else() -> None:
    mark = confirmed_at(0)
    mark.observe(600, "a")
    assert mark.value == 600
    mark.observe(1200.001, "a")
    assert mark.value == 600


def test_two_wrong_timestamps_and_one_right_one_move_it_to_the_right_one() -> None:
    mark = confirmed_at(0)
    for time, key in [(24 * HOUR, "x"), (24 * HOUR, "y"), (1200, "a")]:
        mark.observe(time, key)
    assert mark.value == 1200


def test_a_first_event_from_the_future_is_corrected_by_three_others() -> None:
    mark = Watermark()
    mark.observe(24 * HOUR, "wrong")
    for time, key in [(0, "a"), (1, "b"), (2, "c")]:
        mark.observe(time, key)
    assert (mark.value, mark.confirmed) == (2, True)


def test_a_live_event_is_confirmed_by_the_wall_clock() -> None:
    mark = confirmed_at(0)
    mark.observe(8 * HOUR, "a", credible=True)
    assert mark.value == 8 * HOUR


def test_a_heartbeat_is_believed() -> None:
    mark = confirmed_at(0)
    mark.advance(3 * HOUR)
    assert mark.value == 3 * HOUR
    mark.advance(HOUR)
    assert mark.value == 3 * HOUR


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from("abcdef")), max_size=60))
def test_once_confirmed_it_never_goes_back_and_keeps_at_most_eight_claims(events: list[tuple[float, str]]) -> None:
    mark = confirmed_at(0)
    last = 0.0
    for time, key in events:
        mark.observe(time, key)
        assert mark.value is not None
        assert mark.value >= last
        assert len(mark.claims) <= 8
        last = mark.value
