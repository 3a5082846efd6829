from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from detectors.calendar import CalendarParams, OpeningHours
from detectors.event import Ticket
from detectors.resolution_time import ResolutionTime, ResolutionTimeParams
from tests.contract.detector_driver import DAY, HOUR, Talk, restored

DETECTOR = ResolutionTime()
OFFICE = CalendarParams(opening_hours=OpeningHours.model_validate({"workday": ["09:00-18:00"], "weekend": []}))
IN_BUSINESS_HOURS = ResolutionTime(ResolutionTimeParams(business_hours=True, calendar=OFFICE))


def after(*turns: Any, detector: ResolutionTime = DETECTOR) -> Any:
    state = detector.new()
    for turn in turns:
        detector.learn_one(state, turn)
    return restored(state)


def lasted(state: Any, now: float) -> tuple[float, bool] | None:
    reading = DETECTOR.score_one(state, now)
    return None if reading is None else (reading.value, reading.closed)


def status(talk: Talk, at: float, current: str) -> Any:
    return talk("ticket.status_changed", at, ticket=Ticket("t-1", current=current))


def test_004_08_the_time_grows_while_the_issue_is_open() -> None:
    state = after(Talk()("conversation.opened", 100.0))
    assert [lasted(state, now) for now in (369.9, 370.0)] == [(pytest.approx(269.9), False), (270, False)]
    assert [DETECTOR.due_at(state, level) for level in (270.0, 900.0, 3600.0, 14_400.0)] == [370.0, 1000.0, 3700.0, 14_500.0]


@pytest.mark.parametrize("kind", ["conversation.resolved", "conversation.abandoned"])
def test_004_08_the_end_stops_the_clock(kind: str) -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 100.0), talk(kind, 300.0))
    assert lasted(state, 9000.0) == (200, True)
    assert DETECTOR.due_at(state, 270.0) is None


@pytest.mark.parametrize(("current", "ends"), [("resolved", True), ("closed", True), ("pending", False), ("escalated", False)])
def test_a_ticket_ends_when_it_is_resolved_or_closed(current: str, ends: bool) -> None:
    talk = Talk("t-1", channel="ticket")
    state = after(talk("ticket.created", 0.0, ticket=Ticket("t-1")), status(talk, 2 * DAY, current))
    assert lasted(state, 3 * DAY) == ((2 * DAY, True) if ends else (3 * DAY, False))


def test_where_nothing_opens_it_the_first_message_does() -> None:
    talk = Talk()
    assert lasted(after(talk.customer_says(50.0, "在吗"), talk.customer_says(90.0, "喂")), 100.0) == (50, False)


def test_what_is_opened_again_counts_anew() -> None:
    talk = Talk("t-1", channel="ticket")
    turns = [talk("ticket.created", 0.0, ticket=Ticket("t-1")), status(talk, DAY, "resolved"), status(talk, 3 * DAY, "reopened")]
    assert lasted(after(*turns), 4 * DAY) == (DAY, False)


def test_a_word_after_the_end_opens_nothing() -> None:
    talk = Talk()
    turns = [talk("conversation.opened", 0.0), talk("conversation.resolved", 100.0), talk.customer_says(160.0, "谢谢")]
    assert lasted(after(*turns), 9000.0) == (100, True)


def test_an_opening_that_comes_late_sets_the_clock_back() -> None:
    talk = Talk()
    assert lasted(after(talk.customer_says(50.0, "在吗"), talk("conversation.opened", 20.0)), 100.0) == (80, False)


def test_in_business_hours_nights_and_weekends_do_not_count() -> None:
    friday = datetime.fromisoformat("2026-03-06T15:00:00+08:00").timestamp()
    state = after(Talk()("conversation.opened", friday), detector=IN_BUSINESS_HOURS)
    due = IN_BUSINESS_HOURS.due_at(state, 4 * HOUR)
    assert due == pytest.approx(datetime.fromisoformat("2026-03-09T10:00:00+08:00").timestamp(), abs=0.01)
    reading = IN_BUSINESS_HOURS.score_one(state, friday + 2 * DAY)
    assert reading is not None
    assert reading.value == 3 * HOUR


def test_a_centre_that_is_never_open_is_never_late() -> None:
    closed = CalendarParams(opening_hours=OpeningHours.model_validate({"workday": [], "weekend": []}))
    detector = ResolutionTime(ResolutionTimeParams(business_hours=True, calendar=closed))
    assert detector.due_at(after(Talk()("conversation.opened", 1e9), detector=detector), 60.0) is None
