"""Who gets which alert: by least tier and by labels."""

from __future__ import annotations

from alerts.match import Choice, Match
from alerts.rule import Stanza
from alerts.stage import AlertStageStep, Batch, Drop, Notice

__all__ = ["Route", "RouteRule"]


class RouteRule(Match):
    """One route: `receivers` get what is at least `min_tier` and whose labels all `match` (each label: one of the values listed).

    Labels are indicator, dimension, tier, tenant_id and the scope's keys (queue_id, agent_id, …); one that an alert lacks does not match.
    """

    receivers: Choice


class Route(AlertStageStep):
    """Gives each notice its receivers: those of every route that matches, each once, in the order of the routes.

    A fall concerns also the routes of the tier that was left. What goes to who was paged before (an end, an acknowledgement) is not
    routed, and dropped as `nobody_told` where that is nobody. A notice no route wants is dropped as `no_route`.
    """

    name = "route"

    class Params(Stanza):
        """`routes:` of the policy."""

        routes: list[RouteRule] = []

    def __call__(self, batch: Batch, now: float) -> Batch:
        """The notices with their receivers."""
        result = Batch(drops=list(batch.drops))
        for notice in batch.notices:
            if not notice.told:
                notice.receivers = self._receivers(notice)
            if notice.receivers:
                result.notices.append(notice)
            else:
                result.drops.append(Drop(notice.event_id, self.name, "nobody_told" if notice.told else "no_route"))
        return result

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers the routes name, with the key of each."""
        return [(f"routes.{index}.receivers", name) for index, route in enumerate(self.params.routes) for name in route.receivers]

    def _receivers(self, notice: Notice) -> tuple[str, ...]:
        alert, labels = notice.alert, notice.labels
        height = max(alert.tier, alert.previous_tier) if alert.open else alert.max_tier
        chosen = list(notice.receivers)
        for route in self.params.routes:
            if route.meets(labels, height):
                chosen += route.receivers
        return tuple(dict.fromkeys(chosen))
