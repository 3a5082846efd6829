from __future__ import annotations

import pytest

from detectors.event import Message
from detectors.negation_share import NegationShare, NegationShareByIssue
from tests.contract.detector_driver import HOUR, Run, Talk, restored, said, values

SIX = tuple("一二三四五六")


def test_two_utterances_are_never_judged_however_negative() -> None:
    talk = Talk()
    assert values(NegationShare(), [talk.customer_says(at, "没有", "人", negations=1) for at in (0.0, 1.0)]) == []


def test_from_the_third_utterance_on_each_one_is_an_evaluation() -> None:
    talk = Talk()
    assert values(NegationShare(), [talk.customer_says(at, *SIX, negations=1) for at in (0.0, 1.0, 2.0, 3.0)]) == pytest.approx(
        [1 / 6, 1 / 6]
    )


def test_the_sample_is_the_number_of_tokens() -> None:
    detector, talk = NegationShare(), Talk()
    state = detector.new()
    for at, tokens in enumerate((SIX, SIX[:2], SIX[:1])):
        detector.learn_one(state, talk.customer_says(at, *tokens, negations=1))
    reading = detector.score_one(state, 2.0)
    assert reading is not None
    assert (reading.value, reading.n, reading.rate) == (3 / 9, 9, False)


def test_only_the_last_ten_utterances_count() -> None:
    talk = Talk()
    turns = [talk.customer_says(at, *SIX, negations=3) for at in range(10)]
    calm = [talk.customer_says(10.0 + at, *SIX) for at in range(10)]
    shares = values(NegationShare(), [*turns, *calm])
    assert shares[7] == 0.5
    assert shares[8] == pytest.approx(0.45)
    assert shares[-1] == 0


def test_a_late_utterance_takes_its_place_and_pushes_out_the_oldest() -> None:
    detector, talk = NegationShare(), Talk()
    state = detector.new()
    for at in range(1, 11):
        detector.learn_one(state, talk.customer_says(at * 10.0, *SIX))
    detector.learn_one(state, talk.customer_says(5.0, *SIX, negations=6))
    assert detector.score_one(state, 100.0).value == 0  # type: ignore[union-attr]
    detector.learn_one(state, talk.customer_says(95.0, *SIX, negations=6))
    assert detector.score_one(state, 100.0).value == pytest.approx(0.1)  # type: ignore[union-attr]


def test_agents_and_messages_without_words_do_not_count() -> None:
    talk = Talk()
    silent = talk("message.created", 1.0, message=Message(role="customer", text="???"), words=said())
    assert values(NegationShare(), [talk.agent_says(0.0, "不", "行"), silent, talk("message.updated", 2.0, words=said("不"))]) == []


def test_the_evidence_is_the_last_utterance_that_holds_a_negation() -> None:
    detector, talk = NegationShare(), Talk()
    state = detector.new()
    for at, (tokens, negations) in enumerate(((("没", "到"), 1), (("还是", "没", "到"), 1), (("好", "吧"), 0))):
        detector.learn_one(state, talk.customer_says(at, *tokens, negations=negations))
    reading = detector.score_one(restored(state), 3.0)
    assert reading is not None
    assert [piece.excerpt for piece in reading.evidence] == ["还是没到"]


def complaints(customers: int, at: float = 0.0, *, negations: int = 2) -> Run:
    run = Run(NegationShareByIssue())
    for customer in range(customers):
        talk = Talk(f"c-{customer}", category="refund.slow", is_complaint=True)
        run.turns([talk.customer_says(at + customer, *SIX, *SIX[:4], negations=negations)])
    return run


def test_all_complaints_about_an_issue_are_pooled() -> None:
    reading = complaints(6).at(60.0, issue_category="refund.slow")
    assert (reading.value, reading.n, reading.rate) == (0.2, 60, True)
    assert reading.variables["issue"] == "refund.slow"


@pytest.mark.parametrize(("customers", "stands"), [(4, False), (5, True)])
def test_an_issue_stands_on_five_conversations_at_least(customers: int, stands: bool) -> None:
    assert complaints(customers).at(60.0, issue_category="refund.slow").guard is stands


def test_one_angry_customer_does_not_stand_for_an_issue() -> None:
    talk = Talk(category="refund.slow", is_complaint=True)
    run = Run(NegationShareByIssue()).turns(talk.customer_says(at, *SIX, negations=3) for at in range(20))
    assert not run.at(60.0, issue_category="refund.slow").guard


def test_after_an_hour_nothing_is_left_of_it() -> None:
    run = complaints(6)
    assert run.at(HOUR - 60, issue_category="refund.slow").n == 60
    assert run.at(HOUR + 60, issue_category="refund.slow").n == 0
    state = next(iter(run.states.values()))
    assert not run.detector.idle(state, HOUR - 60)
    assert run.detector.idle(state, HOUR + 61)


def test_what_is_no_complaint_or_has_no_category_is_left_out() -> None:
    calm, unknown = Talk("c-1", category="invoice", is_complaint=False), Talk("c-2", is_complaint=True)
    assert not Run(NegationShareByIssue()).turns([calm.customer_says(0.0, *SIX), unknown.customer_says(0.0, *SIX)]).states
