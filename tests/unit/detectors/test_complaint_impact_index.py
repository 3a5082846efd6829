from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.decide import Decider, Memory
from config.loader import load_policy
from detectors.base import ConversationDetector, Reading, Scope, Turn
from detectors.complaint_impact_index import ComplaintImpactIndex, ComplaintImpactIndexByCluster, impact
from tests.contract.detector_driver import DAY, HOUR, Run, Talk, restored

RULE = load_policy(enable=["complaint_impact_index"]).rules["complaint_impact_index"]
WEIGHTS = {"severity": 0.35, "value": 0.25, "spread": 0.2, "sensitivity": 0.2}
PARTS = st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1), min_size=1)


def complaint(conversation: str = "c-1", customer: str = "u-1", *, tier: str | None = None, **issue: Any) -> Talk:
    talk = Talk(conversation, customer=customer, **{"category": "quality", "is_complaint": True, **issue})
    talk.customer.tier = tier
    return talk


def last(*turns: Turn, detector: ConversationDetector[Any] | None = None) -> Reading | None:
    detector = detector or ComplaintImpactIndex()
    state = detector.new()
    for turn in turns:
        detector.learn_one(state, turn)
        state = restored(state)
    return detector.score_one(state, turns[-1].event.time)


def read(*turns: Turn) -> Reading:
    reading = last(*turns)
    assert reading is not None
    return reading


def test_000_13_the_index_is_the_weighted_mean_of_its_parts() -> None:
    reading = read(complaint(tier="vip", severity=0.8, category="data.leak")("conversation.opened", 0.0))
    assert reading.value == pytest.approx(100 * (0.35 * 0.8 + 0.25 * 0.7 + 0.2 * 1.0))
    assert (reading.variables["cii"], reading.variables["severity"], reading.variables["type"]) == (66, 0.8, "data.leak")


@pytest.mark.parametrize(("value", "tier"), [(29.9, 0), (30, 1), (49.9, 1), (50, 2), (69.9, 2), (70, 3), (84.9, 3), (85, 4)])
def test_both_sides_of_every_tier(value: float, tier: int) -> None:
    memory = Memory()
    Decider([RULE])(Reading(0.0, value, indicator="complaint_impact_index", scope=Scope("acme")), memory)
    assert memory.tier == tier


@pytest.mark.parametrize(
    ("band", "lifetime", "tier", "value"),
    [
        ("A", 10.0, "normal", 1.0),
        ("D", 90_000.0, "svip", 0.1),
        (None, 5_000.0, "svip", 0.25),
        (None, 90_000.0, None, 1.0),
        (None, None, "svip", 1.0),
        (None, None, "normal", 0.3),
        ("?", None, None, None),
    ],
)
def test_what_a_customer_is_worth(band: str | None, lifetime: float | None, tier: str | None, value: float | None) -> None:
    talk = complaint(severity=0.5)
    talk.customer.value_band, talk.customer.lifetime_value, talk.customer.tier = band, lifetime, tier
    assert read(talk("conversation.opened", 0.0)).sample.get("value") == value


def test_an_unknown_part_is_left_out_with_its_weight() -> None:
    unknown = read(complaint(severity=0.6)("conversation.opened", 0.0))
    assert unknown.value == pytest.approx(100 * 0.35 * 0.6 / 0.75)
    assert "value" not in unknown.sample


def test_without_a_severity_there_is_no_index() -> None:
    assert last(complaint(tier="svip")("conversation.opened", 0.0)) is None
    assert last(complaint(severity=1.0, is_complaint=False)("conversation.opened", 0.0)) is None


@pytest.mark.parametrize(
    ("sentiment", "hits", "severity"),
    [
        (-0.9, {}, 0.9),
        (0.5, {}, 0.0),
        (-0.3, {"anger": ("气死", "骗子")}, 0.75),
        (-0.3, {"escalation": ("投诉",)}, 0.6),
    ],
)
def test_a_severity_that_no_event_tells_is_felt(sentiment: float, hits: dict[str, Any], severity: float) -> None:
    assert read(complaint().customer_says(0.0, "话", sentiment=sentiment, **hits)).sample["severity"] == severity


def test_a_severity_that_is_stated_goes_before_one_that_is_felt() -> None:
    talk = complaint(severity=0.2)
    assert read(talk("conversation.opened", 0.0), talk.customer_says(1.0, "话", sentiment=-0.9)).sample["severity"] == 0.2


@pytest.mark.parametrize(
    ("hits", "sensitivity"),
    [
        ({}, 0.0),
        ({"escalation": ("投诉",)}, 0.0),
        ({"escalation": ("律师",)}, 0.6),
        ({"data_leak": ("信息泄露",)}, 1.0),
        ({"safety": ("起火",)}, 1.0),
        ({"finance": ("盗刷",), "escalation": ("12315",)}, 0.6),
    ],
)
def test_what_is_sensitive(hits: dict[str, Any], sensitivity: float) -> None:
    assert read(complaint().customer_says(0.0, "话", sentiment=-0.5, **hits)).sample["sensitivity"] == sensitivity


def test_calming_down_does_not_undo_the_complaint_and_nothing_new_is_no_evaluation() -> None:
    detector, talk = ComplaintImpactIndex(), complaint()
    state = detector.new()
    moods = (-0.4, -0.9, 0.9, 0.9)
    seen = [detector.learn_one(state, talk.customer_says(at, "话", sentiment=mood)) for at, mood in enumerate(moods)]
    assert seen == [True, True, False, False]


def test_one_complaint_by_itself_is_never_red_where_its_customers_value_is_known() -> None:
    talk = complaint(tier="svip", severity=1.0, category="safety")
    assert read(talk("conversation.opened", 0.0), talk.customer_says(1.0, "话", sentiment=-1.0, safety=("爆炸",))).value == 80.0


# -- clusters


def cluster(customers: int, *, severity: float = 0.8, tier: str = "normal", at: float = 0.0, product: str | None = "sku-1") -> Run:
    run = Run(ComplaintImpactIndexByCluster())
    for number in range(customers):
        talk = complaint(f"c-{at}-{number}", f"u-{at}-{number}", tier=tier, severity=severity, product_id=product)
        run.turns([talk("conversation.opened", at + number)])
    return run


KEYS = {"issue_category": "quality", "product_id": "sku-1"}


@pytest.mark.parametrize(("customers", "spread"), [(5, 0.5), (25, 1.0), (60, 1.0)])
def test_spread_is_the_logarithm_of_the_customers(customers: int, spread: float) -> None:
    for keys in (KEYS, {"product_id": "sku-1"}):
        reading = cluster(customers).at(100.0, **keys)
        assert reading.value == pytest.approx(100 * (0.35 * 0.8 + 0.25 * 0.3 + 0.2 * spread))
        assert (reading.n, reading.guard) == (customers, True)


def test_one_customer_is_no_cluster_however_often_he_complains() -> None:
    run = Run(ComplaintImpactIndexByCluster())
    for number in range(5):
        run.turns([complaint(f"c-{number}", severity=1.0)("conversation.opened", float(number))])
    state = run.states[Scope("acme", (("issue_category", "quality"),))]
    assert run.detector.score_one(state, 10.0) is None


def test_the_gravest_three_tell_how_severe_it_is() -> None:
    run = cluster(8, severity=0.1, product=None)
    for number, severity in enumerate((1.0, 0.9, 0.8)):
        run.turns([complaint(f"g-{number}", f"g-{number}", tier="normal", severity=severity)("conversation.opened", 50.0 + number)])
    assert run.at(100.0, issue_category="quality").sample["severity"] == 0.9


def mention(at: float, score: float | None, product: str | None = "sku-1") -> Turn:
    talk = Talk(f"m-{at}", product_id=product)
    return talk("social.mention", at, data={"mention": {"topic": "耳机", "sentiment_score": score}})


def test_negative_mentions_of_the_product_widen_the_spread() -> None:
    run = cluster(5)
    run.turns([mention(20.0 + at, score) for at, score in enumerate((*[-0.8] * 100, 0.5, None))])
    assert run.at(200.0, product_id="sku-1").sample["mentions"] == 100
    assert run.at(200.0, product_id="sku-1").sample["spread"] == 1.0
    assert run.at(200.0, **KEYS).sample["spread"] == 0.5
    assert not list(run.detector.observe(mention(0.0, -0.9, None)))


def test_what_is_usual_is_no_spread_and_lights_nothing_but_an_excess_does() -> None:
    run = Run(ComplaintImpactIndexByCluster())
    for day in range(20):
        run.states |= {}
        for number in range(6):
            talk = complaint(f"c-{day}-{number}", f"u-{day}-{number}", tier="svip", severity=0.9)
            run.turns([talk("conversation.opened", day * DAY + number * 4 * HOUR)])
    usual = run.at(20 * DAY - 60, issue_category="quality")
    assert 5 < usual.baseline < 6.5 if usual.baseline is not None else False
    assert not usual.guard
    for number in range(20):
        talk = complaint(f"x-{number}", f"x-{number}", tier="svip", severity=0.9)
        run.turns([talk("conversation.opened", 20 * DAY - 50 + number)])
    risen = run.at(20 * DAY, issue_category="quality")
    assert risen.guard
    assert risen.value > usual.value


def test_a_cluster_lives_for_a_day_after_it_was_heard_of() -> None:
    run = cluster(5)
    state = run.states[Scope("acme", tuple(KEYS.items()))]
    assert run.at(DAY - 1, **KEYS).n == 5
    assert run.detector.score_one(state, DAY + 10) is None
    assert not run.detector.idle(state, DAY)
    assert run.detector.idle(state, DAY + 10)


def test_the_first_messages_and_those_that_say_something_reach_the_cluster() -> None:
    talk = complaint()
    talk.issue = None
    talk.context.is_complaint, talk.context.category = True, "quality"
    detector = ComplaintImpactIndexByCluster()
    turns = [talk.customer_says(at, "话", sentiment=-0.5) for at in range(4)]
    turns.append(talk.customer_says(9.0, "话", sentiment=-0.5, anger=("骗子",)))
    assert [len(list(detector.observe(turn))) for turn in turns] == [1, 1, 0, 0, 1]


@given(PARTS, st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1))
def test_the_index_lies_between_its_least_and_its_greatest_part_and_never_falls_when_one_grows(
    parts: dict[str, float], name: str, more: float
) -> None:
    found = impact(parts, WEIGHTS)
    assert 100 * min(parts.values()) - 1e-3 <= found <= 100 * max(parts.values()) + 1e-3
    if name in parts:
        assert impact({**parts, name: max(parts[name], more)}, WEIGHTS) >= found


def test_grave_words_are_severe_where_no_event_says_how_severe_it_is() -> None:
    talk = Talk(category="quality", is_complaint=True)
    detector = ComplaintImpactIndex()
    state = detector.new()
    assert detector.learn_one(state, talk.customer_says(0.0, "充电器", "爆炸", "了", safety=("爆炸",)))
    reading = detector.score_one(state, 0.0)
    assert reading is not None
    assert (reading.sample["severity"], reading.sample["sensitivity"]) == (0.8, 1.0)
