"""Escalations while partitions move: the worker that has them is killed, and another one goes on."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks import _delivery_rebalance
from tests.integration.driver import Site

pytestmark = pytest.mark.integration

QUEUES = 6


def test_no_step_of_an_escalation_is_taken_twice_or_left_out_when_its_worker_is_killed(site: Site) -> None:
    asyncio.run(site.with_layout(_delivery_rebalance.LAYOUT))
    found = asyncio.run(_delivery_rebalance.measure(1, site.bootstrap, queues=QUEUES))["killed"]
    steps = QUEUES * (_delivery_rebalance.STEPS + 1)
    assert found["idempotent"] == {1: steps}
    assert (found["missing"], found["disordered"], found["strange"]) == (0, 0, 0)
    assert found["moved"] == _delivery_rebalance.LAYOUT.alerts
