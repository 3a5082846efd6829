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
from streams.stage import Send
from streams.stages import build_wiring
from streams.topics import ALERTS
from streams.wiring import Layout, Wiring

__all__ = ["Play", "alerts_in", "parsed", "policy", "pipeline", "wiring"]


@cache
def policy() -> Policy:
    """The policy that ships."""
    return load_policy()


@cache
def _shipped() -> Wiring:
    return build_wiring(policy(), Layout(1, 1, 1))


def wiring(layout: Layout | None = None, *, literal: bool = False, durable: bool = False) -> Wiring:
    """What the stages are made of; the lexicons are loaded once."""
    chosen = replace(_shipped(), layout=layout or Layout(1, 1, 1), durable=durable)
    return replace(chosen, decider=replace(policy(), literal=True).decider()) if literal else chosen


def pipeline(layout: Layout | None = None, *, literal: bool = False) -> Pipeline:
    """A fresh pipeline."""
    return Pipeline(wiring(layout, literal=literal))


def parsed(line: bytes | Mapping[str, Any], as_of: float, offset: int = 0) -> Event:
    """One CloudEvent as the stages take it. A fresh object: stages number and mark it."""
    data = line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
    event = Parser(mask).parse(data, record_time=as_of, offset=offset)
    assert not isinstance(event, Reject), f"{event}: {data!r}"
    return event


def alerts_in(sends: Iterable[Send]) -> list[dict[str, Any]]:
    """The alert CloudEvents among what was sent."""
    return [json.loads(send.value) for send in sends if send.topic == ALERTS and send.value is not None]


class Play:
    """A pipeline and what came out of it so far."""

    def __init__(self, made: Pipeline) -> None:
        self.pipeline = made
        self.alerts: list[dict[str, Any]] = []
        """The `data` of the alert events, in order."""

    def take(self, sends: Iterable[Send]) -> list[dict[str, Any]]:
        """Keep what a step of the pipeline sent; its alerts."""
        fresh = [alert["data"] for alert in alerts_in(sends)]
        self.alerts += fresh
        return fresh
