"""Which thresholds and models were in force when: what workers have told on `fenghuo.rules.v1`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from streams.in_force import MODEL, POLICY

__all__ = ["Changed", "Changes", "InForceSince", "ModelUsed", "PolicyLoaded", "RuleThen"]

MOST: Final = 500
"""Tellings of each kind that are remembered, the latest."""


class RuleThen(msgspec.Struct, frozen=True):
    """An indicator's rule as it was: numbers and least samples by tier, the seconds it had to burn."""

    tiers: dict[str, float | None]
    min_sample: dict[str, float] = {}
    for_s: float = 0.0


class PolicyLoaded(msgspec.Struct, frozen=True):
    """The policy an application's workers loaded."""

    app_id: str
    version: str
    rules: dict[str, RuleThen]
    by: str = ""


class ModelUsed(msgspec.Struct, frozen=True):
    """The model an application's workers took up."""

    app_id: str
    number: int
    digest: str
    trained_until: datetime
    events: int = 0
    served: list[str] = []
    by: str = ""


class InForceSince(NamedTuple):
    """A policy with its time (epoch s) and, against the one before it, what changed; `first`: none is known before it."""

    at: float
    policy: PolicyLoaded
    changed: list[Changed]
    first: bool


class Changed(NamedTuple):
    """One number of one indicator: `what` is a tier, `min_sample.` and a tier, `for_s`, or `enabled`; None is no number."""

    indicator: str
    what: str
    before: float | None
    after: float | None


class _Event(msgspec.Struct):
    type: str
    time: datetime
    data: msgspec.Raw


class Changes:
    """Takes the records of the topic, in any order of time; what is none of the two kinds is passed over."""

    def __init__(self) -> None:
        self._policies: deque[tuple[float, PolicyLoaded]] = deque(maxlen=MOST)
        self._models: deque[tuple[float, ModelUsed]] = deque(maxlen=MOST)

    def feed(self, value: bytes | None) -> None:
        """Take the value of a record."""
        try:
            event = msgspec.json.decode(value or b"", type=_Event)
            if event.type == POLICY:
                self._policies.append((event.time.timestamp(), msgspec.json.decode(event.data, type=PolicyLoaded)))
            elif event.type == MODEL:
                self._models.append((event.time.timestamp(), msgspec.json.decode(event.data, type=ModelUsed)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return

    def policies(self) -> list[InForceSince]:
        """The policies by application, the latest first; what was said twice is there once."""
        found: list[InForceSince] = []
        last: dict[str, PolicyLoaded] = {}
        for at, policy in sorted(self._policies, key=lambda each: each[0]):
            known = last.get(policy.app_id)
            if known is None or known.version != policy.version:
                changed = _changed(known.rules, policy.rules) if known is not None else []
                found.append(InForceSince(at, policy, changed, known is None))
            last[policy.app_id] = policy
        return found[::-1]

    def models(self) -> list[tuple[float, ModelUsed]]:
        """The models by application, the latest first; what was said twice is there once."""
        ordered = sorted(self._models, key=lambda each: (each[1].app_id, each[0]))
        named = [(each.app_id, each.number, each.digest) for _, each in ordered]
        again = {at for at, (one, other) in enumerate(pairwise(named), 1) if one == other}
        return sorted((each for at, each in enumerate(ordered) if at not in again), key=lambda each: each[0], reverse=True)

    def tiers_at(self, indicator: str, at: float) -> list[dict[str, float | None]]:
        """The numbers that were in force at a moment (epoch s), of each application that had others; empty where nobody knows."""
        then: dict[str, dict[str, float | None]] = {}
        for since in reversed(self.policies()):
            rule = since.policy.rules.get(indicator)
            if since.at <= at and rule is not None:
                then[since.policy.app_id] = rule.tiers
        found = list(then.values())
        return [tiers for place, tiers in enumerate(found) if tiers not in found[:place]]


def _changed(before: Mapping[str, RuleThen], after: Mapping[str, RuleThen]) -> list[Changed]:
    """The numbers that differ, by indicator."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(Changed(name, "enabled", float(old is not None), float(new is not None)))
            continue
        for what, one, other in (
            *((tier, old.tiers.get(tier), number) for tier, number in new.tiers.items()),
            *((f"min_sample.{tier}", old.min_sample.get(tier), number) for tier, number in new.min_sample.items()),
            ("for_s", old.for_s, new.for_s),
        ):
            if one != other:
                found.append(Changed(name, what, one, other))
    return found
