"""A file with events and commands: each command is carried out at its own time, wherever its line stands before that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from alerts.command import Command, encode_command
from alerts.silence import Silence
from detectors.text.pii import mask
from streams.files import Line
from streams.pipeline import Pipeline
from streams.records import Parser, Reject
from streams.replay import Replay, Report
from streams.wiring import Layout
from tests.scenario.harness import wiring

AS_OF = 1_800_000_000.0


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-03-02T{clock}+08:00").timestamp()


def snapshot(clock: str, queue: str, waiting: int) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"{queue}-{clock}",
        "source": "/tenants/acme/test",
        "type": "fenghuo.queue.snapshot.v1",
        "time": f"2026-03-02T{clock}+08:00",
        "subject": queue,
        "data": {"tenant_id": "acme", "queue": {"queue_id": queue, "waiting": waiting, "agents_available": 1}},
    }
    return json.dumps(event).encode()


def command(clock: str, kind: Any, number: int, **more: Any) -> bytes:
    return encode_command(Command(id=f"c-{number}", tenant="acme", kind=kind, by="li", at=at(clock), **more))


SILENCED = command(
    "10:01:00",
    "silence_add",
    1,
    silence=Silence(id="s-1", tenant="acme", match={"queue_id": "q-a"}, starts=at("10:01:00"), until=at("11:00:00"), why="电话13800138000"),
)
ENDED = command("10:06:30", "silence_expire", 2, silence=Silence(id="s-1", tenant="acme", starts=0.0, until=0.0))
TAKEN = command("10:04:30", "acknowledge", 3, alert_key="queue_length|queue=q-b", comment="马上处理")
EVENTS = [
    snapshot("10:00:00", "q-c", 1),
    snapshot("10:02:00", "q-a", 120),
    snapshot("10:03:00", "q-b", 120),
    snapshot("10:05:00", "q-b", 400),
    snapshot("10:06:00", "q-a", 400),
    snapshot("10:07:00", "q-c", 120),
]


def replayed(lines: Iterable[bytes], layout: Layout | None = None) -> tuple[list[dict[str, Any]], Report]:
    """The data of the alert events, and the report."""
    rejects: list[Reject] = []
    made = wiring(layout, only=frozenset({"queue_length"}))
    replay = Replay(Pipeline(made), Parser(mask), AS_OF, lambda _, reject: rejects.append(reject))
    alerts = [json.loads(alert)["data"] for alert in replay.run(Line(line, number, "f") for number, line in enumerate(lines, 1))]
    return alerts, replay.report


def told(alerts: list[dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    return [(each["scope"]["queue_id"], each["state"], each["tier"], "delivery" in each) for each in alerts]


WANTED = [
    ("q-a", "raised", "yellow", True),
    ("q-b", "raised", "yellow", False),
    ("q-b", "acknowledged", "yellow", False),
    ("q-b", "updated", "red", False),
    ("q-a", "updated", "red", True),
    ("q-c", "raised", "yellow", False),
]


@pytest.mark.parametrize(
    "lines",
    [
        [EVENTS[0], SILENCED, *EVENTS[1:3], TAKEN, *EVENTS[3:5], ENDED, EVENTS[5]],
        [SILENCED, ENDED, TAKEN, *EVENTS],
        [SILENCED, TAKEN, *EVENTS, ENDED],
    ],
    ids=["in order", "commands first", "one last"],
)
def test_commands_are_carried_out_at_their_own_times_wherever_they_stand(lines: list[bytes]) -> None:
    alerts, report = replayed(lines)
    assert told(alerts) == WANTED
    assert (report.commands, report.events, dict(report.rejects)) == (3, 6, {})
    assert alerts[2]["acknowledged"]["by"] == "li"
    assert alerts == replayed(lines, Layout(3, 2, 2))[0]


def test_a_command_that_is_given_twice_is_carried_out_once() -> None:
    alerts, report = replayed([SILENCED, TAKEN, TAKEN, *EVENTS])
    assert [state for _, state, _, _ in told(alerts)].count("acknowledged") == 1
    assert report.commands == 3


def test_what_is_neither_an_event_nor_a_command_is_a_reject_as_before() -> None:
    wrong = SILENCED.replace(b'"until"', b'"til"')
    _, report = replayed([wrong, b'{"type": "fenghuo.silence.added.v1"}', *EVENTS])
    assert (report.commands, sum(report.rejects.values())) == (0, 2)
