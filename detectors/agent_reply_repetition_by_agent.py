"""How much of what one agent answers repeats what was said before, over all conversations of a day."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Params, Reading, Turn
from detectors.windowed_rate import WindowedRate, WindowedRateState

__all__ = ["AgentReplyRepetitionByAgent"]


class AgentReplyRepetitionByAgentParams(Params):
    """From `enough` replies on an agent is judged: one conversation, which has a reading of its own, speaks for no agent."""

    enough: int = Field(default=20, ge=1)


class AgentReplyRepetitionByAgent(WindowedRate):
    """Share of an agent's replies within 24 h that repeat one of the 5 before in their conversation, 0..1.

    What repeats is found by `AgentReplyRepetition`, which tells every reply of a known agent or bot. `n` is the number of replies, and
    the reading a rate: its Wilson bound is compared; below 20 replies it lights nothing. Memory: the counts of 97 quarters of an hour.

    >>> from detectors.base import Scope
    >>> from detectors.windowed_rate import NO, YES
    >>> detector = AgentReplyRepetitionByAgent()
    >>> state = detector.new()
    >>> for way, count in ((YES, 6), (NO, 13)):
    ...     detector.learn_one(state, Observation("", Scope("acme", (("agent_id", "a-1"),)), 60.0, count, terms=way))
    >>> few = detector.score_one(state, 900.0)
    >>> detector.learn_one(state, Observation("", Scope("acme", (("agent_id", "a-1"),)), 1000.0, 1, terms=NO))
    >>> (few.guard, few.n), (detector.score_one(state, 1800.0).guard, detector.score_one(state, 1800.0).value)
    ((False, 19.0), (True, 0.3))
    """

    indicator = "agent_reply_repetition"
    Params = AgentReplyRepetitionByAgentParams
    step_s = 300.0
    types = frozenset()
    window_s = 86_400.0
    slot_s = 900.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Nothing by itself: the conversation's detector tells it."""
        return ()

    def score_one(self, state: WindowedRateState, now: float) -> Reading | None:
        """The share; variables `repeated`, `total`."""
        reading = super().score_one(state, now)
        if reading is not None:
            reading.guard = reading.n >= self.params.enough
            reading.variables = {"repeated": reading.variables["count"], "total": reading.variables["total"]}
        return reading
