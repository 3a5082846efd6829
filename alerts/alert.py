"""One alert: what is known of one fire from its first revision to its last."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from alerts.tier import Tier
from detectors.base import Chain, Reading, Scope

__all__ = ["Acknowledgement", "Alert", "alert_id", "alert_key", "place", "place_of"]

_SHORT: Final = {"issue_category": "issue"}
_ESCAPES: Final = str.maketrans({char: f"%{ord(char):02X}" for char in ("%", "|", "=", *map(chr, range(32)), "\x7f")})


class Acknowledgement(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Who has seen an alert, when (epoch s), and whether they already work on it."""

    by: str
    at: float
    in_progress: bool = False
    comment: str = ""


class Alert(msgspec.Struct, array_like=True, omit_defaults=True):
    """The state of one alert. Times are epoch seconds; **fields are only ever appended**.

    `state` is what the last revision was: raised, updated, acknowledged, in_progress, or how it ended: resolved, expired, false_positive
    (`alerts/lifecycle.py`). `acknowledged` holds while the tier does not rise. `tier` is the fire that burns, or, once resolved, the
    one that burned last. `previous_tier` is the
    one before this revision (0 for the first). `since` is the event time at which the occurrence began, `raised_at` and
    `updated_at` are the clock's. `reading` is the latest that changed something. `uplift` of the tier comes from a chain of trouble in its
    queue or product (`alerts/uplift.py`), whose `chain` it then shows. `burned` is the value of the last revision that
    burned, known once it is resolved: texts say what it was, not what is left of it. `origin` is where the occurrence began for who
    decides, when that is before `since`: of an alert that rose again after people had ended it. `closed_by` and `comment` are of
    the person who ended it.
    """

    id: str
    key: str
    revision: int
    state: str
    indicator: str
    scope: Scope
    tier: int
    previous_tier: int
    max_tier: int
    since: float
    raised_at: float
    updated_at: float
    reading: Reading
    threshold: float | None = None
    resolved_at: float | None = None
    uplift: int = 0
    chain: Chain | None = None
    burned: float | None = None
    acknowledged: Acknowledgement | None = None
    origin: float | None = None
    closed_by: str | None = None
    comment: str | None = None

    @property
    def open(self) -> bool:
        """Whether the fire still burns."""
        return self.resolved_at is None

    @property
    def fire(self) -> Tier:
        """`tier` as a Tier."""
        return Tier(self.tier)

    @property
    def touched(self) -> tuple[Tier, ...]:
        """The tiers this revision concerns, lowest first: the one it is in, and the one it left.

        Who follows one tier alone thus also learns of the downgrade and of the end.
        """
        return tuple(tier for tier in Tier if tier and tier in (self.tier, self.previous_tier))

    @property
    def event_id(self) -> str:
        """The id of this revision's CloudEvent and pages: consumers drop doubles by it."""
        return f"{self.id}:{self.revision}"


def alert_id(indicator: str, scope: Scope, since: float) -> str:
    """The identity of one occurrence: 32 hex digits, the same whenever the same input is processed again.

    BLAKE2b (128 bit) of the tenant, the indicator, the scope's keys and the millisecond at which the occurrence began. Among six billion
    occurrences two collide with a chance of 5e-20; within one (tenant, indicator, scope) two
    occurrences that begin in the same millisecond are one.

    >>> alert_id("queue_length", Scope("acme", (("queue_id", "q-logi"),)), 1760000000.5)
    '6778f7246274aeb965d450ede827ddc9'
    """
    identity = msgspec.msgpack.encode((scope.tenant, indicator, scope.keys, round(since * 1000)))
    return hashlib.blake2b(identity, digest_size=16).hexdigest()


def alert_key(indicator: str, scope: Scope) -> str:
    """The key people see: indicator and scope by short names. Unlike the id it is the same for every occurrence.

    >>> alert_key("volume_ratio_3h", Scope("acme", (("queue_id", "q-logi"),)))
    'volume_ratio_3h|queue=q-logi'
    >>> alert_key("volume_ratio_3h", Scope("acme"))
    'volume_ratio_3h|tenant'
    """
    names = [f"{_short(name)}={value.translate(_ESCAPES)}" for name, value in scope.keys]
    return "|".join([indicator, *(names or ["tenant"])])


def place(indicator: str, scope: Scope) -> str:
    """Where an open alert is kept: there is one for each (indicator, tenant, scope)."""
    return place_of(scope.tenant, alert_key(indicator, scope))


def place_of(tenant: str, key: str) -> str:
    """The place of an alert's key."""
    return f"{tenant.translate(_ESCAPES)}/{key}"


def _short(name: str) -> str:
    return _SHORT.get(name, name.removesuffix("_id"))
