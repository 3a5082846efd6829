"""A scene: events on a time line, the alerts that must come and the silence that must be kept.

A file in `cases/` holds scenes of one theme, divided by `---`; a scene is called `file:scene`.

    scene: waits_through_all_tiers                         # a name, once per file
    title: 客户一直没有等到回复 A customer who waits         # what it shows, one sentence
    start: 2026-03-02T10:00:00+08:00                       # times are counted from here: 90s, 5m, 2h, 1d, or sums such as 1d2h
    defaults: {conversation: c-1, channel: chat, queue: q-a, customer: u-1}
    events:
      - {at: 0s, type: conversation.opened}
      - {at: 5s, customer_says: 在吗, sentiment: -0.2}     # a message from the customer; agent_says, bot_says likewise
      - {at: 9s, type: queue.snapshot, data: {queue: {queue_id: q-a, waiting: 120}}}
    end: 20m                                               # the stream goes on until then (a heartbeat), nothing else arrives
    expect:
      - {indicator: first_response_time, tier: blue, state: raised, at: 35s, scope: c-1}
    nothing_else: true

Rows. Known by name are conversation, channel, queue, department, stage, region, customer, customer_tier, agent, tenant, category,
product, complaint, subject, id, type, sentiment (of a message), message (further fields of it) and data (as the schema has it);
`defaults` gives them to all rows. The order of the rows is of no account, their `at` is.

    - {every: 1m, from: 0s, to: 10m, conversation: "c-{i}"}     # repeated, `to` included; {i} counts from 0
    - {every: 1m, from: 0s, each: [坏了, 断了], customer_says: "{each}"}    # repeated for each text
    - every: 10m                                               # a group is repeated likewise, `at` counted from each repetition
      from: 0s
      to: 1h
      conversation: "c-{i}"
      rows: [{at: 0s, customer_says: 在吗}, {at: 5s, agent_says: 在的}]       # rows may be repeated themselves, with {j}
    - {at: 10s, arrives: 2m, customer_says: 喂}                 # comes late, or out of order

Expectations. Each `expect` must be met by an alert of its own, in any order; `nothing_else: true` says that there are no others;
`never` lists what no alert may match; `silent` are indicators with no alert at all; `quiet: true` means none whatsoever. A wanted
alert may name any field of an alert's data, `scope` (one of its values), `sample` (some of its figures) and `at`, its event
time: exactly, or [from, to].

    never: [{indicator: transfer_count, tier: yellow}]
    silent: [negation_share]
    quiet: true
    beside: [resolution_time]                              # fire too, rightly, and are not what the scene is about
    clock: 10s                                             # a heartbeat so often, from the start to the end: time moves on
    literal: true                                          # with the sources' own numbers, no guard
    alone: true                                            # weeks of history: with the file's own indicator only, for the time it takes
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from config.documents import SafeLoader

__all__ = ["Row", "Scene", "scenes_of", "seconds"]

LONG = 1000
"""Rows from which a scene is a history: those are not run a second time in disorder."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
REPEATED = frozenset({"every", "from", "to", "each", "rows"})
KEYS = frozenset(
    {
        "scene",
        "title",
        "start",
        "defaults",
        "events",
        "end",
        "clock",
        "expect",
        "nothing_else",
        "never",
        "silent",
        "quiet",
        "literal",
        "alone",
        "beside",
    }
)
NAMES = {"channel": "channel", "queue": "queue_id", "department": "department_id", "stage": "stage", "region": "region"}


def seconds(text: str | float) -> float:
    """A length of time in seconds.

    >>> seconds("1d2h"), seconds("1.5s"), seconds(3)
    (93600.0, 1.5, 3.0)
    """
    if not isinstance(text, str):
        return float(text)
    parts = re.findall(r"([0-9.]+)([smhd])", text)
    assert "".join(number + unit for number, unit in parts) == text, f"no length of time: {text!r}"
    return sum(float(number) * UNITS[unit] for number, unit in parts)


@dataclass(frozen=True)
class Row:
    """One event: when it arrives (s from the start), and its line."""

    arrives: float
    line: bytes


class Scene:
    """One document of a file as lines of CloudEvents and expectations."""

    def __init__(self, file: str, document: dict[str, Any]) -> None:
        assert set(document) <= KEYS, f"{file}: unknown keys {sorted(set(document) - KEYS)}"
        self.name = f"{file}:{document['scene']}"
        self.title: str = document["title"]
        start = document["start"]
        self.start = start if isinstance(start, datetime) else datetime.fromisoformat(start)
        self.end = seconds(document.get("end", 0))
        self.literal = bool(document.get("literal"))
        self.expected: list[dict[str, Any]] = document.get("expect", [])
        self.never: list[dict[str, Any]] = [*document.get("never", []), *({"indicator": name} for name in document.get("silent", []))]
        self.complete = bool(document.get("nothing_else") or document.get("quiet"))
        self.only = frozenset({file} if document.get("alone") else ())
        self.beside = frozenset(document.get("beside", []))
        self._document = document
        assert self.expected or self.never or self.complete, f"{self.name} expects nothing"

    def rows(self) -> list[Row]:
        """The events in the order in which they arrive; the last one is the heartbeat of the end, if there is an end."""
        entries = [row for entry in self._document["events"] for row in _repeated(entry)]
        rows = [self._row(number, {**self._document.get("defaults", {}), **entry}) for number, entry in enumerate(entries)]
        if "clock" in self._document:
            step = seconds(self._document["clock"])
            rows += [self._heartbeat(step * number) for number in range(int(self.end / step))]
        rows.sort(key=lambda row: row.arrives)
        return [*rows, self._heartbeat(self.end)] if self.end else rows

    @property
    def long(self) -> bool:
        """Whether this is a history: `LONG` rows or more."""
        clock = int(self.end / seconds(self._document["clock"])) if "clock" in self._document else 0
        return sum(map(_count, self._document["events"])) + clock + bool(self.end) >= LONG

    @property
    def in_order(self) -> bool:
        """Whether every event arrives at its own time."""
        return "arrives" not in json.dumps(self._document["events"])

    def matches(self, alert: dict[str, Any], wanted: dict[str, Any]) -> bool:
        """Whether an alert's data is what an expectation asks for."""
        plain = {name: value for name, value in wanted.items() if name not in ("at", "scope", "sample")}
        if any(not _same(alert[name], value) for name, value in plain.items()):
            return False
        if "scope" in wanted and wanted["scope"] not in alert["scope"].values():
            return False
        if any(not _same(alert["sample"].get(name), value) for name, value in wanted.get("sample", {}).items()):
            return False
        low, high = wanted["at"] if isinstance(wanted.get("at"), list) else (wanted.get("at", 0), wanted.get("at", "9999d"))
        return seconds(low) - 0.001 <= self._after(alert["event_time"]) <= seconds(high) + 0.001

    def told(self, alert: dict[str, Any]) -> str:
        """An alert in one line, for who reads why a test failed."""
        scope = " ".join(value for name, value in alert["scope"].items() if name != "tenant_id")
        words = (alert["indicator"], alert["tier"], alert["state"], f"value={alert['value']}", f"n={alert['sample'].get('n')}", scope)
        return f"{self._after(alert['event_time']):.1f}s {' '.join(words)}"

    def _after(self, time: str) -> float:
        return (datetime.fromisoformat(time) - self.start).total_seconds()

    def _row(self, number: int, row: dict[str, Any]) -> Row:
        at = seconds(row["at"])
        line = json.dumps(self._event(number, at, row), ensure_ascii=False).encode()
        return Row(seconds(row.get("arrives", at)), line)

    def _event(self, number: int, at: float, row: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = {"tenant_id": row.get("tenant", "acme"), **_who(row), **row.get("data", {})}
        for role in ("customer", "agent", "bot"):
            if f"{role}_says" in row:
                data["sender"] = {"role": role, "id": row.get(role, role)}
                data["message"] = {"id": f"m{number}", "text": row[f"{role}_says"], "direction": "in" if role == "customer" else "out"}
                data["message"] |= row.get("message", {})
                if "sentiment" in row:
                    data["message"]["sentiment"] = {"score": row["sentiment"]}
        return {
            "specversion": "1.0",
            "id": row.get("id", f"e{number:05d}"),
            "source": f"/tenants/{data['tenant_id']}/scene",
            "type": f"fenghuo.{row.get('type', 'message.created')}.v1",
            "time": self._time(at),
            "subject": row.get("subject", row.get("conversation", "none")),
            "data": data,
        }

    def _heartbeat(self, after: float) -> Row:
        time = self._time(after)
        head = {"specversion": "1.0", "id": f"h{after}", "source": "/fenghuo/scene", "type": "fenghuo.stream.heartbeat.v1", "time": time}
        return Row(after, json.dumps({**head, "data": {"watermark": time}}).encode())

    def _time(self, after: float) -> str:
        return (self.start + timedelta(seconds=after)).isoformat(timespec="milliseconds")


def scenes_of(path: Path) -> list[Scene]:
    """The scenes of a file."""
    with path.open(encoding="utf-8") as file:  # a file, not its text: mistakes in it are reported with its name
        scenes = [Scene(path.stem, document) for document in yaml.load_all(file, SafeLoader)]
    assert len({scene.name for scene in scenes}) == len(scenes), f"{path.name}: two scenes have one name"
    return scenes


def _who(row: dict[str, Any]) -> dict[str, Any]:
    """The objects that events share."""
    out: dict[str, Any] = {}
    if row.get("conversation"):
        out["conversation"] = {"id": row["conversation"], **{to: row[name] for name, to in NAMES.items() if row.get(name)}}
    if row.get("customer"):
        out["customer"] = {"id": row["customer"], "tier": row.get("customer_tier", "normal")}
    if row.get("agent"):
        out["agent"] = {"id": row["agent"], "type": "human"}
    issue = {to: row[name] for name, to in (("category", "category"), ("product", "product_id")) if row.get(name)}
    if "complaint" in row:
        issue["is_complaint"] = row["complaint"]
    return {**out, "issue": issue} if issue else out


def _count(entry: dict[str, Any]) -> int:
    """How many rows an entry of the file stands for."""
    return _times(entry) * sum(map(_count, entry.get("rows", [{}]))) if "every" in entry else 1


def _times(entry: dict[str, Any]) -> int:
    if "each" in entry:
        return len(entry["each"])
    return int((seconds(entry["to"]) - seconds(entry["from"])) / seconds(entry["every"]) + 1e-9) + 1


def _repeated(entry: dict[str, Any], counter: str = "i") -> Iterator[dict[str, Any]]:
    """The rows an entry of the file stands for, `at` in seconds."""
    if "every" not in entry:
        yield {**entry, "at": seconds(entry["at"])}
        return
    start, step, texts = seconds(entry["from"]), seconds(entry["every"]), entry.get("each")
    shared = {name: value for name, value in entry.items() if name not in REPEATED}
    for count in range(_times(entry)):
        filling = {counter: str(count), "each": texts[count] if texts is not None else ""}
        rows = [each for row in entry["rows"] for each in _repeated(row, "j")] if "rows" in entry else [{"at": 0}]
        for row in rows:
            filled = _filled({**shared, **row}, filling)
            arrives = {"arrives": start + step * count + seconds(filled["arrives"])} if "arrives" in filled else {}
            yield {**filled, "at": start + step * count + seconds(filled["at"]), **arrives}


def _filled(value: Any, filling: dict[str, str]) -> Any:
    """A copy with `{i}`, or `{j}`, and `{each}` replaced in all texts."""
    if isinstance(value, dict):
        return {name: _filled(each, filling) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, filling) for each in value]
    if isinstance(value, str):
        for name, text in filling.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return abs(found - wanted) < 0.005
    return bool(found == wanted)
