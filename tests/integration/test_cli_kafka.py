from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from streams.topics import ALERT_STATE, ALERTS, EVENTS
from tests.integration.fakes import LAYOUT
from tests.integration.harness import ROOT, Cluster

pytestmark = pytest.mark.integration


def _fenghuo(cluster: Cluster, *arguments: str, events: int = LAYOUT.events) -> subprocess.CompletedProcess[str]:
    settings = {
        "FENGHUO_KAFKA__BOOTSTRAP": cluster.bootstrap,
        "FENGHUO_TOPICS__EVENTS": str(events),
        "FENGHUO_TOPICS__SCOPES": str(LAYOUT.scopes),
    }
    command = [sys.executable, "-m", "streams", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False)


def _alert(name: str, tier: str, state: str) -> dict[str, Any]:
    data = {"alert_id": name, "tier": tier, "state": state, "event_time": "2026-10-01T00:00:00Z", "title": {"zh": "题", "en": "title"}}
    return {"id": f"{name}:1", "data": data}


async def _publish(cluster: Cluster, topic: str, alerts: list[dict[str, Any]]) -> None:
    producer = AIOKafkaProducer(**cluster.client)
    await producer.start()
    for alert in alerts:
        await producer.send_and_wait(topic, json.dumps(alert).encode(), alert["data"]["alert_id"].encode())
    await producer.stop()


def test_topics_of_another_partition_count_are_shown_and_refused(cluster: Cluster) -> None:
    assert "ok" in {row["state"] for row in json.loads(_fenghuo(cluster, "topics", "plan", "--json").stdout)}
    rows = json.loads(_fenghuo(cluster, "topics", "plan", "--json", events=8).stdout)
    assert {"topic": EVENTS, "state": "partitions"}.items() <= next(row for row in rows if row["topic"] == EVENTS).items()
    refused = _fenghuo(cluster, "topics", "apply", events=8)
    assert refused.returncode == 4
    assert "has 4 partitions, 8 are expected" in refused.stderr


def test_ingest_writes_every_line_and_doctor_sees_the_lag(cluster: Cluster, tmp_path: Path) -> None:
    lines = [
        {"specversion": "1.0", "id": f"e{number}", "source": "/tenants/acme/x", "type": "fenghuo.conversation.opened.v1"}
        | {"time": f"2026-10-01T00:00:{number:02}Z", "data": {"tenant_id": "acme", "conversation": {"id": f"c-{number}"}}}
        for number in range(50)
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join([*map(json.dumps, lines), "not json", json.dumps({"text": "x" * 2_000_000})]), encoding="utf-8")
    done = json.loads(_fenghuo(cluster, "ingest", str(file), "--json").stdout)
    assert (done["lines"], done["oversized"], done["heartbeats"]) == (51, 1, LAYOUT.events)
    checks = json.loads(_fenghuo(cluster, "doctor", "--app-id", cluster.app_id, "--json").stdout)
    found = {check["name"]: check for check in checks}
    assert found[f"lag {EVENTS}"]["detail"] == f"{51 + LAYOUT.events} records"
    assert found["clock"]["status"] == "ok"


def test_alerts_are_listed_while_open_and_tailed_as_they_came(cluster: Cluster) -> None:
    alerts = [_alert("a", "red", "raised"), _alert("b", "blue", "raised"), _alert("a", "red", "resolved")]

    async def publish() -> None:
        await _publish(cluster, ALERT_STATE, alerts)
        await _publish(cluster, ALERTS, alerts)

    asyncio.run(publish())
    listed = json.loads(_fenghuo(cluster, "alerts", "list", "--json").stdout)
    assert [alert["data"]["alert_id"] for alert in listed] == ["b"]
    tailed = _fenghuo(cluster, "alerts", "tail", "--from-start", "--until-idle", "0.5", "--json").stdout
    assert [json.loads(line) for line in tailed.splitlines()] == alerts
    assert "title" in _fenghuo(cluster, "alerts", "tail", "--from-start", "--until-idle", "0.5").stdout


def test_a_command_without_a_broker_is_one_line_and_exit_code_3(cluster: Cluster) -> None:
    cluster.bootstrap = "127.0.0.1:1"
    done = _fenghuo(cluster, "alerts", "list")
    assert done.returncode == 3
    assert done.stderr.startswith("fenghuo: no Kafka answers at 127.0.0.1:1")
    assert len(done.stderr.splitlines()) == 1
