"""Customers who say that personal data got out, or that their account was taken over."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of

__all__ = ["DataLeakSignal"]

LEXICON: Final = "data_leak"
THEFT: Final = "account_theft"
ACCOUNT: Final = 0.5
"""Value of an observation that tells of an account taken over, not of data that got out."""
EVIDENCE: Final = 3


class DataLeakSignalParams(Params):
    """`window_s` in which distinct customers are counted; an issue whose category ends in `category` is a hit by itself."""

    window_s: float = Field(default=86_400.0, gt=0)
    category: str = Field(default="leak", min_length=1)


class DataLeakSignalState(State):
    """Of each customer when they said it last; the last pieces of evidence, in order of time; when an account was last taken over."""

    customers: dict[str, float] = msgspec.field(default_factory=dict)
    evidence: list[Evidence] = msgspec.field(default_factory=list)
    label: str = ""
    theft: float = -inf


class DataLeakSignal(ScopeDetector[DataLeakSignalState]):
    """Distinct customers within 24 h who reported a leak: a phrase of the `data_leak` lexicon, or a complaint classified as one.

    Scopes: the tenant, and the product where it is known. A customer who says it again counts once; one without id counts by
    conversation. An account taken over (lexicon `account_theft`) is one to the tenant, however many there are: it lights orange, and a
    leak is only what customers say is one. Evaluated at once and each minute. Memory: 256 customers (more read 256) and three pieces of
    evidence.

    >>> detector = DataLeakSignal()
    >>> state = detector.new()
    >>> from detectors.base import Scope
    >>> for time, who in ((0.0, "u1"), (10.0, "u1"), (20.0, "u2")):
    ...     detector.learn_one(state, Observation("data_leak_signal", Scope("acme"), time, customer_id=who))
    >>> detector.score_one(state, 30.0).value, detector.score_one(state, 86_415.0).value
    (2, 1)
    """

    indicator = "data_leak_signal"
    State = DataLeakSignalState
    Params = DataLeakSignalParams
    at_once = True
    kept = 256

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """A customer's report, to the tenant and to the product."""
        said = turn.customer_words
        phrases = said.hits.get(LEXICON, ()) if said is not None else ()
        taken = said.hits.get(THEFT, ()) if said is not None else ()
        leak = bool(phrases) or self._classified(turn)
        if not leak and not taken:
            return ()
        evidence, product = turn.evidence(), turn.context.product_id
        scopes = [turn.scope()] if product is None or not leak else [turn.scope(), turn.scope(product_id=product)]
        return [
            Observation(
                name_of(type(self)),
                scope,
                turn.event.time,
                1.0 if leak else ACCOUNT,
                customer_id=turn.context.customer_id,
                conversation_id=turn.context.conversation_id,
                event_id=evidence.event_id,
                excerpt=evidence.excerpt,
                terms=(phrases or taken)[:3],
            )
            for scope in scopes
        ]

    def learn_one(self, state: DataLeakSignalState, observation: Observation) -> None:
        """Count a customer, or note an account taken over."""
        who, time = observation.customer_id or observation.conversation_id or "", observation.time
        state.label = observation.scope.get("product_id") or observation.scope.tenant
        if observation.value == ACCOUNT:
            state.theft = max(time, state.theft)
        else:
            state.customers[who] = max(time, state.customers.get(who, time))
        if len(state.customers) > self.kept:
            del state.customers[min(state.customers, key=lambda key: (state.customers[key], key))]
        state.evidence.append(observation.evidence())
        state.evidence.sort(key=lambda piece: (piece.excerpt is not None, piece.time or 0.0, piece.event_id))
        del state.evidence[:-EVIDENCE]

    def score_one(self, state: DataLeakSignalState, now: float) -> Reading | None:
        """The customers; variables `scope`, `customers`, `first_seen` (epoch seconds)."""
        if not state.label:
            return None
        first = now - self.params.window_s
        seen = [time for time in state.customers.values() if time > first]
        if not seen and state.theft > first:
            seen = [state.theft]
        variables: dict[str, str | float] = {"scope": state.label, "customers": len(seen)}
        if seen:
            variables["first_seen"] = min(seen)
        return Reading(
            now,
            len(seen),
            n=len(seen),
            start=first,
            end=now,
            evidence=tuple(piece for piece in state.evidence if (piece.time or 0.0) > first),
            variables=variables,
            sample={"customers": len(seen)},
        )

    def idle(self, state: DataLeakSignalState, now: float) -> bool:
        """All reports are older than the window."""
        return max(state.theft, max(state.customers.values(), default=0.0)) + float(self.params.window_s) < now

    def _classified(self, turn: Turn) -> bool:
        issue = turn.event.issue
        return issue is not None and bool(issue.is_complaint) and (issue.category or "").endswith(self.params.category)
