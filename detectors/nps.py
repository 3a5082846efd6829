"""How many customers would recommend the house, less those who warn."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec

from detectors.base import Observation, Reading, Turn
from detectors.windowed_rate import WindowedRateOf, WindowedRateState

__all__ = ["Nps"]

PROMOTER: Final = 9
DETRACTOR: Final = 6
Z95: Final = 1.6448536269514722
"""The normal quantile of one-sided 95 %."""


class NpsState(WindowedRateState):
    """The slots hold (hour, promoters, answers); beside them the detractors, likewise."""

    against: WindowedRateState = msgspec.field(default_factory=WindowedRateState)


class Nps(WindowedRateOf[NpsState]):
    """100 times (promoters, 9 and 10, less detractors, 0 to 6) over all answers within 7 d, for the tenant and each queue.

    `bound` is the one-sided 95 % upper bound (normal, of a variable that is 100, 0 or -100): tiers rise by it. Slots are hours.
    Memory: 169 hours twice (about 7 kB).

    >>> from detectors.base import Scope
    >>> detector = Nps()
    >>> state = detector.new()
    >>> for term, count in (("promoter", 79), ("passive", 0), ("detractor", 21)):
    ...     detector.learn_one(state, Observation("nps", Scope("acme"), 60.0, count, terms=(term,)))
    >>> reading = detector.score_one(state, 600.0)
    >>> reading.value, reading.n, round(reading.bound, 1)
    (58.0, 100.0, 71.4)
    """

    indicator = "nps"
    State = NpsState
    window_s = 7 * 86_400.0
    slot_s = 3600.0
    step_s = 3600.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each answer, to the tenant and its queue."""
        if turn.event.type not in ("csat.rated", "survey.answered"):
            return ()
        answer = (turn.event.data or {}).get("nps")
        if answer is None:
            return ()
        way = ("promoter" if answer >= PROMOTER else "detractor" if answer <= DETRACTOR else "passive",)
        return [self.counted(turn, turn.scope(), way), *self.counted_for(turn, way, queue_id=turn.context.queue_id)]

    def learn_one(self, state: NpsState, observation: Observation) -> None:
        """Count answers."""
        kind, count = observation.terms[0], observation.value
        self.add(state, observation.time, count * (kind == "promoter"), count)
        if kind == "detractor":
            hours = NpsState(slots=state.against.slots)
            self.add(hours, observation.time, count, count)

    def score_one(self, state: NpsState, now: float) -> Reading | None:
        """The score; None where nobody answered within the window."""
        if not state.slots:
            return None
        promoters, answers = self.sums(state, now)
        detractors, _ = self.sums(NpsState(slots=state.against.slots), now)
        if not answers:
            return Reading(now, 100.0, n=0, guard=False)
        mean = (promoters - detractors) / answers
        spread = sqrt(max(0.0, (promoters + detractors) / answers - mean * mean) / answers)
        variables: dict[str, str | float] = {"promoters": promoters, "detractors": detractors}
        reading = Reading(now, 100 * (promoters - detractors) / answers, n=answers, start=now - self.window_s, end=now, variables=variables)
        reading.bound = min(100.0, 100 * (mean + Z95 * spread))
        return reading
