"""The whole pipeline with the policy that ships, made once for all tests of this folder, and ways to run it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from config.loader import Policy, load_policy
from detectors.event import Event
from detectors.text.pii import mask
from streams.pipeline import Pipeline
from streams.records import Parser, Reject
from streams.stage import Send, Stage
from streams.stages import build_wiring
from streams.topics import ALERTS
from streams.wiring import Layout, Wiring

__all__ = ["Play", "cloud_event", "parsed", "policy", "wiring"]


@cache
def policy() -> Policy:
    """The policy that ships."""
    return load_policy()


@cache
def _shipped() -> Wiring:
    return build_wiring(policy(), Layout(1, 1, 1))


def wiring(layout: Layout | None = None, *, literal: bool = False, durable: bool = False, only: frozenset[str] = frozenset()) -> Wiring:
    """What the stages are made of; the lexicons are loaded once. `only` these indicators are on; none named means all."""
    chosen, shipped = replace(policy(), literal=literal), _shipped()
    return replace(
        shipped,
        layout=layout or Layout(1, 1, 1),
        durable=durable,
        decider=chosen.decider(),
        present=chosen.event_of,
        conversation_detectors=[each for each in shipped.conversation_detectors if not only or each[1].indicator in only],
        scope_detectors=[each for each in shipped.scope_detectors if not only or each[1].indicator in only],
    )


def cloud_event(kind: str, at: str, event_id: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event of acme at a time of 2 March 2026, as it is written."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/tenants/acme/test",
        "type": f"fenghuo.{kind}.v1",
        "time": f"2026-03-02T{at}+08:00",
        "subject": subject,
        "data": {"tenant_id": "acme", **data},
    }


def parsed(line: bytes | Mapping[str, Any], as_of: float, offset: int = 0) -> Event:
    """One CloudEvent as the stages take it. A fresh object: stages number and mark it."""
    data = line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
    event = Parser(mask).parse(data, record_time=as_of, offset=offset)
    assert not isinstance(event, Reject), f"{event}: {data!r}"
    return event


class Play:
    """A pipeline on a settable clock, what came out of it, and its state as the changelogs of its stages."""

    def __init__(
        self, layout: Layout | None = None, *, literal: bool = False, durable: bool = False, only: frozenset[str] = frozenset()
    ) -> None:
        self._wiring = wiring(layout, literal=literal, durable=durable, only=only)
        self.pipeline = Pipeline(self._wiring)
        self.alerts: list[dict[str, Any]] = []
        """The `data` of the alert events so far, in order."""
        self._logs: list[dict[bytes, bytes]] = [{} for _ in self._stages()]

    def feed(self, *events: Event, wall: float = 0.0, caught_up: bool = False) -> list[dict[str, Any]]:
        """Events in their order of arrival; the alerts that come of it."""
        return self._take(self.pipeline.feed(events, wall=wall, caught_up=caught_up))

    def deliver(self, partition: int, *events: Event, wall: float, caught_up: bool = True, idle: bool = False) -> list[dict[str, Any]]:
        """What one source partition delivers next."""
        return self._take(self.pipeline.feed_partition(partition, events, wall=wall, caught_up=caught_up, idle=idle))

    def tick(self, wall: float) -> list[dict[str, Any]]:
        """The wall clock moves, nothing else happens."""
        return self._take(self.pipeline.tick(wall))

    def finish(self) -> list[dict[str, Any]]:
        """The end of a file."""
        return self._take(self.pipeline.finish())

    def restart(self) -> None:
        """The process ends; another one begins with what the changelogs hold. Needs `durable`."""
        offsets = self.pipeline._offsets
        self.pipeline = Pipeline(self._wiring)
        self.pipeline._offsets = offsets
        for stage, log in zip(self._stages(), self._logs, strict=True):
            stage.restore(list(log.items()))

    def _take(self, sends: Iterable[Send]) -> list[dict[str, Any]]:
        for stage, log in zip(self._stages(), self._logs, strict=True):
            for key, value in stage.changes():
                if value is None:
                    log.pop(key, None)
                else:
                    log[key] = value
        fresh = [json.loads(send.value)["data"] for send in sends if send.topic == ALERTS and send.value is not None]
        self.alerts += fresh
        return fresh

    def _stages(self) -> list[Stage]:
        pipeline = self.pipeline
        return [*pipeline.conversations, *pipeline.scopes, *pipeline.alerts]
