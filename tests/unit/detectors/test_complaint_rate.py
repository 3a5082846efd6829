from __future__ import annotations

import pytest

from detectors.base import Observation, Scope
from detectors.complaint_rate import ComplaintRate
from detectors.windowed_rate import NO, YES
from tests.contract.detector_driver import HOUR, Run, Talk

QUEUE = Scope("acme", (("queue_id", "q-1"),))


def hours(made: Run, first: int, last: int, complaints: float, others: float) -> Run:
    for hour in range(first, last):
        for way, count in ((YES, complaints), (NO, others)):
            made.learn(Observation("complaint_rate", QUEUE, hour * HOUR, count, terms=way))
    return made


@pytest.mark.parametrize(("complaints", "value"), [(29, 1.45), (30, 1.5), (60, 3.0)])
def test_004_05_complaints_are_told_as_a_multiple_of_what_is_usual(complaints: int, value: float) -> None:
    made = hours(hours(Run(ComplaintRate()), 0, 60, 10, 90), 63, 64, complaints, 200 - complaints)
    reading = made.at(63.5 * HOUR, queue_id="q-1")
    assert (round(reading.value, 6), reading.n) == (value, 200)


@pytest.mark.parametrize(("complaints", "guard"), [(10, False), (16, True)])
def test_an_excess_chance_explains_is_guarded(complaints: int, guard: bool) -> None:
    made = hours(hours(Run(ComplaintRate()), 0, 60, 10, 90), 63, 64, complaints, 50 - complaints)
    assert made.at(63.5 * HOUR, queue_id="q-1").guard is guard


def test_a_young_baseline_is_guarded() -> None:
    made = hours(hours(Run(ComplaintRate()), 0, 20, 10, 90), 20, 21, 60, 40)
    assert made.at(20.5 * HOUR, queue_id="q-1").guard is False


def test_the_incident_is_not_yet_what_is_usual() -> None:
    made = hours(hours(Run(ComplaintRate()), 0, 60, 10, 90), 60, 64, 50, 50)
    assert made.at(63.5 * HOUR, queue_id="q-1").baseline == 0.1


def test_a_conversation_counts_at_its_end_for_queue_and_product() -> None:
    talk = Talk(is_complaint=True, product_id="sku-1")
    made = Run(ComplaintRate()).turns(
        [talk("conversation.opened", 0.0), talk("conversation.resolved", 5.0), talk("conversation.resolved", 9.0)]
    )
    assert sorted(scope.kind for scope in made.states) == ["product_id", "queue_id"]
    assert made.at(10.0, queue_id="q-1").n == 1


def test_where_complaints_are_not_told_nothing_is_said() -> None:
    assert Run(ComplaintRate()).turns([Talk()("conversation.resolved", 5.0)]).states == {}
