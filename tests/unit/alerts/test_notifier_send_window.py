from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.notifiers.shared.send_window import SendWindow


@given(st.integers(1, 30), st.lists(st.floats(0, 20), max_size=200))
def test_no_minute_holds_more_than_the_limit(per_minute: int, gaps: list[float]) -> None:
    window, now, sent = SendWindow(per_minute), 1_760_000_000.0, []
    for gap in gaps:
        now += gap
        if window.wait_s(now) == 0:
            window.add(now)
            sent.append(now)
    for start in sent:
        assert sum(start <= at < start + 60 for at in sent) <= per_minute


@given(st.integers(1, 30), st.lists(st.floats(0, 20), min_size=1, max_size=100))
def test_after_the_wait_it_tells_a_request_may_be_sent(per_minute: int, gaps: list[float]) -> None:
    window, now = SendWindow(per_minute), 1_760_000_000.0
    for gap in gaps:
        now += gap
        now += window.wait_s(now)
        assert window.wait_s(now + 1e-6) == 0
        window.add(now)


def test_without_a_limit_nothing_waits() -> None:
    window = SendWindow()
    for _ in range(10_000):
        window.add(0.0)
    assert window.wait_s(0.0) == 0


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    window = SendWindow(1000)
    window.hold(600.0)
    window.hold(60.0)
    assert (window.wait_s(100.0), window.wait_s(600.0)) == (500.0, 0.0)
