"""Records that are no events: each becomes a dead letter that says why, and nothing else changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streams.simulate.recording import MALFORMED
from streams.topics import DEAD_LETTERS, EVENTS
from tests.integration.driver import Recording, Site, assert_same, metrics_of, time_of
from tests.integration.harness import WorkerProcess, until

pytestmark = pytest.mark.integration

HEAD = 64 << 10
NOON = "2025-09-01T12:00:00+08:00"


def _event(**other: Any) -> dict[str, Any]:
    sender, message = {"role": "agent", "id": "a-1"}, {"id": "m-1", "text": "您好", "direction": "out"}
    data = {"tenant_id": "demo", "conversation": {"id": "c-bad", "channel": "chat"}, "sender": sender, "message": message}
    event = {"specversion": "1.0", "id": "bad-1", "source": "/tenants/demo/crm", "type": "fenghuo.message.created.v1", "time": NOON}
    return {**event, "data": data, **other}


def _saying(text: str) -> dict[str, Any]:
    event = _event()
    event["data"]["message"]["text"] = text
    return event


def _json(event: dict[str, Any], *, without: str = "") -> bytes:
    return json.dumps({key: value for key, value in event.items() if key != without}, ensure_ascii=False).encode()


def _typed_wrongly() -> dict[str, Any]:
    event = _event()
    event["data"]["message"] = {"id": 7, "text": ["no", "text"], "direction": {}}
    return event


NESTED = b'{"specversion":"1.0","id":"deep","source":"/tenants/demo/crm","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

BAD: list[tuple[str, bytes]] = [
    ("not_json", b'{"specversion": "1.0", "id": '),
    ("not_utf8", _json(_saying("latin")).replace(b"latin", b"\xe4\xf6\xfc")),
    ("not_an_object", b'["an", "array"]'),
    ("wrong_specversion", _json(_event(specversion="0.3"))),
    ("missing_attribute", _json(_event(), without="id")),
    ("missing_attribute", _json(_event(), without="time")),
    ("bad_time", _json(_event(time="yesterday"))),
    *(("future_time", _json(_event(time="2199-01-01T00:00:00Z", subject=f"c-{name}", partitionkey=f"demo/c-{name}"))) for name in "abcd"),
    ("unknown_type", _json(_event(type="fenghuo.coffee.spilt.v1"))),
    ("invalid_data", _json(_typed_wrongly())),
    ("too_large", _json(_saying("退款" * 900_000))),
    ("too_deep", NESTED),
    ("nul_character", _json(_saying("a\0b"))),
    ("nul_character", _json(_saying("raw")).replace(b"raw", b"r\0w")),
]


def _mixed(recording: Recording) -> list[bytes]:
    """The recording with bad records all over it, doubles of every 400th event, and at its end two that come two hours too late."""
    lines: list[bytes] = []
    step = len(recording.lines) // len(BAD)
    for number, line in enumerate(recording.lines):
        lines.append(line)
        if number % 400 == 399:
            lines.append(line)
        if number % step == step - 1 and number // step < len(BAD):
            lines.append(BAD[number // step][1])
    latest = max(filter(None, map(time_of, recording.lines)))
    late = [_event(id=f"late-{number}", time=_iso(latest - 7200)) for number in range(2)]
    return lines[:-1] + [_json(event) for event in late] + lines[-1:]


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _headers(record: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


def test_bad_records_become_dead_letters_and_change_no_alert(site: Site, recording: Recording, tmp_path: Path) -> None:
    mixed = Recording.make(tmp_path, _mixed(recording))
    assert_same(recording.said, mixed.said)
    assert mixed.summary["late"] == 2
    assert mixed.summary["duplicates"] > recording.summary["duplicates"] + 10

    async def scenario() -> None:
        worker = site.worker()
        await site.command("ingest", str(mixed.path))
        await site.wait_until_told_idle()
        await _until_counted(worker, mixed.summary)
        assert worker.stop() == 0
        await site.work()
        assert_same(recording.said, await site.alerts())
        _assert_letters(await site.read(DEAD_LETTERS))

    asyncio.run(scenario())


async def _until_counted(worker: WorkerProcess, summary: dict[str, Any]) -> None:
    """Wait until the worker's metrics say what the replay counted; what is too large has been counted by `ingest` before."""
    rejects = {f'fenghuo_rejects_total{{reason="{reason}"}}': count for reason, count in summary["rejects"].items()}
    rejects.pop('fenghuo_rejects_total{reason="too_large"}')
    expected = {**rejects, "fenghuo_duplicates_total": summary["duplicates"], "fenghuo_late_events_total": summary["late"]}

    async def counted() -> dict[str, float]:
        found = await metrics_of(worker)
        events = sum(value for name, value in found.items() if name.startswith("fenghuo_events_total{"))
        return {**{name: found.get(name, 0) for name in expected}, "events": events}

    async def as_expected() -> bool:
        return await counted() == {**expected, "events": summary["events"]}

    with suppress(TimeoutError):
        await until(as_expected, 15)
    assert await counted() == {**expected, "events": summary["events"]}


def _assert_letters(letters: list[Any]) -> None:
    """One for each bad record, with its reason, where it came from, and its bytes."""
    known = {hashlib.sha256(value).hexdigest(): (reason, value) for reason, value in BAD}
    known |= {hashlib.sha256(value).hexdigest(): ("", value) for value in MALFORMED}
    assert len(letters) == len(known)
    for letter in letters:
        headers = _headers(letter)
        reason, value = known.pop(headers["fenghuo_sha256"])
        assert headers["fenghuo_reason"] == (reason or headers["fenghuo_reason"])
        assert headers["fenghuo_detail"]
        assert int(headers["fenghuo_size"]) == len(value)
        assert letter.value == value[:HEAD]
        assert headers["fenghuo_topic"] == EVENTS or reason == "too_large"
        assert {"fenghuo_offset", "fenghuo_timestamp"} <= set(headers)
    assert known == {}


def test_a_dead_letter_keeps_the_key_and_the_headers_of_its_record(site: Site) -> None:
    async def scenario() -> None:
        bad = [value for reason, value in BAD if reason != "too_large"]
        await site.produce(((number % 4, value) for number, value in enumerate(bad)), headers=[("traceparent", b"00-1-2-01")])
        await site.work()
        letters = await site.read(DEAD_LETTERS)
        assert Counter(letter.value for letter in letters) == Counter(value[:HEAD] for value in bad)
        assert {_headers(letter)["original_traceparent"] for letter in letters} == {"00-1-2-01"}
        keys = {record.value: record.key for record in await site.read(EVENTS)}
        assert all(letter.key == keys[letter.value] for letter in letters if len(letter.value) < HEAD)

    asyncio.run(scenario())
