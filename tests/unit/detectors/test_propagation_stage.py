from __future__ import annotations

import pytest

from detectors.base import Chain, Observation, Scope
from detectors.event import Message, Metric
from detectors.propagation_stage import Episode, PropagationStage
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

QUEUE = Scope("acme", (("queue_id", "q-1"),))
LAG = 3.2 * HOUR
BAD = {"response": (5, 30), "satisfaction": (5, 20), "complaints": (5, 20), "sales": (2, 20)}
"""Bad ones of 50 in a quarter of an hour: usually, and in trouble."""


def told(made: Run, at: float, link: str, way: str, count: float, scope: Scope = QUEUE) -> None:
    made.learn(Observation("propagation_stage", scope, at, count, terms=(link, way)))


def run(until: float, start: float = 0.0, made: Run | None = None, /, **trouble: float) -> Run:
    """Quarters of hours up to `until`; a link is in trouble from its hour on."""
    made = made or Run(PropagationStage())
    for quarter in range(round(4 * start), round(4 * until)):
        for link, (usual, bad) in BAD.items():
            count = bad if quarter / 4 >= trouble.get(link, 1e9) else usual
            hit, rest = ("hit", "all") if link == "sales" else ("yes", "no")
            told(made, quarter * HOUR / 4, link, hit, count)
            told(made, quarter * HOUR / 4, link, rest, 50 if link == "sales" else 50 - count)
    return made


def stage(made: Run, hour: float) -> tuple[float, Chain | None]:
    reading = made.at(hour * HOUR, queue_id="q-1")
    return reading.value, reading.chain


@pytest.mark.parametrize(
    ("trouble", "value", "expected"),
    [
        ({}, 0, None),
        ({"response": 78}, 1, "satisfaction"),
        ({"response": 76, "satisfaction": 78}, 2, "complaints"),
        ({"response": 75, "satisfaction": 76, "complaints": 78}, 3, "sales"),
        ({"response": 73, "satisfaction": 74, "complaints": 75, "sales": 75}, 4, None),
    ],
)
def test_004_05_the_stage_is_the_number_of_links_in_alarm_in_order(trouble: dict[str, float], value: int, expected: str | None) -> None:
    found, chain = stage(run(80, **trouble), 80)
    assert found == value
    assert (chain.next_link if chain is not None else None) == expected


def test_004_35_the_next_link_is_expected_when_the_mean_time_of_conduction_has_passed() -> None:
    made = run(80, response=76, satisfaction=78)
    began = made.states[QUEUE].alarms[1].since
    assert stage(made, 80)[1] == Chain(2, "complaints", began + LAG, "chain")
    assert 78 * HOUR < began <= 79 * HOUR


def chained(*began: float, now: float = 100 * HOUR) -> int:
    """The stage where the links' alarms began at these times, all seen just now; below 0: no alarm."""
    made = run(73)
    state = made.states[QUEUE]
    state.alarms = [Episode(since, now) if since >= 0 else Episode() for since in [*began, *[-1.0] * (4 - len(began))]]
    return int(made.at(now, queue_id="q-1").value)


@pytest.mark.parametrize(("after", "value"), [(0.0, 2), (LAG, 2), (LAG + 60, 1), (-900.0, 1)])
def test_a_link_follows_within_three_hours_and_twelve_minutes(after: float, value: int) -> None:
    assert chained(96 * HOUR, 96 * HOUR + after) == value


def test_a_missing_link_parts_the_chain() -> None:
    assert chained(96 * HOUR, -1, 97 * HOUR, 98 * HOUR) == 2
    assert chained(96 * HOUR, 96 * HOUR, 97 * HOUR, 98 * HOUR) == 4


def test_an_alarm_lives_until_it_has_not_been_seen_for_that_long() -> None:
    made = run(80, response=78)
    made = run(81, 80, made)
    assert stage(run(83, 81, made), 83)[0] == 1
    assert stage(run(86, 83, made), 86)[0] == 0


def test_what_chance_explains_and_what_is_young_is_no_alarm() -> None:
    few = run(76)
    for _ in range(19):
        told(few, 78.1 * HOUR, "response", "yes", 1)
    assert stage(few, 78.5)[0] == 0
    assert stage(run(20, response=15), 20)[0] == 0


def test_twenty_answers_are_enough() -> None:
    made = run(76)
    told(made, 78.1 * HOUR, "response", "yes", 20)
    assert stage(made, 78.5)[0] == 1


def test_fewer_sales_than_at_these_hours_are_the_last_link() -> None:
    product = Scope("acme", (("product_id", "sku-1"),))
    for sold, value in ((81, 0), (80, 1)):
        made = Run(PropagationStage())
        for hour in range(24 * 8):
            told(made, hour * HOUR, "sales", "sold", 100 if hour < 24 * 8 - 3 else sold, product)
            told(made, hour * HOUR, "response", "no", 1, product)
        assert made.at(24 * 8 * HOUR, product_id="sku-1").value == value


def test_an_hour_without_a_report_of_sales_is_not_known() -> None:
    product = Scope("acme", (("product_id", "sku-1"),))
    made = Run(PropagationStage())
    for hour in (*range(24 * 8 - 2), 24 * 8 - 1):
        told(made, hour * HOUR, "sales", "sold", 100 if hour < 24 * 8 - 2 else 10, product)
    told(made, 24 * 8 * HOUR, "response", "no", 1, product)
    assert made.at(24 * 8 * HOUR + 1, product_id="sku-1").value == 0


def test_first_answers_ratings_and_ends_are_told_to_queue_and_product() -> None:
    talk = Talk(is_complaint=True, product_id="sku-1")
    turns = [
        talk("conversation.opened", 0.0),
        talk.agent_says(1.0, "您", "好", content_type="auto"),
        talk.customer_says(2.0, "在", "吗"),
        talk("csat.rated", 90.0, data={"rating": 2, "scale_max": 5}),
        talk("conversation.resolved", 99.0),
    ]
    made = Run(PropagationStage()).turns(turns)
    assert sorted(scope.kind for scope in made.states) == ["product_id", "queue_id"]
    assert [share.slots[0][1:] for share in made.states[QUEUE].shares[1:3]] == [(1.0, 1.0), (1.0, 1.0)]


@pytest.mark.parametrize(("wait", "late"), [(60.0, 0.0), (61.0, 1.0)])
def test_a_first_answer_after_more_than_a_minute_is_late(wait: float, late: float) -> None:
    talk = Talk()
    turns = [talk("conversation.opened", 0.0), talk.customer_says(0.0, "在"), talk.agent_says(wait, "在"), talk.agent_says(wait + 99, "好")]
    made = Run(PropagationStage()).turns(turns)
    assert made.states[QUEUE].shares[0].slots == [(0, late, 1.0)]


def test_the_tenants_own_sales_concern_its_queues_and_a_products_only_itself() -> None:
    made = run(1)
    product = Scope("acme", (("product_id", "sku-1"),))
    told(made, HOUR, "response", "no", 1, product)
    whole, part = (Metric("refunds", sku, 0.0, 7, None, 90.0) for sku in (None, "sku-1"))
    made.turns([Talk("x")("refund.metric", HOUR, conversation=None, metric=each) for each in (whole, part)])
    assert made.states[QUEUE].shares[3].slots[-1] == (1, 7.0, 90.0)
    assert made.states[product].shares[3].slots[-1] == (1, 7.0, 90.0)


def test_a_report_of_refunds_without_what_they_are_of_says_nothing() -> None:
    report = Talk("x")("refund.metric", HOUR, conversation=None, metric=Metric("refunds", "sku-1", 0.0, 7))
    assert list(PropagationStage().observe(report)) == []


def test_what_nobody_has_sent_is_no_answer() -> None:
    talk = Talk()
    private = Message(role="agent", direction="out", text="x", private=True)
    made = Run(PropagationStage()).turns(
        [talk("conversation.opened", 0.0), talk.customer_says(0.0, "在"), talk("message.created", 5.0, message=private)]
    )
    assert made.states == {}


def test_five_silent_weeks_are_forgotten() -> None:
    made = run(80)
    assert made.detector.idle(made.states[QUEUE], 30 * DAY)
    assert made.detector.expired(made.states[QUEUE], 40 * DAY)
