"""Personal data in what all agents and bots of a tenant write."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.pii_exposure_count import exposed

__all__ = ["PiiExposureByTenant"]


class PiiExposureByTenantParams(Params):
    """`window_s` in which exposures are counted; which `types` of masked spans are personal data."""

    window_s: float = Field(default=86_400.0, gt=0)
    types: tuple[str, ...] = ("ID", "CARD", "PHONE", "ADDRESS")


class PiiExposureByTenantState(State):
    """Messages with such spans: event time, how many spans, their types, the channel, in order of time; the last three as evidence."""

    found: list[tuple[float, int, str, str]] = msgspec.field(default_factory=list)
    last: list[Evidence] = msgspec.field(default_factory=list)


class PiiExposureByTenant(ScopeDetector[PiiExposureByTenantState]):
    """Spans of identity cards, bank cards, phones and addresses that agents or bots wrote anywhere in a tenant within 24 h.

    As `pii_exposure_count`, for the whole tenant; raised at once. Memory: the last 64 messages with such a span (more read 64) and three
    masked excerpts.

    >>> from detectors.base import Scope
    >>> detector = PiiExposureByTenant()
    >>> state = detector.new()
    >>> for minute, spans in ((0, 1.0), (5, 2.0)):
    ...     detector.learn_one(state, Observation("", Scope("acme"), minute * 60.0, spans, terms=("PHONE", "chat")))
    >>> detector.score_one(state, 300.0).value, detector.score_one(state, 86_400.0).value
    (3, 2)
    """

    indicator = "pii_exposure_count"
    types = frozenset({"message.created"})
    State = PiiExposureByTenantState
    Params = PiiExposureByTenantParams
    at_once = True
    found_kept = 64
    evidence_kept = 3

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each message with such a span."""
        kinds = exposed(turn, self.params.types)
        if not kinds:
            return ()
        evidence, context = turn.evidence(), turn.context
        return (
            Observation(
                name_of(type(self)),
                turn.scope(),
                turn.event.time,
                len(kinds),
                conversation_id=context.conversation_id,
                event_id=evidence.event_id,
                excerpt=evidence.excerpt,
                terms=(", ".join(sorted(set(kinds))), context.channel or ""),
            ),
        )

    def learn_one(self, state: PiiExposureByTenantState, observation: Observation) -> None:
        """Note the message."""
        kinds, channel = (*observation.terms, "")[:2]
        state.found.append((observation.time, int(observation.value), kinds, channel))
        state.found.sort()
        del state.found[: -self.found_kept]
        state.last.append(observation.evidence())
        del state.last[: -self.evidence_kept]

    def score_one(self, state: PiiExposureByTenantState, now: float) -> Reading | None:
        """The count; variables `type`, `pii_type`, `channel` (of the last message)."""
        if not state.found:
            return None
        first = now - self.params.window_s
        window = [row for row in state.found if first < row[0] <= now]
        variables: dict[str, str | float] = {}
        if window:
            kinds = sorted({kind for row in window for kind in row[2].split(", ")})
            variables = {"type": ", ".join(kinds), "pii_type": ", ".join(kinds)}
            variables |= {"channel": window[-1][3]} if window[-1][3] else {}
        count = sum(row[1] for row in window)
        return Reading(now, count, start=first, end=now, evidence=tuple(reversed(state.last)), variables=variables)

    def idle(self, state: PiiExposureByTenantState, now: float) -> bool:
        """None within the window."""
        return all(row[0] <= now - self.params.window_s for row in state.found)

    def quiet_until(self, state: PiiExposureByTenantState, now: float) -> float:
        """The count can only fall."""
        return now + float(self.params.window_s)
