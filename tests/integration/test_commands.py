"""Commands on the feedback topic: carried out once, and remembered, wherever the worker is killed."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from alerts.command import Command, CommandKind, encode_command
from alerts.silence import Silence
from streams.topics import ALERTS, DEAD_LETTERS, FEEDBACK, OUTBOX
from tests.integration.driver import Site
from tests.integration.harness import until

pytestmark = pytest.mark.integration

POLICY = """
routes: [{receivers: ops}]
receivers:
  - {name: ops, type: webhook, url: "http://127.0.0.1:9/hook", allow_http: true, allow_private: true, secret_env: FENGHUO_TEST_SECRET}
"""


def snapshot(queue: str, at: float) -> bytes:
    """A queue with 320 waiting: red."""
    event = {
        "specversion": "1.0",
        "id": f"snap-{queue}",
        "source": "/tenants/acme/test",
        "type": "fenghuo.queue.snapshot.v1",
        "time": datetime.fromtimestamp(at, UTC).isoformat(),
        "subject": queue,
        "data": {"tenant_id": "acme", "queue": {"queue_id": queue, "waiting": 320, "agents_available": 2, "agents_busy": 3}},
    }
    return json.dumps(event).encode()


class Hall:
    """A site with a policy, commands to its alerts, and what they said."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY, encoding="utf-8")
        site.settings["FENGHUO_TEST_SECRET"] = "whsec_" + "A" * 43 + "="
        self.worker = self._start()

    def _start(self) -> Any:
        return self.site.worker("--config", str(self.policy), "--instance-id", "one")

    def kill(self) -> None:
        """SIGKILL, and another worker in its place."""
        self.worker.kill()
        self.worker = self._start()

    async def light(self, queue: str, at: float) -> None:
        file = self.folder / f"{queue}.jsonl"
        file.write_bytes(snapshot(queue, at) + b"\n")
        await self.site.command("ingest", str(file))

    async def tell(self, kind: CommandKind, **more: Any) -> None:
        command = Command(id=f"{kind}-1", tenant="acme", kind=kind, by="li", at=time.time(), **more)
        await self.send(encode_command(command))

    async def send(self, value: bytes) -> None:
        producer = AIOKafkaProducer(**self.site.client)
        await producer.start()
        try:
            await producer.send_and_wait(FEEDBACK, value, b"acme")
        finally:
            await producer.stop()

    async def said(self, queue: str, indicator: str = "queue_length") -> list[dict[str, Any]]:
        """The revisions of a queue's alert; one written twice must be the same."""
        found: dict[str, dict[str, Any]] = {}
        for record in await self.site.read(ALERTS):
            event = json.loads(record.value)
            if event["data"]["alert_key"] == f"{indicator}|queue={queue}":
                assert found.setdefault(event["id"], event) == event
        return list(found.values())

    async def wait_for(self, queue: str, state: str) -> None:
        async def there() -> bool:
            return any(event["data"]["state"] == state for event in await self.said(queue))

        await until(there, 60.0)


def test_commands_are_carried_out_once_and_a_silence_holds_over_kills_of_the_worker(site: Site, tmp_path: Path) -> None:
    key = "queue_length|queue=q-a"

    async def scenario() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        hall, now = Hall(site, tmp_path), time.time()
        await hall.light("q-a", now - 60)
        await hall.wait_for("q-a", "raised")
        for kind, state, pause in (
            ("acknowledge", "acknowledged", 0.0),
            ("in_progress", "in_progress", 0.15),
            ("resolve", "resolved", 0.4),
        ):
            await hall.tell(kind, alert_key=key)  # type: ignore[arg-type]
            await asyncio.sleep(pause)
            hall.kill()
            await hall.wait_for("q-a", state)
        silence = Silence(id="s-1", tenant="acme", match={"queue_id": "q-b"}, starts=now - 300, until=now + 3600)
        await hall.tell("silence_add", silence=silence)
        await hall.send(b"no command")
        hall.kill()
        await until(lambda: site.read(DEAD_LETTERS))
        hall.kill()
        await hall.light("q-b", time.time() - 5)
        await hall.wait_for("q-b", "raised")
        hall.worker.stop()
        return await hall.said("q-a"), await hall.said("q-b")

    first, second = asyncio.run(scenario())
    assert [event["data"]["state"] for event in first] == ["raised", "acknowledged", "in_progress", "resolved"]
    assert [event["id"].partition(":")[2] for event in first] == ["1", "2", "3", "4"]
    assert first[1]["data"]["acknowledged"]["by"] == "li"
    assert first[3]["data"]["closed_by"] == "li"
    assert second[0]["data"]["delivery"]["suppressed"][0] == {"step": "silences", "reason": "silenced", "by": "s-1"}
    paged = {json.loads(record.value)[1] for record in asyncio.run(site.read(OUTBOX))}
    assert first[0]["data"]["alert_id"] in paged
    assert second[0]["data"]["alert_id"] not in paged
