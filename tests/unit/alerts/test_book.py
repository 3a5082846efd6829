from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, alert_id, alert_key, place
from alerts.book import AlertBook
from alerts.command import Command
from alerts.facts import facts_of
from alerts.tier import Tier
from detectors.base import Evidence, Scope
from tests.unit.alerts.samples import QUEUE, change, rule


def test_the_first_change_raises_an_alert() -> None:
    book = AlertBook()
    alert = book.apply(change(2, since=100.0), now=101.0)
    assert alert is not None
    assert (alert.state, alert.revision, alert.fire, alert.previous_tier) == ("raised", 1, Tier.YELLOW, 0)
    assert (alert.since, alert.raised_at, alert.updated_at, alert.open) == (100.0, 101.0, 101.0, True)
    assert alert.key == "queue_length|queue=q-logi"
    assert list(book) == [alert]


def test_a_change_of_tier_updates_the_same_alert() -> None:
    book = AlertBook()
    raised = book.apply(change(4), now=101.0)
    updated = book.apply(change(2, 4), now=160.0)
    assert raised is not None
    assert updated is not None
    assert (updated.id, updated.revision, updated.state) == (raised.id, 2, "updated")
    assert (updated.fire, updated.previous_tier, updated.max_tier) == (Tier.YELLOW, 4, 4)
    assert (updated.raised_at, updated.updated_at) == (101.0, 160.0)
    assert updated.touched == (Tier.YELLOW, Tier.RED)


def test_the_end_keeps_the_tier_that_burned_last_and_drops_the_alert() -> None:
    book = AlertBook()
    book.apply(change(3), now=101.0)
    ended = book.apply(change(0, 3, value=0.0), now=200.0)
    assert ended is not None
    assert (ended.state, ended.fire, ended.previous_tier, ended.resolved_at, ended.open) == ("resolved", Tier.ORANGE, 3, 200.0, False)
    assert ended.touched == (Tier.ORANGE,)
    assert len(book) == 0


def test_the_end_remembers_what_burned_and_the_title_says_it() -> None:
    book = AlertBook()
    book.apply(change(3, value=230.0), now=101.0)
    book.apply(change(2, 3, value=130.0), now=150.0)
    ended = book.apply(change(0, 2, value=4.0), now=200.0)
    assert ended is not None
    assert (ended.reading.value, ended.burned) == (4.0, 130.0)
    assert facts_of(ended, rule(), UTC)["v"] == "130"


def test_what_alters_nothing_gives_nothing() -> None:
    book = AlertBook()
    assert book.apply(change(0, 3), now=100.0) is None
    book.apply(change(3), now=101.0)
    assert book.apply(change(3), now=102.0) is None
    assert book.apply(change(0, 3, since=50.0), now=103.0) is None
    assert len(book) == 1


def test_a_new_occurrence_is_another_alert() -> None:
    book = AlertBook()
    first = book.apply(change(3, since=100.0), now=100.0)
    book.apply(change(0, 3, since=100.0), now=150.0)
    second = book.apply(change(3, since=200.0), now=200.0)
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert first.id != second.id
    assert second.revision == 1


def test_an_occurrence_whose_predecessors_end_was_never_told_goes_on_as_it() -> None:
    book = AlertBook()
    first = book.apply(change(2, since=100.0), now=100.0)
    later = book.apply(change(4, since=200.0), now=200.0)
    assert first is not None
    assert later is not None
    assert (later.id, later.state, len(book)) == (first.id, "updated", 1)
    assert book.apply(change(0, 4, since=200.0), now=300.0) is not None


def test_the_end_keeps_the_evidence_there_was() -> None:
    book = AlertBook()
    evidence = (Evidence("e-1", "破损"),)
    book.apply(change(3, evidence=evidence, variables={"path": "a→b"}), now=100.0)
    ended = book.apply(change(0, 3, variables={"n": 1.0}), now=110.0)
    assert ended is not None
    assert ended.reading.evidence == evidence
    assert ended.reading.variables == {"path": "a→b", "n": 1.0}


def test_a_restored_book_goes_on_where_it_was() -> None:
    book = AlertBook()
    book.apply(change(3), now=100.0)
    stored = [msgspec.msgpack.encode(alert) for alert in book.state().values()]
    restored = AlertBook()
    restored.restore(msgspec.msgpack.decode(data, type=Alert) for data in stored)
    assert restored.state() == book.state()
    assert restored.apply(change(0, 3), now=120.0) == book.apply(change(0, 3), now=120.0)


def test_an_alert_that_ended_is_not_restored() -> None:
    book = AlertBook()
    book.apply(change(3), now=100.0)
    ended = book.apply(change(0, 3), now=110.0)
    assert ended is not None
    restored = AlertBook()
    restored.restore([ended])
    assert len(restored) == 0


def test_the_identity_depends_on_tenant_indicator_scope_and_start() -> None:
    ids = {
        alert_id("a", QUEUE, 1.0),
        alert_id("b", QUEUE, 1.0),
        alert_id("a", QUEUE, 1.001),
        alert_id("a", Scope("other", QUEUE.keys), 1.0),
        alert_id("a", Scope("acme"), 1.0),
        alert_id("a", Scope("acme", (("queue_id", "q"), ("product_id", "p"))), 1.0),
        alert_id("a", Scope("acme", (("queue_id", "q|product_id=p"),)), 1.0),
    }
    assert len(ids) == 7
    assert alert_id("a", QUEUE, 1.0) == alert_id("a", QUEUE, 1.0001)


def test_keys_are_short_and_unambiguous() -> None:
    two = Scope("acme", (("issue_category", "logistics"), ("product_id", "sku-1")))
    assert alert_key("similar_complaint_count", two) == "similar_complaint_count|issue=logistics|product=sku-1"
    odd = Scope("acme", (("queue_id", "a|b=c%\n"),))
    assert alert_key("queue_length", odd) == "queue_length|queue=a%7Cb%3Dc%25%0A"
    assert place("queue_length", Scope("a/b|c")) == "a/b%7Cc/queue_length|tenant"


@given(st.lists(st.integers(min_value=0, max_value=4), max_size=30))
def test_revisions_count_up_and_one_alert_is_open(tiers: list[int]) -> None:
    book, revisions, previous, since = AlertBook(), 0, 0, 0.0
    for time, tier in enumerate(tiers, 1):
        since = since if previous else float(time)
        alert = book.apply(change(tier, previous, since=since), now=float(time))
        assert (alert is None) == (tier == previous)
        if alert is not None:
            revisions = 1 if not previous else revisions + 1
            assert alert.revision == revisions
            assert alert.open == bool(tier)
        assert len(book) == bool(tier)
        previous = tier


def commanded(kind: str, at: float = 200.0, **more: Any) -> Command:
    given = {"id": f"{kind}{at}", "tenant": "acme", "by": "li", "alert_key": "queue_length|queue=q-logi", **more}
    return Command(kind=kind, at=at, **given)  # type: ignore[arg-type]


def test_an_acknowledgement_holds_while_the_tier_does_not_rise() -> None:
    book = AlertBook()
    book.apply(change(3), 100.0)
    seen = book.command(commanded("acknowledge"), 201.0)
    assert seen is not None
    assert (seen.state, seen.tier, seen.previous_tier, seen.touched) == ("acknowledged", 3, 3, (Tier.ORANGE,))
    fallen = book.apply(change(2, 3), 300.0)
    assert fallen is not None
    assert fallen.acknowledged == seen.acknowledged
    risen = book.apply(change(4, 2), 400.0)
    assert risen is not None
    assert risen.acknowledged is None


def test_who_has_it_first_stays_and_may_begin_to_work_on_it() -> None:
    book = AlertBook()
    book.apply(change(3), 100.0)
    assert book.command(commanded("acknowledge"), 201.0) is not None
    assert book.command(commanded("acknowledge", 210.0, by="wu"), 211.0) is None
    working = book.command(commanded("in_progress", 220.0, by="wu"), 221.0)
    assert working is not None
    assert working.acknowledged is not None
    assert (working.acknowledged.by, working.acknowledged.in_progress) == ("wu", True)
    assert book.command(commanded("acknowledge", 230.0), 231.0) is None


def test_what_was_ended_by_hand_is_raised_again_with_another_id_and_then_falls_and_ends_as_always() -> None:
    book = AlertBook()
    first = book.apply(change(2), 100.0)
    ended = book.command(commanded("resolve", comment="done"), 200.0)
    assert first is not None
    assert ended is not None
    assert (ended.closed_by, ended.comment, ended.burned, ended.open) == ("li", "done", 320.0, False)
    assert book.apply(change(1, 2), 250.0) is None
    again = book.apply(change(3, 1, time=300.0), 300.0)
    assert again is not None
    assert (again.since, again.origin, again.id == first.id) == (300.0, 100.0, False)
    assert book.apply(change(2, 3, time=310.0), 310.0) is not None
    over = book.apply(change(0, 2, time=320.0), 320.0)
    assert over is not None
    assert (over.id, over.state, len(book), book.closed) == (again.id, "resolved", 0, {})


def test_a_place_ended_by_hand_is_forgotten_when_it_clears() -> None:
    book = AlertBook()
    book.apply(change(2), 100.0)
    book.command(commanded("false_positive"), 200.0)
    assert len(book.closed) == 1
    assert book.apply(change(0, 2), 300.0) is None
    assert book.closed == {}
    assert book.apply(change(1, 0, since=400.0), 400.0) is not None


def test_a_command_means_an_alert_by_its_id_or_key_and_only_its_own_tenants() -> None:
    book = AlertBook()
    found = book.apply(change(2), 100.0)
    assert found is not None
    assert book.find(commanded("resolve", alert_key=None, alert_id=found.id)) is found
    assert book.find(commanded("resolve")) is found
    assert book.find(commanded("resolve", tenant="globex")) is None
    assert book.find(commanded("resolve", tenant="globex", alert_key=None, alert_id=found.id)) is None
    assert book.find(commanded("resolve", alert_key=None, alert_id="x")) is None
