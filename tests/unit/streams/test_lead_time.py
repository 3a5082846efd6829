from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.event import Conversation, Customer, Event, Issue, Ticket
from streams.lead_time import LeadTime, Outcome, Outcomes, lead_times

HOUR = 3600.0


def alert(
    at: float, *, tier: str = "orange", state: str = "raised", who: str = "c-1", key: str = "conversation_id", **more: Any
) -> dict[str, Any]:
    time = datetime.fromtimestamp(at, UTC).isoformat()
    name = more.pop("id", f"{who}/{at}")
    scope = {"tenant_id": "acme", key: who}
    return {
        "indicator": "conversation_risk_score",
        "alert_id": name,
        "tier": tier,
        "state": state,
        "event_time": time,
        "scope": scope,
        **more,
    }


def outcome(at: float, *, who: str = "c-1", **more: Any) -> Outcome:
    return Outcome("escalated", at, "acme", (who,), **more)


def measured(alerts: list[dict[str, Any]], outcomes: list[Outcome], **options: Any) -> LeadTime:
    return lead_times(alerts, outcomes, **options)["conversation_risk_score"]


def happened(*events: Event) -> list[tuple[str, float, bool]]:
    found = Outcomes()
    for event in events:
        found.add(event)
    return [(each.kind, each.time, each.first) for each in found.found]


def event(kind: str, at: float, who: str = "c-1", **parts: Any) -> Event:
    made = Event(kind, at, f"{who}/{at}", "/test", "acme", who, conversation=Conversation(who, queue_id="q-1"), customer=Customer("u-1"))
    for name, part in parts.items():
        setattr(made, name, part)
    return made


def test_004_09_an_alert_before_an_escalation_has_a_lead_time() -> None:
    found = measured([alert(0.0), alert(HOUR, who="c-2"), alert(HOUR, who="c-3")], [outcome(6 * HOUR), outcome(3 * HOUR, who="c-2")])
    assert (found.alerts, found.followed, found.outcomes, found.foretold) == (3, 2, 2, 2)
    assert found.lead_s == (2 * HOUR, 6 * HOUR)
    assert (found.precision, found.recall, found.median_s) == (2 / 3, 1.0, 4 * HOUR)


@pytest.mark.parametrize(("after", "foretold"), [(72 * HOUR, 1), (72 * HOUR + 1, 0), (0.0, 0), (-60.0, 0)])
def test_within_72_hours_and_never_at_once_or_afterwards(after: float, foretold: int) -> None:
    found = measured([alert(1e6)], [outcome(1e6 + after)])
    assert (found.followed, found.foretold) == (foretold, foretold)


def test_the_lead_time_is_that_of_the_first_alert_in_the_window() -> None:
    assert measured([alert(0.0), alert(50 * HOUR), alert(60 * HOUR)], [outcome(100 * HOUR)]).lead_s == (50 * HOUR,)


def test_an_occurrence_counts_once_from_the_tier_asked_for() -> None:
    rising = [alert(at, tier=tier, id="one") for at, tier in ((0.0, "blue"), (HOUR, "yellow"), (2 * HOUR, "red"))]
    ended = alert(3 * HOUR, tier="red", state="resolved", id="two")
    assert measured([*rising, rising[1], ended], [outcome(5 * HOUR)]).lead_s == (4 * HOUR,)
    assert measured(rising, [outcome(5 * HOUR)], least="blue").lead_s == (5 * HOUR,)
    assert measured(rising, [outcome(5 * HOUR)], least="red").lead_s == (3 * HOUR,)
    assert lead_times(rising[:1], [outcome(5 * HOUR)]) == {}
    with pytest.raises(ValueError, match="purple"):
        lead_times(rising, [], least="purple")


@pytest.mark.parametrize(("key", "who"), [("conversation_id", "c-1"), ("customer_id", "u-1"), ("queue_id", "q-1")])
def test_conversations_customers_and_queues_are_matched(key: str, who: str) -> None:
    things = [outcome(HOUR, customer="u-1", queue="q-1")]
    assert measured([alert(0.0, key=key, who=who)], things).recall == 1.0
    assert measured([alert(0.0, key=key, who="another")], things).recall == 0.0


def test_other_scopes_and_other_tenants_are_not_judged() -> None:
    assert lead_times([alert(0.0, key="agent_id", who="a-1")], [outcome(HOUR)]) == {}
    elsewhere = alert(0.0)
    elsewhere["scope"]["tenant_id"] = "other"
    assert measured([elsewhere], [outcome(HOUR)]).followed == 0


def test_nothing_to_measure_is_no_number() -> None:
    assert lead_times([], [outcome(1.0)]) == {}
    found = measured([alert(0.0)], [])
    assert (found.precision, found.recall, found.median_s) == (0.0, None, None)


def test_a_complaint_from_the_first_event_on_could_not_be_foretold_in_its_own_conversation() -> None:
    began = Outcome("complained", HOUR, "acme", ("t-1", "c-1"), customer="u-1", first=True)
    assert measured([alert(0.0, who="t-1")], [began]).outcomes == 1
    assert measured([alert(0.0, who="t-1")], [began]).foretold == 0
    assert measured([alert(0.0, who="c-1")], [began]).foretold == 1
    assert measured([alert(0.0, key="customer_id", who="u-1")], [began]).foretold == 1


def test_what_an_outcome_is() -> None:
    assert happened(
        event("conversation.opened", 0.0),
        event("message.created", 1.0, issue=Issue(is_complaint=True)),
        event("conversation.resolved", 2.0, issue=Issue(is_complaint=True)),
        event("ticket.escalated", 3.0),
        event("csat.rated", 4.0, data={"rating": 2.0, "scale_max": 5.0}),
    ) == [("complained", 1.0, False), ("escalated", 3.0, False), ("dissatisfied", 4.0, False)]


@pytest.mark.parametrize(
    ("data", "bad"),
    [
        ({"rating": 2.0}, True),
        ({"rating": 3.0, "scale_max": 5.0}, False),
        ({"rating": 4.0, "scale_max": 10.0}, True),
        ({"rating": 5.0, "scale_max": 10.0}, False),
        ({"nps": 0.0}, False),
        (None, False),
    ],
)
def test_a_rating_of_at_most_two_of_five_is_a_bad_one(data: dict[str, float] | None, bad: bool) -> None:
    assert bool(happened(event("csat.rated", 0.0, data=data))) is bad


def test_a_ticket_of_type_complaint_is_one_and_says_where_it_came_from() -> None:
    found = Outcomes()
    made = event("ticket.created", 9.0, "t-1", ticket=Ticket("t-1", "complaint"))
    made.conversation = Conversation("t-1", parent_id="c-1")
    found.add(made)
    assert found.found == [Outcome("complained", 9.0, "acme", ("t-1", "c-1"), "u-1", None, first=True)]


def test_the_same_event_twice_is_one_outcome_and_one_of_no_conversation_none() -> None:
    twice = event("ticket.escalated", 3.0)
    assert happened(twice, twice) == [("escalated", 3.0, True)]
    alone = event("ticket.escalated", 3.0)
    alone.conversation = None
    assert happened(alone) == []


def test_the_queue_and_the_customer_are_known_from_earlier_events() -> None:
    found = Outcomes()
    found.add(event("conversation.opened", 0.0))
    late = event("ticket.escalated", 9.0)
    late.conversation, late.customer = Conversation("c-1"), None
    found.add(late)
    assert (found.found[0].queue, found.found[0].customer) == ("q-1", "u-1")


def test_the_memory_is_bounded() -> None:
    found = Outcomes(kept=10)
    for number in range(100):
        found.add(event("conversation.opened", float(number), f"c-{number}"))
    assert len(found._known) == 10


TIMES = st.lists(st.tuples(st.sampled_from(("c-1", "c-2", "c-3")), st.integers(0, 500)), max_size=12)


@given(TIMES, TIMES)
def test_it_is_as_counting_all_pairs_says(alarms: list[tuple[str, int]], things: list[tuple[str, int]]) -> None:
    alarms = sorted(set(alarms))
    found = lead_times([alert(at * HOUR, who=who) for who, at in alarms], [outcome(at * HOUR, who=who) for who, at in things])
    if not alarms:
        assert found == {}
        return
    one = found["conversation_risk_score"]
    assert one.followed == sum(any(who == other and 0 < then - at <= 72 for other, then in things) for who, at in alarms)
    leads = [[then - at for who, at in alarms if who == other and 0 < then - at <= 72] for other, then in things]
    assert one.lead_s == tuple(sorted(max(each) * HOUR for each in leads if each))
