"""Reading -> tier: thresholds, minimum samples, guards, hysteresis."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from alerts.cold_start import MOST_WHILE_YOUNG, is_young
from alerts.ladder import Ladder
from alerts.rule import Rule
from detectors.base import Reading

__all__ = ["Change", "Decider", "Memory"]


class Memory(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """What decide remembers of one (indicator, scope): kept in the same state record as the detector's own state.

    `since` is the event time at which the present occurrence began (None while no fire burns); `falling` counts evaluations in
    a row beyond the tier's hold line; `rising` those in a row at a rate's point value past `rising_tier`; `held` is the highest
    tier the last of the falling evaluations still held.
    """

    tier: int = 0
    since: float | None = None
    falling: int = 0
    rising: int = 0
    rising_tier: int = 0
    held: int = 0


class Change(msgspec.Struct, array_like=True, omit_defaults=True):
    """A change of tier on its way to the alert stage. `since` with the reading's indicator and scope is the alert's identity.

    `threshold` is the number of the new tier, or of the old one when the fire goes out.
    """

    reading: Reading
    tier: int
    previous: int
    since: float
    threshold: float | None = None


class Decider:
    """Turns readings into changes of tier.

    - A tier rises at once to the highest one whose number is reached (equality counts), with its minimum sample and the reading's guard.
    - A reading that is a rate rises when its one-sided 95 % Wilson bound has passed (n >= 8), or when its point value has, at the
      minimum sample, in two evaluations in a row; of two different tiers the lower one counts.
    - A tier falls only after two evaluations in a row beyond its hold line (`alerts/ladder.py`), to the highest tier that is not
      in the same case. A missing sample or guard lights nothing and puts nothing out.
    - A closed reading puts the fire out at once.
    - While a baseline is young (`alerts/cold_start.py`) no tier rises above yellow; one that burns higher falls as usual.

    `literal` applies the numbers of the sources: no guard, no minimum sample, rates by their point value, young baselines like old ones.
    An indicator without a rule has no tiers: its readings change nothing.

    >>> from alerts.rule import Rule
    >>> from detectors.base import Scope
    >>> rule = Rule.model_validate({"id": "queue_length", "dimension": "structure", "name": {"zh": "排队人数", "en": "Queue length"},
    ...     "title": {"zh": "{queue} 排队{v}人", "en": "{queue}: {v} waiting"}, "unit": "count",
    ...     "tiers": {"blue": 50, "yellow": 100, "orange": 200, "red": 300}})
    >>> decide, memory = Decider([rule]), Memory()
    >>> [(c.tier, c.threshold) if c else None for c in (decide(Reading(t, v, indicator="queue_length", scope=Scope("acme")), memory)
    ...     for t, v in enumerate((10.0, 210.0, 150.0, 120.0, 49.0, 30.0, 30.0, 30.0)))]
    [None, (3, 200.0), None, (2, 100.0), None, (1, 50.0), (0, 50.0), None]
    """

    def __init__(self, rules: Iterable[Rule], *, literal: bool = False) -> None:
        self.literal = literal
        self._rules = {rule.id: rule for rule in rules}
        self._ladders: dict[tuple[str, int], Ladder] = {}

    def levels(self, indicator: str, tenant: str, channel: str | None, segment: tuple[tuple[str, str], ...]) -> tuple[float | None, ...]:
        """The numbers of blue, yellow, orange, red for this scope; None where the indicator has no such tier."""
        ladder = self._ladder(indicator, tenant, channel, segment)
        return (None, None, None, None) if ladder is None else ladder.numbers

    def __call__(self, reading: Reading, memory: Memory, *, evaluation: bool = True) -> Change | None:
        """Decide one reading. `evaluation` False (an observation between grid steps) may raise a tier, never lower one."""
        ladder = self._ladder(reading.indicator, reading.scope.tenant, reading.channel, reading.segment)
        if ladder is None:
            return None
        if reading.closed:
            return self._move(reading, memory, 0, ladder)
        if not memory.tier and not memory.rising and ladder.calm(reading.value):
            return None
        target = self._target(reading, memory, ladder, evaluation=evaluation)
        if is_young(reading) and not self.literal:
            target = min(target, MOST_WHILE_YOUNG)
        if target > memory.tier:
            memory.falling = memory.held = 0
            return self._move(reading, memory, target, ladder)
        return self._fall(reading, memory, ladder) if evaluation and memory.tier else None

    def _target(self, reading: Reading, memory: Memory, ladder: Ladder, *, evaluation: bool) -> int:
        """The highest tier this reading may light."""
        if self.literal:
            return ladder.reached(reading.value)
        if not reading.guard:
            if evaluation:
                memory.rising = memory.rising_tier = 0
            return 0
        point = ladder.reached(reading.value if reading.bound is None else reading.bound, n=reading.n)
        return _sure(reading, memory, ladder, point, evaluation=evaluation) if reading.rate else point

    def _fall(self, reading: Reading, memory: Memory, ladder: Ladder) -> Change | None:
        held = ladder.held(reading.value, memory.tier)
        if held == memory.tier:
            memory.falling = memory.held = 0
            return None
        if not memory.falling:
            memory.falling, memory.held = 1, held
            return None
        target = max(held, memory.held)
        memory.falling, memory.held = (1, held) if held < target else (0, 0)
        return self._move(reading, memory, target, ladder)

    def _move(self, reading: Reading, memory: Memory, target: int, ladder: Ladder) -> Change | None:
        previous, since = memory.tier, memory.since
        memory.tier = target
        if target and since is None:
            since = memory.since = reading.time
        elif not target:
            memory.since = None
            memory.falling = memory.rising = memory.rising_tier = memory.held = 0
        if target == previous or since is None:
            return None
        return Change(reading, target, previous, since, ladder.number(target or previous))

    def _ladder(self, indicator: str, tenant: str, channel: str | None, segment: tuple[tuple[str, str], ...]) -> Ladder | None:
        rule = self._rules.get(indicator)
        if rule is None:
            return None
        place = rule.resolve(tenant, channel, segment)
        ladder = self._ladders.get((indicator, place))
        if ladder is None:
            ladder = self._ladders[indicator, place] = rule.ladder(place, literal=self.literal)
        return ladder


def _sure(reading: Reading, memory: Memory, ladder: Ladder, point: int, *, evaluation: bool) -> int:
    """The tier a rate may rise to: by its Wilson bound, or by its point value in this evaluation and the one before (rule 6)."""
    target = ladder.assured(reading.value, reading.n)
    if not evaluation:
        return target
    if memory.rising:
        target = max(target, min(point, memory.rising_tier))
    if point > max(target, memory.tier):
        memory.rising, memory.rising_tier = memory.rising + 1, point
    else:
        memory.rising = memory.rising_tier = 0
    return target
