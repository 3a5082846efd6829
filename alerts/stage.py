"""What stands between an alert's revision and its pages: steps, in the order the policy lists.

A step is a module of this package named like the step, with one class of that name in CamelCase, found by the name alone:
`route` is `alerts/route.py` with `class Route(AlertStageStep)`. Its parameters are keys of the policy named like the fields of
its `Params`.
"""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, ClassVar, Final

import msgspec

from alerts.alert import Alert
from alerts.page import Page
from alerts.rule import Stanza

__all__ = ["AlertStageStep", "Batch", "Drop", "Notice", "pages_of", "run_steps", "step_class"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Notice(msgspec.Struct):
    """One revision on its way to people: the alert, its CloudEvent, and who is to get it so far."""

    alert: Alert
    event: dict[str, Any]
    receivers: tuple[str, ...] = ()


class Drop(msgspec.Struct, frozen=True):
    """A notice that goes no further: which (`<alert_id>:<revision>`), at which step, and why. Counted by (step, reason)."""

    event_id: str
    step: str
    reason: str


class Batch(msgspec.Struct):
    """What the steps pass on: notices still on their way, and what was dropped with its reason."""

    notices: list[Notice] = msgspec.field(default_factory=list)
    drops: list[Drop] = msgspec.field(default_factory=list)


class AlertStageStep(ABC):
    """One step: pure, `now` passed in. It may change receivers or drop notices, and says why for each one dropped.

    The alert event itself is published before the steps run: a step decides about pages, never about the record.
    """

    name: ClassVar[str]
    Params: ClassVar[type[Stanza]] = Stanza

    def __init__(self, params: Any = None) -> None:
        self.params: Any = params if params is not None else type(self).Params()

    @abstractmethod
    def __call__(self, batch: Batch, now: float) -> Batch:
        """The batch after this step. What was dropped before stays in `drops`."""

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers the parameters name, each with its key in the policy: the loader checks that they exist."""
        return []


def step_class(name: str) -> type[AlertStageStep]:
    """The step of a name. Raises LookupError where there is none.

    >>> step_class("route").__name__
    'Route'
    """
    module = importlib.import_module(f"alerts.{name}") if _NAME.fullmatch(name) and find_spec(f"alerts.{name}") else None
    found = getattr(module, "".join(part.capitalize() for part in name.split("_")), None)
    if isinstance(found, type) and issubclass(found, AlertStageStep):
        return found
    raise LookupError(f"there is no stage {name!r}; a stage is a module of alerts/ that holds one, such as route")


def run_steps(steps: Iterable[AlertStageStep], batch: Batch, now: float) -> Batch:
    """The batch after all steps, in their order."""
    for step in steps:
        batch = step(batch, now)
    return batch


def pages_of(batch: Batch, now: float) -> list[Page]:
    """A page for each notice and receiver that is left, in order."""
    return [_page(notice, receiver, now) for notice in batch.notices for receiver in notice.receivers]


def _page(notice: Notice, receiver: str, now: float) -> Page:
    alert = notice.alert
    return Page(
        receiver=receiver,
        alert_id=alert.id,
        revision=alert.revision,
        tenant=alert.scope.tenant,
        tier=alert.fire.label,
        state=alert.state,
        created=now,
        body=msgspec.json.encode(notice.event),
    )
