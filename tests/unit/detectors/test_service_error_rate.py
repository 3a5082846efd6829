from __future__ import annotations

import pytest

from detectors.event import Agent
from detectors.service_error_rate import ServiceErrorRate
from tests.contract.detector_driver import Run, Talk


def run(wrong: int, right: int) -> Run:
    checks = [["price"]] * wrong + [[]] * right
    agent = Agent("a-1", "human", "t-1")
    return Run(ServiceErrorRate()).turns(
        Talk(f"c-{n}")("qa.scored", n, agent=agent, data={"errors": each}) for n, each in enumerate(checks)
    )


@pytest.mark.parametrize(("wrong", "value"), [(2, 0.002), (3, 0.003)])
def test_001_27_checks_with_a_wrong_answer(wrong: int, value: float) -> None:
    made = run(wrong, 1000 - wrong)
    for keys in ({"agent_id": "a-1"}, {"team_id": "t-1"}):
        reading = made.at(1200.0, **keys)
        assert (reading.value, reading.n) == (value, 1000)


def test_002_11_a_check_that_lists_no_errors_at_all_is_not_counted() -> None:
    assert Run(ServiceErrorRate()).turns([Talk()("qa.scored", 0.0, data={"critical": True})]).states == {}
