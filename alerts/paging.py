"""The stages of the policy at work: revisions of alerts in, pages out, and who was told of what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

import msgspec

from alerts.alert import Alert
from alerts.command import Command
from alerts.declared_campaign import DeclaredCampaign
from alerts.kept import Kept
from alerts.page import Page
from alerts.route import Route
from alerts.stage import AlertStageStep, Batch, Drop, Notice, pages_of, run_steps

__all__ = ["Paged", "Paging"]

_OF_A_READING: Final = frozenset({"raised", "updated"})
_TOLD: Final = "told"
_UNSEEN: Final = frozenset({"no_route", "nobody_told"})
"""Reasons that hold back no page that anybody was to get."""


class Paged(msgspec.Struct):
    """Pages to send, in order, and notices dropped."""

    pages: list[Page] = msgspec.field(default_factory=list)
    drops: list[Drop] = msgspec.field(default_factory=list)


class Paging:
    """One partition's stages, with their state.

    `present` gives an alert's CloudEvent, `find` the open alert of a place. The end of an alert, and that somebody has it, go to
    exactly those who were paged for it. Steps fire by `tick`, whose times never go back.
    """

    def __init__(
        self,
        steps: Sequence[AlertStageStep],
        present: Callable[[Alert], dict[str, Any]],
        find: Callable[[str], Alert | None],
        zone: tzinfo = UTC,
    ) -> None:
        self.zone = zone
        self.present = present
        self.alert = find
        self.steps = [step.at(self) for step in steps]
        self._told: Kept[tuple[str, ...]] = Kept(tuple[str, ...])

    # -- what the steps may ask

    def current(self, where: str) -> Notice | None:
        """A new notice of the last revision of the alert at a place."""
        alert = self.alert(where)
        return Notice(alert, self.present(alert)) if alert is not None else None

    def told(self, alert_id: str) -> tuple[str, ...]:
        """Who was paged for an alert that burns."""
        return self._told.get(alert_id) or ()

    # -- work

    def page(self, alert: Alert, event: dict[str, Any], now: float) -> Paged:
        """What comes of a revision. `event["data"]["delivery"]` says afterwards what kept it from whom."""
        notice = Notice(alert, event)
        if alert.state not in _OF_A_READING:
            notice.told, notice.receivers = True, self.told(alert.id)
        for step in self.steps:
            step.observe(notice, now)
        batch = run_steps(self.steps, Batch([notice]), now)
        _say(event, batch.drops, alert.event_id)
        paged = self._settle(batch, now)
        if not alert.open:
            self._told.drop(alert.id)
        return paged

    def take(self, command: Command, now: float) -> bool | None:
        """Give a command to the step it concerns: whether it changed something; None where none wants it."""
        return next((taken for step in self.steps if (taken := step.take(command, now)) is not None), None)

    def declare(self, campaign: DeclaredCampaign, now: float) -> None:
        """Tell all steps of a campaign."""
        for step in self.steps:
            step.declare(campaign, now)

    def due(self) -> float | None:
        """When `tick` has something to do."""
        return min((due for step in self.steps if (due := step.due()) is not None), default=None)

    def tick(self, now: float) -> Paged:
        """What is due by now, step by step in the order of the policy."""
        paged = Paged()
        for index, step in enumerate(self.steps):
            due = step.due()
            if due is None or due > now:
                continue
            batch = step.tick(now)
            rest = self.steps if step.recurrent else self.steps[index + 1 :]
            # One by one: what a step remembers of a notice must be there for the next.
            for notice in batch.notices:
                found = self._settle(run_steps(rest, Batch([notice]), now), now)
                paged.pages += found.pages
                paged.drops += found.drops
            paged.drops += batch.drops
        return paged

    def _settle(self, batch: Batch, now: float) -> Paged:
        """Remember who is told, and write the pages."""
        for notice in batch.notices:
            if not notice.lane and notice.alert.open:
                self._remember(notice.alert.id, notice.receivers)
            for alert_id, _ in notice.covers:
                self._remember(alert_id, notice.receivers)
        return Paged(pages_of(batch, now), batch.drops)

    def _remember(self, alert_id: str, receivers: Iterable[str]) -> None:
        known = self.told(alert_id)
        told = tuple(dict.fromkeys([*known, *receivers]))
        if told != known:
            self._told.put(alert_id, told)

    # -- state

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since the last call, by name."""
        yield from ((f"{_TOLD}/{key}", data) for key, data in self._told.changes())
        for step in self.steps:
            yield from ((f"{step.name}/{key}", data) for key, data in step.changes())

    def forget_changes(self) -> None:
        """Nobody writes them."""
        for kept in (self._told, *(kept for step in self.steps for kept in step.kept.values())):
            kept.forget_changes()

    def restore(self, name: str, data: bytes) -> bool:
        """Load one value; False where the policy has no such step any more."""
        part, _, key = name.partition("/")
        if part == _TOLD:
            self._told.load(key, data)
            return True
        return any(step.restore(key, data) for step in self.steps if step.name == part)

    def started(self, alerts: Iterable[Alert], *, adopt: bool = False) -> None:
        """All values are loaded. `adopt`: the open alerts were paged by a version that did not write whom."""
        known = list(alerts)
        watching = [step for step in self.steps if step.watches]
        for alert in known if watching or adopt else ():
            notice = Notice(alert, self.present(alert))
            for step in watching:
                step.observe(notice, alert.updated_at)
            if adopt:
                self._adopt(notice)
        for step in self.steps:
            step.started()

    def _adopt(self, notice: Notice) -> None:
        height = msgspec.structs.replace(notice.alert, tier=notice.alert.max_tier)
        routed = run_steps([step for step in self.steps if isinstance(step, Route)], Batch([Notice(height, notice.event)]), 0.0)
        for each in routed.notices:
            self._remember(notice.alert.id, each.receivers)


def _say(event: dict[str, Any], drops: Iterable[Drop], event_id: str) -> None:
    """Write into the event what kept its pages back."""
    held = [
        {"step": drop.step, "reason": drop.reason, **({"by": drop.by} if drop.by else {})}
        for drop in drops
        if drop.event_id == event_id and drop.reason not in _UNSEEN
    ]
    if held:
        event["data"]["delivery"] = {"suppressed": held}
