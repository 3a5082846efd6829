from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Observation, Reading, Scope
from detectors.new_term_burst import NewTermBurst, log_likelihood_ratio, terms_of
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

TENANT = Scope("acme")
USUAL = (("快递", "还", "没", "到"), ("退款", "什么", "时候", "到账"), ("发票", "抬头", "写", "错", "了"), ("耳机", "坏", "了"))


def say(made: Run, at: float, customer: str, *tokens: str, scope: Scope = TENANT) -> Run:
    made.learn(Observation("new_term_burst", scope, at, customer_id=customer, event_id=f"e-{at}", terms=tokens))
    return made


def week(hours: int = 168) -> Run:
    """Twelve messages an hour of what is always said."""
    made = Run(NewTermBurst())
    for number in range(12 * hours):
        say(made, number * 300.0, f"u-{number}", *USUAL[number % 4])
    return made


def usual(made: Run, term: str) -> float:
    """How many of the learnt messages of the tenant held a term, or more."""
    assert isinstance(made.detector, NewTermBurst)
    return made.detector._usual(made.states[TENANT], term)


def burst(made: Run, start: float, count: int, *tokens: str, customers: int = 99) -> Reading:
    for number in range(count):
        say(made, start + 60.0 * number, f"n-{number % customers}", *tokens)
    return made.at(start + 60.0 * count)


def test_two_hot_issues_are_told_apart_and_what_is_usual_is_none() -> None:
    made = week()
    for number in range(6):
        say(made, 168 * HOUR + 60.0 * number, f"m-{number}", "闪退", "登录", "不", "进去")
    reading = burst(made, 168.2 * HOUR, 8, "请问", "以旧换新", "政策", "怎么", "算")
    assert reading.variables["hot_issues"] == "以旧换新/政策 (8), 闪退/登录 (6)"


def test_003_17_an_injected_phrase_is_found_whole_and_told_with_its_customers() -> None:
    reading = burst(week(), 168 * HOUR, 8, "请问", "以旧换新", "政策", "怎么", "算")
    assert reading.variables == {"term": "以旧换新政策", "n": 8, "customers": 8, "hot_issues": "以旧换新/政策 (8)"}
    assert (reading.value > 25, reading.n, reading.guard) == (True, 8, True)
    assert all("以旧换新" in (piece.excerpt or "") for piece in reading.evidence)


def test_000_07_003_11_what_is_always_said_is_no_burst() -> None:
    made = week()
    assert made.at(168 * HOUR).value < 7


@pytest.mark.parametrize(("count", "customers", "n"), [(4, 99, 0), (5, 99, 5), (5, 2, 0), (5, 3, 5)])
def test_a_burst_needs_five_messages_of_three_customers(count: int, customers: int, n: int) -> None:
    assert burst(week(), 168 * HOUR, count, "蓝牙", "断连", customers=customers).n == n


@pytest.mark.parametrize(("hours", "guard"), [(23, False), (25, True)])
def test_a_day_must_have_been_learnt(hours: int, guard: bool) -> None:
    assert burst(week(hours), hours * HOUR, 12, "蓝牙", "断连").guard is guard


def test_customers_who_repeat_themselves_prove_little() -> None:
    repeated = burst(week(), 168 * HOUR, 30, "退款", customers=3)
    assert (repeated.value > 25, repeated.guard) == (True, False)
    assert burst(week(), 168 * HOUR, 30, "退款").guard


def test_chance_among_many_words_is_guarded() -> None:
    made = week()
    for number in range(100):
        say(made, 168 * HOUR + number, f"v-{number}", *(f"词{number:03d}甲乙"[:1] + chr(0x4E00 + 10 * number + each) for each in range(20)))
    for number in range(30):
        say(made, 166 * HOUR + number, f"w-{number}", "退款", "到账")
    reading = made.at(168 * HOUR + 100)
    assert not reading.guard


def test_a_burst_ends_with_its_window_and_is_usual_later() -> None:
    made = week()
    reading = burst(made, 168 * HOUR, 8, "蓝牙", "断连")
    say(made, 171.5 * HOUR, "u", *USUAL[0])
    assert made.at(171.6 * HOUR).value < 7 < reading.value
    assert usual(made, "蓝牙断连") >= 8


def test_of_two_bursts_the_stronger_is_told() -> None:
    made = week()
    burst(made, 168 * HOUR, 6, "蓝牙", "断连")
    assert burst(made, 168.5 * HOUR, 12, "闪退").variables["term"] == "闪退"


@pytest.mark.parametrize(
    ("tokens", "terms"),
    [
        (("蓝牙", "断", "连"), {"蓝牙", "蓝牙断", "蓝牙断连", "断连"}),
        (("bluetooth", "keeps", "dropping", "15", "a1"), {"bluetooth", "keeps", "dropping"}),
        (("你们", "的", "我"), set()),
        (
            ("以旧换新", "政策", "解释", "清楚"),
            {"以旧换新", "以旧换新政策", "政策", "政策解释", "政策解释清楚", "解释", "解释清楚", "清楚"},
        ),
    ],
)
def test_terms_are_runs_of_segments_that_begin_and_end_with_a_word_that_tells(tokens: tuple[str, ...], terms: set[str]) -> None:
    assert terms_of(tokens) == terms


@given(count=st.integers(0, 100), usual=st.integers(0, 1000))
def test_the_ratio_is_twice_the_gain_in_log_likelihood(count: int, usual: int) -> None:
    def likelihood(hits: int, n: int, rate: float) -> float:
        return sum(part * log(share) for part, share in ((hits, rate), (n - hits, 1 - rate)) if part)

    apart = likelihood(count, 100, count / 100) + likelihood(usual, 1000, usual / 1000)
    pooled = (count + usual) / 1100
    one = likelihood(count, 100, pooled) + likelihood(usual, 1000, pooled)
    wanted = 2 * (apart - one) if count / 100 > usual / 1000 else 0.0
    assert log_likelihood_ratio(count, 100, usual, 1000) == pytest.approx(wanted, abs=1e-6)


def test_usual_counts_are_never_too_low_and_shrink_with_what_they_are_of() -> None:
    made = week()
    state = made.states[TENANT]
    share = usual(made, "快递") / state.messages
    assert 0.24 < share < 0.3
    say(made, 170 * HOUR + 5 * DAY, "u", "退款")
    assert state.messages < 1200
    assert 0.2 < usual(made, "快递") / state.messages < 0.3


def test_a_full_counter_halves_them_all() -> None:
    made = week(24)
    state = made.states[TENANT]
    for number in range(9000):
        say(made, 24 * HOUR + number * 0.1, "u", "快递")
    assert usual(made, "快递") / state.messages == pytest.approx(0.98, abs=0.02)


def test_a_message_goes_to_the_tenant_and_its_product() -> None:
    talk = Talk(product_id="sku-1")
    made = Run(NewTermBurst()).turns([talk.customer_says(1.0, "你好"), talk.customer_says(2.0, "蓝牙", "断连")])
    assert {scope.kind: len(state.live) for scope, state in made.states.items()} == {"tenant": 1, "product_id": 1}


def test_only_the_first_messages_of_a_customer_are_read() -> None:
    talk = Talk()
    made = Run(NewTermBurst()).turns(talk.customer_says(float(at), "蓝牙", "断连") for at in range(5))
    assert len(made.states[TENANT].live) == 3


def test_a_busy_scope_keeps_its_last_messages() -> None:
    made = Run(NewTermBurst())
    for number in range(300):
        say(made, float(number), f"u-{number}", *USUAL[0])
    assert (len(made.states[TENANT].live), made.states[TENANT].messages) == (128, 172)
