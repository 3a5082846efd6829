from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.data_leak_signal import DataLeakSignal
from tests.contract.detector_driver import DAY, Run, Talk


def report(at: float, customer: str, product: str | None = None, conversation: str | None = None) -> Turn:
    talk = Talk(conversation or f"c-{customer}", customer=customer, product_id=product)
    return talk.customer_says(at, "我", "的", "信息", "泄露", "了", data_leak=("信息泄露",))


def test_one_customer_is_one_however_often_they_say_it() -> None:
    run = Run(DataLeakSignal()).turns([report(0.0, "u-1"), report(5.0, "u-1"), report(9.0, "u-1", conversation="c-x")])
    assert run.at(10.0).value == 1


def test_two_customers_are_two() -> None:
    assert Run(DataLeakSignal()).turns([report(0.0, "u-1"), report(5.0, "u-2")]).at(10.0).value == 2


@pytest.mark.parametrize(("later", "customers"), [(DAY - 1, 2), (DAY, 1)])
def test_they_count_for_a_day(later: float, customers: int) -> None:
    assert Run(DataLeakSignal()).turns([report(0.0, "u-1"), report(5.0, "u-2")]).at(later).value == customers


def test_the_product_has_its_own_count() -> None:
    run = Run(DataLeakSignal()).turns([report(0.0, "u-1", "sku-1"), report(5.0, "u-2", "sku-2")])
    assert run.at(10.0).value == 2
    assert run.at(10.0, product_id="sku-1").value == 1
    assert run.at(10.0, product_id="sku-1").variables == {"scope": "sku-1", "customers": 1, "first_seen": 0.0}


@pytest.mark.parametrize(
    ("category", "complaint", "hit"), [("account.leak", True, True), ("account.leak", False, False), ("account.login", True, False)]
)
def test_a_complaint_classified_as_a_leak_is_a_hit_without_words(category: str, complaint: bool, hit: bool) -> None:
    talk = Talk(category=category, is_complaint=complaint)
    assert bool(Run(DataLeakSignal()).turns([talk("conversation.opened", 0.0)]).states) is hit


def test_the_same_words_from_an_agent_are_no_report() -> None:
    assert not Run(DataLeakSignal()).turns([Talk().agent_says(0.0, "信息", "泄露", hits={"data_leak": ("信息泄露",)})]).states


def test_words_are_better_evidence_than_a_category() -> None:
    talk = Talk(category="account.leak", is_complaint=True)
    run = Run(DataLeakSignal()).turns([report(float(at), f"u-{at}") for at in range(3)])
    run.turns([talk("conversation.opened", 9.0)])
    assert [piece.excerpt for piece in run.at(10.0).evidence] == ["我的信息泄露了"] * 3


def test_late_news_of_a_customer_does_not_make_them_older() -> None:
    run = Run(DataLeakSignal()).turns([report(100.0, "u-1"), report(40.0, "u-1")])
    assert run.at(DAY + 50.0).value == 1


def taken(at: float, customer: str) -> Turn:
    return Talk(f"c-{customer}", customer=customer, product_id="sku-1").customer_says(
        at, "账户", "被", "黑客", "入侵", "了", account_theft=("账户被黑客入侵",)
    )


def test_accounts_taken_over_are_one_however_many_and_of_no_product() -> None:
    run = Run(DataLeakSignal()).turns([taken(float(at), f"u-{at}") for at in range(3)])
    assert (run.at(10.0).value, run.at(10.0).variables["first_seen"]) == (1, 2.0)
    assert [scope.kind for scope in run.states] == ["tenant"]
    assert [piece.excerpt for piece in run.at(10.0).evidence] == ["账户被黑客入侵了"] * 3


def test_an_account_taken_over_does_not_make_one_leak_two() -> None:
    assert Run(DataLeakSignal()).turns([report(0.0, "u-1"), taken(5.0, "u-2")]).at(10.0).value == 1


@pytest.mark.parametrize(("later", "value"), [(DAY - 1, 1), (DAY, 0)])
def test_an_account_taken_over_counts_for_a_day(later: float, value: int) -> None:
    run = Run(DataLeakSignal()).turns([taken(0.0, "u-1")])
    assert run.at(later).value == value
    assert not run.detector.idle(next(iter(run.states.values())), later - 1)
    assert run.detector.idle(next(iter(run.states.values())), DAY + 1)
