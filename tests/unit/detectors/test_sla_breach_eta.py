from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from detectors.calendar import CalendarParams, OpeningHours
from detectors.event import Ticket
from detectors.sla_breach_eta import SlaBreachEta, SlaBreachEtaParams
from tests.contract.detector_driver import DAY, HOUR, Talk, restored

DETECTOR = SlaBreachEta()


def sla(kind: str | None, target_s: float, **rest: Any) -> dict[str, Any]:
    return {"sla": {name: value for name, value in {"kind": kind, "target_s": target_s, **rest}.items() if value is not None}}


def after(*turns: Any, detector: SlaBreachEta = DETECTOR) -> Any:
    state = detector.new()
    for turn in turns:
        detector.learn_one(state, turn)
    return restored(state)


def used(state: Any, now: float) -> Any:
    reading = DETECTOR.score_one(state, now)
    return None if reading is None else (pytest.approx(reading.value), reading.closed)


def knowledge_ticket(hours: float = 48) -> Any:
    talk = Talk("t-1", channel="ticket")
    return after(talk("ticket.created", 0.0, ticket=Ticket("t-1", type="knowledge"), data=sla("rt", hours * HOUR)))


@pytest.mark.parametrize(("level", "hours"), [(0.5, 24), (0.75, 36), (0.9, 43.2), (1.0, 48)])
def test_004_35_a_ticket_of_48_hours_is_told_of_before_its_breach(level: float, hours: float) -> None:
    state = knowledge_ticket()
    due = DETECTOR.due_at(state, level)
    assert due == pytest.approx(hours * HOUR)
    assert used(state, hours * HOUR) == (level, False)
    just_before = DETECTOR.score_one(state, hours * HOUR - 1)
    assert just_before is not None
    assert just_before.value < level


def test_000_12_4_2_hours_as_an_example() -> None:
    assert DETECTOR.due_at(knowledge_ticket(4.2), 1.0) == pytest.approx(4.2 * HOUR)


def test_without_a_target_nothing_is_said() -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 0.0), talk.customer_says(1.0, "在吗"))
    assert used(state, DAY) is None
    assert DETECTOR.due_at(state, 1.0) is None


def test_the_first_answer_has_its_target_and_the_next_ones_theirs() -> None:
    talk = Talk()
    turns = [
        talk("conversation.opened", 0.0, data=sla("frt", 60)),
        talk("conversation.assigned", 1.0, data=sla("nrt", 200)),
        talk.customer_says(10.0, "查物流"),
    ]
    assert used(after(*turns), 40.0) == (0.5, False)
    turns.append(talk.agent_says(55.0, "您好请讲"))
    assert used(after(*turns), 55.0) == (0.75, True)
    turns.append(talk.customer_says(100.0, "到哪了呢"))
    assert used(after(*turns), 200.0) == (0.5, False)
    assert DETECTOR.due_at(after(*turns), 1.0) == 300.0


def test_of_two_clocks_the_nearer_to_its_end_is_told() -> None:
    talk = Talk()
    turns = [
        talk("conversation.opened", 0.0, data=sla("rt", 1000)),
        talk("conversation.assigned", 0.0, data=sla("frt", 100)),
        talk.customer_says(0.0, "查物流"),
    ]
    reading = DETECTOR.score_one(after(*turns), 90.0)
    assert reading is not None
    assert (reading.value, reading.variables["kind"], reading.variables["left"]) == (0.9, "frt", "0:00:10")
    after_the_answer = [*turns, talk.agent_says(95.0, "在的请讲")]
    assert used(after(*after_the_answer), 95.0) == (0.95, True)
    assert used(after(*after_the_answer), 500.0) == (0.5, False)


def test_the_end_stops_all_clocks() -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 0.0, data=sla("rt", 100)), talk("conversation.resolved", 80.0))
    assert used(state, 300.0) == (0.8, True)
    assert DETECTOR.due_at(state, 1.0) is None


def test_what_is_opened_again_has_its_whole_target() -> None:
    talk = Talk("t-1", channel="ticket")
    turns = [talk("ticket.created", 0.0, data=sla("rt", 100)), talk("conversation.resolved", 80.0)]
    state = after(*turns, talk("ticket.status_changed", 500.0, ticket=Ticket("t-1", current="reopened")))
    assert used(state, 550.0) == (0.5, False)


def test_the_newest_target_of_a_kind_holds() -> None:
    talk = Talk()
    state = after(talk("conversation.opened", 0.0, data=sla("rt", 100)), talk("conversation.assigned", 10.0, data=sla("rt", 200)))
    assert DETECTOR.due_at(state, 1.0) == 200.0


@pytest.mark.parametrize("data", [{"sla": {"kind": "frt"}}, {"sla": {"kind": "frt", "target_s": 0}}, {"sla": {}}, {}, None])
def test_a_target_without_seconds_is_none(data: dict[str, Any] | None) -> None:
    talk = Talk()
    assert used(after(talk("conversation.queued", 0.0, data=data)), 500.0) is None


def test_a_target_without_a_kind_is_one_of_the_resolution() -> None:
    assert DETECTOR.due_at(after(Talk()("conversation.opened", 0.0, data=sla(None, 100))), 1.0) == 100.0


def test_in_business_hours_the_night_does_not_count() -> None:
    office = CalendarParams(opening_hours=OpeningHours.model_validate({"workday": ["09:00-18:00"], "weekend": []}))
    detector = SlaBreachEta(SlaBreachEtaParams(calendar=office))
    opened = datetime.fromisoformat("2026-03-04T17:00:00+08:00").timestamp()
    state = after(Talk()("conversation.opened", opened, data=sla("rt", 2 * HOUR, business_hours=True)), detector=detector)
    due = detector.due_at(state, 1.0)
    assert due == pytest.approx(datetime.fromisoformat("2026-03-05T10:00:00+08:00").timestamp(), abs=0.01)
    assert due is not None
    reading = detector.score_one(state, due)
    assert reading is not None
    assert round(reading.value, 3) == 1
