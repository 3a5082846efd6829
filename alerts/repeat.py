"""Repetition: an alert that burns on and that nobody has is paged again, ever more rarely."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from alerts.alert import Alert
from alerts.match import Match
from alerts.repeating import Course, Repeating
from alerts.rule import Stanza
from alerts.stage import Drop, Notice

__all__ = ["Repeat", "RepeatRule"]


class RepeatRule(Match):
    """Alerts it means are paged again after `every_s`, each time `factor` times later, at most `cap_s`, `times` times at most.

    `unless: acked` leaves out those that somebody has; `never` repeats them too.
    """

    every_s: float = Field(ge=60, le=30 * 86_400)
    factor: float = Field(default=2, ge=1, le=10)
    cap_s: float = Field(default=86_400, ge=60, le=30 * 86_400)
    times: int = Field(default=10, ge=1, le=1000)
    unless: Literal["acked", "never"] = "acked"

    @model_validator(mode="after")
    def _capped(self) -> Self:
        if self.cap_s < self.every_s:
            raise ValueError("cap_s must be at least every_s")
        return self

    def wait(self, done: int) -> float:
        """Seconds between the `done`-th repetition (0: the page itself) and the next.

        >>> [RepeatRule(every_s=600, cap_s=3600).wait(done) for done in range(5)]
        [600.0, 1200.0, 2400.0, 3600.0, 3600.0]
        """
        return min(self.cap_s, self.every_s * self.factor ** min(done, 64))


class Repeat(Repeating):
    """Pages again who was paged for the alert, by the first rule that means it.

    A repetition of what somebody has is dropped as `acknowledged`.
    """

    name = "repeat"

    class Params(Stanza):
        """`repeat:` of the policy."""

        repeat: list[RepeatRule] = []

    def wants(self, alert: Alert) -> bool:
        """Without a rule nothing is repeated."""
        return bool(alert.open and self.params.repeat)

    def next(self, notice: Notice, course: Course) -> float:
        """By the rule's back-off."""
        rule = self._rule(notice)
        if rule is None or course.done >= rule.times:
            return math.inf
        return (course.since if not course.done else course.due) + rule.wait(course.done)

    def step(self, notice: Notice, course: Course, now: float) -> Notice | Drop | None:
        """Who was paged, once more."""
        del now
        rule, alert = self._rule(notice), notice.alert
        notice.receivers, notice.told, notice.step = self.desk.told(alert.id), True, f"r{course.done + 1}"
        if rule is None or not notice.receivers:
            return None
        if alert.acknowledged is not None and rule.unless == "acked":
            return Drop(notice.event_id, self.name, "acknowledged", alert.acknowledged.by)
        notice.event["data"]["repetition"] = course.done + 1
        return notice

    def _rule(self, notice: Notice) -> RepeatRule | None:
        rules: list[RepeatRule] = self.params.repeat
        if not rules:
            return None
        labels = notice.labels
        return next((rule for rule in rules if rule.meets(labels, notice.alert.tier)), None)
