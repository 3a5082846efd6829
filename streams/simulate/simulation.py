"""Days of a customer-service centre from one seed, with planted incidents and their truth."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from streams.errors import UsageError
from streams.simulate.arrival import Arrivals
from streams.simulate.background import customers, metrics, snapshots, states
from streams.simulate.case import Scribe
from streams.simulate.day import Day
from streams.simulate.floor import Floor
from streams.simulate.roster import Reservations, Roster
from streams.simulate.site import Site
from streams.simulate.truth import Truth
from streams.simulate.world import HOUR

__all__ = ["Simulation", "kinds"]

DAY = 24 * HOUR
_TENANT = re.compile(r"[A-Za-z0-9._-]{1,64}")
CASES = frozenset({"fenghuo.conversation.opened.v1", "fenghuo.ticket.created.v1"})


def kinds() -> list[str]:
    """The kinds of incidents and benign cases that can be planted: the modules of `streams.simulate.incidents`.

    >>> "surge" in kinds()
    True
    """
    package = importlib.import_module("streams.simulate.incidents")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


class Simulation:
    """A simulated centre. The same arguments give the same events, byte for byte.

    Incidents are planted on the last day; every day before it is quiet. They are sized for a rate of 0.5 and more, and
    those that are measured against a baseline (surge, campaign) for at least 8 days.

    Args:
        seed: Any integer.
        start: Local midnight of the first day, with a time zone. Its UTC offset holds for the whole simulation.
        days: How many days, at least 1.
        tenant: Tenant of all events.
        rate: Volume; 1.0 is about 600 conversations a day.
        incidents: Kinds to plant (see `kinds`); None plants all, an empty sequence none.

    Raises:
        UsageError: on a start that is no midnight or has no zone, less than one day, a rate that is not positive, a tenant
            that is no name, or an unknown kind.

    >>> from datetime import datetime, timedelta, timezone
    >>> day = Simulation(seed=7, start=datetime(2025, 9, 1, tzinfo=timezone(timedelta(hours=8))), days=1, rate=0.1, incidents=["angry"])
    >>> next(day.events())["type"]
    'fenghuo.queue.snapshot.v1'
    >>> [incident.kind for incident in day.truth.incidents]
    ['angry']
    """

    def __init__(
        self, *, seed: int, start: datetime, days: int, tenant: str = "demo", rate: float = 1.0, incidents: Sequence[str] | None = None
    ) -> None:
        self._zone = _zone(start)
        if days < 1 or rate <= 0:
            raise UsageError("A simulation needs at least one day and a rate above 0: give other --days or --rate.")
        if not _TENANT.fullmatch(tenant):
            raise UsageError(f"A tenant is named by letters, digits, dots, dashes and underscores, not {tenant!r}: give another --tenant.")
        self.seed, self._days, self._tenant, self._rate = seed, days, tenant, rate
        self._start = int(start.timestamp() * 1000)
        self._kinds = _known(incidents)
        self._reserved: Reservations = {}
        self.start = start
        last = self._day(days - 1)
        scribe = self._scribe(f"{last.number:02d}b", planted=True)
        self.truth = Truth(scribe.stamp(last.midnight), scribe.stamp(last.midnight + DAY), [], [])
        self._site = Site(last, scribe, Roster(last.midnight, rate, self._reserved), self.truth, rate, self._random("site"))
        self._plant()
        self._planted = scribe.take()

    def events(self) -> Iterator[dict[str, Any]]:
        """All events as CloudEvents in order of arrival. Holds an hour of ordinary events and the planted day; may be called again.

        Events share parts: treat them as read-only.
        """
        self._reset_counts()
        arrivals = Arrivals(self._start + self._days * DAY)
        arrivals.add(self._planted, self._random("arrival/planted"))
        for number in range(self._days):
            yield from self._counted(self._day_events(self._day(number), arrivals))
        yield from self._counted(arrivals.before(self._start + (self._days + 1) * DAY))

    def progress(self, event: dict[str, Any]) -> float:
        """How far an event of this simulation is from its start to its end, 0..1."""
        passed = datetime.fromisoformat(event["time"]) - self.start
        return min(1.0, max(0.0, passed / timedelta(days=self._days)))

    def _plant(self) -> None:
        for kind in self._kinds:
            importlib.import_module(f"streams.simulate.incidents.{kind}").plant(self._site, self._random(f"plant/{kind}"))

    def _day_events(self, day: Day, arrivals: Arrivals) -> Iterator[dict[str, Any]]:
        """Everything ordinary about one day, and whatever else is in `arrivals`, in order of arrival."""
        scribe, disorder = self._scribe(f"{day.number:02d}a"), self._random(f"arrival/{day.number}")
        scored = day.number == self._days - 1
        roster = Roster(day.midnight, self._rate, self._reserved)
        floor = Floor(scribe, roster, avoid=self._site.kept if scored else ())
        snapshots(day, scribe, self._random(f"snapshots/{day.number}"), self._rate, self._site.curves if scored else {})
        states(day, scribe, roster, self._random(f"states/{day.number}"))
        metrics(day, scribe, self._random(f"metrics/{day.number}"), self._rate)
        for end in customers(day, floor, self._random(f"customers/{day.number}"), self._rate):
            arrivals.add(scribe.take(), disorder)
            yield from arrivals.before(end)

    def _counted(self, events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The events, counted for the truth: doubles are events, but no second conversation."""
        truth, seen = self.truth, set[str]()
        quiet = (datetime.fromisoformat(truth.scored_from) - timedelta(days=1)).isoformat(timespec="milliseconds")
        for event in events:
            truth.events += 1
            if event["type"] in CASES and event["time"] >= quiet and event["subject"] not in seen:
                seen.add(event["subject"])
                if event["time"] >= truth.scored_from:
                    truth.conversations_scored_day += 1
                else:
                    truth.conversations_quiet_day += 1
            yield event

    def _reset_counts(self) -> None:
        truth = self.truth
        truth.events = truth.conversations_quiet_day = truth.conversations_scored_day = truth.malformed = 0

    def _day(self, number: int) -> Day:
        midnight = self._start + number * DAY
        return Day(number, midnight, datetime.fromtimestamp(midnight / 1000, self._zone).weekday())

    def _scribe(self, prefix: str, *, planted: bool = False) -> Scribe:
        return Scribe(self._tenant, f"/tenants/{self._tenant}/simulator/{self.seed}", self._zone, prefix, planted)

    def _random(self, name: str) -> Random:
        """A source of its own for everything that is made, so that one more draw here changes nothing there."""
        return Random(f"{self.seed}/{name}")


def _zone(start: datetime) -> timezone:
    offset = start.utcoffset()
    if offset is None or (start.hour, start.minute, start.second, start.microsecond) != (0, 0, 0, 0):
        raise UsageError(
            f"A simulation starts at a local midnight with a time zone, not at {start.isoformat()}: try 2025-09-01T00:00:00+08:00."
        )
    return timezone(offset)


def _known(incidents: Sequence[str] | None) -> list[str]:
    known = kinds()
    chosen = known if incidents is None else sorted(set(incidents))
    unknown = [kind for kind in chosen if kind not in known]
    if unknown:
        raise UsageError(f"No incident of kind {', '.join(unknown)}: choose among {', '.join(known)}.")
    return chosen
