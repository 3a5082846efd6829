"""What an hour's count is expected to be: means by hour of the week and of the day, and declared campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from detectors.base import Context, Observation, Turn
from detectors.calendar import Calendar
from detectors.event import Campaign
from detectors.river_state import MeanState

__all__ = ["HoursOfWeek", "about", "campaign_factor", "campaigns_with", "declared", "in_campaign", "rate_of_hour"]

HOUR_S: Final = 3600
CAMPAIGNS_KEPT: Final = 32

WEEK_PRIOR: Final = 2.0
"""How many visits of its own an hour of the week needs to weigh as much as the same hour of all days."""
DAY_PRIOR: Final = 0.1
LEAST_FACTOR: Final = 0.1


def rate_of_hour(week: MeanState, day: MeanState, level: float) -> float:
    """The expected count of an hour: the mean of its hour of the week, drawn towards that hour of all days, and that towards the level.

    >>> round(rate_of_hour((2.0, 30.0), (14.0, 20.0), 5.0), 2), rate_of_hour((0.0, 0.0), (0.0, 0.0), 5.0)
    (24.95, 5.0)
    """
    days, by_day = day
    by_day = (days * by_day + DAY_PRIOR * level) / (days + DAY_PRIOR)
    weeks, by_week = week
    return (weeks * by_week + WEEK_PRIOR * by_day) / (weeks + WEEK_PRIOR)


class HoursOfWeek:
    """The place of an hour (its number since the epoch) in the calendar's week, 0..167, and in its day, 0..23."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._week = lru_cache(maxsize=4096)(self._hour_of_week)

    def __call__(self, hour: int) -> tuple[int, int]:
        """Hour of the week and of the day."""
        week = self._week(hour)
        return week, week % 24

    def _hour_of_week(self, hour: int) -> int:
        """Asked at the middle of the hour, for zones that are half an hour off."""
        return self.calendar.hour_of_week(hour * HOUR_S + HOUR_S / 2)


def about(context: Context) -> dict[str, str]:
    """What a conversation is known to be about: queue, issue category, product, department, channel."""
    found = {
        "queue_id": context.queue_id,
        "issue_category": context.category,
        "product_id": context.product_id,
        "department_id": context.department_id,
        "channel": context.channel,
    }
    return {name: value for name, value in found.items() if value is not None}


def declared(detector: str, turn: Turn) -> Observation:
    """A campaign for all scopes of a detector."""
    return Observation(detector, turn.scope(), turn.event.time, broadcast=True, campaign=turn.event.campaign)


def campaigns_with(known: Iterable[Campaign], observation: Observation, kept_s: float) -> list[Campaign]:
    """The campaigns with a declared one, which replaces that of the same id; those that ended `kept_s` ago are left out. The last 32."""
    if observation.campaign is None:
        return list(known)
    campaign = msgspec.convert(observation.campaign, Campaign)
    others = [each for each in known if each.id != campaign.id and each.end > observation.time - kept_s]
    return [*others, campaign][-CAMPAIGNS_KEPT:]


def campaign_factor(campaigns: Iterable[Campaign], time: float, keys: Iterable[tuple[str, str]], shares: Mapping[str, float]) -> float:
    """How many times the usual volume declared campaigns let a scope expect at a time, 0.1 at least.

    `keys` are those of the scope; what a campaign is about beyond them counts by its share (`name=value`) of `all` in `shares`.

    >>> sale = Campaign("11.11", 0.0, 60.0, 4.0, {"queue_id": "q-1"})
    >>> campaign_factor([sale], 30.0, [("queue_id", "q-1")], {}), campaign_factor([sale], 30.0, [], {"all": 10.0, "queue_id=q-1": 5.0})
    (4.0, 2.5)
    """
    factor = 1.0
    for campaign in campaigns:
        if campaign.start <= time < campaign.end:
            factor *= 1 + _part(campaign, dict(keys), shares) * (campaign.multiplier - 1)
    return max(factor, LEAST_FACTOR)


def in_campaign(campaigns: Iterable[Campaign], time: float) -> bool:
    """Whether any campaign runs at a time."""
    return any(campaign.start <= time < campaign.end for campaign in campaigns)


def _part(campaign: Campaign, own: Mapping[str, str], shares: Mapping[str, float]) -> float:
    """How much of a scope a campaign covers, 0..1."""
    part, everything = 1.0, shares.get("all", 0.0)
    for name, value in sorted(campaign.scope.items()):
        if name == "tenant_id":
            continue
        if name in own:
            part = min(part, float(own[name] == value))
        else:
            part = min(part, shares.get(f"{name}={value}", 0.0) / everything if everything else 0.0)
    return part
