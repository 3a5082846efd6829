"""Personal data in what agents and bots write."""

from __future__ import annotations

from bisect import insort

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn

__all__ = ["PiiExposureCount", "exposed"]


class PiiExposureCountParams(Params):
    """`window_s` in which exposures are counted; which `types` of masked spans are personal data."""

    window_s: float = Field(default=86_400.0, gt=0)
    types: tuple[str, ...] = ("ID", "CARD", "PHONE", "ADDRESS")


class PiiExposureCountState(State):
    """Each exposure (event time, type) in order of time; the last message that had one."""

    found: list[tuple[float, str]] = msgspec.field(default_factory=list)
    last: Evidence | None = None
    channel: str = ""


class PiiExposureCount(ConversationDetector[PiiExposureCountState]):
    """Spans of identity cards, bank cards, phones and addresses that agents or bots wrote in a conversation within 24 h.

    The text is masked before any detector sees it; what was masked in it is counted here, span by span. Private notes
    count, partial transcripts do not. Evaluated at each message with such a span. Memory: 32 pairs (more read 32) and one
    masked excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = PiiExposureCount()
    >>> state = detector.new()
    >>> wrote = Message(role="agent", text="[PHONE:***********] [ADDRESS:***]", masked=("PHONE", "ADDRESS"))
    >>> detector.learn_one(state, Turn(Event("message.created", 1.0, "e", "s", "t", "c", message=wrote), Context("c"), None, 1.0))
    True
    >>> detector.score_one(state, 1.0).value, detector.score_one(state, 86_401.0).value
    (2, 0)
    """

    indicator = "pii_exposure_count"
    State = PiiExposureCountState
    Params = PiiExposureCountParams
    kept = 32

    def learn_one(self, state: PiiExposureCountState, turn: Turn) -> bool:
        """Count what was masked in an agent's or bot's message."""
        found = exposed(turn, self.params.types)
        for kind in found:
            insort(state.found, (turn.event.time, kind))
        if found:
            del state.found[: -self.kept]
            state.last = turn.evidence()
            state.channel = turn.context.channel or state.channel
        return bool(found)

    def score_one(self, state: PiiExposureCountState, now: float) -> Reading | None:
        """The count; variables `type`, `pii_type`, `channel`."""
        if not state.found:
            return None
        first = now - self.params.window_s
        kinds = [kind for time, kind in state.found if time > first]
        variables: dict[str, str | float] = {}
        if kinds:
            variables["type"] = variables["pii_type"] = ", ".join(sorted(dict.fromkeys(kinds)))
        if state.channel:
            variables["channel"] = state.channel
        evidence = (state.last,) if state.last is not None else ()
        return Reading(now, len(kinds), start=first, end=now, evidence=evidence, variables=variables)


def exposed(turn: Turn, types: tuple[str, ...]) -> tuple[str, ...]:
    """The types of the personal data an agent or bot wrote in this message, one for each span."""
    message = turn.event.message
    if message is None or not message.masked or message.partial or turn.event.type != "message.created":
        return ()
    if message.role not in ("agent", "bot"):
        return ()
    # The mask leaves one marker for each span and names each type once.
    text = message.text or ""
    return tuple(kind for kind in message.masked if kind in types for _ in range(max(1, text.count(f"[{kind}:"))))
