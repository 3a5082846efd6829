"""How an agent treats customers, over all conversations of a day."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn

__all__ = ["ServiceAttitudeByAgent"]


class ServiceAttitudeByAgentParams(Params):
    """The half-life of a conversation's weight, in s; conversations older than a `window_s` do not count."""

    half_life_s: float = Field(default=21_600.0, gt=0)
    window_s: float = Field(default=86_400.0, gt=0)


class ServiceAttitudeByAgentState(State):
    """By conversation: when its score last changed, and the score; the last messages that cost something."""

    scores: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)
    last: list[Evidence] = msgspec.field(default_factory=list)
    phrase: str = ""


class ServiceAttitudeByAgent(ScopeDetector[ServiceAttitudeByAgentState]):
    """The exponentially weighted mean of the service attitude scores of an agent's conversations within 24 h (half-life 6 h).

    A conversation counts with its present score (0..100) from the agent's third utterance on, which `ServiceAttitudeScore` tells when it
    changes; one that two agents share counts for each with what that agent did. `n` is the number of conversations. Memory:
    the last 64 conversations (more are judged by these) and two excerpts.

    >>> from detectors.base import Scope
    >>> detector = ServiceAttitudeByAgent()
    >>> state = detector.new()
    >>> for hour, score in ((0, 100.0), (6, 40.0), (6, 40.0)):
    ...     who = f"c-{len(state.scores)}"
    ...     detector.learn_one(state, Observation("", Scope("acme"), hour * 3600.0, score, conversation_id=who))
    >>> reading = detector.score_one(state, 7 * 3600.0)
    >>> reading.value, reading.n
    (52.0, 3)
    """

    indicator = "service_attitude_score"
    State = ServiceAttitudeByAgentState
    Params = ServiceAttitudeByAgentParams
    step_s = 300.0
    types = frozenset()
    scores_kept = 64
    evidence_kept = 2

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Nothing by itself: the conversation's detector tells it."""
        return ()

    def learn_one(self, state: ServiceAttitudeByAgentState, observation: Observation) -> None:
        """Take a conversation's score, in place of its former one."""
        who = observation.conversation_id or ""
        time, _ = state.scores.pop(who, (observation.time, 0.0))
        state.scores[who] = (max(time, observation.time), observation.value)
        if len(state.scores) > self.scores_kept:
            del state.scores[min(state.scores, key=lambda each: (state.scores[each][0], each))]
        if observation.excerpt:
            state.phrase = next(iter(observation.terms), "") or state.phrase
            state.last = [*(each for each in state.last if each.event_id != observation.event_id), observation.evidence()]
            del state.last[: -self.evidence_kept]

    def score_one(self, state: ServiceAttitudeByAgentState, now: float) -> Reading | None:
        """The mean; variables `phrase`, `matched_phrase` (the last one that cost something)."""
        window = [row for row in state.scores.values() if now - self.params.window_s < row[0] <= now]
        if not window:
            return None
        newest = max(time for time, _ in window)
        weights = [0.5 ** ((newest - time) / self.params.half_life_s) for time, _ in window]
        mean = sum(weight * score for weight, (_, score) in zip(weights, window, strict=True)) / sum(weights)
        return Reading(
            now,
            round(mean, 1),
            n=len(window),
            start=now - self.params.window_s,
            end=now,
            evidence=tuple(reversed(state.last)),
            variables={"phrase": state.phrase, "matched_phrase": state.phrase} if state.phrase else {},
            sample={"conversations": len(window), "lowest": min(score for _, score in window)},
        )

    def idle(self, state: ServiceAttitudeByAgentState, now: float) -> bool:
        """No conversation within the window."""
        return all(time <= now - self.params.window_s for time, _ in state.scores.values())

    def quiet_until(self, state: ServiceAttitudeByAgentState, now: float) -> float:
        """Weights fade alike, so the mean stays until the oldest conversation leaves the window."""
        times = [time for time, _ in state.scores.values() if time > now - self.params.window_s]
        return min(times) + self.params.window_s if times else now
