"""How long before what they warn of alerts come: evaluation rule 10 of the catalogue."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

import msgspec

from detectors.event import Event

__all__ = ["LeadTime", "Outcome", "Outcomes", "lead_times"]

WINDOW_S: Final = 72 * 3600.0
ESCALATED: Final = "escalated"
COMPLAINED: Final = "complained"
DISSATISFIED: Final = "dissatisfied"

_DISSATISFIED: Final = 0.4
"""The part of the scale up to which a rating is a bad one: 2 of 5."""
_TIERS: Final = ("blue", "yellow", "orange", "red")
_SCOPES: Final = ("conversation_id", "customer_id", "queue_id")
_COUNTED: Final = 64
"""Identities kept of one conversation's outcomes."""

Key = tuple[str, str, str]
"""A tenant, the name of a scope's key, its value."""


class Outcome(msgspec.Struct, frozen=True):
    """What an alert should have warned of: an escalation, a complaint, or a rating of at most 2 of 5; `time` in epoch seconds.

    `conversations` are the one it happened in and the one this grew out of (its `parent_id`). `first` says that it came with the first
    event of its conversation, so that no alert of that conversation can be before it.
    """

    kind: str
    time: float
    tenant: str
    conversations: tuple[str, ...] = ()
    customer: str | None = None
    queue: str | None = None
    first: bool = False

    def keys(self) -> Iterator[Key]:
        """The scopes it belongs to: tenant, name and value of each."""
        yield from ((self.tenant, "conversation_id", each) for each in self.conversations[int(self.first) :])
        if self.customer is not None:
            yield (self.tenant, "customer_id", self.customer)
        if self.queue is not None:
            yield (self.tenant, "queue_id", self.queue)


class LeadTime(msgspec.Struct, frozen=True):
    """What an indicator's alerts foretold.

    `alerts` are occurrences, `followed` those that an outcome of their scope came after within the window; `outcomes` are those a scope
    of the indicator's kind could have been warned of, `foretold` those an alert came before. `lead_s` are the lead times in s, from the
    first alert in the window before the outcome, in ascending order.
    """

    alerts: int
    followed: int
    outcomes: int
    foretold: int
    lead_s: tuple[float, ...] = ()

    @property
    def median_s(self) -> float | None:
        """The median lead time; None where nothing was foretold."""
        return median(self.lead_s) if self.lead_s else None

    @property
    def precision(self) -> float | None:
        """The share of alerts that were followed; None without an alert."""
        return self.followed / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """The share of outcomes that were foretold; None without an outcome."""
        return self.foretold / self.outcomes if self.outcomes else None


class Outcomes:
    """Finds outcomes in a stream of events, in order of time.

    An escalation is each `ticket.escalated`, a complaint the first event of a conversation that flags it as one or makes it a ticket of
    type complaint, a rating each of at most 2 of 5, in proportion on another scale. A second event of one (source, id) counts for nothing.
    Memory: the last `kept` conversations heard of, and what was found.

    >>> from detectors.event import Conversation, Ticket
    >>> found, ticket = Outcomes(), Conversation("t-1")
    >>> found.add(Event("ticket.created", 1.0, "a", "s", "acme", "t-1", conversation=ticket, ticket=Ticket("t-1", "complaint")))
    >>> found.add(Event("ticket.escalated", 9.0, "b", "s", "acme", "t-1", conversation=ticket))
    >>> [(each.kind, each.time, each.first) for each in found.found]
    [('complained', 1.0, True), ('escalated', 9.0, False)]
    """

    def __init__(self, kept: int = 100_000) -> None:
        self.found: list[Outcome] = []
        self._kept = kept
        self._known: dict[tuple[str, str], _Known] = {}

    def add(self, event: Event) -> None:
        """Look at one event."""
        conversation = event.conversation
        if conversation is None:
            return
        key = (event.tenant, conversation.id)
        known = self._known.pop(key, None)
        first = known is None
        known = self._known[key] = known or _Known()
        if len(self._known) > self._kept:
            del self._known[next(iter(self._known))]
        known.queue = conversation.queue_id or known.queue
        known.parent = conversation.parent_id or known.parent
        known.customer = event.customer.id if event.customer is not None else known.customer
        ids = tuple(each for each in (conversation.id, known.parent) if each is not None)
        for kind in _kinds(event, known):
            self.found.append(Outcome(kind, event.time, event.tenant, ids, known.customer, known.queue, first))


class _Known(msgspec.Struct):
    """What is known of a conversation, and what of it has been counted."""

    queue: str | None = None
    parent: str | None = None
    customer: str | None = None
    complained: bool = False
    counted: dict[str, None] = msgspec.field(default_factory=dict)


def _kinds(event: Event, known: _Known) -> Iterator[str]:
    """The outcomes an event is, each identity once."""
    if event.type == "ticket.escalated" and _new(known, event):
        yield ESCALATED
    ticket, issue = event.ticket, event.issue
    flagged = (issue is not None and issue.is_complaint) or (ticket is not None and ticket.type == "complaint")
    if flagged and not known.complained:
        known.complained = True
        yield COMPLAINED
    if event.type in ("csat.rated", "survey.answered"):
        data = event.data or {}
        rating, scale = data.get("rating"), data.get("scale_max", 5.0)
        if rating is not None and rating <= _DISSATISFIED * scale and _new(known, event):
            yield DISSATISFIED


def _new(known: _Known, event: Event) -> bool:
    identity = f"{event.source}\0{event.id}"
    if identity in known.counted:
        return False
    known.counted[identity] = None
    if len(known.counted) > _COUNTED:
        del known.counted[next(iter(known.counted))]
    return True


def lead_times(
    alerts: Iterable[Mapping[str, Any]], outcomes: Iterable[Outcome], *, window_s: float = WINDOW_S, least: str = "yellow"
) -> dict[str, LeadTime]:
    """By indicator, how its alerts and the outcomes of the same conversation, customer or queue within 72 h go together.

    `alerts` are the `data` of alert events; an occurrence (alert_id) begins when it first reaches the tier `least`. An alert of the very
    moment of an outcome is no warning. Alerts of other scopes (agent, product, tenant …) are not judged, nor are indicators without any
    alert of those three. Where outcomes are frequent, as in a queue, precision says little: nearly every alert is followed by one. An
    alert that made somebody prevent what it warned of counts as false.

    Raises ValueError where `least` is no tier.

    >>> alert = {"indicator": "churn_risk", "alert_id": "1", "tier": "yellow", "state": "raised", "event_time": "1970-01-01T00:00:00+00:00",
    ...     "scope": {"tenant_id": "acme", "customer_id": "u-1"}}
    >>> outcomes = [Outcome("escalated", 7200.0, "acme", customer=who) for who in ("u-1", "u-2")]
    >>> one = lead_times([alert], outcomes)["churn_risk"]
    >>> one.precision, one.recall, one.median_s
    (1.0, 0.5, 7200.0)
    """
    if least not in _TIERS:
        message = f"{least} is no tier; there are {', '.join(_TIERS)}"
        raise ValueError(message)
    times: dict[Key, list[float]] = defaultdict(list)
    by_kind: dict[str, list[tuple[float, list[Key]]]] = defaultdict(list)
    for outcome in outcomes:
        keys = list(outcome.keys())
        for key in keys:
            times[key].append(outcome.time)
        for kind in {name for _, name, _ in keys}:
            by_kind[kind].append((outcome.time, [key for key in keys if key[1] == kind]))
    for found in times.values():
        found.sort()
    begun = _begun(alerts, _TIERS.index(least))
    return {indicator: _measured(begun[indicator], times, by_kind, window_s) for indicator in sorted(begun)}


def _begun(alerts: Iterable[Mapping[str, Any]], least: int) -> dict[str, dict[str, tuple[float, Key]]]:
    """By indicator and alert_id, when the occurrence began and of whom it is."""
    begun: dict[str, dict[str, tuple[float, Key]]] = defaultdict(dict)
    for alert in alerts:
        scope = alert["scope"]
        name = next((each for each in _SCOPES if each in scope), None)
        if name is None or alert["state"] in {"resolved", "expired", "false_positive"} or _TIERS.index(alert["tier"]) < least:
            continue
        time, own = datetime.fromisoformat(alert["event_time"]).timestamp(), begun[alert["indicator"]]
        before = own.get(alert["alert_id"])
        if before is None or time < before[0]:
            own[alert["alert_id"]] = (time, (scope["tenant_id"], name, scope[name]))
    return begun


def _measured(
    begun: Mapping[str, tuple[float, Key]],
    times: Mapping[Key, Sequence[float]],
    by_kind: Mapping[str, Sequence[tuple[float, Sequence[Key]]]],
    window_s: float,
) -> LeadTime:
    """Match one indicator's occurrences with the outcomes of their scopes."""
    alarms: dict[Key, list[float]] = defaultdict(list)
    followed = 0
    for time, key in begun.values():
        alarms[key].append(time)
        expected = times.get(key, ())
        at = bisect_right(expected, time)
        followed += at < len(expected) and expected[at] <= time + window_s
    for found in alarms.values():
        found.sort()
    kinds = {name for _, name, _ in alarms}
    leads, outcomes = [], 0
    for kind in sorted(kinds):
        for time, keys in by_kind.get(kind, ()):
            outcomes += 1
            earliest = min((first for key in keys if (first := _first(alarms.get(key, ()), time, window_s)) is not None), default=None)
            if earliest is not None:
                leads.append(round(time - earliest, 3))
    return LeadTime(len(begun), followed, outcomes, len(leads), tuple(sorted(leads)))


def _first(alarms: Sequence[float], time: float, window_s: float) -> float | None:
    """The first alarm in the window before a time."""
    at = bisect_left(alarms, time - window_s)
    return alarms[at] if at < len(alarms) and alarms[at] < time else None
