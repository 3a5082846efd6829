from __future__ import annotations

import pytest

from detectors.compliance_rate import ComplianceRate
from detectors.event import Agent
from tests.contract.detector_driver import Run, Talk


def run(broken: int, kept: int, team: str | None = "t-1") -> Run:
    agent = Agent("a-1", "human", team)
    checks = [True] * broken + [False] * kept
    return Run(ComplianceRate()).turns(Talk(f"c-{n}")("qa.scored", n, agent=agent, data={"critical": bad}) for n, bad in enumerate(checks))


@pytest.mark.parametrize(("broken", "value"), [(19, 0.81), (18, 0.82)])
def test_001_19_checks_without_a_critical_violation(broken: int, value: float) -> None:
    reading = run(broken, 100 - broken).at(300.0, team_id="t-1")
    assert (reading.value, reading.n) == (value, 100)


def test_without_a_team_it_is_the_tenants() -> None:
    assert run(1, 3, None).at(300.0).value == 0.75


def test_a_check_that_says_nothing_of_violations_is_not_counted() -> None:
    assert Run(ComplianceRate()).turns([Talk()("qa.scored", 0.0, data={"errors": []})]).states == {}
