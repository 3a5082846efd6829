from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.event import Metric
from detectors.refund_rate_surge import RefundRateSurge
from tests.contract.detector_driver import DAY, HOUR, Run, Talk

MONDAY = 1_789_920_000.0 - 8 * HOUR
"""2026-09-21, midnight in Shanghai."""


def report(at: float, refunds: float, orders: float | None = 400.0, product: str | None = "sku-1") -> Turn:
    return Talk("x")("refund.metric", at, conversation=None, metric=Metric("refunds", product, 3600.0, refunds, None, orders))


def days(made: Run, first: int, last: int, refunds: float, orders: float | None = 400.0) -> Run:
    """A report at the end of each hour."""
    return made.turns(report(MONDAY + hour * HOUR, refunds, orders) for hour in range(first * 24 + 1, last * 24 + 1))


@pytest.mark.parametrize(("refunds", "surge"), [(51.0, 0.275), (52.0, 0.3)])
def test_004_02_thirty_percent_more_refunds_than_on_the_same_days(refunds: float, surge: float) -> None:
    made = days(days(Run(RefundRateSurge()), 0, 8, 40.0), 8, 9, refunds)
    reading = made.at(MONDAY + 9 * DAY - 1, product_id="sku-1")
    assert (round(reading.value, 6), reading.n, reading.guard) == (surge, 24 * refunds, True)
    assert reading.variables["pct"] == pytest.approx(100 * surge, abs=0.1)


def test_the_same_day_of_the_week_is_what_it_is_compared_with() -> None:
    made = Run(RefundRateSurge())
    for week in range(4):
        days(days(made, 7 * week, 7 * week + 5, 40.0), 7 * week + 5, 7 * week + 7, 52.0)
    saturday = days(days(made, 28, 33, 40.0), 33, 34, 52.0)
    assert saturday.at(MONDAY + 34 * DAY - 1, product_id="sku-1").value < 0.1


def test_the_incident_is_not_what_it_is_compared_with() -> None:
    made = days(days(Run(RefundRateSurge()), 0, 8, 40.0), 8, 10, 80.0)
    assert made.at(MONDAY + 10 * DAY - 1, product_id="sku-1").value == pytest.approx(1.0, abs=0.01)


def test_few_refunds_and_young_baselines_are_guarded() -> None:
    few = days(days(Run(RefundRateSurge()), 0, 8, 1.0), 8, 9, 1.5)
    assert few.at(MONDAY + 9 * DAY - 1, product_id="sku-1").guard is False
    young = days(days(Run(RefundRateSurge()), 0, 1, 40.0), 1, 2, 80.0)
    assert young.at(MONDAY + 2 * DAY - 1, product_id="sku-1").guard is False


def test_sales_stand_for_orders_that_are_not_told() -> None:
    made = days(Run(RefundRateSurge()), 0, 8, 40.0, None)
    sold = Talk("x")("sale.metric", MONDAY, conversation=None, metric=Metric("orders", "sku-1", 3600.0, 400.0))
    assert next(iter(made.detector.observe(sold))).terms == ("sales",)
    assert made.at(MONDAY + 8 * DAY - 1, product_id="sku-1").guard is False


def test_what_names_no_product_is_the_tenants() -> None:
    assert [scope.kind for scope in Run(RefundRateSurge()).turns([report(MONDAY, 1.0, product=None)]).states] == ["tenant"]
