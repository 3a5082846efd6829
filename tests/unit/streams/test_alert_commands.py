"""Commands, timers and stages in the alert stage: when they happen, what is written, what comes back after a crash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from alerts.alert import Alert, alert_id
from alerts.book import AlertBook
from alerts.command import Command
from alerts.decide import Change
from alerts.silence import Silence
from detectors.base import Reading, Scope
from streams.alert_stage import AlertStage
from streams.batches import Item, ItemBatch
from tests.scenario.watch import Watch, steps_of

QUEUE = Scope("acme", (("queue_id", "q-a"),))
ROUTED: dict[str, Any] = {"routes": [{"receivers": "ops"}]}


def burning(policy: dict[str, Any] | None = None, tier: int = 3) -> Watch:
    """A watch with one alert, lit at 0; both sources have come to 10."""
    watch = Watch(policy or ROUTED)
    watch.feed([watch.change(0.0, "q-a", tier)], 10.0)
    return watch


def command(kind: Any, at: float, **more: Any) -> Command:
    given: dict[str, Any] = {"id": f"{kind}-{at}", "tenant": "acme", "by": "li", "alert_id": alert_id("queue_length", QUEUE, 0.0), **more}
    return Command(kind=kind, at=at, **given)


def states(watch: Watch) -> list[str]:
    return [event["data"]["state"] for event in watch.events.values()]


def test_while_history_is_read_a_command_waits_for_its_own_time() -> None:
    watch = burning()
    watch.command(command("acknowledge", 60.0))
    assert states(watch) == ["raised"]
    watch.feed([watch.change(50.0, "q-a", 4)], 59.0)
    assert states(watch) == ["raised", "updated"]
    watch.feed([], 61.0)
    assert states(watch) == ["raised", "updated", "acknowledged"]


def test_a_command_that_waits_is_there_after_a_restart() -> None:
    watch = burning()
    watch.command(command("acknowledge", 60.0))
    watch.restart()
    watch.feed([], 61.0)
    assert states(watch) == ["raised", "acknowledged"]
    assert not [key for key in watch.log if key.startswith(b"cmd/wait")]


def test_a_fire_of_the_past_that_burns_now_is_acknowledged_at_once_and_one_that_does_not_burn_yet_at_its_time() -> None:
    watch = burning()
    watch.command(command("acknowledge", 30_000.0))
    assert states(watch) == ["raised", "acknowledged"]
    early = Watch(ROUTED)
    early.command(command("acknowledge", 30_000.0))
    early.feed([early.change(0.0, "q-a", 3)], 29_999.0)
    assert states(early) == ["raised"]
    early.feed([], 30_001.0)
    assert states(early) == ["raised", "acknowledged"]


@pytest.mark.parametrize("how", ["live", "idle"])
def test_live_and_at_the_end_of_a_stream_a_command_is_carried_out_at_once(how: str) -> None:
    watch = burning()
    for origin in ("s0", "c0"):
        watch.take(ItemBatch(origin, 0, 20.0, 20.0, live=how == "live", idle=how == "idle"))
    watch.command(command("resolve", 5000.0))
    assert states(watch)[-1] == "resolved"


def test_a_command_read_again_after_a_crash_is_known_by_its_offset() -> None:
    watch = burning()
    watch.command(command("acknowledge", 20.0))
    watch.feed([], 30.0)
    watch.restart()
    watch._offset -= 1
    watch.command(command("resolve", 21.0, id="another"))
    watch.feed([], 40.0)
    assert states(watch) == ["raised", "acknowledged"]


def test_an_alert_of_another_tenant_is_out_of_reach() -> None:
    watch = burning()
    watch.command(command("resolve", 20.0, tenant="globex"))
    watch.command(command("resolve", 21.0, tenant="globex", alert_id=None, alert_key="queue_length|queue=q-a"))
    watch.feed([], 30.0)
    assert states(watch) == ["raised"]
    assert watch.counts["commands_total", "resolve", "not_open"] == 2


def test_what_kept_a_page_back_stands_in_the_alerts_event() -> None:
    watch = Watch(ROUTED)
    silence = Silence(id="s-1", tenant="acme", match={"queue_id": "q-a"}, starts=0.0, until=100.0)
    watch.command(Command(id="1", tenant="acme", kind="silence_add", by="li", at=0.0, silence=silence))
    watch.feed([watch.change(1.0, "q-a", 3)], 10.0)
    (event,) = watch.events.values()
    assert event["data"]["delivery"] == {"suppressed": [{"step": "silences", "reason": "silenced", "by": "s-1"}]}


def test_an_alert_nobody_wanted_says_nothing_of_delivery() -> None:
    watch = Watch({})
    watch.feed([watch.change(1.0, "q-a", 3)], 10.0)
    (event,) = watch.events.values()
    assert "delivery" not in event["data"]


def test_who_was_paged_by_an_older_version_is_told_of_the_end() -> None:
    alert = AlertBook().apply(Change(Reading(0.0, 1.0, indicator="queue_length", scope=QUEUE), 4, 0, 0.0), 0.0)
    assert alert is not None
    watch = Watch({"routes": [{"receivers": "crisis", "min_tier": "red"}]})
    layout, sources, *_ = msgspec.msgpack.decode(watch_meta(watch))
    meta = msgspec.msgpack.encode([layout, sources, 10.0, {}])
    watch.log = {b"a/acme/queue_length|queue=q-a": old_form(alert), b"meta": meta}
    watch.restart()
    watch._since["queue_length", "q-a"] = 0.0
    watch.feed([watch.change(20.0, "q-a", 1)], 25.0)
    watch.feed([watch.change(30.0, "q-a", 0)], 40.0)
    assert [(page.receiver, page.state) for page in watch.pages.values()] == [("crisis", "updated"), ("crisis", "resolved")]


def watch_meta(watch: Watch) -> bytes:
    """The stage's memory after something happened."""
    watch.feed([watch.change(1.0, "q-x", 1)], 6.0)
    return watch.log[b"meta"]


def old_form(alert: Alert) -> bytes:
    """As it was written before alerts had acknowledgements."""
    return msgspec.msgpack.encode(msgspec.to_builtins(alert)[:17])


def test_state_of_a_stage_the_policy_no_longer_has_is_deleted() -> None:
    watch = burning({**ROUTED, "repeat": [{"every_s": 600}]})
    assert any(key.startswith(b"p/repeat/") for key in watch.log)
    made = replace(watch._wiring, steps=steps_of({**ROUTED, "stages": ["route"]}))
    watch.stage = AlertStage(0, made)
    watch.stage.restore(watch.log.items())
    gone = [key for key, value in watch.stage.changes() if value is None]
    assert gone == [key for key in watch.log if key.startswith((b"p/repeat/", b"p/dedup/"))]


def test_feedback_among_the_events_is_carried_out_in_its_order() -> None:
    watch = Watch(ROUTED)
    told = Item(5.0, "s", "e5", 0, command=command("in_progress", 5.0))
    watch.feed([watch.change(0.0, "q-a", 2), told, watch.change(6.0, "q-a", 1)], 10.0)
    assert states(watch) == ["raised", "in_progress", "updated"]
    last = list(watch.events.values())[-1]
    assert last["id"].endswith(":3")


def test_verdicts_and_unknown_silences_change_nothing_and_are_counted() -> None:
    watch = burning()
    watch.command(command("true_positive", 11.0))
    watch.command(command("silence_expire", 12.0, silence=Silence(id="x", tenant="acme", starts=0.0, until=0.0)))
    watch.feed([], 20.0)
    assert states(watch) == ["raised"]
    assert watch.counts["commands_total", "true_positive", "noted"] == 1
    assert watch.counts["commands_total", "silence_expire", "no_change"] == 1


def test_a_chain_that_is_resolved_by_hand_no_longer_lifts() -> None:
    watch = burning(tier=2)
    scope = Scope("acme", (("queue_id", "q-a"),))
    chain = Change(Reading(20.0, 2.0, indicator="propagation_stage", scope=scope), 2, 0, 20.0)
    watch.feed([Item(20.0, "s", "e20", 0, change=chain)], 21.0)
    watch.command(command("resolve", 25.0, alert_id=None, alert_key="propagation_stage|queue=q-a"))
    watch.feed([], 30.0)
    assert states(watch) == ["raised", "raised", "updated", "resolved", "updated"]
