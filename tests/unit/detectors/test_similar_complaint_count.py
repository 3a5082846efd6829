from __future__ import annotations

import pytest

from detectors.base import Observation, Scope
from detectors.similar_complaint_count import SimilarComplaintCount, poisson_quantile, says_something
from detectors.similarity import cosine, grams, vectors, weakest_link
from tests.contract.detector_driver import DAY, HOUR, Run, Talk, restored, said

SKU = Scope("acme", (("issue_category", "quality"), ("product_id", "sku-1")))
ALIKE = ("耳机蓝牙老是断开", "蓝牙耳机又断连了", "这个耳机蓝牙总断", "耳机连着蓝牙没一会就断", "蓝牙断断续续,耳机没法用", "蓝牙连不上耳机")
APART = ("发票抬头写错了", "快递三天没有动静", "赠品没有收到", "屏幕有一道划痕", "充电器发热很厉害", "颜色和图片不一样")


def complain(run: Run, *texts: str, at: float = 0.0, customer: str | None = None, every: float = 60.0) -> Run:
    for number, text in enumerate(texts):
        time = at + number * every
        who = customer or f"u-{time}"
        run.learn(
            Observation(
                "similar_complaint_count", SKU, time, customer_id=who, conversation_id=f"c-{time}-{who}", event_id=f"e-{time}", excerpt=text
            )
        )
    return run


def count(run: Run, now: float) -> tuple[float, float]:
    reading = run.at(now, issue_category="quality", product_id="sku-1")
    return (reading.value, reading.n)


def fresh() -> Run:
    return Run(SimilarComplaintCount())


def test_similar_complaints_of_several_customers_are_counted() -> None:
    assert count(complain(fresh(), *ALIKE[:4]), 600.0) == (4, 4)


@pytest.mark.parametrize(("texts", "value"), [(4, 4), (5, 5), (6, 6)])
def test_the_fifth_similar_complaint_makes_five(texts: int, value: int) -> None:
    assert count(complain(fresh(), *ALIKE[:texts]), 600.0)[0] == value


def test_different_complaints_about_one_product_are_one_each() -> None:
    assert count(complain(fresh(), *APART), 600.0) == (1, 1)


def test_a_different_complaint_in_between_does_not_end_an_incident() -> None:
    run = complain(fresh(), *ALIKE[:3], APART[0])
    assert count(run, 600.0)[0] == 3
    assert count(complain(run, ALIKE[3], at=400.0), 600.0)[0] == 4


def test_a_larger_group_takes_the_lead() -> None:
    run = complain(fresh(), *ALIKE[:3])
    complain(run, "发票抬头写错了", "发票的抬头又写错了", "我的发票抬头错了", "发票抬头一直是错的", at=1000.0)
    reading = run.at(2000.0, issue_category="quality", product_id="sku-1")
    assert reading.value == 4
    assert "发票" in str(reading.variables["drivers"])


def test_a_customer_who_complains_again_counts_once() -> None:
    assert count(complain(fresh(), *ALIKE, customer="u-same"), 600.0) == (1, 1)


def test_five_in_a_row_from_two_customers_are_no_row() -> None:
    run = fresh()
    for number, text in enumerate(ALIKE[:5]):
        complain(run, text, at=number * 60.0, customer=f"u-{number % 2}")
    assert count(run, 600.0) == (2, 2)


def test_five_in_a_row_from_three_customers_are_five() -> None:
    run = fresh()
    for number, text in enumerate(ALIKE[:5]):
        complain(run, text, at=number * 60.0, customer=f"u-{number % 3}")
    assert count(run, 600.0) == (5, 3)


def test_a_conversation_is_one_complaint_its_first() -> None:
    run = fresh()
    for text in ("耳机蓝牙老是断开", "蓝牙耳机又断连了"):
        run.learn(Observation("x", SKU, 0.0, customer_id="u-1", conversation_id="c-1", excerpt=text))
    assert [known.text for known in run.states[SKU].live] == ["耳机蓝牙老是断开"]


@pytest.mark.parametrize(("later", "value"), [(DAY - 1, 5), (DAY, 4)])
def test_complaints_live_for_a_day(later: float, value: int) -> None:
    assert count(complain(fresh(), *ALIKE[:5]), later)[0] == value


def test_a_late_complaint_is_put_in_its_place() -> None:
    run = complain(fresh(), *ALIKE[:3], at=1000.0)
    complain(run, ALIKE[3], at=10.0)
    assert count(run, 2000.0)[0] == 4
    assert [known.time for known in run.states[SKU].live] == sorted(known.time for known in run.states[SKU].live)


def busy(per_day: int, days: int = 10) -> Run:
    """A scope that is used to so many different complaints a day."""
    run = fresh()
    for day in range(days):
        complain(run, *(APART[each % 6] for each in range(per_day)), at=day * DAY, every=HOUR)
    return run


@pytest.mark.parametrize(("per_day", "least"), [(0, 3), (1, 3), (3, 9)])
def test_the_guard_asks_for_more_where_complaints_are_usual(per_day: int, least: int) -> None:
    run = busy(per_day)
    guards = []
    for number in range(12):
        complain(run, ALIKE[number % 6], at=10 * DAY + number * 60.0)
        reading = run.at(10 * DAY + number * 60.0, issue_category="quality", product_id="sku-1")
        guards.append(reading.guard and reading.value >= 3)
    assert guards.index(True) + 1 == least


def test_the_usual_rate_is_learnt_from_whole_days() -> None:
    reading = busy(3).at(10 * DAY, issue_category="quality", product_id="sku-1")
    assert reading.baseline == pytest.approx(3 * 9 / 10)


def test_an_incident_raises_the_usual_rate_little() -> None:
    run = busy(1)
    complain(run, *(ALIKE[each % 6] for each in range(60)), at=10 * DAY)
    complain(run, APART[0], at=11 * DAY + HOUR)
    assert run.at(11 * DAY + HOUR, issue_category="quality", product_id="sku-1").baseline <= 1.5  # type: ignore[operator]


@pytest.mark.parametrize(("mean", "quantile"), [(0.5, 4), (1.0, 5), (2.0, 8), (5.0, 13), (1000.0, 1098)])
def test_the_quantile_of_a_poisson_count(mean: float, quantile: int) -> None:
    assert poisson_quantile(mean, 0.999) == quantile


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("你好",), False),
        (("您好", "在", "吗"), False),
        (("坏", "了"), False),
        (("耳机", "坏", "了"), True),
        (("hello", "there"), False),
        (("parcel", "never", "arrived"), True),
    ],
)
def test_a_greeting_says_nothing(tokens: tuple[str, ...], says: bool) -> None:
    assert says_something(said(*tokens)) is says


def test_a_filled_in_card_says_nothing() -> None:
    assert not says_something(said("咨询", "订单号", "[ORDERID_1]", "订单", "金额", "[金额x]", "下单", "时间", "[日期x]"))


def test_the_complaint_is_looked_for_in_the_first_messages_of_complaining_customers() -> None:
    talk, calm = Talk(category="quality", is_complaint=True), Talk("c-2", category="quality", is_complaint=False)
    greeting, complaint = talk.customer_says(0.0, "你好"), talk.customer_says(9.0, "耳机", "断连", "了")
    for at in range(3):
        last = talk.customer_says(20.0 + at, "还是", "不行", "啊")
    run = fresh().turns([greeting, complaint, last, calm.customer_says(0.0, "耳机", "断连", "了")])
    assert [known.text for state in run.states.values() for known in state.live] == ["耳机断连了"]
    assert not list(run.detector.observe(last))


def test_the_alert_says_what_they_have_in_common() -> None:
    run = complain(fresh(), "退款一直不到账", "我的退款不到账", "退款怎么还不到账")
    reading = run.at(600.0, issue_category="quality", product_id="sku-1")
    assert "不到账" in str(reading.variables["drivers"])
    assert (reading.variables["issue"], reading.variables["w"], reading.variables["customers"]) == ("quality", 24, 3)
    assert [piece.excerpt for piece in reading.evidence] == ["退款一直不到账", "我的退款不到账", "退款怎么还不到账"]


def test_an_unknown_product_leaves_the_category() -> None:
    talk = Talk(category="refund.slow", is_complaint=True)
    assert [scope.kind for scope in fresh().turns([talk.customer_says(0.0, "退款", "太慢", "了")]).states] == ["issue_category"]


def test_a_rare_scope_is_forgotten_and_a_busy_one_kept() -> None:
    detector = SimilarComplaintCount()
    rare, often = complain(fresh(), ALIKE[0]).states[SKU], busy(3).states[SKU]
    assert [detector.expired(rare, now) for now in (DAY, DAY + 1)] == [False, True]
    assert not detector.expired(often, 12 * DAY)
    assert detector.expired(restored(often), 90 * DAY)


def test_similar_english_complaints_are_found_too() -> None:
    texts = ("headphones keep losing bluetooth", "bluetooth headphones keep disconnecting", "my headphones lose bluetooth all day")
    assert count(complain(fresh(), *texts), 600.0)[0] == 3


def test_common_words_make_nothing_similar() -> None:
    assert cosine(*vectors(["请问我的发票", "请问我的快递"])) < 0.35 < cosine(*vectors(["请问我的发票", "怎么没有发票"]))


def test_texts_without_words_are_similar_to_nothing() -> None:
    assert grams("！！！") == ()
    assert cosine(*vectors(["!!!", "耳机断连"])) == 0
    assert weakest_link(vectors(["!!!", "耳机断连"])) == 0
