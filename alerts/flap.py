"""Flapping: what lights and goes out again and again is paged once."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import Field

from alerts.alert import place
from alerts.holding import Hold, Holding
from alerts.kept import Kept
from alerts.rule import Stanza
from alerts.stage import Notice

__all__ = ["Flap", "FlapRule"]


class FlapRule(Stanza):
    """`changes` of tier at one place (lit, risen, fallen, out) within `window_s` seconds are flapping; 0 changes: never."""

    changes: int = Field(default=0, ge=0, le=1000)
    window_s: float = Field(default=3600, gt=0, le=7 * 86_400)


class _Flapping(msgspec.Struct, array_like=True):
    """The last changes of a place; the highest tier and the revision paged since it flaps (tier 0: it does not)."""

    times: list[float]
    tier: int = 0
    told: str = ""


class Flap(Holding):
    """The page that tells of the flapping says so (`data.flapping`); then nothing until it rises higher or is quiet for the window.

    What burns when it has become quiet is paged then. The end of an alert that was paged passes. Memory: up to `changes` times for
    each place with a change within the window.
    """

    name = "flap"

    class Params(Stanza):
        """`flap:` of the policy."""

        flap: FlapRule = FlapRule()

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._places: Kept[_Flapping] = Kept(_Flapping)
        self.kept["places"] = self._places

    def observe(self, notice: Notice, now: float) -> None:
        """Count a change of tier."""
        super().observe(notice, now)
        rule: FlapRule = self.params.flap
        alert = notice.alert
        if not rule.changes:
            return
        self._forget(now)
        if not alert.open or alert.tier != alert.previous_tier:
            where = place(alert.indicator, alert.scope)
            known = self._places.drop(where) or _Flapping([])
            known.times = [*(at for at in known.times if at > now - rule.window_s), now][-rule.changes :]
            self._places.put(where, known)

    def hold(self, notice: Notice, now: float) -> Hold | None:
        """Whether its place flaps and people know."""
        rule: FlapRule = self.params.flap
        alert = notice.alert
        known = self._places.get(place(alert.indicator, alert.scope)) if rule.changes else None
        if known is None:
            return None
        if len(known.times) < rule.changes or known.times[-1] + rule.window_s <= now or known.times[0] <= now - rule.window_s:
            if known.tier:
                known.tier, known.told = 0, ""
                self._places.put(place(alert.indicator, alert.scope), known)
            return None
        if alert.tier > known.tier or notice.event_id == known.told:
            known.tier, known.told = max(alert.tier, known.tier), notice.event_id
            self._places.put(place(alert.indicator, alert.scope), known)
            notice.event["data"]["flapping"] = True
            return None
        return Hold("flapping", "", known.times[0] + rule.window_s)

    def started(self) -> None:
        """Bring the places into the order of their last changes."""
        super().started()
        for where, known in sorted(self._places.items(), key=lambda item: (item[1].times[-1], item[0])):
            self._places.move_to_end(where, known)

    def _forget(self, now: float) -> None:
        window = self.params.flap.window_s
        while (first := next(self._places.items(), None)) is not None and first[1].times[-1] + window <= now:
            self._places.drop(first[0])
