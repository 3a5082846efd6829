"""The projector on a cluster in memory: what the store and the audit topic hold, whatever crashes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from alerts.audit import Entry, chain, parse, to_event, verify
from alerts.store.queries import Queries
from alerts.store.rows import Rows
from alerts.store.store import Place, Store
from streams.errors import TopicsError
from streams.metrics import Metrics
from streams.project import KINDS, Projector
from streams.topics import ALERTS, AUDIT
from tests.unit.cluster_fakes import Logs
from tests.unit.store.records import BEGAN, alert
from tests.unit.store.test_store import LOG, dump, opened

TOPICS = {kind: topic for topic, kind in KINDS.items()}


def filled(logs: Logs, *, times: int = 1) -> None:
    for _ in range(times):
        for source in LOG:
            logs.write(TOPICS[source.kind], source.value, at=source.at)


def projector(store: Store, logs: Logs, *, audit: bool = True, metrics: Metrics | None = None, strict: bool = True) -> Projector:
    found = metrics or Metrics()
    return Projector(
        store,
        {},
        found,
        partitions=logs.partitions,
        audit=audit,
        strict=strict,
        wall=lambda: BEGAN,
        make_consumer=logs.consumer,
        make_producer=logs.producer,
    )


@asynccontextmanager
async def running(store: Store, logs: Logs, **options: Any) -> AsyncIterator[Projector]:
    made = projector(store, logs, **options)
    await made.start()
    try:
        yield made
    finally:
        await made.stop(0.0)


async def drained(made: Projector) -> None:
    async with asyncio.timeout(30):
        while await made.behind():
            await made.step()
        await made.step()


def findings(logs: Logs) -> list[object]:
    return list(verify(parse(value) for value in logs.values(AUDIT)))


def test_the_store_has_what_the_topics_have_and_the_audit_is_sent() -> None:
    async def scene() -> None:
        logs, metrics = Logs(), Metrics()
        filled(logs)
        logs.write(ALERTS, b"no alert")
        async with opened() as store, running(store, logs, metrics=metrics) as made:
            await drained(made)
            assert (await store.offsets())[Place(ALERTS, 0)] == logs.end(TopicPartition(ALERTS, 0))
            assert len(await Queries(store.reader).history("acme", "a1")) == 5
            assert await store.unpublished() == []
            assert metrics.value("store_rejects_total", ALERTS) == 1
        assert len(logs.values(AUDIT)) == 16
        assert findings(logs) == []

    asyncio.run(scene())


class Killed(Exception):
    """The process ends here."""


@settings(max_examples=12)
@given(st.lists(st.integers(0, 12), max_size=5))
def test_a_crash_while_the_audit_is_sent_neither_loses_nor_doubles_a_record(crashes: list[int]) -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        async with opened() as store:
            for sends in crashes:
                logs.sends, logs.breaks = sends, Killed()
                async with running(store, logs) as made:
                    try:
                        await drained(made)
                    except Killed:
                        continue
            logs.sends = None
            async with running(store, logs) as made:
                await drained(made)
        assert len(logs.values(AUDIT)) == 16
        assert findings(logs) == []

    asyncio.run(scene())


def test_a_rebuilt_store_is_the_same_and_writes_no_audit_record_twice(tmp_path: Path) -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        async with opened() as store:
            async with running(store, logs) as made:
                await drained(made)
            before, audit = await dump(store), logs.values(AUDIT)
            await store.clear()
            assert (await dump(store))["alerts"] == []
            async with running(store, logs) as made:
                await drained(made)
            assert await dump(store) == before
        async with opened(f"sqlite:///{tmp_path / 'other.db'}") as other, running(other, logs) as made:
            await drained(made)
            assert await dump(other) == before
        assert logs.values(AUDIT) == audit

    asyncio.run(scene())


def test_doubles_on_the_topics_change_nothing() -> None:
    async def scene() -> None:
        once, thrice = Logs(), Logs()
        filled(once)
        filled(thrice, times=3)
        async with opened() as one, opened() as three:
            async with running(one, once) as made:
                await drained(made)
            async with running(three, thrice) as made:
                await drained(made)
            assert await dump(one) == await dump(three)
        assert len(thrice.values(AUDIT)) == 16

    asyncio.run(scene())


def test_a_store_that_does_not_write_the_audit_reads_it() -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        async with opened() as writer, opened() as reader:
            async with running(reader, logs, audit=False) as made:
                await drained(made)
                assert (await dump(reader))["audit"] == []
            async with running(writer, logs) as made:
                await drained(made)
            async with running(reader, logs, audit=False) as made:
                await drained(made)
                assert (await dump(reader))["audit"] == (await dump(writer))["audit"]
                assert logs.values(AUDIT) != []
        assert findings(logs) == []

    asyncio.run(scene())


def test_whoever_was_overtaken_goes_on_from_where_the_store_is() -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        async with opened() as store, running(store, logs) as slow, running(store, logs) as fast:
            await slow.step()
            await drained(fast)
            logs.write(ALERTS, alert("z9").value, at=BEGAN)
            await drained(fast)
            logs.write(ALERTS, alert("z9", 2).value, at=BEGAN)
            await drained(slow)
            assert len(await Queries(store.reader).history("acme", "z9")) == 2
        assert findings(logs) == []

    asyncio.run(scene())


class Flaky(Store):
    """A database that does not answer for a while."""

    down = 2

    async def write(self, rows: Rows, read: object) -> None:
        if self.down:
            self.down -= 1
            raise OperationalError("INSERT", {}, ConnectionRefusedError("refused"))
        await super().write(rows, read)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [KafkaError("the broker is gone"), IllegalStateError("not assigned any more")])
def test_while_kafka_does_not_take_the_audit_it_is_sent_again(error: Exception) -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        async with opened() as store, running(store, logs) as made:
            logs.sends, logs.breaks = 5, error
            while not logs.values(AUDIT):
                await made.step()
            logs.sends = None
            await drained(made)
        assert len(logs.values(AUDIT)) == 16
        assert findings(logs) == []

    asyncio.run(scene())


def test_while_the_database_does_not_answer_the_topics_wait() -> None:
    async def scene() -> None:
        logs, metrics = Logs(), Metrics()
        filled(logs)
        store = Flaky("sqlite://")
        await store.open()
        async with running(store, logs, metrics=metrics) as made:
            await drained(made)
            assert metrics.value("store_retries_total") == 2
            assert len(await Queries(store.reader).history("acme", "a1")) == 5
        await store.close()
        assert findings(logs) == []

    asyncio.run(scene())


def test_topics_that_were_made_anew_are_refused_with_the_way_out() -> None:
    async def scene() -> None:
        logs, empty = Logs(), Logs()
        filled(logs)
        async with opened() as store:
            async with running(store, logs) as made:
                await drained(made)
            async with running(store, empty) as made:
                with pytest.raises(TopicsError, match="fenghuo store rebuild"):
                    await made.run()

    asyncio.run(scene())


def test_beside_a_worker_the_store_is_given_up_instead(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        logs, empty = Logs(), Logs()
        filled(logs)
        async with opened() as store:
            async with running(store, logs) as made:
                await drained(made)
            async with running(store, empty, strict=False) as made:
                await made.run()

    asyncio.run(scene())
    assert "fenghuo store rebuild" in caplog.text


def test_what_another_store_wrote_to_the_audit_is_read_though_it_came_between(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        foreign = to_event(chain(Entry("other", "x", "alert", "1", "2026-11-11T00:00:00.000+00:00", "", {}, ""), None))
        async with opened() as store:
            async with running(store, logs) as made:
                await drained(made)
                logs.write(AUDIT, json.dumps(foreign).encode())
                logs.write(ALERTS, alert("z9").value)
                await drained(made)
            async with running(store, logs) as made:
                await drained(made)
                assert len(await Queries(store.reader).audit("other", "x")) == 1
        assert findings(logs) == []

    asyncio.run(scene())


def test_a_topic_that_has_lost_its_beginning_is_read_from_where_it_begins() -> None:
    async def scene() -> None:
        logs = Logs()
        filled(logs)
        target = TopicPartition(ALERTS, 0)
        logs.begins[target] = 3
        logs.records[target] = logs.records[target][3:]
        async with opened() as store, running(store, logs) as made:
            await drained(made)
            assert [event["data"]["revision"] for event in await Queries(store.reader).history("acme", "a1")] == [3, 4, 5]

    asyncio.run(scene())
