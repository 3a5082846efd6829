"""The benchmark's arithmetic, its events and its steps, on a few events and without Kafka."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import throughput
from benchmarks._cluster import Watcher
from benchmarks._events import AFTER_S, ending, from_file, simulated
from benchmarks._steps import STEPS, step_costs
from benchmarks.throughput import Measured, main, summary
from detectors.event import Event
from detectors.text.pii import mask
from streams.errors import UsageError
from streams.records import Parser


@pytest.fixture(scope="module")
def values() -> list[bytes]:
    return simulated(300, seed=3)


def test_the_same_seed_gives_the_same_number_of_the_same_events(values: list[bytes]) -> None:
    assert len(values) == 300
    assert simulated(300, seed=3) == values
    assert simulated(300, seed=4) != values


def test_every_partition_ends_with_a_heartbeat_beyond_the_last_event(values: list[bytes]) -> None:
    parser = Parser(mask)
    parsed = [parser.parse(record.value, record_time=4e9) for record in ending(values, 4)]
    events = [event for event in parsed if isinstance(event, Event)]
    assert [record.partition for record in ending(values, 4)][-5:] == [None, 0, 1, 2, 3]
    assert {event.time for event in events[-4:]} == {max(event.time for event in events[:-4]) + AFTER_S}


def test_a_file_may_be_cut_to_a_number_of_events(tmp_path: Path, values: list[bytes]) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(values))
    assert from_file(file, 10) == values[:10]
    assert from_file(file, None) == values


def test_a_file_without_events_is_an_error_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"no event\n")
    with pytest.raises(UsageError, match="none of the lines"):
        ending(from_file(file, None), 4)
    assert main(["--json", "--data", str(file)]) != 0
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.count("none of the lines") == 1


def test_every_step_is_timed(values: list[bytes]) -> None:
    costs = step_costs([record.value for record in ending(values, 4)])
    assert tuple(costs) == STEPS
    assert all(costs[step] > 0 for step in ("parse", "batch_codec", "words", "scope_stage"))


def test_the_object_has_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    measured = {name: Measured(seconds, 1.0, 100.0) for name, seconds in {"replay": 2.0, "aiokafka": 0.1, "noop_agent": 1.0}.items()}
    measured["worker"] = Measured(1.25, 1.0, 300.0)
    found = summary(10_000, measured, dict.fromkeys(STEPS, 0.1))
    monkeypatch.setattr(throughput, "_run", lambda _options: found)
    assert main(["--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["ratio_to_noop_agent"] == 0.8
    assert shown["peak_rss_mb"] == 300.0
    assert shown["cpu_us_per_event"]["transport"] == pytest.approx(30.0)
    assert {"replay_events_s", "worker_events_s", "noop_agent_events_s", "aiokafka_events_s", "method"} <= shown.keys()
    assert main([]) == 0
    assert "noop_agent" in capsys.readouterr().out


def test_a_child_that_ends_too_early_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> float:
        await asyncio.Event().wait()
        return 0.0

    monkeypatch.setattr(Watcher, "wait", never)
    monkeypatch.setattr(throughput, "_command", lambda *_: ["true"])
    with pytest.raises(throughput.BenchmarkFailed, match="ended too early"):
        asyncio.run(throughput._read("worker", "127.0.0.1:1"))


@pytest.mark.parametrize("number", ["0", "-5"])
def test_no_events_are_refused(number: str) -> None:
    with pytest.raises(SystemExit):
        main(["--events", number])
