"""The alert stage owns the alerts: what it publishes, where, and what it remembers."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec

from alerts.decide import Change
from alerts.page import Page
from alerts.stage import AlertStageStep, Batch, Drop, Notice
from detectors.base import Chain, Reading, Scope
from streams.alert_stage import KEEP_S, AlertStage
from streams.batches import Item, ItemBatch, encode
from streams.stage import Send
from streams.topics import ALERT_STATE, ALERTS, OUTBOX
from tests.unit.streams.fakes import PlainDecider, wiring

QUEUE = Scope("acme", (("queue_id", "q-a"),))


class ToOps(AlertStageStep):
    """Everything but blue goes to ops."""

    name = "to_ops"

    def __call__(self, batch: Batch, now: float) -> Batch:
        wanted = [Notice(each.alert, each.event, ("ops",)) for each in batch.notices if each.alert.tier > 1]
        drops = [Drop(each.alert.event_id, self.name, "blue") for each in batch.notices if each.alert.tier <= 1]
        return Batch(wanted, drops)


class Desk:
    """One partition of the stage, fed by a conversation and a scope partition."""

    def __init__(self, stage: AlertStage | None = None) -> None:
        self.stage = stage or AlertStage(0, wiring(steps=[ToOps()]))
        self.log: dict[bytes, bytes] = {}
        self.seq = 0
        self.counts: dict[tuple[str, ...], float] = {}

    def give(self, *changes: tuple[float, int, int], indicator: str = "waiting", since: float | None = None) -> list[Send]:
        """Changes as (at, tier, previous tier); both sources have come as far as the last one."""
        items = [
            Item(at, "s", f"e{at}", 0, change=Change(Reading(at, 1.0, indicator=indicator, scope=QUEUE), tier, before, since or at))
            for at, tier, before in changes
        ]
        self.seq += 1
        last = max(at for at, _, _ in changes) + 1
        return self._take(ItemBatch("s0", 0, last, 0.0)) + self._take(ItemBatch("c0", self.seq, last, 0.0, items=items))

    def pass_time(self, until: float) -> list[Send]:
        return self._take(ItemBatch("s0", 0, until, 0.0)) + self._take(ItemBatch("c0", 0, until, 0.0))

    def restart(self) -> Desk:
        stage = AlertStage(0, wiring(steps=[ToOps()]))
        stage.restore(self.log.items())
        again = Desk(stage)
        again.log, again.seq = dict(self.log), self.seq
        return again

    def _take(self, batch: ItemBatch) -> list[Send]:
        effects = self.stage.process(encode(batch))
        self.counts.update(effects.counts)
        for key, value in self.stage.changes():
            if value is None:
                self.log.pop(key, None)
            else:
                self.log[key] = value
        return effects.sends


def where(sends: list[Send]) -> list[str]:
    return [send.topic for send in sends]


def test_a_change_goes_to_all_alerts_to_the_state_and_to_the_topics_of_the_tiers_it_touches() -> None:
    desk = Desk()
    assert where(desk.give((10.0, 4, 0))) == [ALERTS, ALERT_STATE, "fenghuo.alerts.red.v1", OUTBOX]
    lower = desk.give((20.0, 2, 4), since=10.0)
    assert where(lower) == [ALERTS, ALERT_STATE, "fenghuo.alerts.yellow.v1", "fenghuo.alerts.red.v1", OUTBOX]
    assert {send.key for send in lower if send.topic != OUTBOX} == {b"acme/waiting|queue=q-a"}


def test_the_steps_of_the_policy_decide_who_is_paged_and_drops_are_counted_by_reason() -> None:
    desk = Desk()
    assert OUTBOX not in where(desk.give((10.0, 1, 0)))
    assert desk.counts["drops_total", "to_ops", "blue"] == 1
    page = desk.give((20.0, 3, 1), since=10.0)[-1]
    assert page.topic == OUTBOX
    assert msgspec.json.decode(page.value or b"", type=Page).receiver == "ops"


def test_a_change_read_again_after_a_crash_changes_nothing() -> None:
    desk = Desk()
    desk.give((10.0, 2, 0))
    again = desk.restart()
    again.seq -= 1
    assert again.give((10.0, 2, 0)) == []


def test_open_alerts_go_on_after_a_restart_with_their_identity_and_are_counted() -> None:
    desk = Desk()
    first = json.loads(desk.give((10.0, 2, 0))[0].value or b"")["id"]
    again = desk.restart()
    second = json.loads(again.give((20.0, 0, 2), since=10.0)[0].value or b"")["id"]
    assert (first.split(":")[0], first[-2:], second[-2:]) == (second.split(":")[0], ":1", ":2")
    assert again.counts["open_alerts", "yellow", "waiting"] == 0


def test_an_alert_that_ended_is_deleted_from_the_state_topic_a_week_later() -> None:
    desk = Desk()
    desk.give((10.0, 2, 0))
    desk.give((20.0, 0, 2), since=10.0)
    assert desk.pass_time(19.9 + KEEP_S) == []
    assert desk.restart().pass_time(20.0 + KEEP_S) == [Send(ALERT_STATE, None, b"acme/waiting|queue=q-a", 0)]


def test_an_alert_that_burns_again_within_the_week_is_not_deleted() -> None:
    desk = Desk()
    desk.give((10.0, 2, 0))
    desk.give((20.0, 0, 2), since=10.0)
    desk.give((30.0, 2, 0))
    assert desk.pass_time(100.0 + KEEP_S) == []


def test_an_open_alert_of_an_indicator_the_policy_no_longer_has_is_forgotten() -> None:
    class Without(PlainDecider):
        def levels(self, *_: object) -> tuple[None, None, None, None]:
            return (None, None, None, None)

    desk = Desk()
    desk.give((10.0, 2, 0))
    stage = AlertStage(0, replace(desk.stage.wiring, decider=Without([])))
    stage.restore(desk.log.items())
    again = Desk(stage)
    assert again.pass_time(12.0) == [Send(ALERT_STATE, None, b"acme/waiting|queue=q-a", 0)]
    assert b"a/acme/waiting|queue=q-a" not in again.log


def test_a_change_waits_until_every_source_has_come_as_far() -> None:
    desk = Desk()
    item = Item(10.0, "s", "e", 0, change=Change(Reading(10.0, 1.0, indicator="waiting", scope=QUEUE), 2, 0, 10.0))
    assert desk._take(ItemBatch("c0", 1, 50.0, 0.0, items=[item])) == []
    assert desk.restart()._take(ItemBatch("s0", 0, 50.0, 0.0)) != []


def chained(desk: Desk, at: float, stage: int, previous: int) -> list[Send]:
    """The chain of the queue comes to a stage."""
    reading = Reading(at, float(stage), indicator="propagation_stage", scope=QUEUE, chain=Chain(stage, "complaint_rate", at + 11_520))
    item = Item(at, "s", f"chain{at}", 0, change=Change(reading, stage, previous, 0.0))
    desk.seq += 1
    return desk._take(ItemBatch("s0", 0, at + 1, 0.0)) + desk._take(ItemBatch("c0", desk.seq, at + 1, 0.0, items=[item]))


def tiers(sends: list[Send]) -> list[tuple[int, str]]:
    return [(event["tier"], event["state"]) for event in (json.loads(each.value or b"{}") for each in sends if each.topic == ALERTS)]


def test_a_chain_at_its_second_stage_raises_the_queues_alerts_and_lowers_them_when_it_ends() -> None:
    desk = Desk()
    desk.give((10.0, 2, 0))
    assert tiers(chained(desk, 20.0, 1, 0)) == [(1, "raised")]
    assert tiers(chained(desk, 30.0, 2, 1)) == [(2, "updated"), (3, "updated")]
    assert tiers(chained(desk, 40.0, 0, 2)) == [(2, "resolved"), (2, "updated")]


def test_what_begins_or_rises_under_a_chain_is_raised_at_once_and_ends_as_always() -> None:
    desk = Desk()
    chained(desk, 10.0, 2, 0)
    assert tiers(desk.give((20.0, 1, 0))) == [(1, "raised"), (2, "updated")]
    assert tiers(desk.give((30.0, 3, 1), since=20.0)) == [(4, "updated")]
    assert tiers(desk.give((40.0, 4, 3), since=20.0)) == [(4, "updated")]
    assert tiers(desk.give((50.0, 0, 4), since=20.0)) == [(4, "resolved")]


def test_a_chain_goes_on_lifting_after_a_restart() -> None:
    desk = Desk()
    chained(desk, 10.0, 2, 0)
    again = desk.restart()
    assert tiers(again.give((20.0, 1, 0))) == [(1, "raised"), (2, "updated")]
    assert again.counts["open_alerts", "yellow", "waiting"] == 1
