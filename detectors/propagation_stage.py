"""How far trouble has spread: slow responses, then dissatisfaction, then complaints, then lost sales."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import ClassVar, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from pydantic import Field

from detectors.base import Chain, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.calendar import Calendar, CalendarParams
from detectors.csat_rate import satisfied
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after
from detectors.windowed_rate import UsualState, WindowedRatio, just_closed

__all__ = ["PropagationStage"]

HOUR_S: Final = 3600
STEP_S: Final = 900
SALES_H: Final = 3
SALES_GAP_H: Final = 2
SALES_REMEMBERED: Final = 7
FORGET_S: Final = 35 * 86_400.0
WAIT_S: Final = {"voice": 30.0}
OTHER_WAIT_S: Final = 60.0
"""The yellow numbers of first_response_time: who waits longer was answered late."""
DISSATISFIED: Final = 0.28
"""Where 72 % satisfied begins to be a crisis (csat_rate, orange), for a scope that is usually better."""
RATINGS: Final = 20
_WAYS: Final = {"yes": (1.0, 1.0), "no": (0.0, 1.0), "hit": (1.0, 0.0), "all": (0.0, 1.0)}
"""What a count adds to the bad ones and to all."""


class _Ratio(WindowedRatio):
    """One link's windowed share and its usual value; it observes nothing by itself."""

    step_s = float(STEP_S)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        return ()


class _Response(_Ratio):
    window_s = 3600.0
    slot_s = 300.0


class _Hours3(_Ratio):
    window_s = 10_800.0
    slot_s = 900.0


class _Day(_Ratio):
    window_s = 86_400.0
    slot_s = 3600.0


class Link(NamedTuple):
    """A link of the chain: what it is called, and from which multiple of the usual share and which number of trials it is in alarm."""

    id: str
    zh: str
    en: str
    ratio: _Ratio
    times: float
    least: float


LINKS: Final = (
    Link("response", "响应", "response time", _Response(), 1.5, 20),
    Link("satisfaction", "满意度", "satisfaction", _Hours3(), 1.5, 10),
    Link("complaints", "投诉", "complaints", _Hours3(), 1.5, 30),
    Link("sales", "销售", "sales", _Day(), 1.2, 30),
)
_PLACE: Final = {link.id: place for place, link in enumerate(LINKS)}


class PropagationStageParams(Params):
    """The mean time between links, `lag_h`; a deviation of `sigmas`; `min_hours` learnt; sales at most `sales` of the usual.

    `calendar` is the policy's.
    """

    lag_h: float = Field(default=3.2, gt=0)
    sigmas: float = Field(default=3.0, gt=0)
    min_hours: int = Field(default=24, ge=1)
    sales: float = Field(default=0.8, gt=0, lt=1)
    calendar: CalendarParams = Field(default_factory=CalendarParams)


class Episode(State):
    """When a link's present alarm began and when it was last seen; below 0: never."""

    since: float = -1.0
    last: float = -1.0


class PropagationStageState(State):
    """The shares of each link, their alarms, and sales by the hour.

    `sold` are (hour since the epoch, count), `usual_sold` River means by hour of the day; `checked` is the step up to which the alarms
    are known, `queue` whether the scope is one.
    """

    shares: list[UsualState] = msgspec.field(default_factory=lambda: [UsualState() for _ in LINKS])
    alarms: list[Episode] = msgspec.field(default_factory=lambda: [Episode() for _ in LINKS])
    sold: list[tuple[int, float]] = msgspec.field(default_factory=list)
    usual_sold: dict[int, MeanState] = msgspec.field(default_factory=dict)
    checked: int = -1
    last: float = 0.0
    queue: bool = False


class PropagationStage(ScopeDetector[PropagationStageState]):
    """Consecutive links of response -> satisfaction -> complaints -> sales in alarm in this order, 0..4, of a queue or product.

    A link follows another when its alarm begins no earlier and at most 3.2 h later (the source's mean time of conduction). Each has its
    own small statistic against its own mean of 7 days (River's, learnt two hours after they left the window), and is in alarm at the
    given multiple of the usual share with an excess above three standard deviations:

    - response: first answers after more than 60 s (voice 30 s) of the last hour, 1.5 times, 20 answers;
    - satisfaction: ratings below 4 of 5 of 3 h, 1.5 times, 10 ratings; or 28 % of 20 ratings where it is usually less;
    - complaints: of the conversations that ended within 3 h, 1.5 times, 30 of them;
    - sales: refunds of 24 h, 1.2 times, 30 orders; or sales of the last 3 whole hours at most 0.8 of those usual at these hours.
      Reports without a product are the tenant's, and count for each queue.

    An alarm is over when it has not been seen for 3.2 h, so that a first link may be repaired while the next ones follow. The longest
    row counts, of two the one further along. `chain` names the next link and when it is expected: 3.2 h after the last one began.
    `n` is the number of links in alarm. Limits: who was never answered is not in the first link; a queue without reports of sales
    reaches stage 3. The stage is a pattern in time, no proof of cause. Memory: four shares of 24 to 52 slots, 24 + 5 hours of sales
    (about 3 kB).

    >>> from detectors.base import Scope
    >>> detector = PropagationStage()
    >>> state = detector.new()
    >>> def learn(hour, link, way, count):
    ...     said = Observation("", Scope("acme", (("queue_id", "q-1"),)), hour * 3600.0, count, terms=(link, way))
    ...     detector.learn_one(state, said)
    >>> for quarter in range(240):
    ...     for link, late in (("response", 55), ("complaints", 57)):
    ...         learn(quarter / 4, link, "yes", 40 if quarter / 4 >= late else 5)
    ...         learn(quarter / 4, link, "no", 50)
    ...         learn(quarter / 4, "satisfaction", "yes", 20 if quarter / 4 >= 56 else 5)
    ...         learn(quarter / 4, "satisfaction", "no", 50)
    >>> reading = detector.score_one(state, 60 * 3600.0)
    >>> reading.value, reading.chain.next_link
    (3, 'sales')
    """

    indicator = "propagation_stage"
    types: ClassVar[frozenset[str] | None] = frozenset(
        {
            *("message.created", "conversation.connected", "csat.rated", "survey.answered", "refund.metric", "sale.metric"),
            *("conversation.resolved", "conversation.abandoned", "ticket.status_changed"),
        }
    )
    State = PropagationStageState
    Params = PropagationStageParams
    step_s = float(STEP_S)

    def __init__(self, params: PropagationStageParams | None = None) -> None:
        super().__init__(params)
        self.calendar = Calendar(self.params.calendar)

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What an event tells about a link, to the queue and the product."""
        if turn.event.metric is not None:
            return self._reported(turn)
        found = _told(turn)
        if found is None:
            return ()
        name, context = name_of(type(self)), turn.context
        keys = (("queue_id", context.queue_id), ("product_id", context.product_id))
        scopes = [turn.scope(**{key: value}) for key, value in keys if value is not None]
        return [Observation(name, scope, turn.event.time, terms=found, cell=True) for scope in scopes]

    def learn_one(self, state: PropagationStageState, observation: Observation) -> None:
        """Add a count to its link; what the alarms were until then is kept first."""
        state.queue = observation.scope.get("queue_id") is not None
        self._learn(state, observation)

    def learn_all(self, state: PropagationStageState, observation: Observation) -> None:
        """The tenant's own sales concern its queues."""
        if state.queue:
            self._learn(state, observation)

    def score_one(self, state: PropagationStageState, now: float) -> Reading | None:
        """The stage; variables `stage`, `links_zh`, `links_en`, `next_zh`, `next_en`, `eta` (epoch s)."""
        if state.checked < 0:
            return None
        lag = self.params.lag_h * HOUR_S
        alarms = [self._seen(state, place, now) for place in range(len(LINKS))]
        row = _longest(alarms, now, lag)
        burning = sum(1 for alarm in alarms if _lives(alarm, now, lag))
        reading = Reading(now, len(row), n=burning, start=min((alarms[place].since for place in row), default=now), end=now)
        if not row:
            return reading
        following = row[-1] + 1
        expected = LINKS[following] if following < len(LINKS) else None
        eta = alarms[row[-1]].since + lag if expected is not None else None
        reading.chain = Chain(len(row), expected.id if expected is not None else None, eta)
        reading.variables = {"stage": len(row), **_named(row, expected)}
        if eta is not None:
            reading.variables["eta"] = eta
        reading.sample = {f"{LINKS[place].id}_since": alarms[place].since for place in row}
        return reading

    def idle(self, state: PropagationStageState, now: float) -> bool:
        """Nothing in any window, no alarm that lives."""
        quiet = all(link.ratio.idle(share, now) for link, share in zip(LINKS, state.shares, strict=True))
        return quiet and not self._stays(state, now) and (not state.sold or state.sold[-1][0] < now // HOUR_S - SALES_H)

    def expired(self, state: PropagationStageState, now: float) -> bool:
        """Five weeks without a word."""
        return state.last + FORGET_S < now

    def _stays(self, state: PropagationStageState, now: float) -> bool:
        return any(_lives(alarm, now, self.params.lag_h * HOUR_S) for alarm in state.alarms)

    def _learn(self, state: PropagationStageState, observation: Observation) -> None:
        """Note what the alarms were until now, then add a count to its link."""
        time, (link, way) = observation.time, observation.terms[:2]
        step = int(time // STEP_S)
        if step > state.checked:
            for each in sorted({state.checked + 1, step} if state.checked >= 0 else {step}):
                state.alarms = [self._seen(state, place, each * float(STEP_S)) for place in range(len(LINKS))]
            state.checked = step
        state.last = max(state.last, time)
        if way == "sold":
            self._sell(state, int(time // HOUR_S), observation.value)
        elif link in _PLACE and way in _WAYS:
            hits, trials = _WAYS[way]
            LINKS[_PLACE[link]].ratio.add(state.shares[_PLACE[link]], time, hits * observation.value, trials * observation.value)

    def _seen(self, state: PropagationStageState, place: int, now: float) -> Episode:
        """A link's alarm as it is known at this time."""
        known = state.alarms[place]
        if not self._alarming(state, place, now):
            return known
        return Episode(known.since if _lives(known, now, self.params.lag_h * HOUR_S) else now, now)

    def _alarming(self, state: PropagationStageState, place: int, now: float) -> bool:
        link, share = LINKS[place], state.shares[place]
        if link.id == "sales" and self._sells_less(state, int(now // HOUR_S)):
            return True
        usual = link.ratio.usual(share)
        if usual is None or share.trials[0] < self.params.min_hours:
            return False
        hits, trials = link.ratio.sums(share, now)
        expected = usual * trials
        if trials < link.least or hits - expected <= self.params.sigmas * sqrt(max(1.0, expected)):
            return False
        bad = link.id == "satisfaction" and trials >= RATINGS and usual < DISSATISFIED and hits >= DISSATISFIED * trials
        return bool(bad or hits >= link.times * expected)

    def _sells_less(self, state: PropagationStageState, hour: int) -> bool:
        """Whether the last whole hours sold less than they usually do; an hour without a report is not known, and decides nothing."""
        known = dict(state.sold)
        hours = range(hour - SALES_H, hour)
        usual = [state.usual_sold.get(self._hour_of_day(each), (0.0, 0.0)) for each in hours]
        visits = min(weight for weight, _ in usual)
        if not visits or any(each not in known for each in hours):
            return False
        expected, sold = sum(mean for _, mean in usual), sum(known[each] for each in hours)
        spread = sqrt(max(1.0, expected) * (1 + 1 / visits))
        return bool(sold <= self.params.sales * expected and expected - sold > self.params.sigmas * spread)

    def _sell(self, state: PropagationStageState, hour: int, count: float) -> None:
        """Add to an hour's sales, and learn the hours that are old enough."""
        known = dict(state.sold)
        newest = max([hour, *known])
        ready = newest - SALES_H - SALES_GAP_H
        if hour > ready:
            known[hour] = known.get(hour, 0.0) + count
        for each in sorted(each for each in known if each <= ready):
            place = self._hour_of_day(each)
            state.usual_sold[place] = mean_after(state.usual_sold.get(place, (0.0, 0.0)), known.pop(each), memory=SALES_REMEMBERED)
        state.sold = sorted(known.items())

    def _hour_of_day(self, hour: int) -> int:
        """Asked at the middle of the hour, for zones that are half an hour off."""
        return self.calendar.hour_of_week(hour * HOUR_S + HOUR_S / 2) % 24

    def _reported(self, turn: Turn) -> Iterator[Observation]:
        """What a report of refunds or sales tells its product, or every queue."""
        event, metric = turn.event, turn.event.metric
        if metric is None or metric.count is None or metric.count < 0 or event.type not in ("refund.metric", "sale.metric"):
            return
        refunds = {"hit": metric.count, "all": metric.denominator}
        parts: dict[str, float | None] = refunds if event.type == "refund.metric" else {"sold": metric.count}
        if None in parts.values():
            return
        time = event.time - (metric.window_s or 0.0) / 2
        product = metric.product_id
        for way, value in parts.items():
            said = Observation(name_of(type(self)), turn.scope(product_id=product), time, value or 0.0, terms=("sales", way))
            yield replace(said, cell=product is not None, broadcast=product is None)


def _told(turn: Turn) -> tuple[str, str] | None:
    """What an event of a conversation tells: the link and YES or NO."""
    event, context = turn.event, turn.context
    if event.type in ("csat.rated", "survey.answered"):
        good = satisfied(event.data or {})
        return None if good is None else ("satisfaction", "no" if good else "yes")
    if just_closed(turn):
        return None if context.is_complaint is None else ("complaints", "yes" if context.is_complaint else "no")
    return _answered(turn)


def _answered(turn: Turn) -> tuple[str, str] | None:
    """Whether this is a first answer, and a late one; greetings before the customer spoke answer nothing."""
    event, context, message = turn.event, turn.context, turn.event.message
    if context.channel in ("ticket", "email") or context.opened is None or event.late:
        return None
    if context.channel == "voice":
        first = event.type == "conversation.connected"
    else:
        first = (
            message is not None
            and event.type == "message.created"
            and message.role in ("agent", "bot")
            and not (message.private or message.partial or message.content_type in ("template", "auto"))
            and context.agent_turns == 1
            and context.customer_turns > 0
        )
    late = event.time - context.opened > WAIT_S.get(context.channel or "", OTHER_WAIT_S)
    return ("response", "yes" if late else "no") if first else None


def _lives(alarm: Episode, now: float, lag: float) -> bool:
    return alarm.last >= 0 and now - alarm.last <= lag


def _longest(alarms: Sequence[Episode], now: float, lag: float) -> list[int]:
    """The places of the longest row of links in alarm, each of which began within `lag` after the one before; the last of equal ones.

    >>> _longest([Episode(0.0, 50.0), Episode(10.0, 50.0), Episode(90.0, 90.0), Episode(95.0, 95.0)], 100.0, 60.0)
    [2, 3]
    """
    best: list[int] = []
    row: list[int] = []
    for place, alarm in enumerate(alarms):
        if not _lives(alarm, now, lag):
            row = []
            continue
        follows = bool(row) and 0 <= alarm.since - alarms[row[-1]].since <= lag
        row = [*row, place] if follows else [place]
        best = row if len(row) >= len(best) else best
    return best


def _named(row: Sequence[int], expected: Link | None) -> dict[str, str | float]:
    """The links by name, in both languages."""
    found: dict[str, str | float] = {
        "links_zh": "→".join(LINKS[place].zh for place in row),
        "links_en": " → ".join(LINKS[place].en for place in row),
    }
    return found | ({"next_zh": expected.zh, "next_en": expected.en} if expected is not None else {})
