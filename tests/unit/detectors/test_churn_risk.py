from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.decide import Decider, Memory
from config.loader import load_policy
from detectors.base import Observation, Reading, Scope
from detectors.churn_risk import BEGAN, REFUND, SOLVED, UNSOLVED, ChurnRisk, ChurnRiskParams, ChurnRiskState, ChurnWeights
from tests.contract.detector_driver import DAY, HOUR, Run, Talk, restored

WHO = Scope("acme", (("customer_id", "u-1"),))
RULE = load_policy(enable=["churn_risk"]).rules["churn_risk"]


def learned(*contacts: tuple[str, str, float | None], tier: str = "", refund: bool = False) -> tuple[ChurnRisk, ChurnRiskState]:
    """A customer with these contacts (outcome, issue, mood at the end), an hour apart."""
    detector = ChurnRisk()
    state = detector.new()
    for number, (outcome, issue, mood) in enumerate(contacts):
        terms = (outcome, issue, tier, REFUND if refund else "")
        extra = () if mood is None else (mood,)
        detector.learn_one(state, Observation("churn_risk", WHO, number * HOUR, conversation_id=f"c-{number}", terms=terms, extra=extra))
    return detector, state


def read(*contacts: tuple[str, str, float | None], tier: str = "", refund: bool = False, now: float = DAY) -> Reading:
    detector, state = learned(*contacts, tier=tier, refund=refund)
    reading = detector.score_one(state, now)
    assert reading is not None
    return reading


def p(score: float) -> float:
    return 1 / (1 + exp(-score))


def test_003_13_the_probability_is_the_logistic_of_the_weighted_terms() -> None:
    reading = read((UNSOLVED, "refund", -0.5), (UNSOLVED, "refund", -0.7), tier="vip", refund=True)
    assert reading.value == pytest.approx(p(-3.0 + 1.8 * 0.6 + 2 * 0.8 + 0.8 + 0.7 - 0.2), abs=1e-6)
    assert reading.n == 2


@pytest.mark.parametrize(("value", "tier"), [(0.39, 0), (0.4, 1), (0.54, 1), (0.55, 2), (0.69, 2), (0.7, 3), (0.84, 3), (0.85, 4)])
def test_both_sides_of_every_tier(value: float, tier: int) -> None:
    memory = Memory()
    Decider([RULE])(Reading(0.0, value, indicator="churn_risk", scope=WHO), memory)
    assert memory.tier == tier


@pytest.mark.parametrize(
    ("mood", "guard", "tier"),
    [(-0.6, True, 0), (-0.9, True, 0), (None, False, 0)],
)
def test_one_ordinary_bad_chat_lights_nothing(mood: float | None, guard: bool, tier: int) -> None:
    reading = read((UNSOLVED, "refund", mood))
    assert reading.guard is guard
    assert memory_after(reading).tier == tier


def memory_after(reading: Reading) -> Memory:
    memory = Memory()
    reading.indicator, reading.scope = "churn_risk", WHO
    Decider([RULE])(reading, memory)
    return memory


def test_the_worst_single_contact_stays_below_orange() -> None:
    assert memory_after(read((UNSOLVED, "refund", -1.0), refund=True)).tier == 2


def test_one_term_alone_lights_nothing_however_heavy() -> None:
    reading = read(*[(SOLVED, "refund", None)] * 5)
    assert reading.value > 0.4
    assert not reading.guard
    assert memory_after(reading).tier == 0


@pytest.mark.parametrize(("contacts", "tier"), [(2, 2), (3, 4)])
def test_each_contact_that_solves_nothing_raises_the_risk(contacts: int, tier: int) -> None:
    assert memory_after(read(*[(UNSOLVED, "quality", -0.6)] * contacts)).tier == tier


def test_a_good_mood_takes_off_what_a_bad_one_adds() -> None:
    contacts = [(UNSOLVED, "quality")] * 2
    low, unknown, good = (read(*[(*each, mood) for each in contacts]).value for mood in (-0.5, None, 0.5))
    assert low > unknown > good


def test_different_issues_are_no_repetition_and_unknown_ones_neither() -> None:
    assert "repeats" not in read((SOLVED, "a", None), (SOLVED, "b", None), (SOLVED, "", None), (SOLVED, "", None)).sample
    assert read((SOLVED, "a", None), (SOLVED, "a", None)).sample["repeats"] == 0.8


def test_the_reasons_name_the_heaviest_terms_first() -> None:
    reading = read(*[(UNSOLVED, "refund", -0.3)] * 3, refund=True)
    assert reading.variables["reasons"] == "未解决 unresolved、重复进线 repeat contacts、退款 refund"
    assert reading.variables["churn_p"] == round(reading.value, 2)


@pytest.mark.parametrize(("now", "n"), [(7 * DAY - 1, 2), (7 * DAY, 1), (7 * DAY + HOUR, None)])
def test_a_contact_counts_for_seven_days(now: float, n: int | None) -> None:
    detector, state = learned((UNSOLVED, "a", -0.5), (UNSOLVED, "a", -0.5))
    reading = detector.score_one(state, now)
    assert (None if reading is None else reading.n) == n
    assert detector.idle(state, now) is (n is None)


def test_nothing_changes_until_the_oldest_contact_leaves() -> None:
    detector, state = learned((SOLVED, "a", 0.9), (UNSOLVED, "a", -0.5))
    assert detector.quiet_until(state, DAY) == 7 * DAY
    assert detector.quiet_until(state, 7 * DAY) == 7 * DAY + HOUR


def test_what_conversations_tell() -> None:
    run = Run(ChurnRisk())
    for day in range(2):
        talk = Talk(f"c-{day}", category="quality")
        talk.customer.tier = "vip"
        at = day * DAY
        run.turns([talk("conversation.opened", at), talk.customer_says(at + 1, "坏了", sentiment=-0.8)])
        run.turns([talk.customer_says(at + 2, "我要退款", sentiment=-0.8), talk("conversation.resolved", at + 9, data={"resolved": False})])
    reading = run.at(2 * DAY, customer_id="u-1")
    assert reading.value == pytest.approx(p(-3.0 + 1.8 * 0.8 + 1.6 + 0.8 + 0.7 - 0.2), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "data", "unresolved"),
    [
        ("conversation.resolved", {"resolved": True}, False),
        ("conversation.resolved", None, False),
        ("conversation.resolved", {"resolved": False}, True),
        ("conversation.abandoned", None, True),
    ],
)
def test_what_is_unresolved(kind: str, data: dict[str, bool] | None, unresolved: bool) -> None:
    talk = Talk()
    run = Run(ChurnRisk()).turns([talk("conversation.opened", 0.0), talk(kind, 9.0, data=data)])
    assert ("unresolved" in run.at(60.0, customer_id="u-1").sample) is unresolved


def test_who_writes_again_after_the_end_was_not_served() -> None:
    talk = Talk()
    run = Run(ChurnRisk()).turns([talk("conversation.resolved", 0.0), talk.customer_says(9.0, "还是不行")])
    assert run.at(60.0, customer_id="u-1").sample["unresolved"] == 0.8


def test_a_conversation_that_grew_out_of_another_is_the_same_contact() -> None:
    chat, ticket = Talk("c-1"), Talk("t-1", channel="ticket")
    ticket.conversation.parent_id = "c-1"
    run = Run(ChurnRisk()).turns([chat("conversation.opened", 0.0), ticket("ticket.created", 9.0)])
    assert run.at(60.0, customer_id="u-1").n == 1


def test_an_unknown_customer_has_no_history() -> None:
    talk = Talk()
    turn = talk("conversation.opened", 0.0)
    turn.context.customer_id = None
    assert not list(ChurnRisk().observe(turn))


def test_sixteen_contacts_are_kept_the_latest() -> None:
    _, state = learned(*[(SOLVED, "", None)] * 40)
    kept = restored(state).contacts
    assert sorted(kept) == sorted(f"c-{number}" for number in range(24, 40))


def test_weights_are_parameters() -> None:
    detector = ChurnRisk(ChurnRiskParams(weights=ChurnWeights(bias=0.0, tier={"svip": 1.0})))
    state = detector.new()
    detector.learn_one(state, Observation("churn_risk", WHO, 0.0, conversation_id="c", terms=(BEGAN, "", "svip", "")))
    reading = detector.score_one(state, 1.0)
    assert reading is not None
    assert reading.value == pytest.approx(p(1.0), abs=1e-6)


OUTCOMES = st.sampled_from((BEGAN, SOLVED, UNSOLVED))
CONTACTS = st.lists(st.tuples(OUTCOMES, st.sampled_from(("a", "b", "")), st.floats(-1, 1) | st.none()), min_size=1, max_size=20)


@given(CONTACTS, st.booleans())
def test_it_is_a_probability_and_one_more_failure_never_lowers_it(
    contacts: list[tuple[str, str, float | None]],
    refund: bool,
) -> None:
    before = read(*contacts[-15:], refund=refund, now=2 * DAY).value
    after = read(*contacts[-15:], (UNSOLVED, "a", None), refund=refund, now=2 * DAY).value
    assert 0 <= before <= after <= 1
