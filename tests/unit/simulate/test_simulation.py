from __future__ import annotations

import collections
import hashlib
import os
import subprocess
import sys
import tracemalloc
from datetime import datetime, timedelta

import msgspec
import pytest

from detectors.event import Event as Parsed
from detectors.text.pii import mask
from streams.errors import UsageError
from streams.records import Parser
from streams.simulate.arrival import DISORDER_MS
from streams.simulate.recording import lines
from streams.simulate.shape import intensity
from streams.simulate.simulation import Simulation
from tests.unit.simulate.centre import MONDAY, distinct, of_type, recorded, simulation, time_of

ATTRIBUTES = ("specversion", "id", "source", "type", "time", "subject", "partitionkey", "datacontenttype", "data")
TYPES = [
    "conversation.opened",
    "conversation.queued",
    "conversation.connected",
    "conversation.assigned",
    "conversation.transferred",
    "conversation.resolved",
    "conversation.abandoned",
    "message.created",
    "call.started",
    "call.ended",
    "ticket.created",
    "ticket.status_changed",
    "ticket.escalated",
    "csat.rated",
    "queue.snapshot",
    "agent.state_changed",
    "sale.metric",
    "refund.metric",
    "campaign.scheduled",
]
DIGEST = (
    "import hashlib, sys; sys.path.insert(0, '.')\n"
    "from tests.unit.simulate.centre import simulation\n"
    "from streams.simulate.recording import lines\n"
    "print(hashlib.sha256(b'\\n'.join(lines(simulation(3, 1, 0.3)))).hexdigest())"
)


def digest(seed: int) -> str:
    return hashlib.sha256(b"\n".join(lines(simulation(seed, 1, 0.3)))).hexdigest()


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed_of_the_process() -> None:
    def elsewhere(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", DIGEST], check=True, capture_output=True, text=True, env=environment, timeout=60)
        return done.stdout.strip()

    assert elsewhere("1") == elsewhere("2") == digest(3)


def test_another_seed_gives_other_bytes() -> None:
    assert digest(3) != digest(4)


def test_events_can_be_taken_twice_and_are_the_same() -> None:
    made = simulation(2, 1, 0.2)
    first, truth = list(made.events()), made.truth.as_dict()
    assert list(made.events()) == first
    assert made.truth.as_dict() == truth


def test_quiet_days_are_the_same_whatever_is_planted_afterwards() -> None:
    def quiet(incidents: tuple[str, ...] | None) -> set[str]:
        until = (MONDAY + timedelta(hours=22)).isoformat()
        return {event["id"] for event in recorded(1, 2, 0.5, incidents)[0] if event["time"] < until}

    assert quiet(()) == quiet(("leak", "surge"))


def test_every_event_has_the_attributes_of_a_cloudevent() -> None:
    for event in recorded()[0]:
        assert all(event.get(name) for name in ATTRIBUTES)
        assert event["partitionkey"] == f"demo/{event['subject']}"
        assert event["data"]["tenant_id"] == "demo"
        assert time_of(event).utcoffset() == timedelta(hours=8)


def test_every_type_of_event_occurs() -> None:
    events = [*recorded(1, 7, 1.0, ())[0], *recorded(1)[0]]
    assert {event["type"] for event in events} == {f"fenghuo.{kind}.v1" for kind in TYPES}


def test_the_pipeline_reads_the_events_and_changes_none_of_their_ids() -> None:
    parser, encode = Parser(mask), msgspec.json.encode
    present = (MONDAY + timedelta(days=3)).timestamp()
    events = recorded(1)[0]
    planted = [event for event in events if "b" in event["id"][2:]]
    rare = [event for kind in TYPES for event in of_type(events, kind)[:40]]
    for event in [*planted, *rare, *events[::20]]:
        parsed = parser.parse(encode(event), record_time=present)
        assert isinstance(parsed, Parsed), (parsed, event)
        assert (parsed.id, parsed.subject, parsed.tenant) == (event["id"], event["subject"], "demo")


def test_days_have_quiet_nights_and_two_peaks() -> None:
    opened = [time_of(event) for event in of_type(recorded(1, 7, 1.0, ())[0], "conversation.opened")]
    work = collections.Counter(time.hour for time in opened if time.weekday() < 5)
    assert sum(work[hour] for hour in range(6)) < 0.06 * work.total()
    assert min(work[10] + work[11], work[19] + work[20], work[20] + work[21]) > 1.1 * max(work[13] + work[14], work[16] + work[17])


def test_weekends_begin_later_and_have_fuller_evenings() -> None:
    def share(weekday: int, hours: range) -> float:
        return sum(intensity(hour, weekday, 1.0) for hour in hours) / sum(intensity(hour, weekday, 1.0) for hour in range(24))

    assert share(5, range(6, 10)) < 0.8 * share(1, range(6, 10))
    assert share(5, range(19, 24)) > 1.05 * share(1, range(19, 24))


def test_a_day_brings_about_six_hundred_conversations_at_rate_one() -> None:
    events, truth = recorded(1, 7, 1.0, ())
    cases = {event["subject"] for event in events if event["type"] in {"fenghuo.conversation.opened.v1", "fenghuo.ticket.created.v1"}}
    assert len(cases) / 7 == pytest.approx(600, rel=0.08)
    assert truth.conversations_scored_day == pytest.approx(600, rel=0.25)


def test_disorder_is_small_and_late_and_doubled_events_are_few() -> None:
    events, _ = recorded(1, 7, 1.0, ())
    newest, behind = time_of(events[0]), []
    for event in events:
        behind.append((newest - time_of(event)).total_seconds())
        newest = max(newest, time_of(event))
    late = sum(delay > 30 for delay in behind)
    doubled = len(events) - len({event["id"] for event in events})
    assert 0 < sum(delay > 0 for delay in behind) < 0.2 * len(events)
    assert 5 <= late < 0.001 * len(events)
    assert 0.002 < doubled / len(events) < 0.006
    assert DISORDER_MS < 30_000


def test_doubles_are_the_same_event() -> None:
    seen: dict[str, object] = {}
    for event in recorded()[0]:
        assert seen.setdefault(event["id"], event) == event


def test_conversations_are_told_in_the_order_of_their_sequence() -> None:
    by_case = collections.defaultdict(list)
    for event in recorded()[0]:
        if "sequence" in event:
            by_case[event["subject"]].append(event)
    for events in by_case.values():
        told = sorted({event["sequence"]: event["time"] for event in events}.items())
        assert [time for _, time in told] == sorted(time for _, time in told)


def test_counts_of_the_truth_are_those_of_the_events() -> None:
    events, truth = recorded()
    opened = [event for event in distinct(events) if event["type"] in {"fenghuo.conversation.opened.v1", "fenghuo.ticket.created.v1"}]
    assert truth.events == len(events)
    assert truth.conversations_quiet_day == sum(event["time"] < truth.scored_from for event in opened)
    assert truth.conversations_scored_day == sum(event["time"] >= truth.scored_from for event in opened)


def test_memory_does_not_grow_with_the_days() -> None:
    def peak(days: int) -> int:
        tracemalloc.start()
        collections.deque(simulation(1, days, 0.3, ()).events(), maxlen=0)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    once = peak(1)
    assert peak(4) < 1.4 * once


def test_the_first_event_comes_before_the_last_day_was_made() -> None:
    made = simulation(1, 10_000, 1.0)
    assert next(made.events())["type"] == "fenghuo.queue.snapshot.v1"


def test_progress_goes_from_begin_to_end() -> None:
    made = simulation(1, 2, 0.2)
    shares = [made.progress(event) for event in made.events()]
    assert shares[0] < 0.01
    assert shares[-1] > 0.97
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": datetime(2025, 9, 1)}, "midnight"),  # noqa: DTZ001
        ({"start": MONDAY + timedelta(hours=9)}, "midnight"),
        ({"days": 0}, "--days"),
        ({"rate": 0.0}, "--rate"),
        ({"tenant": "a/b"}, "--tenant"),
        ({"incidents": ["flood"]}, "choose among angry"),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_do(arguments: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"seed": 1, "start": MONDAY, "days": 1, **arguments}
    with pytest.raises(UsageError, match=message):
        Simulation(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [0.05, 8.0])
def test_incidents_can_be_planted_in_a_small_and_in_a_large_centre(rate: float) -> None:
    assert len(simulation(1, 1, rate).truth.incidents) == 9


def test_every_seed_can_be_planted() -> None:
    for seed in range(40):
        truth = simulation(seed, 1, 0.2).truth
        assert all(incident.deadline < truth.until for incident in truth.incidents)
