"""What holds for every detector. They are found by themselves: a new one is tested here without a line."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from detectors import build, discover
from detectors.base import ConversationDetector, Detector, Observation, Reading, ScopeDetector, State
from detectors.errors import DetectorError, UnknownDetector, WrongParameters
from tests.contract.detector_driver import DAY, HOUR, Run, busy_stream, readings_of, restored

ALL = {name: build(name, {}) for name in discover()}
OF_CONVERSATIONS = {name: each for name, each in ALL.items() if isinstance(each, ConversationDetector)}
OF_SCOPES = {name: each for name, each in ALL.items() if isinstance(each, ScopeDetector)}
START = 1_790_000_000.0
CONVERSATION_BYTES = 1500
"""Of one detector for one conversation, whatever happens in it; typical is a tenth."""
SCOPE_BYTES = 32_000

every = pytest.mark.parametrize("detector", ALL.values(), ids=ALL)
of_conversations = pytest.mark.parametrize("detector", OF_CONVERSATIONS.values(), ids=OF_CONVERSATIONS)
of_scopes = pytest.mark.parametrize("detector", OF_SCOPES.values(), ids=OF_SCOPES)


def states_of(detector: Detector[Any], seed: int = 0) -> list[State]:
    """States that have seen a busy stream: one per conversation, or per scope."""
    if isinstance(detector, ScopeDetector):
        return list(Run(detector).turns(busy_stream(seed)).states.values())
    assert isinstance(detector, ConversationDetector)
    states: dict[str, State] = {}
    for turn in busy_stream(seed):
        detector.learn_one(states.setdefault(turn.context.conversation_id, detector.new()), turn)
    return list(states.values())


def told(detector: ScopeDetector[Any], seed: int = 0) -> list[Observation]:
    run = Run(detector)
    return [each for turn in busy_stream(seed) for each in run.observed(turn) if not each.broadcast]


def well_formed(reading: Reading, now: float) -> bool:
    numbers = [reading.value, reading.n, *(value for value in reading.variables.values() if not isinstance(value, str))]
    span = reading.start is None or reading.end is None or reading.start <= reading.end <= now
    excerpts = all(len(piece.excerpt or "") <= 120 for piece in reading.evidence)
    return span and excerpts and reading.time == now and reading.n >= 0 and all(map(math.isfinite, numbers))


@every
def test_a_detector_says_what_it_is_and_what_it_remembers(detector: Detector[Any]) -> None:
    told_of = type(detector).__doc__ or ""
    assert ">>>" in told_of
    assert "Memory:" in told_of


@every
def test_a_new_state_says_nothing_alarming(detector: Detector[Any]) -> None:
    reading = detector.score_one(detector.new(), START)
    assert reading is None or reading.value == 0


@of_scopes
def test_a_new_scope_is_idle(detector: ScopeDetector[Any]) -> None:
    assert detector.idle(detector.new(), START)


@of_conversations
def test_a_new_conversation_has_no_clock_running(detector: ConversationDetector[Any]) -> None:
    assert detector.due_at(detector.new(), 60.0) is None


@every
def test_a_single_event_of_any_kind_is_taken(detector: Detector[Any]) -> None:
    for turn in busy_stream(steps=60):
        if isinstance(detector, ScopeDetector):
            run = Run(detector).turns([turn])
            readings = [reading for state in run.states.values() for reading in readings_of(detector, state, turn.now)]
        else:
            assert isinstance(detector, ConversationDetector)
            state = detector.new()
            detector.learn_one(state, turn)
            readings = readings_of(detector, state, turn.now)
        assert all(well_formed(reading, turn.now) for reading in readings)


@every
def test_a_busy_stream_gives_well_formed_readings(detector: Detector[Any]) -> None:
    now = START + DAY
    states = states_of(detector)
    readings = [reading for state in states for reading in readings_of(detector, state, now)]
    outlooks = [each for state in states if isinstance(detector, ScopeDetector) for each in detector.outlook(state, now + 2 * HOUR)]
    assert readings or outlooks
    assert all(well_formed(reading, now) for reading in readings)


@every
def test_scoring_changes_nothing(detector: Detector[Any]) -> None:
    for state in states_of(detector):
        before = msgspec.msgpack.encode(state)
        first = [readings_of(detector, state, START + later) for later in (5 * HOUR, DAY, 9 * HOUR)]
        assert msgspec.msgpack.encode(state) == before
        assert [readings_of(detector, state, START + later) for later in (5 * HOUR, DAY, 9 * HOUR)] == first


@of_conversations
def test_a_conversation_goes_on_alike_after_a_restore_at_any_event(detector: ConversationDetector[Any]) -> None:
    through: dict[str, Any] = {}
    reborn: dict[str, Any] = {}
    for turn in busy_stream(1):
        who = turn.context.conversation_id
        one, other = through.setdefault(who, detector.new()), restored(reborn.get(who) or detector.new())
        reborn[who] = other
        assert detector.learn_one(one, turn) == detector.learn_one(other, turn)
        assert detector.score_one(one, turn.now) == detector.score_one(other, turn.now)


@of_scopes
def test_a_scope_goes_on_alike_after_a_restore_at_any_observation(detector: ScopeDetector[Any]) -> None:
    through, reborn = Run(detector), Run(detector)
    for turn in busy_stream(2):
        through.turns([turn])
        reborn.states = {scope: restored(state) for scope, state in reborn.states.items()}
        reborn.turns([turn])
        for scope, state in through.states.items():
            assert readings_of(detector, state, turn.now) == readings_of(detector, reborn.states[scope], turn.now)


@of_scopes
def test_disorder_of_half_a_minute_leaves_readings_well_formed(detector: ScopeDetector[Any]) -> None:
    dice = random.Random(4)
    observations = sorted(told(detector, 4), key=lambda each: each.time + dice.uniform(0, 30))
    run, latest = Run(detector), 0.0
    for observation in observations:
        latest = max(latest, observation.time)
        run.learn(observation)
        assert all(well_formed(reading, latest) for reading in readings_of(detector, run.states[observation.scope], latest))


@of_conversations
def test_disorder_within_a_conversation_is_taken(detector: ConversationDetector[Any]) -> None:
    dice = random.Random(5)
    state, latest = detector.new(), 0.0
    for turn in sorted(busy_stream(5, conversations=1), key=lambda each: each.now + dice.uniform(0, 120)):
        latest = max(latest, turn.now)
        detector.learn_one(state, turn)
        reading = detector.score_one(state, latest)
        assert reading is None or well_formed(reading, latest)


@of_conversations
def test_a_conversation_of_ten_thousand_events_stays_small(detector: ConversationDetector[Any]) -> None:
    state = detector.new()
    for turn in busy_stream(6, conversations=1, steps=10_000):
        detector.learn_one(state, turn)
    assert len(msgspec.msgpack.encode(state)) < CONVERSATION_BYTES


@of_scopes
def test_a_scope_of_thousands_of_observations_stays_small(detector: ScopeDetector[Any]) -> None:
    samples = told(detector, 7)
    assert samples
    scope, state = samples[0].scope, detector.new()
    for count in range(3_000):
        sample = samples[count % len(samples)]
        who = {"conversation_id": f"c-{count}", "customer_id": f"u-{count}", "time": START + count * 20.0, "scope": scope}
        terms = (*sample.terms[:2], f"product_id=sku-{count}") if len(sample.terms) > 1 else sample.terms
        detector.learn_one(state, msgspec.structs.replace(sample, **who, terms=terms))
    assert len(msgspec.msgpack.encode(state)) < SCOPE_BYTES


@of_scopes
def test_an_idle_scope_reads_the_same_for_ever(detector: ScopeDetector[Any]) -> None:
    for state in states_of(detector):
        now = next(START + days * DAY for days in range(60) if detector.idle(state, START + days * DAY))
        readings = [detector.score_one(state, now + later) for later in (0.0, 60.0, DAY)]
        assert len({reading.value if reading is not None else 0 for reading in readings}) == 1
        assert detector.idle(state, now + DAY)


@of_scopes
def test_every_scope_can_be_forgotten_in_the_end(detector: ScopeDetector[Any]) -> None:
    assert all(detector.expired(state, START + 400 * DAY) for state in states_of(detector))


DIGEST = """
import msgspec, zlib
from detectors import build, discover
from detectors.base import ScopeDetector
from tests.contract.test_detectors import ALL, DAY, START, states_of
digest = 0
for name, detector in ALL.items():
    for state in states_of(detector):
        digest = zlib.crc32(msgspec.msgpack.encode((state, detector.score_one(state, START + 8 * 3600))), digest)
print(digest)
"""


def test_states_and_readings_are_equal_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_detectors_are_found_by_their_class_names() -> None:
    found = discover()
    assert list(found) == sorted(found)
    assert {"volume_ratio_3h", "negation_share", "negation_share_by_issue"} <= set(found)
    assert found["volume_ratio_3h"].__name__ == "VolumeRatio3h"


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownDetector, match=r"no detector is called 'negation'; there are: .*negation_share") as raised:
        build("negation", {})
    assert isinstance(raised.value, DetectorError)


@pytest.mark.parametrize("params", [{"least": "three"}, {"leats": 3}, {"least": 0}])
def test_a_wrong_parameter_is_named_in_one_line(params: dict[str, Any]) -> None:
    with pytest.raises(WrongParameters, match=r"^negation_share: (least|leats): .+; it takes: utterances, least$") as raised:
        build("negation_share", params)
    assert "\n" not in str(raised.value)


def test_parameters_reach_the_detector() -> None:
    assert build("negation_share", {"least": 5}).params.least == 5
