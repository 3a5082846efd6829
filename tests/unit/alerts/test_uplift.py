from __future__ import annotations

import pytest

from alerts.alert import Alert
from alerts.uplift import CHAIN, chain_of, own_tier, uplift
from detectors.base import Reading, Scope

NOW = 50.0


def alert(indicator: str, tier: int, value: float = 1.0, tenant: str = "acme", **keys: str) -> Alert:
    scope = Scope(tenant, tuple(keys.items()))
    return Alert(indicator, indicator, 1, "raised", indicator, scope, tier, 0, tier, 0.0, 0.0, 0.0, Reading(0.0, value), threshold=1.0)


def chain(stage: float, tenant: str = "acme", **keys: str) -> Alert:
    return alert(CHAIN, int(stage), stage, tenant, **(keys or {"queue_id": "q-1"}))


@pytest.mark.parametrize(("stage", "tiers"), [(1, []), (2, [3]), (3, [3]), (4, [3])])
def test_004_05_from_stage_2_on_the_queues_open_alerts_rise_by_one_tier(stage: int, tiers: list[int]) -> None:
    found = uplift([alert("queue_length", 2, queue_id="q-1")], [chain(stage)], NOW)
    assert [each.tier for each in found] == tiers


def test_a_lifted_alert_is_a_revision_of_the_same_alert() -> None:
    before = alert("queue_length", 2, queue_id="q-1")
    (lifted,) = uplift([before], [chain(2)], NOW)
    assert (lifted.id, lifted.revision, lifted.state) == (before.id, 2, "updated")
    assert (lifted.tier, lifted.previous_tier, lifted.max_tier, lifted.updated_at) == (3, 2, 3, NOW)
    assert (lifted.reading, lifted.threshold, lifted.since, own_tier(lifted)) == (before.reading, 1.0, before.since, 2)


def test_a_product_or_a_narrower_scope_of_the_queue_is_lifted_too() -> None:
    product, narrow = alert("refund_rate_surge", 1, product_id="sku-1"), alert("x", 1, issue_category="refund", queue_id="q-1")
    found = uplift([product, narrow], [chain(2, product_id="sku-1"), chain(2)], NOW)
    assert [each.tier for each in found] == [2, 2]


def test_nobody_elses_alert_is_lifted() -> None:
    others = [
        alert("queue_length", 2, queue_id="q-2"),
        alert("queue_length", 2, tenant="other", queue_id="q-1"),
        alert("volume_ratio_3h", 2),
        alert("hangup_rate", 2, agent_id="q-1"),
        chain(2),
    ]
    assert uplift(others, [chain(4)], NOW) == []


def test_red_is_the_highest() -> None:
    assert uplift([alert("queue_length", 4, queue_id="q-1")], [chain(4)], NOW) == []


def test_the_same_chains_twice_change_nothing() -> None:
    lifted = uplift([alert("queue_length", 1, queue_id="q-1")], [chain(2)], NOW)
    assert uplift(lifted, [chain(3)], NOW + 1) == []


@pytest.mark.parametrize("chains", [[], [chain(1)]])
def test_when_the_chain_falls_back_so_does_the_alert(chains: list[Alert]) -> None:
    lifted = uplift([alert("queue_length", 3, queue_id="q-1")], [chain(2)], NOW)
    (fallen,) = uplift(lifted, chains, NOW + 60)
    assert (fallen.tier, fallen.previous_tier, fallen.max_tier, fallen.uplift, fallen.revision) == (3, 4, 4, 0, 3)


def test_what_has_ended_lifts_nothing_and_is_not_lifted() -> None:
    ended = chain(3)
    ended.resolved_at = NOW
    burning = alert("queue_length", 1, queue_id="q-1")
    assert chain_of(burning, [ended]) is None
    burning.resolved_at = NOW
    assert uplift([burning], [chain(2)], NOW) == []
