"""How long a call is worked on."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Params, Reading, Turn
from detectors.windowed_rate import ALL, HIT, UsualState, WindowedRatio

__all__ = ["AverageHandleTime"]


class AverageHandleTimeParams(Params):
    """A mean that is usual alarms nobody: it must be `least_ratio` times the queue's own, once `min_hours` of that are known."""

    least_ratio: float = Field(default=1.2, ge=1)
    min_hours: int = Field(default=24, ge=1)


class AverageHandleTime(WindowedRatio):
    """Seconds of talk, hold and after-call work per handled call of a queue within 1 h; `n` is the number of calls.

    The tiers are absolute; the guard asks that the mean is also 1.2 times the queue's own usual one (River's mean of 7 days),
    which `baseline` tells. While that is young, within the first day of calls, the absolute number decides. Memory: 6 h of minutes.

    >>> from detectors.base import Scope
    >>> detector = AverageHandleTime()
    >>> state = detector.new()
    >>> for way, value in ((HIT, 270.0 * 30), (ALL, 30.0)):
    ...     detector.learn_one(state, Observation("average_handle_time", Scope("acme"), 60.0, value, terms=way))
    >>> reading = detector.score_one(state, 120.0)
    >>> reading.value, reading.n, reading.guard
    (270.0, 30.0, True)
    """

    indicator = "average_handle_time"
    Params = AverageHandleTimeParams
    window_s = 3600.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each handled call whose times are told."""
        event, queue = turn.event, turn.context.queue_id
        if event.type != "call.ended" or event.call is None or event.call.connected is False or queue is None:
            return ()
        call = event.call
        talk = call.talk_ms if call.talk_ms is not None else call.duration_ms
        if talk is None:
            return ()
        seconds = (talk + (call.hold_ms or 0) + (call.acw_ms or 0)) / 1000
        scope = turn.scope(queue_id=queue)
        return (self.counted(turn, scope, HIT, seconds), self.counted(turn, scope, ALL))

    def score_one(self, state: UsualState, now: float) -> Reading | None:
        """The mean; 0 with n = 0 where no call ended."""
        if not state.slots:
            return None
        seconds, calls = self.sums(state, now)
        mean, usual = seconds / calls if calls else 0.0, self.usual(state)
        young = usual is None or state.trials[0] < self.params.min_hours
        return Reading(
            now,
            mean,
            n=calls,
            start=now - self.window_s,
            end=now,
            baseline=usual,
            guard=young or usual is None or mean >= self.params.least_ratio * usual,
            variables={"calls": calls},
        )
