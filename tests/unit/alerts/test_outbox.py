from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.outbox import Backoff, Outbox, Outcome
from alerts.page import Delivered, Delivery, Failed, Page, Retry

STEADY = Backoff(jitter=0)


def page(alert_id: str = "a", revision: int = 1, receiver: str = "ops", created: float = 100.0) -> Page:
    return Page(receiver, alert_id, revision, "acme", "red", "raised", created, b"{}")


def outbox(*pages: Page, backoff: Backoff = STEADY) -> Outbox:
    box = Outbox(backoff)
    for each in pages:
        box.add(each)
    return box


def test_a_page_is_due_when_it_was_written() -> None:
    box = outbox(page())
    assert box.take(99.0) == []
    assert [attempt.page for attempt in box.take(100.0)] == [page()]
    assert box.take(100.0) == []


def test_a_delivered_page_is_gone() -> None:
    box = outbox(page())
    (attempt,) = box.take(100.0)
    assert box.settle(attempt, Delivered(), 100.0) is Outcome.DELIVERED
    assert (len(box), box.due_at()) == (0, None)


def test_revisions_of_an_alert_are_delivered_one_after_another() -> None:
    box = outbox(page(revision=1), page(revision=2), page(revision=3))
    (first,) = box.take(1000.0)
    assert box.take(1000.0) == []
    box.settle(first, Retry("http_503"), 1000.0)
    assert box.take(1001.0) == []
    (again,) = box.take(1002.0)
    assert again.page.revision == 1
    box.settle(again, Delivered(), 1002.0)
    (second,) = box.take(1002.0)
    box.settle(second, Failed("http_400"), 1002.0)
    (third,) = box.take(1002.0)
    assert (second.page.revision, third.page.revision) == (2, 3)


def test_a_dead_receiver_does_not_delay_the_others() -> None:
    box = outbox(page(receiver="dead"), page(receiver="ops"), page("b", receiver="ops"))
    dead, *others = box.take(100.0)
    box.settle(dead, Retry("timeout"), 100.0)
    assert [(each.page.receiver, each.page.alert_id) for each in others] == [("ops", "a"), ("ops", "b")]


def test_the_receivers_own_wish_to_wait_is_kept() -> None:
    box = outbox(page())
    box.settle(box.take(100.0)[0], Retry("http_429", after_s=60.0), 100.0)
    assert box.due_at() == 160.0


def test_delays_grow_up_to_their_cap() -> None:
    assert [STEADY.delay("a:1", attempt) for attempt in (1, 2, 3, 8, 9, 1000)] == [2, 4, 8, 256, 300, 300]


def test_a_page_that_is_too_old_is_dead() -> None:
    box = outbox(page(), page(revision=2), backoff=Backoff(jitter=0, max_age_s=3))
    attempt = box.take(100.0)[0]
    assert box.settle(attempt, Retry("http_503"), 100.0) is Outcome.WAITING
    assert box.settle(box.take(102.0)[0], Retry("http_503"), 102.0) is Outcome.DEAD
    assert attempt.reason == "http_503"
    assert box.take(102.0)[0].page.revision == 2


def test_a_receiver_that_wants_no_more_is_disabled() -> None:
    box = outbox(page())
    assert box.settle(box.take(100.0)[0], Failed("http_410", disables=True), 100.0) is Outcome.DEAD
    assert box.disabled == {"ops"}


def test_the_same_page_waits_only_once() -> None:
    box = outbox(page(), page(), page(revision=2), page(revision=2))
    assert [attempt.page.revision for attempt in box] == [1, 2]


def test_only_so_many_are_taken_at_once() -> None:
    box = outbox(*(page(str(index)) for index in range(5)))
    assert [attempt.page.alert_id for attempt in box.take(100.0, limit=2)] == ["0", "1"]
    assert box.take(100.0, limit=0) == []
    assert len(box.take(100.0)) == 3


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_the_spread_of_a_delay_is_bounded_and_always_the_same(page_id: str, attempt: int) -> None:
    plain, spread = Backoff(jitter=0).delay(page_id, attempt), Backoff().delay(page_id, attempt)
    assert plain <= spread <= plain * 1.2
    assert spread == Backoff().delay(page_id, attempt)


@given(st.lists(st.sampled_from(["ok", "retry", "fail"]), max_size=60))
def test_whatever_happens_no_page_is_lost_and_none_overtakes(deliveries: list[str]) -> None:
    box = outbox(*(page(alert_id, revision) for revision in (1, 2, 3) for alert_id in "ab"), backoff=Backoff(max_age_s=1e9))
    kinds: dict[str, Delivery] = {"ok": Delivered(), "retry": Retry("x"), "fail": Failed("x")}
    results, settled, now = iter(deliveries), [], 100.0
    while (due := box.due_at()) is not None:
        now = max(now, due)
        for attempt in box.take(now):
            result = kinds[next(results, "ok")]
            if box.settle(attempt, result, now) is not Outcome.WAITING:
                settled.append((attempt.page.alert_id, attempt.page.revision))
    assert sorted(settled) == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("b", 3)]
    for alert_id in "ab":
        assert [revision for name, revision in settled if name == alert_id] == [1, 2, 3]
