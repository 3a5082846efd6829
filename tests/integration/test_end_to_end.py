"""What must never happen to a worker's alerts: lost in a crash, told twice as two, late while the customer still waits."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from streams.files import Line
from streams.ingest import Ingest
from streams.topics import ALERTS, EVENTS, KPIS
from tests.integration.driver import Recording, Site, assert_same, fenghuo
from tests.integration.harness import WorkerProcess, until

pytestmark = pytest.mark.integration


def test_kills_in_mid_stream_change_nothing_and_a_restart_reads_less_than_five_seconds_again(site: Site, recording: Recording) -> None:
    chance, feed = random.Random(3), Feed(recording)

    async def scenario() -> None:
        feeding = asyncio.create_task(feed.run(site))
        for _ in range(2):
            worker = site.worker("--instance-id", "one")
            await site.wait_for_alerts(await site.alert_count() + chance.randrange(1, 20))
            worker.kill()
        worker = site.worker("--instance-id", "one")
        await site.wait_for_alerts(await site.alert_count() + 1)
        early, since = await site.ends(EVENTS), time.monotonic()
        await _pass(since + 4.5)
        worker.kill()
        killed = time.monotonic()
        committed = await site.committed(site.intake, EVENTS)
        assert killed - since < 5
        assert all(committed[target] >= offset for target, offset in early.items())
        assert not feeding.done()
        await site.delete_before(committed)
        feed.hurry.set()
        await feeding
        last = await site.work("--instance-id", "one")
        assert _opened(last) == {target.partition: offset for target, offset in committed.items()}
        assert_same(recording.said, await site.alerts())

    asyncio.run(scenario())


class Feed:
    """The recording at some 1000 lines a second, its last 3000 at 30 a second until told to hurry: a kill never comes too late."""

    def __init__(self, recording: Recording) -> None:
        self.hurry = threading.Event()
        self._lines = recording.lines

    async def run(self, site: Site) -> None:
        producer = AIOKafkaProducer(**site.client)
        await producer.start()
        await Ingest(producer).run(self._paced())
        await producer.stop()

    def _paced(self) -> Iterator[Line]:
        slow = len(self._lines) - 3000
        for number, line in enumerate(self._lines):
            yield Line(line, number, "feed")
            self.hurry.wait(0.0005 if number < slow else 0.03)


def _opened(worker: WorkerProcess) -> dict[int, int]:
    """Where a worker began to read, by partition."""
    found = re.findall(r"intake\.open partition=(\d+) offset=(\d+)", worker.log.read_text(encoding="utf-8"))
    return {int(partition): int(offset) for partition, offset in found}


async def _pass(until_then: float) -> None:
    """Wait for a moment (monotonic s)."""

    async def reached() -> bool:
        return time.monotonic() >= until_then

    await until(reached)


MOVE: dict[str, Any] = {
    "from": {"queue_id": "q-refund", "department_id": "d-finance"},
    "to": {"queue_id": "q-account", "department_id": "d-account"},
    "mode": "cold",
}


def _event(kind: str, conversation: str, data: Mapping[str, Any] | None = None, *, ago: float = 0.0) -> bytes:
    """An event that happens now, or happened so many seconds ago."""
    moment = datetime.fromtimestamp(time.time() - ago, UTC).isoformat()
    channel = {"id": conversation, "channel": "chat", "queue_id": "q-refund"}
    event: dict[str, Any] = {"specversion": "1.0", "id": f"{conversation}-{kind}-{moment}", "source": "/tenants/acme/crm", "time": moment}
    event |= {"type": f"fenghuo.{kind}.v1", "data": {"tenant_id": "acme", "conversation": channel, **(data or {})}}
    return json.dumps(event).encode()


def _says(conversation: str, role: str, text: str) -> bytes:
    direction = "in" if role == "customer" else "out"
    message = {"id": f"m-{time.monotonic_ns()}", "text": text, "direction": direction}
    return _event("message.created", conversation, {"sender": {"role": role, "id": f"{role}-1"}, "message": message})


def test_live_an_alert_comes_when_it_is_due_though_nothing_else_happens(site: Site) -> None:
    async def scenario() -> None:
        worker = site.worker()
        await site.wait_until_told_idle()
        await site.send(*(_event("conversation.opened", conversation) for conversation in ("c-moved", "c-answered", "c-waiting")))
        asked = time.time()
        await site.send(_says("c-answered", "customer", "你好，在吗"), _says("c-waiting", "customer", "请问我的退款什么时候到"))
        transferred = time.time()
        await site.send(_event("conversation.transferred", "c-moved", MOVE))
        await site.send(_says("c-answered", "agent", "您好，我在的"))

        when, data = await until(lambda: _alert(site, "transfer_count"), 10)
        assert when - transferred < 2
        assert (data["tier"], data["value"], data["scope"]["conversation_id"]) == ("blue", 1, "c-moved")
        when, data = await until(lambda: _alert(site, "first_response_time"), 40)
        assert 29.5 < when - asked < 33
        assert (data["tier"], data["value"], data["scope"]["conversation_id"]) == ("blue", 30, "c-waiting")
        assert worker.stop() == 0
        concerned = {json.loads(record.value)["data"]["scope"]["conversation_id"] for record in await site.read(ALERTS)}
        assert concerned == {"c-moved", "c-waiting"}

    asyncio.run(scenario())


def test_what_the_indicators_read_now_is_told_from_the_state_on_kafka_when_no_worker_runs(site: Site) -> None:
    def current() -> dict[str, Any]:
        arguments = ("indicators", "--bootstrap", site.bootstrap, "--app-id", site.app_id, "--json")
        return {each["id"]: each["current"] for each in json.loads(fenghuo(*arguments, settings=site.settings))}

    async def scenario() -> None:
        worker = site.worker()
        await site.wait_until_told_idle()
        await site.send(*(_event("conversation.opened", conversation) for conversation in ("c-moved", "c-still")))
        await site.send(_event("conversation.transferred", "c-moved", MOVE), _says("c-moved", "customer", "怎么又转了"))
        await until(lambda: _alert(site, "transfer_count"), 10)
        assert worker.stop() == 0

    asyncio.run(scenario())
    found = current()
    assert len(found) == 65
    transfers = found["transfer_count"]
    assert (transfers["scopes"], transfers["burning"]) == (1, 1)
    gravest = transfers["readings"][0]
    assert (gravest["value"], gravest["tier"], gravest["scope"]["conversation_id"]) == (1, "blue", "c-moved")
    assert found["nps"] == {"scopes": 0, "burning": 0, "readings": []}


def test_the_forecast_is_on_its_topic_and_in_the_state_on_kafka_when_no_worker_runs(site: Site) -> None:
    async def scenario() -> list[dict[str, Any]]:
        history = [_event("conversation.opened", f"c-{hour}-{each}", ago=hour * 3600.0) for hour in range(60, 0, -1) for each in range(5)]
        await site.send(*history)
        worker = site.worker()
        await until(lambda: _told(site), 60)
        assert worker.stop() == 0
        told = [json.loads(record.value) for record in await site.read(KPIS)]
        assert {"fenghuo.kpi.readings.v1"} <= {event["type"] for event in told}
        return [event for event in told if event["type"] == "fenghuo.kpi.forecast.v1"]

    events = asyncio.run(scenario())
    assert events
    arguments = ("forecast", "--bootstrap", site.bootstrap, "--app-id", site.app_id, "--json")
    found = json.loads(fenghuo(*arguments, settings=site.settings))
    assert [(each.get("queue_id"), each["series"]) for each in found] == [(None, "conversations"), ("q-refund", "conversations")]
    assert all(60 < each["total"]["mean"] < 150 and len(each["hours"]) == 24 for each in found)


async def _told(site: Site) -> bool:
    """Whether a forecast has a record of how good it was: more than two days have been read."""
    return any("accuracy" in json.loads(record.value)["data"] for record in await site.read(KPIS))


async def _alert(site: Site, indicator: str) -> tuple[float, dict[str, Any]] | None:
    """When the first alert of an indicator was written (epoch s), and its data."""
    for record in await site.read(ALERTS):
        data = json.loads(record.value)["data"]
        if data["indicator"] == indicator:
            return record.timestamp / 1000, data
    return None
