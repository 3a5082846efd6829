from __future__ import annotations

from typing import Any

import msgspec
import pytest

from alerts.alert import Alert
from alerts.route import Route
from alerts.stage import Batch, Drop, Notice, pages_of, run_steps, step_class
from tests.unit.alerts.samples import alert


def notice(found: Alert) -> Notice:
    return Notice(found, {"id": found.event_id, "data": {"dimension": "structure"}})


def routed(found: Alert, *routes: dict[str, Any]) -> Batch:
    step = Route(Route.Params.model_validate({"routes": list(routes)}))
    return run_steps([step], Batch([notice(found)]), 0.0)


def receivers(found: Alert, *routes: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for each in routed(found, *routes).notices for name in each.receivers)


@pytest.mark.parametrize(("tier", "expected"), [(1, ()), (2, ()), (3, ("ops",)), (4, ("ops",))])
def test_a_route_wants_its_least_tier_and_what_is_above(tier: int, expected: tuple[str, ...]) -> None:
    assert receivers(alert(tier), {"receivers": "ops", "min_tier": "orange"}) == expected


def test_labels_must_all_match() -> None:
    match = {"indicator": ["data_leak_signal", "queue_length"], "queue_id": "q-logi", "dimension": "structure", "tenant_id": "acme"}
    assert receivers(alert(), {"receivers": "ops", "match": match}) == ("ops",)
    assert receivers(alert(), {"receivers": "ops", "match": {**match, "queue_id": "q-other"}}) == ()
    assert receivers(alert(), {"receivers": "ops", "match": {"agent_id": "a-1"}}) == ()


def test_every_route_that_matches_adds_its_receivers_once() -> None:
    routes = [{"receivers": ["ops", "team"]}, {"receivers": ["night", "ops"]}]
    assert receivers(alert(), *routes) == ("ops", "team", "night")


def test_a_fall_is_told_to_the_tier_that_was_left() -> None:
    fallen = msgspec.structs.replace(alert(4), tier=2, previous_tier=4, state="updated")
    assert receivers(fallen, {"receivers": "crisis", "min_tier": "red"}) == ("crisis",)
    lower = msgspec.structs.replace(fallen, tier=1, previous_tier=2)
    assert receivers(lower, {"receivers": "crisis", "min_tier": "red"}) == ()


def test_the_end_is_told_to_all_who_were_ever_concerned() -> None:
    ended = msgspec.structs.replace(alert(4), tier=1, previous_tier=1, state="resolved", resolved_at=9.0)
    assert receivers(ended, {"receivers": "crisis", "min_tier": "red"}) == ("crisis",)


def test_what_no_route_wants_is_dropped_with_its_reason() -> None:
    batch = routed(alert(1), {"receivers": "ops", "min_tier": "red"})
    assert batch == Batch([], [Drop(alert(1).event_id, "route", "no_route")])


def test_drops_of_earlier_steps_stay() -> None:
    earlier = Drop("x:1", "silence", "silenced")
    assert Route(Route.Params())(Batch(drops=[earlier]), 0.0).drops == [earlier]


def test_a_page_is_made_for_each_receiver() -> None:
    found = alert(4)
    first, second = pages_of(routed(found, {"receivers": ["ops", "night"]}), now=7.0)
    assert (first.receiver, second.receiver) == ("ops", "night")
    assert (first.event_id, first.tenant, first.tier, first.state, first.created) == (f"{found.id}:1", "acme", "red", "raised", 7.0)
    assert msgspec.json.decode(first.body)["id"] == found.event_id


@pytest.mark.parametrize("name", ["book", "nothing", "os", "Route", "../route", "stage"])
def test_only_a_step_can_be_a_step(name: str) -> None:
    with pytest.raises(LookupError, match="there is no stage"):
        step_class(name)
