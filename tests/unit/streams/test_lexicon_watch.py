"""Lexicons that change under a running worker: read from then on, by a clock that is set."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.loader import Policy, load_policy
from config.settings import KafkaSettings
from detectors.base import Turn
from detectors.event import Event
from streams.conversations import Conversations, Results
from streams.lexicon_watch import LexiconWatch
from streams.stage import Stage
from streams.stages import build_wiring
from streams.wiring import Wiring
from streams.worker import Worker, WorkerOptions, WorkerParts
from tests.unit.streams.fakes import Waiting, WaitingState, said, wiring


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "生气")
    return tmp_path


def write(folder: Path, *words: str) -> None:
    """The lexicon `anger`, its time of change later than before however fast the test is."""
    file = folder / "anger.yaml"
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(f"entries: [{', '.join(words)}]", encoding="utf-8")
    later = max(file.stat().st_mtime_ns, before + 1_000_000)
    os.utime(file, ns=(later, later))


class Clock:
    """Seconds that are set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Heard(Waiting):
    """Keeps what the turns' words hit."""

    def __init__(self) -> None:
        super().__init__()
        self.hits: list[tuple[str, ...]] = []

    def learn_one(self, state: WaitingState, turn: Turn) -> bool:
        assert turn.words is not None
        self.hits.append(turn.words.hits.get("anger", ()))
        return False


def hear(wired: Wiring, *times: float) -> None:
    conversations = Conversations(wired)
    for time in times:
        conversations.apply(said("customer", time, text="我很恼怒"), Results(time), time)


def test_messages_are_read_with_the_lexicons_of_the_last_look(policy: Policy, folder: Path) -> None:
    clock, heard = Clock(), Heard()
    watch = LexiconWatch(policy, folder, clock=clock, every_s=10.0)
    wired = replace(wiring(), conversation_detectors=[("heard", heard)], analyse=watch)
    watch.poll()
    write(folder, "生气", "恼怒")
    for clock.now in (5.0, 10.0):
        watch.poll()
        hear(wired, clock.now)
    assert heard.hits == [(), ("恼怒",)]


def test_the_log_says_what_was_taken_over_and_what_was_refused(policy: Policy, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    watch = LexiconWatch(policy, folder, clock=clock, every_s=10.0)
    with caplog.at_level(logging.INFO):
        write(folder, "恼怒")
        watch.poll()
        good = watch.version
        clock.now = 10.0
        write(folder, "恼怒", "恼怒")
        watch.poll()
    assert watch.version == good
    assert [(record.levelname, record.getMessage().split()[0]) for record in caplog.records] == [
        ("INFO", "lexicons.reloaded"),
        ("WARNING", "lexicons.refused"),
    ]
    assert "anger.yaml: entries[2]" in caplog.text


def test_a_folder_that_is_wrong_at_the_start_is_an_error(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lexicon"):
        LexiconWatch(policy, tmp_path)


def test_without_a_watch_the_lexicons_are_read_once(policy: Policy, folder: Path) -> None:
    wired = build_wiring(replace(policy, lexicons=folder), durable=False)
    write(folder, "恼怒")
    assert wired.analyse("我很恼怒", None).hits == {}


def test_a_worker_looks_until_it_stops() -> None:
    looked = threading.Event()

    async def work() -> None:
        worker = Worker(WorkerOptions(KafkaSettings()), WorkerParts(no_stage, no_event, refresh=looked.set))
        watching = asyncio.create_task(worker.refresh(looked.set))
        assert await asyncio.to_thread(looked.wait, 10.0)
        worker.stop()
        async with asyncio.timeout(10.0):
            await watching

    asyncio.run(work())


def no_stage(_name: str, _partition: int) -> Stage:
    raise AssertionError


def no_event(_record: object) -> Event:
    raise AssertionError
