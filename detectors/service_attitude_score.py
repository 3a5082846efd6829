"""How an agent treats the customer: what is said, interruptions and silence, as a score."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Observation, Params, Reading, State, Turn
from detectors.text.words import Words

__all__ = ["CRITICAL", "FORBIDDEN", "ServiceAttitudeScore", "agent_speaks"]

EVASION: Final = "attitude.evasion"
FORBIDDEN: Final = "attitude.forbidden"
CRITICAL: Final = "attitude.critical"
EXCERPT: Final = 48
"""Characters of evidence kept in a conversation's state: enough to judge, little to store."""

_IMPATIENCE: Final = "attitude.impatience"
_EMPATHY: Final = "attitude.empathy"
_GREETING: Final = "attitude.greeting"
_CLOSING: Final = "attitude.closing"


def agent_speaks(turn: Turn) -> Words | None:
    """The words of a human agent's message; None for anything else."""
    message = turn.event.message
    if turn.words is None or message is None or message.role != "agent" or turn.event.type != "message.created":
        return None
    return turn.words


class ServiceAttitudeScoreParams(Params):
    """What each utterance, interruption, silence or omission costs, and what empathy gives back.

    A greeting is missing when none of the first `opening` utterances holds one, a closing when none of the last `ending` does and the
    conversation is resolved. `silence_s` between the customer's words and the agent's is too long, `overlap_ms` is an interruption.
    A critical phrase lowers the score to `critical` at least, and needs no more than itself: the sample then counts as `enough`.
    """

    forbidden: float = Field(default=40.0, ge=0)
    evasion: float = Field(default=15.0, ge=0)
    impatience: float = Field(default=10.0, ge=0)
    interruption: float = Field(default=5.0, ge=0)
    silence: float = Field(default=5.0, ge=0)
    omission: float = Field(default=3.0, ge=0)
    empathy: float = Field(default=2.0, ge=0)
    empathy_most: float = Field(default=10.0, ge=0)
    critical: float = Field(default=60.0, ge=0, le=100)
    enough: int = Field(default=3, ge=1)
    opening: int = Field(default=2, ge=1)
    ending: int = Field(default=2, ge=1)
    silence_s: float = Field(default=20.0, gt=0)
    overlap_ms: float = Field(default=1000.0, gt=0)


class ServiceAttitudeScoreState(State):
    """How many utterances there were, of which kinds, and the last one that cost something.

    `since_closing` counts the utterances after the last closing phrase; `heard_ms` is where the customer's last words end in the call.
    `agent` spoke last, `before` are the points and utterances there were when that agent took over, `told` is the score last told of it.
    """

    utterances: int = 0
    forbidden: int = 0
    evasion: int = 0
    impatience: int = 0
    empathy: int = 0
    interruptions: int = 0
    silences: int = 0
    critical: bool = False
    greeted: bool = False
    since_closing: int = -1
    resolved: bool = False
    heard_ms: int | None = None
    phrase: str = ""
    last: Evidence | None = None
    start: float | None = None
    agent: str = ""
    before: tuple[float, int] = (0.0, 0)
    told: float | None = None


class ServiceAttitudeScore(ConversationDetector[ServiceAttitudeScoreState]):
    """100 less what the agent's utterances cost, plus 2 for each that shows empathy (10 at most), within 0..100.

    An utterance with a forbidden phrase costs 40, with an evasion 15, with impatience 10 (each kind once an utterance); an
    interruption and a silence of more than 20 s cost 5, a missing greeting or closing 3. A critical phrase gives 60 at most. What
    counts as such is in the lexicon `attitude`; bots are not judged. On calls, interruptions and silences follow from the messages'
    offsets, and where there are none from the totals at the end of the call. `n` is the number of utterances. Evaluated at each of
    them. Memory: counts, one phrase and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = ServiceAttitudeScore()
    >>> state = detector.new()
    >>> for text, hits in (("您好", {"attitude.greeting": ("您好",)}), ("不归我们管", {"attitude.evasion": ("不归我们管",)})):
    ...     said = Event("message.created", 1.0, text, "s", "t", "c", message=Message(role="agent", text=text))
    ...     _ = detector.learn_one(state, Turn(said, Context("c"), Words(text, "zh", (text,), hits=hits), 1.0))
    >>> detector.score_one(state, 1.0).value, detector.score_one(state, 1.0).variables["phrase"]
    (85.0, '不归我们管')
    """

    indicator = "service_attitude_score"
    types = frozenset({"message.created", "call.ended", "conversation.resolved"})
    State = ServiceAttitudeScoreState
    Params = ServiceAttitudeScoreParams

    def learn_one(self, state: ServiceAttitudeScoreState, turn: Turn) -> bool:
        """Judge an utterance of the agent; note what the customer says, the end of a call, the resolution."""
        kind = turn.event.type
        if kind == "message.created":
            words = agent_speaks(turn)
            if words is None:
                self._listen(state, turn)
                return False
            self._take_over(state, turn)
            self._judge(state, turn, words)
            return True
        if kind == "call.ended":
            return self._hang_up(state, turn)
        if kind == "conversation.resolved":
            state.resolved = True
        return False

    def score_one(self, state: ServiceAttitudeScoreState, now: float) -> Reading | None:
        """The score; variables `phrase`, `matched_phrase` (of the last utterance that cost something)."""
        if not state.utterances:
            return None
        score = 100.0 + self._points(state)
        if state.critical:
            score = min(score, self.params.critical)
        return Reading(
            now,
            round(min(100.0, max(0.0, score)), 1),
            n=max(state.utterances, self.params.enough) if state.critical else state.utterances,
            start=state.start,
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables={"phrase": state.phrase, "matched_phrase": state.phrase} if state.phrase else {},
            sample={
                "utterances": state.utterances,
                "forbidden": state.forbidden,
                "evasion": state.evasion,
                "impatience": state.impatience,
                "empathy": state.empathy,
            },
        )

    def tell(self, state: ServiceAttitudeScoreState, turn: Turn) -> Iterable[Observation]:
        """The agent's part of the score whenever it has changed, to `service_attitude_by_agent`; from the third utterance on."""
        points, utterances = state.before
        if not state.agent or state.utterances - utterances < self.params.enough:
            return ()
        score = round(min(100.0, max(0.0, 100.0 + self._points(state) - points)), 1)
        if score == state.told:
            return ()
        state.told = score
        last, context = state.last, turn.context
        return (
            Observation(
                "service_attitude_by_agent",
                turn.scope(agent_id=state.agent),
                turn.event.time,
                score,
                conversation_id=context.conversation_id,
                event_id=last.event_id if last is not None else None,
                excerpt=last.excerpt if last is not None else None,
                terms=(state.phrase,) if state.phrase else (),
            ),
        )

    def _points(self, state: ServiceAttitudeScoreState) -> float:
        """What is added to 100: mostly less than nothing."""
        return float(min(self.params.empathy_most, self.params.empathy * state.empathy) - self._cost(state))

    def _cost(self, state: ServiceAttitudeScoreState) -> float:
        params = self.params
        no_greeting = not state.greeted and state.utterances >= params.opening
        no_closing = state.resolved and not 0 <= state.since_closing < params.ending
        return float(
            params.forbidden * state.forbidden
            + params.evasion * state.evasion
            + params.impatience * state.impatience
            + params.interruption * state.interruptions
            + params.silence * state.silences
            + params.omission * (no_greeting + no_closing)
        )

    def _judge(self, state: ServiceAttitudeScoreState, turn: Turn, words: Words) -> None:
        hits = words.hits
        state.utterances += 1
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        state.greeted = state.greeted or (_GREETING in hits and state.utterances <= self.params.opening)
        if _CLOSING in hits:
            state.since_closing = 0
        elif state.since_closing >= 0:
            state.since_closing += 1
        state.critical = state.critical or CRITICAL in hits
        state.forbidden += CRITICAL in hits or FORBIDDEN in hits
        state.evasion += EVASION in hits
        state.impatience += _IMPATIENCE in hits
        phrase = next((hits[name][0] for name in (CRITICAL, FORBIDDEN, EVASION, _IMPATIENCE) if name in hits), None)
        state.empathy += _EMPATHY in hits and phrase is None
        if phrase is not None:
            state.phrase, state.last = phrase[:EXCERPT], turn.evidence(words.text[:EXCERPT])
        self._pause(state, turn)

    def _take_over(self, state: ServiceAttitudeScoreState, turn: Turn) -> None:
        """Another agent speaks: what was before is not that agent's."""
        agent = (turn.event.agent.id if turn.event.agent is not None else turn.context.agent_id) or ""
        if agent != state.agent:
            state.agent, state.before, state.told = agent, (self._points(state), state.utterances), None

    def _listen(self, state: ServiceAttitudeScoreState, turn: Turn) -> None:
        """Where the customer's words end in the call."""
        message = turn.event.message
        if message is not None and message.role == "customer" and not message.private and message.end_ms is not None:
            state.heard_ms = max(message.end_ms, state.heard_ms or 0)

    def _pause(self, state: ServiceAttitudeScoreState, turn: Turn) -> None:
        """What lies between the customer's last words and the agent's answer: a silence, or less than nothing."""
        message = turn.event.message
        if message is None or message.begin_ms is None or state.heard_ms is None:
            return
        pause = message.begin_ms - state.heard_ms
        state.silences += pause > self.params.silence_s * 1000
        state.interruptions += pause <= -self.params.overlap_ms
        state.heard_ms = None

    def _hang_up(self, state: ServiceAttitudeScoreState, turn: Turn) -> bool:
        """The totals of a call whose messages had no offsets."""
        call = turn.event.call
        if call is None or state.interruptions or state.silences:
            return False
        state.interruptions = int((call.overlap_ms or 0) >= self.params.overlap_ms)
        state.silences = int((call.silence_ms or 0) > self.params.silence_s * 1000)
        return bool(state.utterances and (state.interruptions or state.silences))
