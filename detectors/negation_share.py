"""How much of what customers say is negation: of one conversation, and of all complaints about one issue."""

from __future__ import annotations

from bisect import bisect_left, insort_right
from collections.abc import Iterable
from operator import itemgetter
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of

__all__ = ["NegationShare", "NegationShareByIssue"]

EXCERPT: Final = 48
"""Characters of evidence kept in a conversation's state: enough to judge, little to store."""


class NegationShareParams(Params):
    """`utterances` pooled, the last ones; fewer than `least` are never judged: one negation in one short utterance means nothing."""

    utterances: int = Field(default=10, ge=1, le=50)
    least: int = Field(default=3, ge=1)


class NegationShareState(State):
    """The last utterances in order of time, each (event time in s, tokens, negations), and the last one that holds a negation."""

    pool: list[tuple[int, int, int]] = msgspec.field(default_factory=list)
    last: Evidence | None = None


class NegationShare(ConversationDetector[NegationShareState]):
    """Negation tokens over tokens, 0..1, pooled over the customer's last 10 utterances; `n` is the number of tokens.

    What a negation is, fixed phrases (没关系) and A-not-A questions (能不能) left out, is decided in `detectors/text`. Evaluated at each
    customer utterance from the third on. Late utterances are put where their time says. Memory: 10 triples and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = NegationShare()
    >>> state = detector.new()
    >>> for at, words in enumerate((("没有", "人", "管"), ("还", "没", "到"), ("不", "处理"))):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="customer", text="".join(words)))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c"), Words("".join(words), "zh", words, negations=1), at))
    >>> evaluated, detector.score_one(state, 2.0).value, detector.score_one(state, 2.0).n
    (True, 0.375, 8)
    """

    indicator = "negation_share"
    version = 2
    State = NegationShareState
    Params = NegationShareParams

    def learn_one(self, state: NegationShareState, turn: Turn) -> bool:
        """Take a customer's utterance in."""
        words = turn.customer_words
        if words is None or not words.tokens or turn.event.type != "message.created":
            return False
        insort_right(state.pool, (int(turn.event.time), len(words.tokens), words.negations), key=itemgetter(0))
        del state.pool[: -self.params.utterances]
        if words.negations:
            state.last = turn.evidence(words.text[:EXCERPT])
        return len(state.pool) >= int(self.params.least)

    def score_one(self, state: NegationShareState, now: float) -> Reading | None:
        """The share; None below the least number of utterances."""
        if len(state.pool) < self.params.least:
            return None
        tokens = sum(size for _, size, _ in state.pool)
        negations = sum(count for *_, count in state.pool)
        return Reading(
            now,
            negations / tokens,
            n=tokens,
            start=min(now, float(state.pool[0][0])),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables={"negations": negations, "tokens": tokens},
            sample={"utterances": len(state.pool)},
        )


class NegationShareByIssueParams(Params):
    """`window_s` of the corpus, at least `least` conversations in it, or a single angry customer would stand for an issue."""

    window_s: float = Field(default=3600.0, gt=0)
    least: int = Field(default=5, ge=1, le=16)


class NegationShareByIssueState(State):
    """Minutes in order, each (minute, tokens, negations, utterances); of the last conversations when they were heard last."""

    minutes: list[tuple[int, int, int, int]] = msgspec.field(default_factory=list)
    heard: dict[str, float] = msgspec.field(default_factory=dict)
    issue: str = ""
    last: Evidence | None = None


class NegationShareByIssue(ScopeDetector[NegationShareByIssueState]):
    """Negation tokens over tokens of all that complaining customers said about one issue category within 1 h.

    `n` is the number of tokens, and the reading a rate: its Wilson bound is compared. The guard asks for five conversations.
    Late utterances count in their minute while it is in the window. Memory: two windows of minutes and 64 conversations.

    >>> detector = NegationShareByIssue()
    >>> state = detector.new()
    >>> from detectors.base import Scope
    >>> for who in range(6):
    ...     detector.learn_one(state, Observation("x", Scope("acme"), who, value=2, conversation_id=str(who), extra=(10,)))
    >>> reading = detector.score_one(state, 60.0)
    >>> reading.value, reading.n, reading.guard
    (0.2, 60, True)
    """

    indicator = "negation_share"
    State = NegationShareByIssueState
    Params = NegationShareByIssueParams
    heard_kept = 64

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each utterance of a customer whose conversation is a complaint with a known category."""
        words, context = turn.customer_words, turn.context
        if (
            words is None
            or not words.tokens
            or not context.is_complaint
            or context.category is None
            or turn.event.type != "message.created"
        ):
            return ()
        observation = Observation(
            name_of(type(self)),
            turn.scope(issue_category=context.category),
            turn.event.time,
            value=words.negations,
            conversation_id=context.conversation_id,
            event_id=turn.event.id if words.negations else None,
            excerpt=words.text[:EXCERPT] if words.negations else None,
            extra=(len(words.tokens),),
        )
        return (observation,)

    def learn_one(self, state: NegationShareByIssueState, observation: Observation) -> None:
        """Add an utterance to its minute."""
        minute = int(observation.time // 60)
        newest = state.minutes[-1][0] if state.minutes else minute
        kept = 2 * int(self.params.window_s // 60) + 2
        if minute <= newest - kept:
            return
        tokens, negations, count = int(observation.extra[0]), int(observation.value), 1
        at = bisect_left(state.minutes, (minute, 0, 0, 0))
        if at < len(state.minutes) and state.minutes[at][0] == minute:
            _, *old = state.minutes[at]
            state.minutes[at] = (minute, old[0] + tokens, old[1] + negations, old[2] + count)
        else:
            state.minutes.insert(at, (minute, tokens, negations, count))
        while state.minutes[0][0] <= state.minutes[-1][0] - kept:
            del state.minutes[0]
        self._hear(state, observation)

    def score_one(self, state: NegationShareByIssueState, now: float) -> Reading | None:
        """The share over the window that ends at `now`; 0 with n = 0 when nothing was said in it."""
        if not state.minutes:
            return None
        first = (now - self.params.window_s) // 60
        window = [row for row in state.minutes if first < row[0] <= now // 60]
        tokens, negations, utterances = (sum(row[column] for row in window) for column in (1, 2, 3))
        customers = sum(1 for time in state.heard.values() if time > now - self.params.window_s)
        return Reading(
            now,
            negations / tokens if tokens else 0.0,
            n=tokens,
            start=now - self.params.window_s,
            end=now,
            guard=customers >= self.params.least,
            rate=True,
            evidence=(state.last,) if state.last is not None else (),
            variables={"issue": state.issue, "negations": negations, "tokens": tokens} if state.issue else {},
            sample={"utterances": utterances, "conversations": customers},
        )

    def idle(self, state: NegationShareByIssueState, now: float) -> bool:
        """Nothing in the window."""
        return not state.minutes or state.minutes[-1][0] * 60 + self.params.window_s < now

    def _hear(self, state: NegationShareByIssueState, observation: Observation) -> None:
        state.issue = observation.scope.get("issue_category") or state.issue
        if observation.event_id is not None:
            state.last = observation.evidence()
        who = observation.conversation_id or ""
        state.heard[who] = max(observation.time, state.heard.get(who, observation.time))
        if len(state.heard) > self.heard_kept:
            del state.heard[min(state.heard, key=lambda key: (state.heard[key], key))]
