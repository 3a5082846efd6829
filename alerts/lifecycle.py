"""What people and time do to an open alert: the revisions that no reading causes."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from alerts.alert import Acknowledgement, Alert
from alerts.command import Command

__all__ = ["ENDS", "commanded", "expired"]

ENDS: Final = frozenset({"resolve", "false_positive"})
"""The kinds of command that end an alert."""
_HOLDS: Final = frozenset({"acknowledge", "in_progress"})


def commanded(alert: Alert, command: Command, now: float) -> Alert | None:
    """The revision of an open alert that a command causes, or None where it changes nothing.

    An acknowledged alert may be taken in progress, not the other way round; the second acknowledgement of the same kind changes nothing:
    the first name stands. Verdicts other than false_positive are kept by who stores them and change no alert.

    >>> from alerts.decide import Change
    >>> from detectors.base import Reading, Scope
    >>> from alerts.book import AlertBook
    >>> fire = AlertBook().apply(Change(Reading(0.0, 9.0, indicator="queue_length", scope=Scope("acme")), 4, 0, 0.0), 0.0)
    >>> seen = commanded(fire, Command(id="1", tenant="acme", kind="acknowledge", by="li", at=5.0, alert_id=fire.id), 6.0)
    >>> seen.state, seen.revision, seen.tier, seen.previous_tier, seen.acknowledged.by, seen.acknowledged.at, seen.open
    ('acknowledged', 2, 4, 4, 'li', 5.0, True)
    """
    if command.kind in ENDS:
        state = "resolved" if command.kind == "resolve" else "false_positive"
        return _ended(alert, state, now, by=command.by, comment=command.comment)
    if command.kind not in _HOLDS:
        return None
    working, held = command.kind == "in_progress", alert.acknowledged
    if held is not None and (held.in_progress or not working):
        return None
    return replace(
        alert,
        revision=alert.revision + 1,
        state="in_progress" if working else "acknowledged",
        previous_tier=alert.tier,
        updated_at=now,
        acknowledged=Acknowledgement(command.by, command.at, working, command.comment),
    )


def expired(alert: Alert, now: float) -> Alert:
    """The last revision of an alert that nothing has been heard of for too long."""
    return _ended(alert, "expired", now)


def _ended(alert: Alert, state: str, now: float, *, by: str | None = None, comment: str = "") -> Alert:
    return replace(
        alert,
        revision=alert.revision + 1,
        state=state,
        previous_tier=alert.tier,
        updated_at=now,
        resolved_at=now,
        burned=alert.reading.value,
        closed_by=by,
        comment=comment or None,
    )
