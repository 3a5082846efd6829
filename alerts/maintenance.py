"""Maintenance and campaign windows, of the policy and declared: times for which more or other alerts are expected."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from alerts.declared_campaign import DeclaredCampaign
from alerts.holding import Hold, Holding
from alerts.kept import Kept
from alerts.match import Choice, matches
from alerts.rule import Names, Stanza, TierName
from alerts.schedule import Weekly
from alerts.silences import Moment
from alerts.stage import Batch, Notice
from alerts.tier import Tier

__all__ = ["Campaigns", "Maintenance", "Window"]

CAMPAIGNS_KEPT: Final = 100
"""Of one tenant: what ends first is forgotten first."""


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


class Campaigns(Stanza):
    """What declared campaigns (`campaign.scheduled`) explain: fires of these `indicators` within their scope and time, up to `max_tier`.

    Without indicators they explain nothing. Red is never explained. An indicator whose expectation is multiplied by the campaign already
    (volume_ratio_3h, ears_c2) is refused: what it says within one is more than was announced.
    """

    indicators: Names = []
    max_tier: Literal["blue", "yellow", "orange"] = "yellow"


class Maintenance(Holding):
    """Holds back what lies in a window, as `maintenance`, or in a declared campaign, as `campaign`.

    An alert that still burns when the window is over is paged then. Weekly windows are in the zone of the policy's calendar. Campaigns are
    remembered until they end, whether the policy asks for them or not; they are part of the state and hold over a crash.
    """

    name = "maintenance"

    class Params(Stanza):
        """`maintenance:` and `campaigns:` of the policy."""

        maintenance: list[Window] = []
        campaigns: Campaigns = Campaigns()

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._campaigns: Kept[DeclaredCampaign] = Kept(DeclaredCampaign)
        self.kept["campaigns"] = self._campaigns

    def hold(self, notice: Notice, now: float) -> Hold | None:
        """The window or campaign over it that ends last."""
        windows: list[Window] = self.params.maintenance
        if not windows and not len(self._campaigns):
            return None
        labels = notice.labels
        holds = [
            Hold("maintenance", window.name, end)
            for window in windows
            if notice.alert.tier <= Tier.named(window.max_tier)
            and matches(window.match, labels)
            and (end := self._ends(window, now)) is not None
        ]
        if self._explained(notice):
            running = (each for _, each in self._campaigns.items() if each.active(now) and each.covers(labels))
            holds += [Hold("campaign", each.id, each.until) for each in running]
        return max(holds, key=lambda hold: (hold.until, hold.by), default=None)

    def declare(self, campaign: DeclaredCampaign, now: float) -> None:
        """Remember a campaign. What another declaration of it held is looked at again."""
        key = f"{campaign.tenant}/{campaign.id}"
        self._campaigns.drop(key)
        if campaign.until > now:
            self._campaigns.put(key, campaign)
        own = [(each.until, name) for name, each in self._campaigns.items() if each.tenant == campaign.tenant]
        if len(own) > CAMPAIGNS_KEPT:
            self._campaigns.drop(min(own)[1])
        for alert_id, _ in list(self.kept["held"].items()):
            self.wake(alert_id)

    def due(self) -> float | None:
        """When a held alert is to be looked at, or a campaign is over and forgotten."""
        held = super().due()
        ends = [each.until for _, each in self._campaigns.items()]
        return min(ends if held is None else [held, *ends], default=None)

    def tick(self, now: float) -> Batch:
        """The alerts nothing explains any more."""
        for key in [key for key, each in self._campaigns.items() if each.until <= now]:
            self._campaigns.drop(key)
        return super().tick(now)

    def _explained(self, notice: Notice) -> bool:
        """Whether a campaign may explain it."""
        campaigns: Campaigns = self.params.campaigns
        return notice.alert.indicator in campaigns.indicators and notice.alert.tier <= Tier.named(campaigns.max_tier)

    def _ends(self, window: Window, now: float) -> float | None:
        if window.start is not None and window.until is not None:
            return window.until.timestamp() if window.start.timestamp() <= now < window.until.timestamp() else None
        ends = [end for each in window.weekly if (end := each.ends(now, self.desk.zone)) is not None]
        return max(ends, default=None)
