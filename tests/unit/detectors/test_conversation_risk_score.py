from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.decide import Decider, Memory
from config.loader import load_policy
from detectors import discover
from detectors.base import Context, ConversationDetector, Reading, Scope
from detectors.conversation_risk_score import ConversationRiskScore, ConversationRiskScoreParams, noisy_or
from detectors.event import Message
from tests.contract.detector_driver import Talk, restored

RULE = load_policy(enable=["conversation_risk_score"]).rules["conversation_risk_score"]
WEIGHTS: dict[str, float] = ConversationRiskScoreParams().weights
TIERS = st.dictionaries(st.sampled_from([*sorted(WEIGHTS), "other_one"]), st.integers(1, 4), max_size=8)


def scored(tiers: dict[str, int], turns: int = 2, params: ConversationRiskScoreParams | None = None) -> Reading:
    detector = ConversationRiskScore(params)
    state = detector.new()
    detector.combine(state, Context("c", customer_turns=turns), tiers)
    reading = detector.score_one(state, 60.0)
    assert reading is not None
    return reading


def lit(reading: Reading) -> int:
    """The tier a reading lights."""
    memory = Memory()
    reading.indicator, reading.scope = "conversation_risk_score", Scope("acme", (("conversation_id", "c"),))
    Decider([RULE])(reading, memory)
    return memory.tier


def test_004_09_the_score_is_the_noisy_or_of_weights_times_tiers() -> None:
    params = ConversationRiskScoreParams(weights={"a": 0.8, "b": 0.4}, other=0.2)
    reading = scored({"a": 3, "b": 2, "unknown": 4}, params=params)
    assert reading.value == pytest.approx(100 * (1 - (1 - 0.6) * (1 - 0.2) * (1 - 0.2)), abs=1e-4)
    assert (reading.variables["risk_score"], reading.variables["top_factors"]) == (74, "a, b, unknown")


def warned(tiers: dict[str, int], early_warning: float | None) -> Reading:
    """Scored where a learnt model has an early warning, or (None) where there is no model."""
    detector = ConversationRiskScore()
    state = detector.new()
    detector.combine(state, Context("c", customer_turns=2, early_warning=early_warning), tiers)
    reading = detector.score_one(state, 60.0)
    assert reading is not None
    return reading


def test_a_learnt_early_warning_is_one_more_cause() -> None:
    alone, beside = warned({}, 0.8), warned({"transfer_loop": 4}, 0.8)
    assert alone.value == pytest.approx(40.0)
    assert (alone.variables["top_factors"], lit(alone)) == ("early_warning", 1)
    assert beside.value == pytest.approx(100 * (1 - 0.4 * 0.6))
    assert beside.sample == {"fires": 1}


@given(TIERS, st.sampled_from([None, 0.0]))
def test_without_a_warning_the_score_is_that_of_the_fires(tiers: dict[str, int], early_warning: float | None) -> None:
    assert warned(tiers, early_warning) == scored(tiers)


@pytest.mark.parametrize(("value", "tier"), [(29.99, 0), (30, 1), (49.99, 1), (50, 2), (69.99, 2), (70, 3), (84.99, 3), (85, 4)])
def test_both_sides_of_every_tier(value: float, tier: int) -> None:
    assert lit(Reading(0.0, value, n=2)) == tier


@pytest.mark.parametrize(("turns", "tier"), [(1, 0), (2, 3)])
def test_one_utterance_is_no_conversation(turns: int, tier: int) -> None:
    assert lit(scored({"escalation_keyword_hit": 3, "emotion_conflict": 2}, turns)) == tier


@pytest.mark.parametrize("indicator", [*sorted(WEIGHTS), "other_one"])
def test_one_orange_fire_alone_is_not_orange_and_one_red_alone_not_red(indicator: str) -> None:
    assert lit(scored({indicator: 3})) < 3
    assert lit(scored({indicator: 4})) < 4


@pytest.mark.parametrize(
    ("tiers", "tier"),
    [
        ({"first_response_time": 4, "next_response_time": 4}, 2),
        ({"sentiment_score": 2, "negative_word_rate": 2, "emotion_intensity": 2, "negation_share": 2}, 2),
        ({"escalation_keyword_hit": 2, "sentiment_score": 2, "sentiment_shift": 2, "keyword_repeat_count": 2}, 3),
        ({"escalation_keyword_hit": 3, "emotion_conflict": 3}, 3),
        ({"escalation_keyword_hit": 4, "sentiment_score": 4, "sentiment_shift": 3}, 4),
    ],
)
def test_what_coincides(tiers: dict[str, int], tier: int) -> None:
    assert lit(scored(tiers)) == tier


def test_every_weight_is_of_an_indicator_of_conversations() -> None:
    known = {kind.indicator for kind in discover().values() if issubclass(kind, ConversationDetector)}
    assert set(WEIGHTS) <= known


def test_it_is_an_evaluation_when_the_fires_change_or_the_customer_speaks_while_one_burns() -> None:
    detector, talk = ConversationRiskScore(), Talk()
    state = detector.new()
    seen = []
    for turn, tiers in (
        (talk.customer_says(0.0, "在"), {}),
        (talk.customer_says(1.0, "投诉"), {"escalation_keyword_hit": 1}),
        (talk.agent_says(2.0, "好"), {"escalation_keyword_hit": 1}),
        (talk.customer_says(3.0, "嗯"), {"escalation_keyword_hit": 1}),
        (talk.agent_says(4.0, "好"), {}),
        (talk.customer_says(5.0, "嗯"), {}),
    ):
        assert not detector.learn_one(state, turn)
        seen.append(detector.combine(state, turn.context, tiers))
        state = restored(state)
    assert seen == [False, True, False, True, True, False]


def test_an_update_of_a_timer_needs_no_message() -> None:
    detector = ConversationRiskScore()
    state = detector.new()
    context = Context("c", customer_turns=2)
    assert detector.combine(state, context, {"first_response_time": 1})
    assert not detector.combine(state, context, {"first_response_time": 1})
    assert detector.combine(state, context, {"first_response_time": 2})


def test_it_shows_what_the_customer_said_last() -> None:
    detector, talk = ConversationRiskScore(), Talk()
    state = detector.new()
    for turn in (
        talk.customer_says(0.0, "我要投诉"),
        talk.agent_says(1.0, "好"),
        talk("message.created", 2.0, message=Message(role="customer")),
    ):
        detector.learn_one(state, turn)
    reading = detector.score_one(state, 9.0)
    assert reading is not None
    assert [piece.excerpt for piece in reading.evidence] == ["我要投诉"]
    assert (reading.start, reading.n, reading.value) == (0.0, 2, 0.0)


@given(TIERS, st.sampled_from(sorted(WEIGHTS)), st.integers(1, 4))
def test_it_lies_in_its_range_and_one_more_fire_never_lowers_it(tiers: dict[str, int], more: str, tier: int) -> None:
    before, after = scored(tiers or {more: 1}).value, scored({**tiers, more: max(tier, tiers.get(more, 0))}).value
    assert 0 <= before <= 100
    assert after >= before or not tiers


@given(st.lists(st.floats(0, 1), max_size=10))
def test_noisy_or_is_at_least_its_strongest_cause_and_at_most_the_sum(parts: list[float]) -> None:
    found = noisy_or({str(number): part for number, part in enumerate(parts)})
    assert max(parts, default=0.0) - 1e-9 <= found <= min(1.0, sum(parts)) + 1e-9
