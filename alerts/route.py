"""Who gets which alert: by least tier and by labels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alerts.alert import Alert
from alerts.rule import Names, Stanza, TierName
from alerts.stage import AlertStageStep, Batch, Drop, Notice
from alerts.tier import Tier

__all__ = ["Route", "RouteRule", "labels_of"]


Choice = Annotated[Names, Field(min_length=1)]


class RouteRule(Stanza):
    """One route: `receivers` get what is at least `min_tier` and whose labels all `match` (each label: one of the values listed).

    Labels are indicator, dimension, tenant_id and the scope's keys (queue_id, agent_id, …); one that an alert lacks does not match.
    """

    receivers: Choice
    min_tier: TierName = "blue"
    match: dict[str, Choice] = {}


class Route(AlertStageStep):
    """Gives each notice its receivers: those of every route that matches, each once, in the order of the routes.

    A fall concerns also the routes of the tier that was left, and the end all that the alert ever touched: who was paged when it rose
    learns that it is over. A notice no route wants is dropped as `no_route`.
    """

    name = "route"

    class Params(Stanza):
        """`routes:` of the policy."""

        routes: list[RouteRule] = []

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices with their receivers."""
        result = Batch(drops=list(batch.drops))
        for notice in batch.notices:
            receivers = self._receivers(notice)
            if receivers:
                result.notices.append(Notice(notice.alert, notice.event, receivers))
            else:
                result.drops.append(Drop(notice.alert.event_id, self.name, "no_route"))
        return result

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers the routes name, with the key of each."""
        return [(f"routes.{index}.receivers", name) for index, route in enumerate(self.params.routes) for name in route.receivers]

    def _receivers(self, notice: Notice) -> tuple[str, ...]:
        height = _height(notice.alert)
        labels = labels_of(notice)
        chosen = list(notice.receivers)
        for route in self.params.routes:
            if height >= Tier.named(route.min_tier) and all(labels.get(name) in values for name, values in route.match.items()):
                chosen += route.receivers
        return tuple(dict.fromkeys(chosen))


def labels_of(notice: Notice) -> dict[str, str]:
    """What routes may match by."""
    dimension = notice.event["data"]["dimension"]
    return {"indicator": notice.alert.indicator, "dimension": dimension, **notice.alert.scope.fields()}


def _height(alert: Alert) -> int:
    return max(alert.tier, alert.previous_tier) if alert.open else alert.max_tier
