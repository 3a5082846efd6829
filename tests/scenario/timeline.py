"""A case: events on a time line, the alerts that must come and the indicators that must stay silent.

    title: what is shown, one sentence
    start: 2026-03-02T10:00:00+08:00
    defaults: {conversation: c-1, channel: chat, queue: q-a, department: d-a, customer: u-1, agent: a-1}
    events:
      - {at: 0s, type: conversation.opened}
      - {at: 5s, customer_says: 在吗}                      # a message from the customer; agent_says, bot_says likewise
      - {at: 9s, type: queue.snapshot, data: {queue: {queue_id: q-a, waiting: 120}}}
      - {every: 60s, from: 0s, to: 10m, type: …}           # repeated; {i} in texts and ids counts from 0
    end: 20m                                               # the stream goes on until then (a heartbeat), nothing else arrives
    expect:
      - {indicator: first_response_time, tier: blue, state: raised, at: 35s, scope: c-1}     # at: exactly, or [from, to]
    silent: [negation_share]                               # no alert of these
    quiet: true                                            # or: no alert at all
    literal: true                                          # with the sources' own numbers, no guard

Times are counted from `start`: 90s, 5m, 2h, 1d, or sums such as 1d2h.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Case", "seconds"]

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


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


class Case:
    """One YAML file as CloudEvents and expectations."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        start = self.document["start"]
        self.start = start if isinstance(start, datetime) else datetime.fromisoformat(start)
        self.defaults: dict[str, Any] = self.document.get("defaults", {})

    def lines(self) -> Iterator[bytes]:
        """The events in the order in which the file lists them, as JSON lines; then the heartbeat of the end."""
        rows = [row for entry in self.document["events"] for row in self._rows(entry)]
        for number, row in enumerate(rows):
            yield json.dumps(self._event(number, row), ensure_ascii=False).encode()
        if "end" in self.document:
            time = self._time(seconds(self.document["end"]))
            yield json.dumps(self._heartbeat(time)).encode()

    def expected(self) -> list[dict[str, Any]]:
        """The alerts that must come."""
        return list(self.document.get("expect", []))

    def after(self, time: str) -> float:
        """Seconds from the start of the case to a time in an alert."""
        return (datetime.fromisoformat(time) - self.start).total_seconds()

    def _rows(self, entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "every" not in entry:
            yield entry
            return
        at, count = seconds(entry["from"]), 0
        while at <= seconds(entry["to"]):
            text = json.dumps({key: value for key, value in entry.items() if key not in ("every", "from", "to")})
            yield {**json.loads(text.replace("{i}", str(count))), "at": at}
            at, count = at + seconds(entry["every"]), count + 1

    def _event(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        known = {**self.defaults, **row}
        data: dict[str, Any] = {"tenant_id": known.get("tenant", "acme"), **self._shared(known), **row.get("data", {})}
        kind = row.get("type", "message.created")
        for role in ("customer", "agent", "bot"):
            if f"{role}_says" in row:
                data["sender"] = {"role": role, "id": known.get(role, role)}
                data["message"] = {"id": f"m{number}", "text": row[f"{role}_says"], "direction": "in" if role == "customer" else "out"}
                data["message"] |= row.get("message", {})
        return {
            "specversion": "1.0",
            "id": row.get("id", f"e{number:05d}"),
            "source": f"/tenants/{data['tenant_id']}/case",
            "type": f"fenghuo.{kind}.v1",
            "time": self._time(seconds(row["at"])),
            "subject": known.get("subject", known.get("conversation", "none")),
            "data": data,
        }

    def _shared(self, known: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if known.get("conversation"):
            fields = {"channel": "channel", "queue": "queue_id", "department": "department_id", "stage": "stage", "region": "region"}
            out["conversation"] = {"id": known["conversation"], **{to: known[key] for key, to in fields.items() if known.get(key)}}
        if known.get("customer"):
            out["customer"] = {"id": known["customer"], "tier": known.get("customer_tier", "normal")}
        if known.get("agent"):
            out["agent"] = {"id": known["agent"], "type": "human"}
        issue = {to: known[key] for key, to in (("category", "category"), ("product", "product_id")) if known.get(key)}
        if "complaint" in known:
            issue["is_complaint"] = known["complaint"]
        return {**out, "issue": issue} if issue else out

    def _heartbeat(self, time: str) -> dict[str, Any]:
        head = {"specversion": "1.0", "id": "end", "source": "/fenghuo/case", "type": "fenghuo.stream.heartbeat.v1", "time": time}
        return {**head, "data": {"watermark": time}}

    def _time(self, after: float) -> str:
        return (self.start + timedelta(seconds=after)).isoformat(timespec="milliseconds")
