"""A word or phrase that customers suddenly use."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import Final, TypeAlias
from zlib import crc32

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.similar_complaint_count import says_something
from detectors.similarity import COMMON
from detectors.text.topics import Topics

__all__ = ["NewTermBurst", "hot_issues", "log_likelihood_ratio", "terms_of"]

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0
FORGET_S: Final = 35 * DAY_S
DAYS_REMEMBERED: Final = 7
LONGEST: Final = 6
"""Chinese characters of a term; shortest is 2."""
TOKENS: Final = 24
TOKEN_CHARACTERS: Final = 16
ROWS: Final = 2
WIDE, NARROW = 1024, 256
"""Counters in a row of the usual counts: of a tenant, of a product."""
UNIT: Final = 8
"""What one message adds to a counter: eighths, so that small counts can shrink too."""
FULL: Final = 0xFFFF - UNIT
SAME_TERM: Final = 0.8
"""A longer term stands for a shorter one within it when it has at least this part of its occurrences."""
EVIDENCE: Final = 5
NAMED: Final = 2
"""Terms that name a hot issue."""
RISEN: Final = 3.84
"""The ratio from which a term is said to have risen (chi-square, 5 %), for the list of hot issues."""
Burst: TypeAlias = tuple[float, float, list[int]]
"""The ratio, the ratio with one message for each customer, and which of the live messages hold the term."""


def log_likelihood_ratio(count: float, n: float, usual: float, usual_n: float) -> float:
    """Dunning's G² of a term's rate against its usual one; 0 where it is not higher.

    `count` of `n` messages hold it now, `usual` of `usual_n` did before. Source: T. Dunning, Accurate methods for the statistics of
    surprise and coincidence, Computational Linguistics 19 (1993) 61-74.

    >>> round(log_likelihood_ratio(10, 100, 10, 1000), 2), log_likelihood_ratio(1, 100, 10, 1000)
    (22.91, 0.0)
    """
    if n <= 0 or usual_n <= 0 or count * usual_n <= usual * n:
        return 0.0
    pooled = (count + usual) / (n + usual_n)
    parts = ((count, n * pooled), (n - count, n * (1 - pooled)), (usual, usual_n * pooled), (usual_n - usual, usual_n * (1 - pooled)))
    return 2 * sum(seen * log(seen / expected) for seen, expected in parts if seen > 0 and expected > 0)


def terms_of(tokens: Sequence[str], live: frozenset[str] | None = None) -> set[str]:
    """The terms of a message's tokens: Latin words, and runs of tokens that make 2 to 6 Chinese characters.

    A term holds no number, and neither begins nor ends with a word of service talk in general. With `live`, only terms of these tokens.

    >>> sorted(terms_of(("你们", "的", "以旧换新", "政策")))
    ['以旧换新', '以旧换新政策', '政策']
    """
    found: set[str] = set()
    for at, token in enumerate(tokens):
        if (live is not None and token not in live) or not _tells(token):
            continue
        if token.isascii():
            found.add(token)
            continue
        term = ""
        for end in range(at, len(tokens)):
            last = tokens[end]
            term += last
            if last.isascii() or len(term) > LONGEST or (live is not None and last not in live):
                break
            if len(term) >= 2 and _tells(last):
                found.add(term)
    return found


def hot_issues(live: Sequence[Said], customers: int, most: int = 3) -> str:
    """What messages are about: the topics (`Topics`) of the most customers, each by its heaviest terms; empty where none has enough.

    A customer counts once in a topic. The list is made anew from at most 128 messages (some 10 ms), so it needs no state of its own.

    >>> texts = ("蓝牙 断连", "耳机 蓝牙 断连", "发票 抬头 错", "蓝牙 断连 严重", "发票 抬头 改")
    >>> hot_issues([Said(60.0 * at, at, text) for at, text in enumerate(texts)], customers=2)
    '蓝牙/断连 (3), 发票/抬头 (2)'
    """
    topics, who = Topics(), dict[int, set[int]]()
    for said in live:
        topic = topics.learn_one([token for token in said.text.split() if _tells(token)], said.time)
        if topic is not None:
            who.setdefault(topic, set()).add(said.customer)
    hot = [topic for topic in who if len(who[topic]) >= customers]
    hot.sort(key=lambda topic: (-len(who[topic]), topic))
    return ", ".join(f"{'/'.join(topics.name(topic, NAMED))} ({len(who[topic])})" for topic in hot[:most])


def _tells(token: str) -> bool:
    """Whether a token tells a topic: not of service talk in general, no single Latin letters, no number."""
    if token.isascii():
        return len(token) >= 3 and token.isalpha() and token not in COMMON
    return token not in COMMON and any("\u3400" <= char <= "\u9fff" and char not in COMMON for char in token)


class NewTermBurstParams(Params):
    """`window_s` of now; what a burst needs; from when on the usual counts are known, and how sure a burst must be.

    That is `hours` and `messages` of them, and a chance of at most `chance` that any of the live words bursts by itself.
    """

    window_s: float = Field(default=3 * HOUR_S, gt=0)
    occurrences: int = Field(default=5, ge=1)
    customers: int = Field(default=3, ge=1)
    hours: float = Field(default=24, ge=0)
    messages: float = Field(default=50, ge=1)
    chance: float = Field(default=0.05, gt=0, lt=1)
    first: int = Field(default=3, ge=1)


class Said(State):
    """One message in the window: its tokens parted by blanks, and a checksum of the customer."""

    time: float
    customer: int
    text: str
    event_id: str = ""


class NewTermBurstState(State):
    """The messages of now, and how many of the last 7 days held a term.

    `counts` is a count-min sketch of two rows of 16-bit counters of eighths, `messages` how many it has learnt; both shrink by a seventh
    each day, and by half where a counter is full.
    """

    live: list[Said] = msgspec.field(default_factory=list)
    counts: bytearray = msgspec.field(default_factory=bytearray)
    messages: float = 0.0
    born: float = -1.0
    day: int = 0


class NewTermBurst(ScopeDetector[NewTermBurstState]):
    """Dunning's log-likelihood ratio of the term that has risen most, its messages of 3 h against those of 7 d; tenant and product.

    Read are the first three messages of a customer in a conversation that tell something; a message counts a term once. Terms are Latin
    words, and runs of whole segments of 2 to 6 Chinese characters (`terms_of`): n-grams that cut a segment are left out, they only
    repeat the same news. Of a term and a longer one that holds it, the longer is told when it has 80 % of the occurrences.

    A term needs 5 messages of 3 customers. Thousands of terms live, so some rise by chance: the guard asks that the ratio, with one
    message for each customer, be at least 2 ln(words / 0.05), `words` being the live ones. By Chernoff's bound, P(G² >= x) <= exp(-x / 2)
    for one side of one term, a chance of less than 5 % for all of them together. It also asks for 24 hours and 50 messages learnt.
    Hence the lower tiers light where little is said; in a busy tenant a fire begins at orange.

    Of a burst that is sure, the variable `hot_issues` tells what the messages with risen terms are about, by one-pass clustering.

    A message is learnt when it leaves the window. Usual counts are those of a count-min sketch: too high where two terms share all
    counters, never too low, so a burst may be missed, not invented. Limits: of a scope with more than 128 messages in 3 h (64 of a
    product) the last 128 are now. Memory: these messages, and 4 kB of counters (about 16 kB; a product's 6 kB).

    >>> from detectors.base import Scope
    >>> detector = NewTermBurst()
    >>> state = detector.new()
    >>> def say(at, *tokens):
    ...     detector.learn_one(state, Observation("", Scope("acme"), at, customer_id=f"u{at}", terms=tokens))
    >>> for minute in range(0, 3000, 10):
    ...     say(minute * 60.0, "快递", "还", "没", "到")
    >>> for minute in range(3000, 3006):
    ...     say(minute * 60.0, "以旧换新", "政策", "是", "什么")
    >>> reading = detector.score_one(state, 3006 * 60.0)
    >>> reading.variables["term"], reading.n, round(reading.value, 1), reading.guard
    ('以旧换新政策', 6, 30.3, True)
    """

    indicator = "new_term_burst"
    types = frozenset({"message.created"})
    State = NewTermBurstState
    Params = NewTermBurstParams
    step_s = 300.0
    kept = 128
    kept_of_product = 64

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """What a customer says at first, to the tenant and the product."""
        words, context = turn.customer_words, turn.context
        if words is None or context.customer_turns > self.params.first or not says_something(words):
            return ()
        said = tuple(token[:TOKEN_CHARACTERS] for token in words.tokens[:TOKENS])
        scopes = [turn.scope(), *([turn.scope(product_id=context.product_id)] if context.product_id is not None else [])]
        who = context.customer_id or context.conversation_id
        name, event = name_of(type(self)), turn.event
        return [Observation(name, scope, event.time, customer_id=who, event_id=event.id, terms=said) for scope in scopes]

    def learn_one(self, state: NewTermBurstState, observation: Observation) -> None:
        """Take a message in; those that leave the window become usual."""
        time, wide = observation.time, observation.scope.get("product_id") is None
        if state.born < 0:
            state.born = time
            state.counts = bytearray(2 * ROWS * (WIDE if wide else NARROW))
        self._age(state, time)
        customer = crc32((observation.customer_id or "").encode())
        said = Said(time, customer, " ".join(observation.terms), observation.event_id or "")
        insort(state.live, said, key=lambda known: known.time)
        newest, kept = state.live[-1].time, self.kept if wide else self.kept_of_product
        while len(state.live) > kept or state.live[0].time <= newest - self.params.window_s:
            self._learn(state, state.live.pop(0))

    def score_one(self, state: NewTermBurstState, now: float) -> Reading | None:
        """The ratio; 0 without a term that is said often enough. Variables `term`, `n`, `customers`, and of a sure one `hot_issues`."""
        if not state.live:
            return None
        live = [said for said in state.live if said.time > now - self.params.window_s]
        words = Counter(token for said in live for token in set(said.text.split()))
        reading = Reading(now, 0.0, n=0, start=now - self.params.window_s, end=now, guard=False)
        found = dict(self._bursts(state, live, words))
        if found:
            term = _longest(found)
            self._tell(reading, term, found[term], live)
            surely = found[term][1] >= 2 * log(max(1, len(words)) / self.params.chance)
            known = now - state.born >= self.params.hours * HOUR_S and state.messages >= self.params.messages
            reading.guard = known and surely
            if reading.guard:
                risen = sorted({at for ratio, _, held in found.values() if ratio >= RISEN for at in held})
                reading.variables["hot_issues"] = hot_issues([live[at] for at in risen], self.params.customers) or term
        return reading

    def idle(self, state: NewTermBurstState, now: float) -> bool:
        """Nothing was said in the window."""
        return not state.live or state.live[-1].time <= now - self.params.window_s

    def quiet_until(self, state: NewTermBurstState, now: float) -> float:
        """Where no word is said often enough by enough customers, none is until more is said."""
        live = [said for said in state.live if said.time > now - self.params.window_s]
        if len(live) >= self.params.occurrences and len({said.customer for said in live}) >= self.params.customers:
            often = Counter(token for said in live for token in set(said.text.split())).most_common(1)
            if often and often[0][1] >= self.params.occurrences:
                return now
        return state.live[-1].time + self.params.window_s if state.live else now

    def expired(self, state: NewTermBurstState, now: float) -> bool:
        """Five weeks of silence."""
        return not state.live or state.live[-1].time + FORGET_S < now

    def _bursts(self, state: NewTermBurstState, live: Sequence[Said], words: Counter[str]) -> Iterator[tuple[str, Burst]]:
        """Terms that are said often enough, and more than usual."""
        often = frozenset(token for token, count in words.items() if count >= self.params.occurrences)
        places: dict[str, list[int]] = {}
        for at, said in enumerate(live):
            for term in terms_of(said.text.split(), often):
                places.setdefault(term, []).append(at)
        for term, held in places.items():
            customers = len({live[at].customer for at in held})
            if len(held) < self.params.occurrences or customers < self.params.customers:
                continue
            usual = self._usual(state, term)
            ratio = log_likelihood_ratio(len(held), len(live), usual, state.messages)
            if ratio > 0:
                yield term, (ratio, log_likelihood_ratio(customers, len(live), usual, state.messages), held)

    def _tell(self, reading: Reading, term: str, found: Burst, live: Sequence[Said]) -> None:
        held = [live[at] for at in found[2]]
        customers = len({said.customer for said in held})
        reading.value, reading.n = found[0], len(held)
        reading.evidence = tuple(Evidence(said.event_id, said.text.replace(" ", "")[:120], said.time) for said in held[-EVIDENCE:])
        reading.variables = {"term": term, "n": len(held), "customers": customers}
        reading.sample = {"customers": customers, "messages": len(live)}

    def _usual(self, state: NewTermBurstState, term: str) -> float:
        """How many of the learnt messages held a term, or more."""
        return min((_get(state.counts, at) for at in _places(term, len(state.counts))), default=0) / UNIT

    def _learn(self, state: NewTermBurstState, said: Said) -> None:
        """Count the terms of a message as usual; only the smallest of a term's counters rise (conservative update)."""
        state.messages += 1
        for term in sorted(terms_of(said.text.split())):
            places = _places(term, len(state.counts))
            least = min(_get(state.counts, at) for at in places)
            if least >= FULL:
                self._shrink(state, 0.5)
                least //= 2
            for at in places:
                if _get(state.counts, at) <= least:
                    state.counts[at : at + 2] = (least + UNIT).to_bytes(2, "big")

    def _age(self, state: NewTermBurstState, time: float) -> None:
        """Let the usual counts shrink once a day: what was usual counts for a week."""
        day = int((time - state.born) // DAY_S)
        for _ in range(min(day - state.day, 28)):
            self._shrink(state, 1 - 1 / DAYS_REMEMBERED)
        state.day = max(day, state.day)

    @staticmethod
    def _shrink(state: NewTermBurstState, part: float) -> None:
        state.messages *= part
        for at in range(0, len(state.counts), 2):
            count = _get(state.counts, at)
            if count:
                state.counts[at : at + 2] = int(count * part).to_bytes(2, "big")


def _longest(found: dict[str, Burst]) -> str:
    """The term of the highest ratio, or the longest one around it that is said nearly as often."""
    best = max(found, key=lambda term: (found[term][0], len(term), term))
    around = [term for term in found if best in term and len(found[term][2]) >= SAME_TERM * len(found[best][2])]
    return max(around, key=lambda term: (len(term), found[term][0], term))


def _get(counts: bytearray, at: int) -> int:
    return counts[at] << 8 | counts[at + 1]


def _places(term: str, size: int) -> tuple[int, ...]:
    """Where a term's counters are, one in each row."""
    code, row = crc32(term.encode()), size // ROWS
    return tuple(number * row + (code >> 16 * number) % (row // 2) * 2 for number in range(ROWS)) if size else ()
