from __future__ import annotations

from alerts.page import Page
from alerts.refresh import Refresh


def page(revision: int = 1, state: str = "raised", alert: str = "a") -> Page:
    return Page("am", alert, revision, "acme", "red", state, 0.0, b"{}")


def taken(refresh: Refresh, *times: float) -> list[list[str]]:
    return [[each.event_id for each in refresh.take(at)] for at in times]


def test_a_burning_alert_is_sent_again_and_again_in_its_last_revision() -> None:
    refresh = Refresh(60.0)
    refresh.told(page(), 0.0)
    assert taken(refresh, 59.0, 60.0, 61.0, 130.0) == [[], ["a:1"], [], ["a:1"]]
    refresh.told(page(2, "updated"), 131.0)
    assert taken(refresh, 190.0, 191.0) == [[], ["a:2"]]


def test_an_end_is_repeated_for_five_minutes_and_then_forgotten() -> None:
    refresh = Refresh(100.0)
    refresh.told(page(), 0.0)
    refresh.told(page(2, "resolved"), 10.0)
    for at in (110.0, 210.0, 310.0):
        assert taken(refresh, at) == [["a:2"]]
        refresh.told(page(2, "resolved"), at)
    assert taken(refresh, 410.0, 1e6) == [[], []]
    assert len(refresh) == 0


def test_an_older_page_that_comes_late_changes_nothing() -> None:
    refresh = Refresh(60.0)
    refresh.told(page(3, "updated"), 0.0)
    refresh.told(page(2, "updated"), 1.0)
    assert taken(refresh, 61.0) == [["a:3"]]


def test_a_page_sent_again_is_as_old_as_its_sending() -> None:
    refresh = Refresh(60.0)
    refresh.told(page(), 0.0)
    assert [each.created for each in refresh.take(75.0)] == [75.0]


def test_another_worker_takes_over_and_nothing_is_left() -> None:
    refresh = Refresh(60.0)
    refresh.told(page(), 0.0)
    refresh.clear()
    assert taken(refresh, 1000.0) == [[]]
