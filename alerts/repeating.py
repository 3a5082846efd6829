"""What repetition and escalation have in common: an alert that was paged and burns on is paged again at set times."""

from __future__ import annotations

import heapq
import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import msgspec

from alerts.alert import Alert, place
from alerts.kept import Kept
from alerts.stage import AlertStageStep, Batch, Drop, Notice

__all__ = ["Course", "Repeating"]


class Course(msgspec.Struct, array_like=True):
    """How far it is with one alert: since when (epoch s) and at which tier it is paged, steps done, when the next one is due."""

    where: str
    tier: int
    since: float
    done: int
    due: float


class Repeating(AlertStageStep):
    """Begins with an alert's first page, begins anew when the alert rises, and stops when it ends.

    A step is done once, at its time: what is written with the stage's state is neither done again nor left out after a crash. Its page
    goes through all stages, so a silence holds it; the step counts as done then. Memory: some 50 bytes for each paged alert.
    """

    recurrent = True

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._courses: Kept[Course] = Kept(Course)
        self.kept = {"courses": self._courses}
        self._due: list[tuple[float, str]] = []

    @abstractmethod
    def next(self, notice: Notice, course: Course) -> float:
        """When the step after `course.done` steps is due; infinite where there is none."""

    @abstractmethod
    def step(self, notice: Notice, course: Course, now: float) -> Notice | Drop | None:
        """The page of the step that is due."""

    def __call__(self, batch: Batch, now: float) -> Batch:
        """All notices; the alerts they tell of are noticed."""
        for notice in batch.notices:
            if not notice.step:
                for each in self._alerts(notice):
                    self._begin(each, now)
        return batch

    def observe(self, notice: Notice, now: float) -> None:
        """Forget an alert that ended."""
        del now
        if not notice.alert.open:
            self._courses.drop(notice.alert.id)

    def started(self) -> None:
        """Rebuild the timers."""
        self._due = [(course.due, key) for key, course in self._courses.items() if course.due < math.inf]
        heapq.heapify(self._due)

    def due(self) -> float | None:
        """When the next step is due."""
        while self._due and not self._is_due(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def tick(self, now: float) -> Batch:
        """The steps that are due, in the order of their times."""
        batch = Batch()
        while (due := self.due()) is not None and due <= now:
            alert_id = heapq.heappop(self._due)[1]
            course = self._courses.get(alert_id)
            notice = self.desk.current(course.where) if course is not None else None
            if course is None or notice is None or notice.alert.id != alert_id:
                self._courses.drop(alert_id)
                continue
            self._add(batch, self.step(notice, course, now))
            course.done += 1
            self._put(alert_id, course, notice)
        return batch

    def _add(self, batch: Batch, done: Notice | Drop | None) -> None:
        if isinstance(done, Drop):
            batch.drops.append(done)
        elif done is not None:
            done.event["id"] = done.event_id
            batch.notices.append(done)

    def _alerts(self, notice: Notice) -> Iterator[Notice]:
        """The open alerts that a page tells of."""
        if not notice.lane:
            if notice.alert.open and notice.receivers:
                yield notice
            return
        for alert_id, where in notice.covers:
            if self._known(alert_id, where) and (current := self.desk.current(where)) is not None:
                yield current

    def _known(self, alert_id: str, where: str) -> bool:
        alert = self.desk.alert(where)
        return alert is not None and alert.id == alert_id and self.wants(alert)

    def wants(self, alert: Alert) -> bool:
        """Whether anything may come of it: asked before its texts are made."""
        del alert
        return True

    def _begin(self, notice: Notice, now: float) -> None:
        alert = notice.alert
        known = self._courses.get(alert.id)
        if known is not None and alert.tier <= known.tier:
            known.tier = alert.tier
            self._courses.put(alert.id, known)
            return
        course = Course(place(alert.indicator, alert.scope), alert.tier, now, 0, math.inf)
        if self.next(notice, course) < math.inf:
            self._put(alert.id, course, notice)

    def _put(self, alert_id: str, course: Course, notice: Notice) -> None:
        course.due = self.next(notice, course)
        self._courses.put(alert_id, course)
        if course.due < math.inf:
            heapq.heappush(self._due, (course.due, alert_id))

    def _is_due(self, at: float, alert_id: str) -> bool:
        course = self._courses.get(alert_id)
        return course is not None and course.due == at
