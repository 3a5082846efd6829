"""The store, the audit and the API on a real Kafka, as the commands run them."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiokafka import AIOKafkaProducer

from alerts.audit import parse, verify
from alerts.command import Command, decode_command
from alerts.store.queries import Filter, Queries
from alerts.store.rows import Source
from alerts.store.store import Store
from streams.api.tokens import new_token
from streams.project import KINDS
from streams.topics import ALERT_STATE, ALERTS, AUDIT, FEEDBACK
from tests.integration.driver import Site
from tests.integration.harness import WorkerProcess, until
from tests.unit.store.records import alert, alert_event, command, delivery

pytestmark = pytest.mark.integration

TOPICS = {kind: topic for topic, kind in KINDS.items()}
ID = "a1b2c3d4e5f60718a1b2c3d4e5f60718"


async def write(site: Site, sources: Iterable[Source]) -> None:
    """Write records as the worker does; alerts also to the compacted topic."""
    producer = AIOKafkaProducer(**site.client, linger_ms=5)
    await producer.start()
    for source in sources:
        await producer.send(TOPICS[source.kind], source.value, b"acme")
        if source.kind == "alerts":
            data = json.loads(source.value or b"")["data"]
            await producer.send(ALERT_STATE, source.value, f"{data['scope']['tenant_id']}/{data['alert_key']}/{data['alert_id']}".encode())
    await producer.stop()


def with_store(site: Site, folder: Path) -> str:
    """The URL of a store of this test, set for its commands."""
    url = f"sqlite:///{folder / 'alerts.db'}"
    site.settings |= {"FENGHUO_STORE__URL": url, "FENGHUO_DATA_DIR": str(folder)}
    return url


async def held(url: str) -> tuple[list[tuple[str, int]], int]:
    """The ids and revisions of the store's alerts, and how many audit records there are."""
    store = Store(url)
    await store.open()
    try:
        queries = Queries(store.reader)
        page = await queries.alerts(Filter(open=None), limit=500)
        audit = sum([seq for seq, _ in (await queries.heads()).values()])
        return sorted((item["data"]["alert_id"], item["data"]["revision"]) for item in page.items), audit
    finally:
        await store.close()


def test_a_store_that_is_killed_again_and_again_ends_with_everything_once(site: Site, tmp_path: Path) -> None:
    url, dice = with_store(site, tmp_path), random.Random(7)
    names = [f"{number:032x}" for number in range(300)]
    log = [alert(name, revision) for revision in (1, 2, 3) for name in names]
    log += [delivery(name) for name in names] + [command(f"c-{name}", alert_id=name) for name in names]

    async def scene() -> None:
        await write(site, log[: len(log) // 2])
        writing = asyncio.create_task(write(site, log[len(log) // 2 :]))
        for _ in range(5):
            process = site.start("store", "run")
            await process.wait_for_log("store.started", 90)
            await asyncio.sleep(dice.uniform(0.05, 0.6))
            process.kill()
        await writing
        await site.command("store", "run", "--until-caught-up")
        assert await held(url) == ([(name, 3) for name in names], len(log))
        records = [parse(record.value) for record in await site.read(AUDIT)]
        assert list(verify(records)) == []
        assert len(records) == len(log)
        verified = json.loads(await site.command("audit", "verify", "--store", "--json"))
        assert verified == {"records": len(log), "findings": []}
        counted = json.loads(await site.command("store", "rebuild", "--yes", "--json"))
        assert counted == {ALERTS: 900, FEEDBACK: 300, "fenghuo.deliveries.v1": 300}
        assert await held(url) == ([(name, 3) for name in names], len(log))
        assert len(await site.read(AUDIT)) == len(log)

    asyncio.run(scene())


def test_an_exported_audit_that_somebody_changed_is_found(site: Site, tmp_path: Path) -> None:
    with_store(site, tmp_path)
    file = tmp_path / "audit.jsonl"

    async def scene() -> None:
        await write(site, [alert("a1", revision) for revision in (1, 2, 3)])
        await site.command("store", "run", "--until-caught-up")
        await site.command("audit", "export", "--out", str(file))
        assert json.loads(await site.command("audit", "verify", str(file), "--json"))["findings"] == []
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join([lines[0], lines[1].replace("updated", "resolved"), lines[2]]), encoding="utf-8")
        process = site.start("audit", "verify", str(file), "--json")
        assert await process.wait() == 1
        found = json.loads(process.log.read_text(encoding="utf-8"))["findings"]
        assert [(each["where"], each["kind"], each["subject"], each["seq"]) for each in found] == [("line 2", "changed", "a1", 2)]

    asyncio.run(scene())


class Client:
    """The API as another program uses it."""

    def __init__(self, session: ClientSession, port: int, token: str) -> None:
        self.session, self.base = session, f"http://127.0.0.1:{port}/api/v1"
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.base}{path}", json=body, headers={**self.headers, **headers}) as response:
            return response.status, await response.json()


async def served(site: Site, *more: str) -> tuple[WorkerProcess, int, str]:
    """An API on a free port: its process, port and an operator's token."""
    text, entry = new_token("console", "operator")
    site.settings["FENGHUO_API__TOKENS"] = json.dumps([entry.model_dump(mode="json", exclude_none=True)])
    process = site.start("api", "--port", "0", *more)
    await process.wait_for_log("api.served", 90)
    port = re.search(r"api.served .*port=(\d+)", process.log.read_text(encoding="utf-8"))
    assert port is not None
    return process, int(port[1]), text


async def commands(site: Site) -> list[Command]:
    found = [decode_command(record.value, record_time=record.timestamp / 1000) for record in await site.read(FEEDBACK)]
    return [each for each in found if isinstance(each, Command)]


def test_the_api_shows_live_alerts_and_its_commands_are_on_the_topic_when_it_answers(site: Site, tmp_path: Path) -> None:
    with_store(site, tmp_path)

    async def scene() -> None:
        process, port, token = await served(site, "--fill")
        async with ClientSession() as session:
            client = Client(session, port, token)
            async with session.get(f"{client.base}/events", headers=client.headers) as events:
                assert await events.content.readline() == b": connected\n"
                await write(site, [alert(ID), alert(ID, 2)])
                async with asyncio.timeout(10):
                    lines = [line async for line in _lines(events, 2)]
                assert [json.loads(line)["data"]["revision"] for line in lines] == [1, 2]

            async def shown() -> Any:
                status, body = await client.ask("GET", f"/alerts/{ID[:8]}")
                return body if status == 200 and body["alert"]["revision"] == 2 else None

            found = await until(shown)
            assert found["alert"] == alert_event(ID, 2)["data"]
            status, accepted = await client.ask("POST", f"/alerts/{ID}/acknowledge", {"comment": "看到了"}, **{"If-Match": '"2"'})
            assert status == 202
            (given,) = await commands(site)
            assert (given.id, given.kind, given.alert_id, given.by) == (accepted["command_id"], "acknowledge", ID, "console")
            assert process.stop() == 0
        assert token not in process.log.read_text(encoding="utf-8")

    asyncio.run(scene())


async def _lines(events: Any, count: int) -> Any:
    while count:
        line = await events.content.readline()
        if line.startswith(b"data: "):
            count -= 1
            yield line.removeprefix(b"data: ")


def test_the_commands_of_the_terminal_do_the_same(site: Site, tmp_path: Path) -> None:
    site.settings["FENGHUO_DATA_DIR"] = str(tmp_path)

    async def scene() -> None:
        await write(site, [alert(ID), alert("a1b2ffff", 5)])
        shown = json.loads(await site.command("alerts", "show", ID[:8], "--json"))
        assert shown["alert"]["alert_id"] == ID
        assert ID in await site.command("alerts", "show", ID[:8])
        assert ID[:12] in await site.command("alerts", "list", "--ids")
        await site.command("alerts", "ack", ID[:8], "--by", "li", "-m", "看到了")
        await site.command("alerts", "start", ID, "--json")
        await site.command("alerts", "feedback", "a1b2ff", "false")
        await site.command("alerts", "resolve", ID[:6])
        await site.command("alerts", "missed", "queue_length|queue=q-b", "--tenant", "acme", "-m", "no alert at 9")
        made = json.loads(
            await site.command(
                "silence", "add", "--tenant", "acme", "--match", "queue_id=q-a", "--for", "2h", "--why", "test call", "--by", "li", "--json"
            )
        )
        (listed,) = json.loads(await site.command("silence", "list", "--json"))
        assert (listed["silence_id"], listed["match"], listed["holds"]) == (made["silence_id"], {"queue_id": "q-a"}, True)
        await site.command("silence", "expire", made["silence_id"][:6])
        assert json.loads(await site.command("silence", "list", "--json")) == []
        kinds = [(each.kind, each.alert_id) for each in await commands(site)]
        assert kinds[:4] == [("acknowledge", ID), ("in_progress", ID), ("false_positive", "a1b2ffff"), ("resolve", ID)]
        assert [kind for kind, _ in kinds[4:]] == ["missed", "silence_add", "silence_expire"]
        first = (await commands(site))[0]
        assert (first.by, first.comment, first.tenant) == ("li", "看到了", "acme")

    asyncio.run(scene())


def moved(conversation: str) -> bytes:
    """An event that lights an alert at once: a conversation is handed over."""
    now = datetime.now(UTC).isoformat()
    transfer = {"from": {"agent_id": "a-1"}, "to": {"agent_id": "a-2"}, "reason": "skill"}
    data = {"tenant_id": "acme", "conversation": {"id": conversation, "channel": "chat", "queue_id": "q-refund"}, "transfer": transfer}
    kind = "fenghuo.conversation.transferred.v1"
    event = {"specversion": "1.0", "id": f"{conversation}-{now}", "source": "/tenants/acme/crm", "type": kind, "time": now, "data": data}
    return json.dumps(event).encode()


def test_acknowledged_over_http_the_alert_has_its_next_revision(site: Site, tmp_path: Path) -> None:
    with_store(site, tmp_path)

    async def scene() -> None:
        worker = site.worker()
        await worker.wait_for_log("worker.started", 90)
        await site.wait_until_told_idle()
        api, port, token = await served(site, "--no-fill")
        async with ClientSession() as session:
            client = Client(session, port, token)
            await site.send(moved("c-1"))

            async def state(wanted: str) -> Any:
                _, body = await client.ask("GET", f"/alerts?indicator=transfer_count&open=all&state={wanted}")
                return body["items"]

            (raised,) = await until(lambda: state("raised"))
            status, accepted = await client.ask("POST", f"/alerts/{raised['alert_id']}/acknowledge", {"comment": "on it"})
            assert status == 202
            (seen,) = await until(lambda: state("acknowledged"))
            assert seen["revision"] == raised["revision"] + 1
            assert (seen["acknowledged"]["by"], seen["acknowledged"]["comment"]) == ("console", "on it")
            _, detail = await client.ask("GET", f"/alerts/{raised['alert_id']}")
            assert [each["command_id"] for each in detail["acknowledgements"]] == [accepted["command_id"]]
            assert (await client.ask("POST", f"/alerts/{raised['alert_id']}/resolve"))[0] == 202
            (ended,) = await until(lambda: state("resolved"))
            assert ended["closed_by"] == "console"
        assert [process.stop() for process in (api, worker)] == [0, 0]
        verified = json.loads(await site.command("audit", "verify", "--store", "--json"))
        assert (verified["findings"], verified["records"]) == ([], 5)

    asyncio.run(scene())
