"""One conversation or ticket, told as CloudEvents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from streams.simulate.world import QUEUES, Agent

__all__ = ["Case", "Planned", "Scribe"]


@dataclass(slots=True)
class Planned:
    """An event and when it happens, in epoch milliseconds. Planted ones are never made late: what the truth counts must count."""

    at: int
    event: dict[str, Any]
    planted: bool = False


@dataclass(slots=True)
class Scribe:
    """Writes CloudEvents: one tenant, one source, ids that begin with `prefix`; what was written is in `book` until it is taken."""

    tenant: str
    source: str
    zone: timezone
    prefix: str
    planted: bool = False
    book: list[Planned] = field(default_factory=list)
    _events: int = 0
    _cases: int = 0

    def write(self, kind: str, at: int, subject: str, data: dict[str, Any], sequence: int | None = None) -> None:
        """Add one event of type `fenghuo.<kind>.v1` at `at` (epoch ms)."""
        self._events += 1
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"e-{self.prefix}{self._events:06d}",
            "source": self.source,
            "type": f"fenghuo.{kind}.v1",
            "time": self.stamp(at),
            "subject": subject,
            "partitionkey": f"{self.tenant}/{subject}",
        }
        if sequence is not None:
            event["sequence"] = f"{sequence:06d}"
        event["datacontenttype"] = "application/json"
        event["data"] = {"tenant_id": self.tenant, **data}
        self.book.append(Planned(at, event, self.planted))

    def stamp(self, at: int) -> str:
        """The time in RFC 3339 with milliseconds, in the centre's zone."""
        return datetime.fromtimestamp(at / 1000, self.zone).isoformat(timespec="milliseconds")

    def case_id(self, letter: str = "c") -> str:
        """A new id of a conversation (`c-…`) or ticket (`t-…`); all have one length, so none is part of another."""
        self._cases += 1
        return f"{letter}-{self.prefix}{self._cases:05d}"

    def take(self) -> list[Planned]:
        """What was written since the last call."""
        book, self.book = self.book, []
        return book


class Case:
    """A conversation or ticket and its facts; every method writes one event at the time given (epoch ms).

    The events share their `conversation`, `customer` and `agent` objects: treat them as read-only.
    """

    def __init__(
        self, scribe: Scribe, *, channel: str, queue: str, stage: str, language: str, customer: dict[str, Any], issue: dict[str, Any]
    ) -> None:
        self.id = scribe.case_id("t" if channel == "ticket" else "c")
        self.customer = customer
        self.issue = issue
        self.agents: list[str] = []
        self.queue = queue
        self.channel = channel
        self._scribe = scribe
        self._sequence = 0
        self._started: int | None = None
        self._agent: dict[str, Any] | None = None
        self._conversation: dict[str, Any] = {
            "id": self.id,
            "channel": channel,
            "stage": stage,
            "queue_id": queue,
            "department_id": QUEUES[queue],
            "language": language,
        }

    def _emit(self, kind: str, at: int, **data: Any) -> None:
        self._sequence += 1
        body: dict[str, Any] = {"conversation": self._conversation, "customer": self.customer}
        if self._agent is not None:
            body["agent"] = self._agent
        self._scribe.write(kind, at, self.id, {**body, **data}, self._sequence)

    def opened(self, at: int, entry: str) -> None:
        """The customer comes in."""
        self._emit("conversation.opened", at, issue=self.issue, entry=entry)

    def queued(self, at: int, position: int) -> None:
        """The customer waits in line."""
        self._emit("conversation.queued", at, position_in_queue=position)

    def assigned(self, at: int, agent: Agent) -> None:
        """An agent is given the case."""
        previous = {"previous_agent_id": self._agent["id"]} if self._agent else {}
        self._agent = {"id": agent.id, "team_id": agent.team, "type": "human"}
        if agent.id not in self.agents:
            self.agents.append(agent.id)
        self._emit("conversation.assigned", at, auto=True, **previous)

    def connected(self, at: int, wait_ms: int) -> None:
        """The agent takes it."""
        self._emit("conversation.connected", at, wait_ms=wait_ms)

    def abandoned(self, at: int, wait_ms: int) -> None:
        """The customer leaves before anyone answered."""
        self._emit("conversation.abandoned", at, wait_ms=wait_ms, reason="customer_left")

    def said(self, at: int, role: str, text: str) -> None:
        """One utterance of the customer or of the agent; on the phone with offsets from the call's start."""
        customer = role == "customer"
        speaker = self.customer["id"] if customer else (self._agent or {}).get("id", "system")
        message: dict[str, Any] = {
            "id": f"m-{self.id[2:]}-{self._sequence + 1}",
            "text": text,
            "direction": "in" if customer else "out",
            "private": False,
            "is_partial": False,
            "lang": self._conversation["language"],
        }
        if self._started is not None:
            message["begin_offset_ms"] = max(0, at - self._started - 180 * len(text))
            message["end_offset_ms"] = at - self._started
        self._emit("message.created", at, sender={"role": role, "id": speaker}, message=message)

    def transferred(self, at: int, queue: str, reason: str) -> None:
        """The case moves to another queue."""
        origin = {"queue_id": self.queue, "department_id": QUEUES[self.queue], **({"agent_id": self._agent["id"]} if self._agent else {})}
        target = {"queue_id": queue, "department_id": QUEUES[queue]}
        self._agent = None
        self.queue = queue
        self._conversation = {**self._conversation, **target}
        self._emit("conversation.transferred", at, **{"from": origin, "to": target, "mode": "cold", "reason": reason})

    def call_started(self, at: int) -> None:
        """The call is on the line."""
        self._started = at
        self._emit("call.started", at, call={"connected": True})

    def call_ended(self, at: int, hung_up: str, *, resolved: bool) -> None:
        """The call is over; a fixed share of it counts as holding and silence."""
        duration = at - (self._started if self._started is not None else at)
        call = {
            "duration_ms": duration,
            "talk_ms": duration * 8 // 10,
            "hold_ms": duration // 10,
            "silence_ms": duration // 20,
            "acw_ms": 20_000,
            "disconnected_by": hung_up,
            "connected": True,
        }
        self._emit("call.ended", at, call=call, resolved=resolved)

    def resolved(self, at: int, *, resolved: bool) -> None:
        """The conversation is closed, with or without a solution."""
        self._emit("conversation.resolved", at, issue=self.issue, resolved=resolved, resolution_code="answered" if resolved else "open_end")

    def rated(self, at: int, rating: int) -> None:
        """The customer's stars, one to five."""
        self._emit("csat.rated", at, rating=rating, scale_max=5)

    def ticket_created(self, at: int, priority: str) -> None:
        """A ticket is opened."""
        self._emit("ticket.created", at, issue=self.issue, ticket=self._ticket(priority=priority), current="new")

    def ticket_moved(self, at: int, previous: str, current: str, *, public: bool) -> None:
        """A ticket changes its status."""
        self._emit("ticket.status_changed", at, ticket=self._ticket(), previous=previous, current=current, public_update=public)

    def ticket_escalated(self, at: int, to: str) -> None:
        """Somebody above takes over."""
        self._emit("ticket.escalated", at, ticket=self._ticket(), to=to)

    def _ticket(self, **more: str) -> dict[str, str]:
        return {"id": self.id, "type": "complaint" if self.issue["is_complaint"] else "question", **more}
