"""Maintenance and campaign windows: times for which more or other alerts are expected."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from alerts.holding import Hold, Holding
from alerts.match import Choice, matches
from alerts.rule import Stanza, TierName
from alerts.schedule import Weekly
from alerts.silences import Moment
from alerts.stage import Notice
from alerts.tier import Tier

__all__ = ["Maintenance", "Window"]


class Window(Stanza):
    """A window, once (`from`, `until`) or every week (`weekly`), for alerts whose labels `match`, up to the tier `max_tier`.

    An empty `match` is every alert. What is above `max_tier` is paged all the same: a campaign explains a long queue, no data leak.
    """

    name: str
    match: dict[str, Choice] = {}
    max_tier: TierName = "red"
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    weekly: list[Weekly] = []
    why: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.start is None) != (self.until is None) or (self.start is None) != bool(self.weekly):
            raise ValueError("give either from and until, or weekly")
        if self.start is not None and self.until is not None and self.until <= self.start:
            raise ValueError("until must lie after from")
        return self


class Maintenance(Holding):
    """Holds back what lies in a window, as `maintenance`. An alert that still burns when the window is over is paged then.

    Weekly windows are in the zone of the policy's calendar.
    """

    name = "maintenance"

    class Params(Stanza):
        """`maintenance:` of the policy."""

        maintenance: list[Window] = []

    def hold(self, notice: Notice, now: float) -> Hold | None:
        """The window over it that ends last."""
        windows: list[Window] = self.params.maintenance
        if not windows:
            return None
        labels = notice.labels
        holds = [
            Hold("maintenance", window.name, end)
            for window in windows
            if notice.alert.tier <= Tier.named(window.max_tier)
            and matches(window.match, labels)
            and (end := self._ends(window, now)) is not None
        ]
        return max(holds, key=lambda hold: (hold.until, hold.by), default=None)

    def _ends(self, window: Window, now: float) -> float | None:
        if window.start is not None and window.until is not None:
            return window.until.timestamp() if window.start.timestamp() <= now < window.until.timestamp() else None
        ends = [end for each in window.weekly if (end := each.ends(now, self.desk.zone)) is not None]
        return max(ends, default=None)
