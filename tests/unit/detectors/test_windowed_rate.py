from __future__ import annotations

from collections.abc import Iterable

import pytest

from detectors.base import Observation, Scope, Turn
from detectors.event import Call
from detectors.hangup_rate import HangupRate
from detectors.windowed_rate import ALL, HIT, NO, YES, WindowedRate
from tests.contract.detector_driver import Run, Talk


class Sample(WindowedRate):
    """Ten minutes."""

    indicator = "sample"
    window_s = 600.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        return self.counted_for(turn, YES, queue_id=turn.context.queue_id, agent_id=turn.context.agent_id)


def told(way: tuple[str, ...], time: float, value: float = 1.0) -> Observation:
    return Observation("sample", Scope("acme"), time, value, terms=way, cell=True)


def run(*observations: Observation) -> Run:
    made = Run(Sample())
    for observation in observations:
        made.learn(observation)
    return made


def test_a_share_is_yes_over_all() -> None:
    reading = run(told(YES, 0.0, 3), told(NO, 60.0, 9)).at(120.0)
    assert (reading.value, reading.n, reading.rate, reading.start, reading.end) == (0.25, 12, True, -480.0, 120.0)


def test_hits_beyond_what_is_counted_give_no_more_than_all() -> None:
    assert run(told(ALL, 0.0, 2), told(HIT, 0.0, 5)).at(60.0).value == 1.0


@pytest.mark.parametrize(("now", "n"), [(600.0, 1), (601.0, 0), (661.0, 0)])
def test_a_count_leaves_with_its_slot(now: float, n: float) -> None:
    assert run(told(YES, 0.0)).at(now).n == n


def test_a_late_count_goes_to_its_minute() -> None:
    made = run(told(NO, 540.0), told(YES, 120.0))
    assert [made.at(now).n for now in (600.0, 720.0, 780.0)] == [2, 2, 1]


def test_a_count_older_than_the_ring_is_dropped_and_the_ring_stays_small() -> None:
    made = run(*(told(NO, minute * 60.0) for minute in range(200)), told(YES, 0.0))
    state = made.states[Scope("acme")]
    assert (len(state.slots), made.at(199 * 60.0).value) == (11, 0.0)


def test_an_empty_window_lights_nothing_and_is_idle() -> None:
    made = run(told(YES, 0.0))
    assert made.at(5000.0).n == 0
    assert made.detector.idle(made.states[Scope("acme")], 5000.0)


def test_only_known_keys_make_scopes() -> None:
    talk = Talk(queue="q-1")
    observed = list(HangupRate().observe(talk("call.ended", 1.0, call=Call(disconnected_by="agent"), data={"resolved": True})))
    assert [each.scope.key for each in observed] == ["acme|queue_id=q-1"]
    assert all(each.cell and each.event_id is None for each in observed)
