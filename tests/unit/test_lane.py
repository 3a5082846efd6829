"""What the intake knows of one partition."""

from __future__ import annotations

from streams.lane import Lane


def seen_at_its_end(*times: float) -> Lane:
    lane = Lane(0, first=0)
    for now in times:
        lane.notice_end(now, caught_up=True)
    return lane


def test_a_partition_that_is_seen_at_its_end_for_two_seconds_is_idle() -> None:
    assert not seen_at_its_end(0.0, 0.5, 1.0, 1.5, 1.9).idle(1.9)
    assert seen_at_its_end(0.0, 0.5, 1.0, 1.5, 2.0).idle(2.0)


def test_a_worker_that_was_busy_for_long_takes_no_partition_for_idle() -> None:
    assert not seen_at_its_end(0.0, 0.5, 60.0).idle(60.0)
    assert not seen_at_its_end(0.0, 0.5, 60.0, 60.5).idle(60.5)
    assert seen_at_its_end(0.0, 0.5, 60.0, 60.5, 61.0).idle(61.0)


def test_what_comes_ends_the_wait() -> None:
    lane = seen_at_its_end(0.0, 0.5, 1.0, 1.5)
    lane.notice_end(1.6, caught_up=False)
    lane.notice_end(2.0, caught_up=True)
    assert not lane.idle(2.0)
