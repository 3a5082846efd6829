from __future__ import annotations

import pytest

from alerts.decide import Decider, Memory
from config.loader import load_policy
from detectors.base import Scope
from detectors.soothing_success_rate import SoothingSuccessRate
from tests.contract.detector_driver import DAY, Run, Talk


def ended(number: int, *moods: float, at: float = 60.0, kind: str = "conversation.resolved") -> Run:
    """A conversation whose customer utters these moods, then ends."""
    talk = Talk(f"c-{number}", customer=f"u-{number}")
    turns = [talk.customer_says(at, "嗯", sentiment=mood) for mood in moods]
    return RUN.turns([*turns, talk.agent_says(at, "好"), talk(kind, at)])


RUN = Run(SoothingSuccessRate())
SOOTHED, ANGRY = (-0.6, 0.9, 0.9, 0.9), (-0.6, -0.6)


@pytest.fixture(autouse=True)
def fresh() -> None:
    RUN.states.clear()


@pytest.mark.parametrize("soothed", [89, 70, 50, 32])
def test_001_15_those_who_leave_calm_over_those_who_were_upset(soothed: int) -> None:
    for number in range(100):
        ended(number, *(SOOTHED if number < soothed else ANGRY))
    for keys in ({"queue_id": "q-1"}, {"agent_id": "a-1"}):
        reading = RUN.at(600.0, **keys)
        assert (reading.value, reading.n, reading.rate) == (soothed / 100, 100, True)


@pytest.mark.parametrize(("soothed", "tier"), [(89, 1), (90, 0), (70, 2), (71, 1), (50, 3), (51, 2), (32, 4), (33, 3)])
def test_both_sides_of_every_tier_in_two_evaluations(soothed: int, tier: int) -> None:
    for number in range(100):
        ended(number, *(SOOTHED if number < soothed else ANGRY))
    rule = load_policy(enable=["soothing_success_rate"]).rules["soothing_success_rate"]
    decide, memory = Decider([rule]), Memory()
    for now in (600.0, 900.0):
        reading = RUN.at(now, queue_id="q-1")
        reading.indicator, reading.scope = rule.id, Scope("acme", (("queue_id", "q-1"),))
        decide(reading, memory)
    assert memory.tier == tier


@pytest.mark.parametrize(("lowest", "counted"), [(-0.5, True), (-0.49, False)])
def test_a_customer_is_upset_from_the_catalogues_mood_on(lowest: float, counted: bool) -> None:
    ended(1, lowest)
    assert bool(RUN.states) is counted


@pytest.mark.parametrize(("last", "value"), [(-0.1, 1.0), (-0.11, 0.0)])
def test_a_customer_is_soothed_at_the_catalogues_mood(last: float, value: float) -> None:
    talk = Talk()
    upset, end = talk.customer_says(0.0, "嗯", sentiment=-0.6), talk("conversation.resolved", 60.0)
    end.context.sentiment = last
    RUN.turns([upset, talk.agent_says(1.0, "好")])
    assert RUN.states == {}
    RUN.turns([end])
    assert RUN.at(300.0, queue_id="q-1").value == value


def test_a_mood_once_upset_counts_however_it_ends_and_one_that_never_was_does_not() -> None:
    ended(1, *SOOTHED)
    ended(2, 0.5, 0.5)
    ended(3)
    assert RUN.at(300.0, queue_id="q-1").n == 1


def test_who_leaves_the_queue_upset_was_not_soothed() -> None:
    ended(1, -0.9, kind="conversation.abandoned")
    reading = RUN.at(300.0, queue_id="q-1")
    assert (reading.value, reading.n) == (0.0, 1)


@pytest.mark.parametrize(("count", "guard"), [(9, False), (10, True)])
def test_fewer_than_ten_light_nothing_even_by_their_wilson_bound(count: int, guard: bool) -> None:
    for number in range(count):
        ended(number, *ANGRY)
    assert RUN.at(300.0, queue_id="q-1").guard is guard


@pytest.mark.parametrize(("now", "n"), [(DAY - 60, 1), (DAY + 600, 0)])
def test_a_day_later_it_is_forgotten(now: float, n: int) -> None:
    ended(1, *ANGRY)
    assert RUN.at(now, queue_id="q-1").n == n


def test_a_late_end_changes_nothing() -> None:
    talk = Talk()
    upset, end = talk.customer_says(0.0, "嗯", sentiment=-0.9), talk("conversation.resolved", 60.0)
    end.event.late = True
    RUN.turns([upset, end])
    assert RUN.states == {}
