"""How long a call or chat has been going on, measured by what is usual of its kind."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from math import log
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, Scope, ScopeDetector, State, Turn
from detectors.log_histogram import LogHistogram
from detectors.naming import name_of
from detectors.places import hop_of
from detectors.windowed_rate import just_closed

__all__ = ["CallDurationRatio"]

_WAITS: Final = 0
_OPEN: Final = 1
_WITH_AGENT: Final = 2

_OPENED: Final = "opened"
_QUEUED: Final = "queued"
_ASSIGNED: Final = "assigned"
_CONNECTED: Final = "connected"
_ENDED: Final = "ended"
_LEFT: Final = "left"

_STEPS: Final = {
    "conversation.opened": _OPENED,
    "conversation.queued": _QUEUED,
    "conversation.assigned": _ASSIGNED,
    "conversation.connected": _CONNECTED,
    "call.started": _CONNECTED,
}
_RANKS: Final = {_OPENED: _OPEN, _QUEUED: _WAITS, _ASSIGNED: _WITH_AGENT, _CONNECTED: _WITH_AGENT}
_SLOW: Final = frozenset({"ticket", "email"})
FORGET_S: Final = 35 * 86_400.0


class CallDurationRatioParams(Params):
    """From which duration one is spoken of (`least_s`), and the usual one where none is known (`fallback_s`).

    A baseline needs `min_calls`; a call counts in it as at most `cap` times its median; one open for `open_s` is forgotten.
    """

    least_s: float = Field(default=120.0, ge=0)
    fallback_s: float = Field(default=360.0, gt=0)
    min_calls: int = Field(default=50, ge=1)
    cap: float = Field(default=4.0, gt=1)
    open_s: float = Field(default=86_400.0, gt=0)


class OpenCall(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One in progress: since when, whether it waits, is open or is with an agent (0, 1, 2), and what its thresholds are resolved by."""

    since: float
    rank: int
    event_id: str = ""
    issue: str = ""
    channel: str = ""
    customer_tier: str = ""


class CallDurationRatioState(State):
    """Those in progress by conversation; what is usual of each issue category and of the whole queue; when the last one ended."""

    open: dict[str, OpenCall] = msgspec.field(default_factory=dict)
    issues: dict[str, LogHistogram] = msgspec.field(default_factory=dict)
    queue: LogHistogram = msgspec.field(default_factory=LogHistogram)
    last: float = 0.0
    scope: Scope = Scope("")


class CallDurationRatio(ScopeDetector[CallDurationRatioState]):
    """Duration of each conversation in progress over the usual one of its queue and issue, given from 120 s and the usual one on.

    Learnt per queue; each reading is about one conversation. A call lasts from `call.started` or `conversation.connected`, else from
    its assignment to a person, else from `conversation.opened`, to `call.ended`, the resolution, or its hand-over to another queue, where
    it begins anew; the time in a queue does not count, nor do tickets and e-mail. Usual is the median of the trailing 7 d (a histogram
    that fades daily) of the issue, with fewer than 50 calls that of the queue; with fewer still 360 s stand in, and then the guard is
    down: the value is told and may not light. What is abandoned teaches nothing. `n` is the number of calls the baseline rests on;
    `sample` has the duration and, where the spread is known, the robust z = (ln d − med ln d) / (1.4826 · MAD). The grid is of 15 s, so a
    tier is reached up to 15 s late.

    Limits: a call whose end never comes burns for a day; of more than 256 in progress those that began when all places were taken are
    not seen, and the 64 longest are given. Memory: 256 calls and 17 histograms (25 kB at the most, 3 kB for 20 calls of 5 issues).

    >>> from detectors.base import Scope
    >>> detector = CallDurationRatio()
    >>> state = detector.new()
    >>> def learn(who, step, at):
    ...     scope = Scope("acme", (("queue_id", "q-1"),))
    ...     detector.learn_one(state, Observation("", scope, at, conversation_id=who, terms=(step, "refund", "voice", "vip")))
    >>> for call in range(50):
    ...     learn(f"c-{call}", "connected", call)
    ...     learn(f"c-{call}", "ended", call + 300.0)
    >>> learn("c-50", "connected", 1000.0)
    >>> [(reading.scope.key, reading.value, reading.n) for reading in detector.score_parts(state, 1450.0)]
    [('acme|conversation_id=c-50', 1.5, 50)]
    """

    indicator = "call_duration_ratio"
    types = frozenset({*_STEPS, "conversation.transferred", "conversation.resolved", "conversation.abandoned", "call.ended"})
    State = CallDurationRatioState
    Params = CallDurationRatioParams
    step_s = 15.0
    open_kept = 256
    issues_kept = 16
    parts_given = 64

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Beginnings and ends, to the queue they happen in."""
        event, context = turn.event, turn.context
        if context.channel in _SLOW or not context.conversation_id:
            return ()
        if event.transfer is not None:
            return self._moved(turn)
        step = _STEPS.get(event.type)
        if step is not None:
            by_bot = step == _ASSIGNED and event.agent is not None and event.agent.type == "bot"
            return () if by_bot or event.late or context.closed is not None else self._told(turn, step, context.queue_id)
        call = event.call
        ended = just_closed(turn) or event.late or (event.type == "call.ended" and not turn.closed_before)
        unanswered = event.type == "conversation.abandoned" or (call is not None and call.connected is False)
        return self._told(turn, _LEFT if unanswered else _ENDED, context.queue_id) if ended else ()

    def learn_one(self, state: CallDurationRatioState, observation: Observation) -> None:
        """Begin a call, move its beginning to where it is answered, or learn how long it was."""
        step, issue, channel, tier = (*observation.terms, "", "", "")[:4]
        who, time = observation.conversation_id or "", observation.time
        state.scope, state.last = observation.scope, max(state.last, time)
        call = state.open.get(who)
        if step in (_ENDED, _LEFT):
            state.open.pop(who, None)
            lasted = round(time - call.since, 3) if call is not None else sum(observation.extra)
            if step == _ENDED and lasted > 0 and (call is None or call.rank != _WAITS):
                self._learn(state, (call.issue if call is not None and not issue else issue), lasted, time)
            return
        rank = _RANKS.get(step, _OPEN)
        if call is None:
            if step != _ASSIGNED and self._room(state, time):
                state.open[who] = OpenCall(time, rank, observation.event_id or "", issue, channel, tier)
            return
        if rank > call.rank or (rank == _WAITS and call.rank == _OPEN):
            call.since, call.rank, call.event_id = time, rank, observation.event_id or ""
        call.issue, call.customer_tier = issue or call.issue, tier or call.customer_tier

    def score_one(self, state: CallDurationRatioState, now: float) -> Reading | None:
        """None: a queue has no duration, its conversations have."""
        return None

    def score_parts(self, state: CallDurationRatioState, now: float) -> Iterable[Reading]:
        """The longest conversations in progress, by their ratio."""
        usual: dict[str, tuple[float, int, float | None]] = {}
        found = []
        for who, call in state.open.items():
            lasted = round(now - call.since, 3)
            if call.rank == _WAITS or not self.params.least_s <= lasted < self.params.open_s:
                continue
            if call.issue not in usual:
                median, count, histogram = self._usual(state, call.issue, now)
                usual[call.issue] = median, count, histogram.spread() if count else None
            median, count, spread = usual[call.issue]
            if lasted >= median:
                found.append((round(lasted / median, 9), who, call, median, count, log(lasted / median) / spread if spread else None))
        longest = nlargest(self.parts_given, found, key=lambda each: each[:2])
        return [self._reading(state, now, *each) for each in longest]

    def idle(self, state: CallDurationRatioState, now: float) -> bool:
        """Nothing is in progress."""
        return all(now - call.since >= self.params.open_s for call in state.open.values())

    def quiet_until(self, state: CallDurationRatioState, now: float) -> float:
        """When the first one is as long as usual; never where that is not known, the guard is down there until more calls end."""
        usual = {issue: self._usual(state, issue, now)[:2] for issue in {call.issue for call in state.open.values()}}
        live = [call for call in state.open.values() if call.rank != _WAITS and now - call.since < self.params.open_s]
        known: list[float] = [call.since + max(self.params.least_s, usual[call.issue][0]) for call in live if usual[call.issue][1]]
        begun: list[float] = [call.since for call in live]
        if known:
            return max(now, min(known))
        return max(now, max(begun) + self.params.open_s) if begun else now

    def expired(self, state: CallDurationRatioState, now: float) -> bool:
        """Five weeks without a call."""
        return self.idle(state, now) and state.last + FORGET_S < now

    def _moved(self, turn: Turn) -> list[Observation]:
        """A hand-over to another queue ends it in the one and begins it in the other."""
        event, context = turn.event, turn.context
        if hop_of(event) is None or event.transfer is None or event.late:
            return []
        origin, target = event.transfer.origin.queue_id, event.transfer.target.queue_id
        if target is None or target == origin or context.closed is not None:
            return []
        return [*self._told(turn, _LEFT, origin), *self._told(turn, _OPENED, target)]

    def _told(self, turn: Turn, step: str, queue: str | None) -> list[Observation]:
        if queue is None:
            return []
        event, context = turn.event, turn.context
        lasted = event.call.duration_ms if event.call is not None and event.type == "call.ended" else None
        return [
            Observation(
                name_of(type(self)),
                turn.scope(queue_id=queue),
                event.time,
                conversation_id=context.conversation_id,
                event_id=event.id,
                terms=(step, context.category or "", context.channel or "", context.customer_tier or ""),
                extra=(lasted / 1000,) if lasted is not None else (),
            )
        ]

    def _room(self, state: CallDurationRatioState, now: float) -> bool:
        """Whether one more can be followed. When all places are taken the new one is not: each that is followed is followed to its end."""
        if len(state.open) >= self.open_kept:
            state.open = {who: call for who, call in state.open.items() if now - call.since < self.params.open_s}
        return len(state.open) < self.open_kept

    def _learn(self, state: CallDurationRatioState, issue: str, lasted: float, time: float) -> None:
        cap, least = self.params.cap, self.params.min_calls
        state.queue.learn_capped(lasted, time, cap=cap, least=least)
        if not issue:
            return
        if issue not in state.issues and len(state.issues) >= self.issues_kept:
            del state.issues[min(state.issues, key=lambda each: (state.issues[each].count(time), each))]
        state.issues.setdefault(issue, LogHistogram()).learn_capped(lasted, time, cap=cap, least=least)

    def _usual(self, state: CallDurationRatioState, issue: str, now: float) -> tuple[float, int, LogHistogram]:
        """The median, how many calls it rests on (0 for the stand-in), and of what."""
        for histogram in (state.issues.get(issue), state.queue):
            count = histogram.count(now) if histogram is not None else 0
            median = histogram.median() if histogram is not None and count >= self.params.min_calls else None
            if histogram is not None and median:
                return median, count, histogram
        return self.params.fallback_s, 0, state.queue

    def _reading(
        self, state: CallDurationRatioState, now: float, value: float, who: str, call: OpenCall, median: float, count: int, z: float | None
    ) -> Reading:
        return Reading(
            now,
            value,
            n=count,
            start=call.since,
            end=now,
            baseline=median,
            guard=count > 0,
            scope=Scope(state.scope.tenant, (("conversation_id", who),)),
            channel=call.channel or None,
            segment=(("customer_tier", call.customer_tier),) if call.customer_tier else (),
            evidence=(Evidence(call.event_id, None, call.since, who),),
            variables={"queue_id": state.scope.get("queue_id") or "", **({"issue": call.issue} if call.issue else {})},
            sample={"duration_s": round(now - call.since, 3), **({"z": round(z, 2)} if z is not None else {})},
        )
