"""What the stage of windows remembers of declared campaigns."""

from __future__ import annotations

from alerts.declared_campaign import DeclaredCampaign
from alerts.maintenance import CAMPAIGNS_KEPT, Maintenance


def kept(step: Maintenance) -> set[str]:
    return {key for key, _ in step.kept["campaigns"].items()}


def test_of_one_tenant_so_many_campaigns_are_remembered_and_what_ends_first_is_forgotten() -> None:
    step = Maintenance()
    step.declare(DeclaredCampaign("other", "c", 0.0, 1.0), 0.0)
    for number in range(CAMPAIGNS_KEPT + 20):
        step.declare(DeclaredCampaign("acme", f"c-{number}", 0.0, 1000.0 - number), 0.0)
    assert kept(step) == {"other/c", *(f"acme/c-{number}" for number in range(CAMPAIGNS_KEPT))}


def test_a_campaign_is_forgotten_when_it_ends_and_one_that_has_ended_is_not_remembered() -> None:
    step = Maintenance()
    step.declare(DeclaredCampaign("acme", "over", 0.0, 5.0), 5.0)
    step.declare(DeclaredCampaign("acme", "runs", 0.0, 60.0), 5.0)
    assert (kept(step), step.due()) == ({"acme/runs"}, 60.0)
    step.tick(60.0)
    assert (kept(step), step.due()) == (set(), None)


def test_declared_again_a_campaign_is_what_was_said_last() -> None:
    step = Maintenance()
    for until in (60.0, 90.0):
        step.declare(DeclaredCampaign("acme", "c", 0.0, until), 0.0)
    assert step.due() == 90.0
