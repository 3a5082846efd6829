from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from alerts.alert import Alert
from alerts.bundle import LISTED, Bundles
from alerts.group import Group
from alerts.stage import Batch, NoDesk, Notice, pages_of
from detectors.base import Scope
from tests.unit.alerts.samples import alert


def numbered(number: int, tier: int = 2) -> Notice:
    found = alert(tier)
    made = replace(found, id=f"{number:032}", key=f"queue_length|queue=q-{number}", scope=Scope("acme", (("queue_id", f"q-{number}"),)))
    return Notice(made, present(made), ("ops",))


def present(found: Alert) -> dict[str, Any]:
    return {"id": found.event_id, "data": {"dimension": "structure", "title": {"zh": f"{found.key} 排队", "en": f"{found.key} waits"}}}


class Desk(NoDesk):
    def present(self, alert: Alert) -> dict[str, Any]:
        return present(alert)


def test_a_page_of_many_lists_the_highest_and_counts_the_rest() -> None:
    bundles = Bundles()
    for number in range(1000):
        bundles.add("g", "ops", numbered(number, 4 if number == 777 else 2), 0.0)
    notice = bundles.flush("g", Desk(), 1.0)
    group = notice.event["data"]["group"]
    assert (group["open"], group["ended"], group["more"], len(group["alerts"])) == (1000, 0, 1000 - LISTED, LISTED)
    assert group["alerts"][0]["alert_key"] == "queue_length|queue=q-777"
    assert notice.event["data"]["title"]["en"] == "queue_length|queue=q-777 waits (1000 alerts)"
    (page,) = pages_of(Batch([notice]), 1.0)
    assert (page.tier, page.revision, page.alert_id) == ("red", 1, group["id"])
    assert len(page.body) < 16_000


def test_a_group_that_is_over_and_begins_anew_has_another_id() -> None:
    bundles = Bundles()
    ids = []
    for since in (0.0, 100.0):
        raised = numbered(1)
        raised.alert = replace(raised.alert, id=f"{since:032}")
        bundles.add("g", "ops", raised, since)
        ids.append(bundles.flush("g", Desk(), since).event_id)
        ended = replace(raised.alert, revision=2, state="resolved", resolved_at=since + 1)
        bundles.add("g", "ops", Notice(ended, present(ended)), since + 1)
        assert bundles.flush("g", Desk(), since + 2).event_id == ids[-1].replace(":1", ":2")
        assert bundles.get("g") is None
    assert ids[0] != ids[1]


def test_groups_of_tenants_receivers_and_labels_are_apart() -> None:
    group = Group(Group.Params.model_validate({"group": [{"by": ["queue_id"], "wait_s": 10}]})).at(Desk())
    one, other = numbered(1), numbered(1)
    other.alert = replace(other.alert, id="x" * 32, scope=Scope("globex", (("queue_id", "q-1"),)))
    one.receivers = ("ops", "log")
    group(Batch([one, other]), 0.0)
    assert sorted((each.alert.scope.tenant, each.receivers) for each in group.tick(10.0).notices) == [
        ("acme", ("log",)),
        ("acme", ("ops",)),
        ("globex", ("ops",)),
    ]


def test_a_bundle_survives_a_restart_as_bytes() -> None:
    group = Group(Group.Params.model_validate({"group": [{"by": ["indicator"], "wait_s": 10}]})).at(Desk())
    group(Batch([numbered(1), numbered(2)]), 0.0)
    again = Group(group.params).at(Desk())
    for name, data in reversed([*group.changes()]):
        assert data is not None
        assert again.restore(name, data)
    again.started()
    assert again.due() == 10.0
    first, second = group.tick(10.0).notices[0], again.tick(10.0).notices[0]
    assert msgspec.json.encode(first.event) == msgspec.json.encode(second.event)
