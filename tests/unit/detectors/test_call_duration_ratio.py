from __future__ import annotations

import pytest

from detectors.base import Reading, Scope
from detectors.call_duration_ratio import CallDurationRatio
from detectors.event import Agent, Call, Place, Transfer
from tests.contract.detector_driver import DAY, Run, Talk, restored

USUAL_S = 300.0
AGENT = Agent("a-1", "human")


def call(
    run: Run, name: str, at: float, lasted: float | None, *, channel: str = "voice", queue: str = "q-1", category: str = "refund"
) -> Talk:
    """A call that begins and, unless `lasted` is None, ends."""
    talk = Talk(name, channel=channel, queue=queue, category=category)
    run.turns([talk("call.started", at)])
    if lasted is not None:
        run.turns([talk("call.ended", at + lasted, call=Call(duration_ms=int(lasted * 1000), connected=True))])
    return talk


def experienced(calls: int = 50) -> Run:
    """A queue whose calls take 300 s."""
    run = Run(CallDurationRatio())
    for number in range(calls):
        call(run, f"before-{number}", float(number), USUAL_S)
    return run


def parts(run: Run, now: float, queue: str = "q-1") -> dict[str | None, Reading]:
    state = restored(run.states[Scope("acme", (("queue_id", queue),))])
    return {reading.scope.get("conversation_id"): reading for reading in run.detector.score_parts(state, now)}


@pytest.mark.parametrize("ratio", [1.5, 2.0, 3.0, 4.0])
def test_004_25_a_call_is_measured_by_its_own_kind_while_it_goes_on(ratio: float) -> None:
    run = experienced()
    call(run, "c-1", 1000.0, None)
    assert parts(run, 1000.0 + ratio * USUAL_S)["c-1"].value == ratio
    assert parts(run, 999.0 + ratio * USUAL_S)["c-1"].value < ratio


def test_004_25_with_its_end_it_is_spoken_of_no_more() -> None:
    run = experienced()
    talk = call(run, "c-1", 1000.0, None)
    assert "c-1" in parts(run, 2000.0)
    run.turns([talk("call.ended", 2000.0, call=Call(connected=True))])
    assert parts(run, 2001.0) == {}


@pytest.mark.parametrize(("calls", "guard", "n", "baseline"), [(50, True, 50, 300.0), (49, False, 0, 360.0)])
def test_fewer_than_fifty_calls_are_no_baseline(calls: int, guard: bool, n: int, baseline: float) -> None:
    run = experienced(calls)
    call(run, "c-1", 1000.0, None)
    reading = parts(run, 2500.0)["c-1"]
    assert (reading.guard, reading.n, reading.baseline) == (guard, n, baseline)


def test_an_issue_without_history_is_measured_by_its_queue() -> None:
    run = experienced()
    call(run, "c-1", 1000.0, None, category="invoice")
    reading = parts(run, 2000.0)["c-1"]
    assert (reading.baseline, reading.n, reading.guard) == (300.0, 50, True)


def test_each_issue_of_a_queue_has_its_own_usual_duration() -> None:
    run = experienced()
    for number in range(60):
        call(run, f"long-{number}", float(number), 900.0, category="repair")
    call(run, "c-1", 1000.0, None, category="repair")
    call(run, "c-2", 1000.0, None, category="refund")
    found = parts(run, 2200.0)
    assert (found["c-1"].baseline, found["c-2"].baseline) == (900.0, 300.0)


@pytest.mark.parametrize(("seconds", "spoken_of"), [(120.0, True), (119.0, False)])
def test_less_than_two_minutes_is_not_long(seconds: float, spoken_of: bool) -> None:
    run = Run(CallDurationRatio())
    for number in range(50):
        call(run, f"short-{number}", float(number), 20.0)
    call(run, "c-1", 1000.0, None)
    assert ("c-1" in parts(run, 1000.0 + seconds)) == spoken_of


def test_a_chat_lasts_from_the_agent_to_the_resolution_and_waiting_does_not_count() -> None:
    run = Run(CallDurationRatio())
    for number in range(50):
        talk = Talk(f"c-{number}", channel="chat", category="refund")
        run.turns([talk("conversation.opened", 0.0), talk("conversation.queued", 1.0), talk("conversation.assigned", 600.0, agent=AGENT)])
        run.turns([talk("conversation.resolved", 900.0)])
    waiting = Talk("c-w", channel="chat", category="refund")
    run.turns([waiting("conversation.opened", 1000.0), waiting("conversation.queued", 1001.0)])
    assert parts(run, 5000.0) == {}
    run.turns([waiting("conversation.assigned", 5000.0, agent=AGENT)])
    assert parts(run, 5450.0)["c-w"].value == 1.5


def test_a_second_agent_of_the_same_queue_does_not_begin_it_anew() -> None:
    run = experienced()
    talk = call(run, "c-1", 1000.0, None)
    run.turns([talk("conversation.assigned", 1400.0, agent=Agent("a-2", "human"))])
    assert parts(run, 1600.0)["c-1"].value == 2.0


def test_in_another_queue_it_begins_anew() -> None:
    run = experienced()
    talk = call(run, "c-1", 1000.0, None)
    moved = Transfer(Place(queue_id="q-1"), Place(queue_id="q-2"), "cold")
    run.turns([talk("conversation.transferred", 1500.0, transfer=moved)])
    assert parts(run, 2000.0) == {}
    assert parts(run, 2000.0, "q-2")["c-1"].sample["duration_s"] == 500.0


def test_tickets_and_mail_have_no_duration() -> None:
    run = Run(CallDurationRatio())
    for channel in ("ticket", "email"):
        run.turns([Talk("t", channel=channel)("conversation.opened", 0.0)])
    assert run.states == {}


def test_who_hung_up_before_an_answer_teaches_nothing() -> None:
    run = experienced(49)
    talk = call(run, "c-1", 1000.0, None)
    run.turns([talk("call.ended", 9000.0, call=Call(connected=False))])
    other = Talk("c-2", channel="chat", category="refund")
    run.turns([other("conversation.opened", 1000.0), other("conversation.abandoned", 9000.0)])
    call(run, "c-3", 9000.0, None)
    assert not parts(run, 9500.0)["c-3"].guard


def test_an_incident_is_learnt_as_four_times_the_usual() -> None:
    run = experienced()
    for number in range(30):
        call(run, f"stuck-{number}", 1000.0, 40_000.0)
    (state,) = run.states.values()
    assert max(high for _, _, high in state.queue.bins.values()) == 4 * USUAL_S
    assert state.queue.median() == USUAL_S


def test_an_end_whose_beginning_was_never_seen_is_learnt_from_its_own_words_and_once() -> None:
    run = Run(CallDurationRatio())
    for number in range(50):
        talk = Talk(f"c-{number}", channel="voice", category="refund")
        run.turns([talk("call.ended", 1000.0, call=Call(duration_ms=300_000)), talk("conversation.resolved", 1002.0)])
    (state,) = run.states.values()
    assert (state.queue.median(), state.queue.count(1000.0)) == (300.0, 50)


def test_the_reading_carries_what_thresholds_are_resolved_by_and_where_it_began() -> None:
    run = experienced()
    talk = Talk("c-1", channel="voice", category="refund")
    talk.customer.tier = "vip"
    run.turns([talk("call.started", 1000.0)])
    reading = parts(run, 1600.0)["c-1"]
    assert (reading.channel, reading.segment, reading.evidence[0].time) == ("voice", (("customer_tier", "vip"),), 1000.0)


def test_the_grid_sleeps_until_the_first_one_is_as_long_as_usual() -> None:
    run = experienced()
    call(run, "c-1", 1000.0, None)
    (state,) = run.states.values()
    assert run.detector.quiet_until(state, 1100.0) == 1300.0
    assert run.detector.quiet_until(state, 1400.0) == 1400.0


def test_a_call_without_an_end_is_forgotten_after_a_day() -> None:
    run = experienced()
    call(run, "c-1", 1000.0, None)
    (state,) = run.states.values()
    assert "c-1" in parts(run, 999.0 + DAY)
    assert parts(run, 1000.0 + DAY) == {}
    assert run.detector.idle(state, 1000.0 + DAY)
    assert not run.detector.expired(state, 1000.0 + DAY)


def test_of_a_thousand_calls_at_once_those_that_are_followed_are_followed_to_their_end() -> None:
    run = experienced()
    for number in range(1000):
        call(run, f"c-{number:04}", 1000.0 + number, None)
    (state,) = run.states.values()
    assert list(state.open) == [f"c-{number:04}" for number in range(256)]
    found = parts(run, 5000.0)
    assert len(found) == 64
    assert "c-0000" in found
