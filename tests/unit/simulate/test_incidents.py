from __future__ import annotations

import collections
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import rjieba

from streams.simulate.simulation import kinds
from streams.simulate.truth import Benign, Incident
from streams.simulate.world import QUEUES, products
from tests.unit.simulate.centre import Event, distinct, of_type, ordered, recorded, time_of

SEEDS = (1, 2)
NEGATORS = frozenset(["不", "没", "没有", "无", "非", "未", "别", "莫", "勿", "不是", "不要", "不能", "不会"])


def planted(kind: str, seed: int) -> tuple[list[Event], Incident]:
    truth = recorded(seed)[1]
    (found,) = (incident for incident in truth.incidents if incident.kind == kind)
    return ordered(seed), found


def benign(name: str, seed: int) -> tuple[list[Event], Benign]:
    truth = recorded(seed)[1]
    (found,) = (each for each in truth.benign if each.id == name)
    return ordered(seed), found


def about(events: Sequence[Event], subject: str) -> list[Event]:
    return [event for event in events if event["subject"] == subject]


def spoken(events: Sequence[Event], role: str = "customer") -> list[Event]:
    return [event for event in of_type(events, "message.created") if event["data"]["sender"]["role"] == role]


def between(events: Sequence[Event], start: str, end: str) -> list[Event]:
    return [event for event in events if start <= event["time"] <= end]


def minutes(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() / 60


def negation_share(texts: Sequence[str]) -> float:
    words = [word for text in texts for word in rjieba.cut(text) if word.isalnum()]
    return sum(word in NEGATORS for word in words) / len(words)


def volume(events: Sequence[Event], queue: str, start: str, hours: float) -> int:
    end = (datetime.fromisoformat(start) + timedelta(hours=hours)).isoformat(timespec="milliseconds")
    opened = between([*of_type(events, "conversation.opened"), *of_type(events, "ticket.created")], start, end)
    return sum(event["data"]["conversation"]["queue_id"] == queue for event in opened)


def day_before(time: str) -> str:
    return (datetime.fromisoformat(time) - timedelta(days=1)).isoformat(timespec="milliseconds")


def test_every_kind_is_planted_once_and_lies_in_the_scored_day() -> None:
    _, truth = recorded(1)
    assert sorted([each.kind for each in truth.incidents] + [each.id for each in truth.benign]) == kinds()
    for incident in truth.incidents:
        assert truth.scored_from <= (incident.since or incident.onset) <= incident.onset < incident.deadline < truth.until


@pytest.mark.parametrize("seed", SEEDS)
def test_every_name_in_the_truth_occurs_in_the_events(seed: int) -> None:
    events, truth = recorded(seed)
    text = str(
        [(event["subject"], event["data"].get("agent"), event["data"].get("conversation"), event["data"].get("issue")) for event in events]
    )
    everything: list[Incident | Benign] = [*truth.incidents, *truth.benign]
    for each in everything:
        assert each.scope in each.involved
        assert all(f"'{name}'" in text for name in each.involved if name != "demo")


def test_nothing_is_planted_when_none_is_asked_for() -> None:
    events, truth = recorded(1, 2, 0.5, ())
    assert not truth.incidents
    assert not truth.benign
    assert not any("account.leak" in str(event["data"].get("issue")) for event in events)
    assert max(event["data"]["queue"]["waiting"] for event in of_type(events, "queue.snapshot")) < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_similar_is_at_least_five_customers_with_one_fault_of_one_product_in_half_an_hour(seed: int) -> None:
    events, incident = planted("similar", seed)
    opened = [event for event in of_type(events, "conversation.opened") if event["data"]["issue"].get("product_id") == incident.scope]
    complaints = [
        event for event in opened if event["data"]["issue"]["category"] == "quality.defect" and event["subject"] in incident.involved
    ]
    first = [spoken(about(events, event["subject"]))[0] for event in complaints]
    texts = [event["data"]["message"]["text"] for event in first]
    assert len({event["data"]["customer"]["id"] for event in complaints}) == len(complaints) >= 6
    assert len(set(texts)) >= 5
    assert minutes(complaints[0]["time"], complaints[-1]["time"]) <= 30
    assert sorted(event["time"] for event in first)[4] == incident.onset
    (faults,) = {
        faults
        for product in products()
        if product.id == incident.scope
        for faults in product.faults
        if any(fault in texts[0] for fault in faults)
    }
    assert all(any(fault in text for fault in faults) for text in texts)


@pytest.mark.parametrize("seed", SEEDS)
def test_surge_is_well_over_twice_the_volume_of_the_day_before(seed: int) -> None:
    events, incident = planted("surge", seed)
    usual = volume(events, incident.scope, day_before(incident.onset), 3)
    assert volume(events, incident.scope, incident.onset, 3) > 1.7 * usual
    assert minutes(incident.onset, incident.deadline) == 195


@pytest.mark.parametrize("seed", SEEDS)
def test_fatigue_is_one_agent_with_angry_customers_only_for_more_than_two_hours(seed: int) -> None:
    events, incident = planted("fatigue", seed)
    until = (datetime.fromisoformat(incident.onset) + timedelta(minutes=130)).isoformat(timespec="milliseconds")
    mine = [event for event in events if event["data"].get("agent", {}).get("id") == incident.scope]
    given = of_type(between(mine, incident.onset, until), "conversation.assigned")
    assert len(given) >= 10
    assert all(event["subject"] in incident.involved for event in given)
    ends = {event["subject"]: event["time"] for event in of_type(events, "conversation.resolved")}
    starts = {event["subject"]: event["time"] for event in of_type(events, "conversation.opened")}
    spans = sorted((starts[event["subject"]], ends[event["subject"]]) for event in given)
    assert all(minutes(earlier[1], later[0]) < 0.5 for earlier, later in pairwise(spans))
    assert minutes(spans[0][0], spans[-1][1]) >= 125
    states = of_type(between(mine, incident.onset, until), "agent.state_changed")
    assert not states


@pytest.mark.parametrize("seed", SEEDS)
def test_pingpong_is_handed_on_four_times_and_comes_back_twice(seed: int) -> None:
    events, incident = planted("pingpong", seed)
    case = about(events, incident.scope)
    moves = [event["data"] for event in of_type(case, "conversation.transferred")]
    path = [moves[0]["from"]["department_id"], *(move["to"]["department_id"] for move in moves)]
    assert len(moves) >= 4
    assert all(earlier["to"]["queue_id"] == later["from"]["queue_id"] for earlier, later in pairwise(moves))
    assert sum(place in path[:number] for number, place in enumerate(path)) >= 2
    assert of_type(case, "conversation.transferred")[3]["time"] < incident.deadline


@pytest.mark.parametrize("seed", SEEDS)
def test_angry_is_a_conversation_of_real_negations(seed: int) -> None:
    events, incident = planted("angry", seed)
    texts = [event["data"]["message"]["text"] for event in spoken(about(events, incident.scope))]
    assert len(texts) >= 9
    assert negation_share(texts) > 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_polite_looks_like_negation_to_who_counts_characters_only(seed: int) -> None:
    events, case = benign("polite", seed)
    texts = [event["data"]["message"]["text"] for event in spoken(about(events, case.scope))]
    assert len(texts) >= 10
    assert sum(any(character in text for character in "不没") for text in texts) >= 0.8 * len(texts)


@pytest.mark.parametrize("seed", SEEDS)
def test_waiting_is_a_customer_without_an_answer_for_more_than_a_quarter_of_an_hour(seed: int) -> None:
    events, incident = planted("waiting", seed)
    case = about(events, incident.scope)
    first = spoken(case)[0]
    assert first["time"] == incident.onset
    assert minutes(first["time"], spoken(case, "agent")[0]["time"]) > 15
    assert minutes(first["time"], incident.deadline) == 15


@pytest.mark.parametrize("seed", SEEDS)
def test_queue_has_more_than_three_hundred_waiting_told_every_minute(seed: int) -> None:
    events, incident = planted("queue", seed)
    shots = between(about(of_type(events, "queue.snapshot"), incident.scope), incident.onset, incident.deadline)
    waiting = [event["data"]["queue"]["waiting"] for event in shots]
    assert waiting[0] < 50
    assert max(waiting) > 300
    assert all(minutes(earlier["time"], later["time"]) == 1 for earlier, later in pairwise(shots))


@pytest.mark.parametrize("seed", SEEDS)
def test_promise_is_said_by_the_agent_at_the_onset(seed: int) -> None:
    events, incident = planted("promise", seed)
    (said,) = [event for event in spoken(about(events, incident.scope), "agent") if event["time"] == incident.onset]
    assert any(word in said["data"]["message"]["text"] for word in ("保证", "私下", "绝对", "承诺", "百分之百", "返现", "打包票"))


@pytest.mark.parametrize("seed", SEEDS)
def test_leak_is_reported_by_at_least_two_customers(seed: int) -> None:
    events, incident = planted("leak", seed)
    opened = [event for event in of_type(events, "conversation.opened") if event["data"]["issue"]["category"] == "account.leak"]
    first = sorted(spoken(about(events, event["subject"]))[0]["time"] for event in opened)
    assert len({event["data"]["customer"]["id"] for event in opened}) == len(opened) >= 2
    assert first[:2] == [incident.since, incident.onset]
    for event in opened:
        assert any("泄露" in said["data"]["message"]["text"] for said in spoken(about(events, event["subject"])))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_customer_comes_six_times_about_a_product_nobody_else_complains_about(seed: int) -> None:
    events, case = benign("same_customer", seed)
    scored = [event for event in of_type(events, "conversation.opened") if event["time"] >= recorded(seed)[1].scored_from]
    mine = [event for event in scored if event["data"]["issue"].get("product_id") == case.scope]
    assert len(mine) == 6
    assert len({event["data"]["customer"]["id"] for event in mine}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_campaign_was_announced_and_brings_what_was_announced(seed: int) -> None:
    events, case = benign("campaign", seed)
    (told,) = of_type(events, "campaign.scheduled")
    campaign = told["data"]["campaign"]
    assert (campaign["scope"], campaign["start"], campaign["end"]) == ({"queue_id": case.scope}, case.since, case.until)
    assert told["time"] < recorded(seed)[1].scored_from
    assert case.since is not None
    assert case.until is not None
    hours = minutes(case.since, case.until) / 60
    usual = volume(events, case.scope, day_before(case.since), hours)
    assert 2.0 < volume(events, case.scope, case.since, hours) / usual < 4.5


def test_ordinary_days_are_calm() -> None:
    events = distinct(recorded(1, 7, 1.0, ())[0])
    opened = {event["subject"]: event for event in of_type(events, "conversation.opened")}
    moves = collections.Counter(event["subject"] for event in of_type(events, "conversation.transferred"))
    answered: dict[str, float] = {}
    for event in spoken(events, "agent"):
        start = opened.get(event["subject"])
        if start is not None and event["subject"] not in answered:
            answered[event["subject"]] = (time_of(event) - time_of(start)).total_seconds()
    slow = sum(seconds > 60 for seconds in answered.values())
    assert max(moves.values()) <= 2
    assert sum(count > 1 for count in moves.values()) < 0.01 * len(opened)
    assert slow < 0.02 * len(answered)
    assert max(answered.values()) < 180
    assert set(QUEUES) == {event["data"]["conversation"]["queue_id"] for event in opened.values()}
