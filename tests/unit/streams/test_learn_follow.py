"""Learning from Kafka without a Kafka: what is read, when versions are written, and what is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiokafka import TopicPartition

from config.model_store import ModelStore
from detectors.text.pii import mask
from detectors.text.words_model import WordsModel
from streams.learn_follow import Follow, FollowOptions
from streams.learner import Learner
from streams.records import Parser
from streams.topics import ALERTS, EVENTS, FEEDBACK
from tests.unit.kafka_fakes import Record, spin
from tests.unit.streams.fakes import analyse

Polled = Mapping[TopicPartition, list[Record]]


class FakeReader:
    """Gives what each poll shall give; afterwards nothing, and each poll takes a second of the clock."""

    def __init__(self, *polls: Polled) -> None:
        self.polls = list(polls)
        self.commits: list[int] = []
        self.now = 0.0
        self.taken = 0
        self.ends: dict[TopicPartition, int] = {}

    async def getmany(self, **_: Any) -> Polled:
        await asyncio.sleep(0)
        self.now += 1.0
        self.taken += 1
        return self.polls.pop(0) if self.polls else {}

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    def highwater(self, target: TopicPartition) -> int | None:
        return self.ends.get(target)

    async def commit(self) -> None:
        self.commits.append(self.taken)


def cloud(kind: str, number: int, conversation: str = "c-1", **data: Any) -> bytes:
    head = {"specversion": "1.0", "id": f"e{number}", "source": "/tenants/acme/x", "type": f"fenghuo.{kind}.v1"}
    body = {"tenant_id": "acme", "conversation": {"id": conversation}, **data}
    return json.dumps({**head, "time": f"2026-03-01T00:{number:02d}:00Z", "subject": conversation, "data": body}).encode()


def said(number: int, conversation: str = "c-1") -> bytes:
    return cloud("message.created", number, conversation, message={"text": "谢谢"}, sender={"role": "customer", "id": "u"})


def records(*values: bytes | None, first: int = 0) -> list[Record]:
    return [Record(0, offset, value, timestamp=1_900_000_000_000) for offset, value in enumerate(values, first)]


def follow(tmp_path: Path, reader: FakeReader, **options: Any) -> tuple[Follow, ModelStore, Learner]:
    store, model = ModelStore(tmp_path), WordsModel()
    learner = Learner(model, analyse, Parser(mask))
    made = Follow(
        cast("Any", reader),
        learner,
        lambda: store.write(model, learner.learning.until, learner.learning.events),
        FollowOptions(**{"until_idle": 5.0, **options}),
        clock=lambda: reader.now,
    )
    return made, store, learner


def test_what_was_learnt_is_written_and_then_committed(tmp_path: Path) -> None:
    rating = cloud("csat.rated", 2, rating=5, scale_max=5)
    reader = FakeReader({TopicPartition(EVENTS, 0): records(said(1), rating, b"junk", cloud("conversation.resolved", 59))})
    reader.ends[TopicPartition(EVENTS, 0)] = 4
    made, store, learner = follow(tmp_path, reader)
    asyncio.run(made.run())
    assert store.head(1).quality["sentiment"].n == 1
    assert learner.rejects == {"not_json": 1}
    assert len(reader.commits) == 1


def test_without_a_new_label_no_version_is_written(tmp_path: Path) -> None:
    reader = FakeReader({TopicPartition(EVENTS, 0): records(said(1))})
    made, store, _ = follow(tmp_path, reader)
    asyncio.run(made.run())
    assert store.numbers() == []
    assert reader.commits == []


def test_versions_come_at_their_time_when_there_are_labels_enough(tmp_path: Path) -> None:
    polls = []
    for number in range(1, 40, 2):
        rating = cloud("csat.rated", number + 1, f"c-{number}", rating=5, scale_max=5)
        polls.append({TopicPartition(EVENTS, 0): records(said(number, f"c-{number}"), rating, first=number)})
    reader = FakeReader(*polls)
    reader.ends[TopicPartition(EVENTS, 0)] = 0
    made, store, _ = follow(tmp_path, reader, every_s=6.0, least=3)
    asyncio.run(made.run())
    assert made.versions == len(reader.commits) >= 3
    assert store.head(max(store.numbers())).quality["sentiment"].n == 20


def test_verdicts_find_their_conversation_by_the_alert(tmp_path: Path) -> None:
    alert = json.dumps({"data": {"alert_id": "a-1", "scope": {"tenant_id": "acme", "conversation_id": "c-1"}}}).encode()
    head = {"specversion": "1.0", "id": "f1", "source": "/tenants/acme/review", "type": "fenghuo.feedback.given.v1"}
    judged = {"tenant_id": "acme", "alert_id": "a-1", "command": "verdict", "verdict": "true"}
    feedback = json.dumps({**head, "time": "2026-03-01T00:20:00Z", "subject": "a-1", "data": judged}).encode()
    reader = FakeReader(
        {TopicPartition(ALERTS, 0): records(alert, b"no alert", None), TopicPartition(EVENTS, 0): records(said(1))},
        {TopicPartition(FEEDBACK, 0): records(feedback)},
    )
    made, _, learner = follow(tmp_path, reader)
    asyncio.run(made.run())
    assert learner.learning.model.quality()["early_warning"].n == 1


def test_a_stop_writes_what_was_learnt(tmp_path: Path) -> None:
    rating = cloud("csat.rated", 2, rating=1, scale_max=5)
    reader = FakeReader({TopicPartition(EVENTS, 0): records(said(1), rating)})
    reader.ends[TopicPartition(EVENTS, 0)] = 2
    made, store, _ = follow(tmp_path, reader, until_idle=None)

    async def scenario() -> None:
        running = asyncio.create_task(made.run())
        await spin(lambda: reader.taken > 3)
        made.stop()
        await running

    asyncio.run(scenario())
    assert store.numbers() == [1]
