"""Escalation: what nobody takes in time goes to the next ones."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from alerts.alert import Alert
from alerts.match import Match
from alerts.repeating import Course, Repeating
from alerts.rule import Names, Stanza
from alerts.schedule import Weekly
from alerts.stage import Drop, Notice
from alerts.tier import Tier

__all__ = ["Deadlines", "Escalate", "Escalation", "EscalationStep", "Shift"]


class Deadlines(Stanza):
    """Within how many seconds an alert of each tier is to be acknowledged; null: never."""

    blue: float | None = Field(default=None, gt=0)
    yellow: float | None = Field(default=1800, gt=0)
    orange: float | None = Field(default=600, gt=0)
    red: float | None = Field(default=300, gt=0)

    def of(self, tier: int) -> float:
        """Of a tier; infinite where there is none."""
        deadline = (None, self.blue, self.yellow, self.orange, self.red)[tier]
        return math.inf if deadline is None else deadline


class Shift(Weekly):
    """Who is on duty in these hours."""

    receivers: Names = Field(min_length=1)


class EscalationStep(Stanza):
    """One step: `after_s` seconds after the alert was paged (by default once more the tier's deadline), `notify` and who is `on_duty` then.

    `unless: acked` leaves it out where somebody has the alert; `never` takes it all the same.
    """

    after_s: float | None = Field(default=None, gt=0, le=30 * 86_400)
    unless: Literal["acked", "never"] = "acked"
    notify: Names = []
    on_duty: Names = []


class Escalation(Match):
    """The steps for the alerts it means, in their order."""

    steps: list[EscalationStep] = Field(min_length=1)


class Escalate(Repeating):
    """Takes the steps of the first escalation that means the alert, from its first page on; a rise begins them anew.

    A step nobody is named for at its hour is dropped as `nobody_on_duty`, one of an alert that somebody has as `acknowledged`. Who a
    step paged is told of the end as well. Schedules are in the zone of the policy's calendar.
    """

    name = "escalate"

    class Params(Stanza):
        """`acknowledge_within_s:`, `schedules:` and `escalations:` of the policy."""

        acknowledge_within_s: Deadlines = Deadlines()
        schedules: dict[str, list[Shift]] = {}
        escalations: list[Escalation] = []

        @model_validator(mode="after")
        def _known_schedules(self) -> Self:
            names = (name for escalation in self.escalations for step in escalation.steps for name in step.on_duty)
            unknown = next((name for name in names if name not in self.schedules), None)
            if unknown is not None:
                raise ValueError(f"there is no schedule {unknown!r}; add it to schedules")
            return self

    def receivers(self) -> list[tuple[str, str]]:
        """The receivers of steps and shifts."""
        found = []
        for index, escalation in enumerate(self.params.escalations):
            for place, step in enumerate(escalation.steps):
                found += [(f"escalations.{index}.steps.{place}.notify", name) for name in step.notify]
        for key, shifts in self.params.schedules.items():
            for index, shift in enumerate(shifts):
                found += [(f"schedules.{key}.{index}.receivers", name) for name in shift.receivers]
        return found

    def wants(self, alert: Alert) -> bool:
        """Without an escalation nothing is escalated."""
        return bool(alert.open and self.params.escalations)

    def next(self, notice: Notice, course: Course) -> float:
        """The next step's time, never before the one before it."""
        steps = self._steps(notice)
        if course.done >= len(steps):
            return math.inf
        due = course.since
        for step in steps[: course.done + 1]:
            due = max(due, course.since + step.after_s) if step.after_s is not None else due + self._deadline(notice)
        return due

    def step(self, notice: Notice, course: Course, now: float) -> Notice | Drop | None:
        """The next ones."""
        steps, alert = self._steps(notice), notice.alert
        if course.done >= len(steps):
            return None
        step = steps[course.done]
        notice.told, notice.step = True, f"e{course.done + 1}"
        if alert.acknowledged is not None and step.unless == "acked":
            return Drop(notice.event_id, self.name, "acknowledged", alert.acknowledged.by)
        notice.receivers = tuple(dict.fromkeys([*step.notify, *self._on_duty(step, now)]))
        if not notice.receivers:
            return Drop(notice.event_id, self.name, "nobody_on_duty", ",".join(step.on_duty))
        notice.event["data"]["escalation"] = course.done + 1
        return notice

    def _on_duty(self, step: EscalationStep, now: float) -> list[str]:
        shifts = [shift for name in step.on_duty for shift in self.params.schedules[name]]
        return [name for shift in shifts if shift.ends(now, self.desk.zone) is not None for name in shift.receivers]

    def _deadline(self, notice: Notice) -> float:
        deadlines: Deadlines = self.params.acknowledge_within_s
        return deadlines.of(Tier(notice.alert.tier))

    def _steps(self, notice: Notice) -> list[EscalationStep]:
        escalations: list[Escalation] = self.params.escalations
        if not escalations:
            return []
        labels = notice.labels
        return next((each.steps for each in escalations if each.meets(labels, notice.alert.tier)), [])
