"""`fenghuo replay --lead-time`: how long before what they warn of alerts come."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli import build


@pytest.fixture(autouse=True)
def _usual_garbage_collection() -> Iterator[None]:
    """A command makes collections rare for its own process; here the process goes on."""
    usual = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)


def line(number: int, at: str, kind: str, **data: Any) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/tenants/acme/test",
            "type": f"fenghuo.{kind}.v1",
            "time": f"2026-03-02T10:{at}+08:00",
            "subject": "c-1",
            "data": {"tenant_id": "acme", "conversation": {"id": "c-1", "channel": "chat", "queue_id": "q-a"}, **data},
        }
    )


def replayed(tmp_path: Path, *options: str) -> str:
    said = {"message": {"id": "m", "text": "在吗", "direction": "in"}, "sender": {"role": "customer", "id": "u-1"}}
    events = [
        line(0, "00:00", "message.created", **said),
        line(1, "05:00", "ticket.escalated", ticket={"id": "t-1"}, to="supervisor"),
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(events), encoding="utf-8")
    arguments = ["replay", str(tmp_path / "events.jsonl"), "--out", str(tmp_path / "alerts.jsonl"), "--lead-time", *options]
    done = CliRunner().invoke(build(), arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output if not options else done.stdout


def test_an_alert_before_an_escalation_is_a_lead(tmp_path: Path) -> None:
    found = json.loads(replayed(tmp_path, "--json"))["lead_time"]["first_response_time"]
    assert found["alerts"] == found["outcomes"] == 1
    assert found["median_s"] == 240.0
    assert found["precision"] == found["recall"] == 1.0


def test_people_get_a_table(tmp_path: Path) -> None:
    assert "first_response_time" in replayed(tmp_path)
