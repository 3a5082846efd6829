"""What stands between an alert's revision and its pages: steps, in the order the policy lists.

A step is a module of this package named like the step, with one class of that name in CamelCase, found by the name alone:
`route` is `alerts/route.py` with `class Route(AlertStageStep)`. Its parameters are keys of the policy named like the fields of
its `Params`.
"""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from importlib.util import find_spec
from inspect import isabstract
from typing import Any, ClassVar, Final, Protocol, Self

import msgspec

from alerts.alert import Alert
from alerts.command import Command
from alerts.declared_campaign import DeclaredCampaign
from alerts.kept import Kept
from alerts.page import Page
from alerts.rule import Stanza

__all__ = ["AlertStageStep", "Batch", "Desk", "Drop", "Notice", "pages_of", "run_steps", "step_class"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Notice(msgspec.Struct):
    """One revision on its way to people: the alert, its CloudEvent, and who is to get it so far.

    `told` says that the receivers are those who were paged for this alert before, so that no route is asked: an end, an
    acknowledgement, a repetition. `step` names a repetition (`r2`, `e1`), which is a page of its own. A notice of many alerts has
    its own `lane` and `number` instead of an alert's id and revision, and `covers` the open alerts it tells of (id, place).
    """

    alert: Alert
    event: dict[str, Any]
    receivers: tuple[str, ...] = ()
    told: bool = False
    step: str = ""
    lane: str = ""
    number: int = 0
    covers: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """What the policy may match by: indicator, dimension, tier, tenant_id and the scope's keys."""
        alert = self.alert
        dimension = self.event["data"].get("dimension", "")
        return {"indicator": alert.indicator, "dimension": dimension, "tier": alert.fire.label, **alert.scope.fields()}

    @property
    def passes(self) -> bool:
        """Whether nothing may hold it: the end of an alert, or that somebody has it, goes to who was paged."""
        return self.told and not self.step

    @property
    def event_id(self) -> str:
        """What the page's id will be."""
        head = f"{self.lane}:{self.number}" if self.lane else self.alert.event_id
        return f"{head}:{self.step}" if self.step else head


class Drop(msgspec.Struct, frozen=True):
    """A notice that goes no further: which (`<alert_id>:<revision>`), at which step, and why. Counted by (step, reason).

    `by` names what did it where that has a name: a silence, a window, the alert that inhibits.
    """

    event_id: str
    step: str
    reason: str
    by: str = ""


class Batch(msgspec.Struct):
    """What the steps pass on: notices still on their way, and what was dropped with its reason."""

    notices: list[Notice] = msgspec.field(default_factory=list)
    drops: list[Drop] = msgspec.field(default_factory=list)


class Desk(Protocol):
    """What steps may ask of who runs them."""

    @property
    def zone(self) -> tzinfo:
        """The calendar's zone, for hours of the day."""

    def alert(self, where: str) -> Alert | None:
        """The alert that burns at a place."""

    def current(self, where: str) -> Notice | None:
        """A new notice of its last revision."""

    def present(self, alert: Alert) -> dict[str, Any]:
        """The CloudEvent of a revision."""

    def told(self, alert_id: str) -> tuple[str, ...]:
        """Who was paged for an alert."""


class NoDesk:
    """For steps that stand alone: knows no alert."""

    zone: tzinfo = UTC

    def alert(self, where: str) -> Alert | None:
        """Nothing burns."""
        del where
        return None

    def current(self, where: str) -> Notice | None:
        """Nothing burns."""
        del where
        return None

    def present(self, alert: Alert) -> dict[str, Any]:
        """The least there is."""
        return {"id": alert.event_id, "data": {}}

    def told(self, alert_id: str) -> tuple[str, ...]:
        """Nobody."""
        del alert_id
        return ()


class AlertStageStep(ABC):
    """One step: pure, `now` passed in. It may change receivers, drop notices or keep them for later, and says why for each one.

    A step decides about pages, never about the record: the alert event is published whatever becomes of its pages. It never takes the end
    of an alert from somebody who was paged for it.

    A step with state keeps it in `kept`, by name; it is written with the stage's own. `due` says when `tick` has something to do. What
    `tick` returns goes through the steps behind this one, or through all of them where the step is `recurrent`.
    """

    name: ClassVar[str]
    Params: ClassVar[type[Stanza]] = Stanza
    recurrent: ClassVar[bool] = False

    def __init__(self, params: Any = None) -> None:
        self.params: Any = params if params is not None else type(self).Params()
        self.desk: Desk = NoDesk()
        self.kept: dict[str, Kept[Any]] = {}
        self.watches = False

    def at(self, desk: Desk) -> Self:
        """The same step without state, for one partition of the alert stage."""
        step = type(self)(self.params)
        step.desk = desk
        return step

    @abstractmethod
    def __call__(self, batch: Batch, now: float) -> Batch:
        """The batch after this step. What was dropped before stays in `drops`."""

    def observe(self, notice: Notice, now: float) -> None:
        """See a revision before any step has it: also one whose notice another step will drop.

        After a restart it is called for all open alerts where the step `watches`.
        """
        del notice, now

    def declare(self, campaign: DeclaredCampaign, now: float) -> None:
        """Learn of a campaign that was declared."""
        del campaign, now

    def take(self, command: Command, now: float) -> bool | None:
        """Take a command that concerns this step: whether it changed something; None when it is none of its own."""
        del command, now
        return None

    def due(self) -> float | None:
        """When `tick` is to be called next (epoch s); None while nothing waits."""
        return None

    def tick(self, now: float) -> Batch:
        """What is due by now."""
        del now
        return Batch()

    def started(self) -> None:
        """The state is complete: rebuild what follows from it."""
        return

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers the parameters name, each with its key in the policy: the loader checks that they exist."""
        return []

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed of the state since the last call, None for what is gone."""
        for name, kept in self.kept.items():
            yield from ((f"{name}/{key}", data) for key, data in kept.changes())

    def restore(self, name: str, data: bytes) -> bool:
        """Load one value of the state; False when this version has no such state."""
        part, _, key = name.partition("/")
        if part not in self.kept:
            return False
        self.kept[part].load(key, data)
        return True


def step_class(name: str) -> type[AlertStageStep]:
    """The step of a name. Raises LookupError where there is none.

    >>> step_class("route").__name__
    'Route'
    """
    module = importlib.import_module(f"alerts.{name}") if _NAME.fullmatch(name) and find_spec(f"alerts.{name}") else None
    found = getattr(module, "".join(part.capitalize() for part in name.split("_")), None)
    if isinstance(found, type) and issubclass(found, AlertStageStep) and not isabstract(found):
        return found
    raise LookupError(f"there is no stage {name!r}; a stage is a module of alerts/ that holds one, such as route")


def run_steps(steps: Iterable[AlertStageStep], batch: Batch, now: float) -> Batch:
    """The batch after all steps, in their order."""
    for step in steps:
        batch = step(batch, now)
    return batch


def pages_of(batch: Batch, now: float) -> list[Page]:
    """A page for each notice and receiver that is left, in order."""
    return [page for notice in batch.notices for page in _pages(notice, now)]


def _pages(notice: Notice, now: float) -> Iterator[Page]:
    alert = notice.alert
    body = msgspec.json.encode(notice.event) if notice.receivers else b""
    for receiver in notice.receivers:
        yield Page(
            receiver=receiver,
            alert_id=notice.lane or alert.id,
            revision=notice.number if notice.lane else alert.revision,
            tenant=alert.scope.tenant,
            tier=alert.fire.label,
            state=alert.state,
            created=now,
            body=body,
            step=notice.step,
        )
