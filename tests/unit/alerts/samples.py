"""Rules, readings and alerts that the tests of this folder share."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Alert
from alerts.book import AlertBook
from alerts.decide import Change, Decider, Memory
from alerts.rule import Rule
from detectors.base import Evidence, Reading, Scope

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUEUE = Scope("acme", (("queue_id", "q-logi"),))
TIERS = {"blue": 50, "yellow": 100, "orange": 200, "red": 300}


def rule(**changes: Any) -> Rule:
    """The queue length, changed where a test says so."""
    stanza: dict[str, Any] = {
        "id": "queue_length",
        "dimension": "structure",
        "name": {"zh": "排队人数", "en": "Queue length"},
        "title": {"zh": "{queue} 排队{v}人", "en": "{queue}: {v} waiting"},
        "unit": "count",
        "range": [0, None],
        "tiers": TIERS,
        "actions": ["queue_relief"],
        "variables": {"waiting": "value"},
    }
    return Rule.model_validate({**stanza, **changes})


def reading(value: float, time: float = 0.0, **changes: Any) -> Reading:
    """A reading of it."""
    given: dict[str, Any] = {"indicator": "queue_length", "scope": QUEUE, **changes}
    return Reading(time, value, **given)


class Course:
    """A decider with one memory: says the tier after each reading."""

    def __init__(self, policy: Rule | None = None, *, literal: bool = False) -> None:
        self.decide = Decider([policy if policy is not None else rule()], literal=literal)
        self.memory = Memory()
        self.changes: list[Change] = []
        self.time = 0.0

    def __call__(self, *values: float, evaluation: bool = True, **changes: Any) -> list[int]:
        """The tiers after these values, one after another."""
        tiers = []
        for value in values:
            self.time += 1
            change = self.decide(reading(value, self.time, **changes), self.memory, evaluation=evaluation)
            if change is not None:
                self.changes.append(change)
            tiers.append(self.memory.tier)
        return tiers


def change(tier: int, previous: int = 0, since: float = 100.0, **changes: Any) -> Change:
    """A change of the queue's tier."""
    given = {"value": 320.0, "time": since, **changes}
    return Change(reading(given.pop("value"), given.pop("time"), **given), tier, previous, since, 300.0)


def alert(tier: int = 4, now: float = 1_760_000_000.5, **changes: Any) -> Alert:
    """A raised alert of the queue."""
    evidence = (Evidence("e-1", "我要<b>投诉</b>", now - 5, "c-1"),)
    raised = AlertBook().apply(change(tier, since=now - 0.5, **{"evidence": evidence, **changes}), now)
    assert raised is not None
    return raised
