from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Conversation, Issue, Message, Ticket
from detectors.issue_complexity_score import ComplexityWeights, IssueComplexityScore, IssueComplexityScoreParams
from tests.contract.detector_driver import Talk, restored

DETECTOR = IssueComplexityScore()


def talked(turns: int = 2, **issue: Any) -> tuple[Talk, Any]:
    talk, state = Talk(**issue), DETECTOR.new()
    for at in range(turns):
        DETECTOR.learn_one(state, talk.customer_says(float(at), "坏", "了"))
    return talk, state


def score(state: Any) -> float:
    reading = DETECTOR.score_one(restored(state), 1000.0)
    assert reading is not None
    return reading.value


def test_004_12_a_plain_question_is_simple() -> None:
    assert score(talked(8)[1]) < 40


@pytest.mark.parametrize(("transfers", "low", "high"), [(0, 0, 40), (1, 40, 60), (2, 60, 75), (3, 75, 90), (6, 90, 100)])
def test_004_12_each_transfer_to_another_department_makes_it_more_complex(transfers: int, low: float, high: float) -> None:
    talk, state = talked(12)
    for count in range(transfers):
        DETECTOR.learn_one(state, talk.moved(20.0 + count, f"d-{count % 3}", f"d-{(count + 1) % 3}"))
    assert low <= score(state) < high


@pytest.mark.parametrize(("bias", "red"), [(2.1972246, True), (2.197, False)])
def test_004_12_ninety_is_reached_where_the_signs_say_so(bias: float, red: bool) -> None:
    weights = ComplexityWeights(bias=bias, turns=0)
    detector = IssueComplexityScore(IssueComplexityScoreParams(weights=weights))
    state = detector.new()
    detector.learn_one(state, Talk().customer_says(0.0, "坏", "了"))
    reading = detector.score_one(state, 1.0)
    assert reading is not None
    assert (round(reading.value, 6) >= 90) is red


def test_002_05_the_sample_is_the_number_of_the_customers_utterances() -> None:
    talk, state = talked(3)
    DETECTOR.learn_one(state, talk.agent_says(9.0, "您好"))
    assert DETECTOR.score_one(state, 9.0).n == 3  # type: ignore[union-attr]


def test_nobody_spoke_nothing_is_said() -> None:
    talk, state = talked(0)
    DETECTOR.learn_one(state, talk.moved(1.0, "d-1", "d-2"))
    assert DETECTOR.score_one(state, 1.0) is None


def test_a_new_intent_counts_once() -> None:
    talk, state = talked(2, intent="refund")
    before = score(state)
    talk.issue = Issue(intent="invoice")
    evaluated = [DETECTOR.learn_one(state, talk("conversation.assigned", at)) for at in (5.0, 6.0)]
    assert evaluated == [True, False]
    assert score(state) > before


def test_an_intent_of_high_risk_counts() -> None:
    assert score(talked(4, category="account.leak")[1]) > 1.5 * score(talked(4, category="invoice")[1])


def test_asking_a_colleague_is_no_transfer() -> None:
    talk, state = talked()
    before = score(state)
    DETECTOR.learn_one(state, talk.moved(9.0, "d-1", "d-2", mode="consult"))
    assert score(state) == before


def test_a_reopening_counts() -> None:
    talk, state = talked()
    DETECTOR.learn_one(state, talk("conversation.resolved", 5.0))
    before = score(state)
    DETECTOR.learn_one(state, talk("ticket.status_changed", 6.0, ticket=Ticket("t", previous="resolved", current="reopened")))
    assert state.reopenings == 1
    assert score(state) > before


def test_entities_attachments_and_an_earlier_conversation_count() -> None:
    talk, state = talked()
    plain = score(state)
    talk.conversation = Conversation("c-1", channel="chat", parent_id="c-0")
    message = Message(role="customer", text="坏了", attachments=("image", "image:damage"))
    DETECTOR.learn_one(state, talk("message.created", 5.0, message=message, data={"entity_count": 4}))
    assert (state.prior, state.entities, state.attachments) == (True, 4, 2)
    assert score(state) > plain + 10


def test_masked_spans_stand_for_entities_where_the_producer_counts_none() -> None:
    talk, state = talked()
    DETECTOR.learn_one(state, talk("message.created", 5.0, message=Message(role="customer", text="[PHONE:***]", masked=("PHONE",))))
    assert state.entities == 1


def test_private_notes_and_partial_transcripts_are_no_utterances() -> None:
    talk, state = talked()
    for message in (Message(role="customer", text="坏了", private=True), Message(role="customer", text="坏", partial=True)):
        assert not DETECTOR.learn_one(state, talk("message.created", 5.0, message=message))
    assert state.turns == 2
