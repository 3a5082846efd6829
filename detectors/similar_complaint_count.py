"""Several customers complain about the same thing of the same product."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, inf, sqrt
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import Evidence, Observation, Params, Reading, ScopeDetector, State, Turn
from detectors.naming import name_of
from detectors.river_state import MeanState, mean_after
from detectors.similarity import Vector, cohesion, cosine, grams, near_last, vectors_at
from detectors.text.words import Words

__all__ = ["SimilarComplaintCount", "poisson_quantile", "says_something"]

DAY_S: Final = 86_400.0
FIVE: Final = 5
"""The number of the source: five similar complaints in a row."""

ORDINARY: Final = 0.999
DAYS_REMEMBERED: Final = 28
FIRST_DAYS: Final = 4
"""Up to here a day is learnt as it was: a busy scope must not look like an incident for weeks after its first day."""
BEFORE_BIRTH: Final[MeanState] = (1.0, 0.0)
"""One empty day before a scope was first heard of, or every new scope would begin with the rate of its first complaint."""

GREETINGS: Final = frozenset(
    (
        *(
            "你好",
            "您好",
            "你们好",
            "在",
            "在吗",
            "吗",
            "在不在",
            "有人",
            "有人吗",
            "有",
            "人",
            "人工",
            "客服",
            "转人工",
            "亲",
            "喂",
            "哈喽",
            "嗨",
        ),
        *("早上好", "下午好", "晚上好", "请问", "谢谢", "好的", "嗯", "哦", "是的", "对"),
        *("hi", "hello", "hey", "there", "thanks", "please", "agent", "human", "good", "morning", "afternoon", "evening"),
    )
)
EVIDENCE: Final = 5
COMMON_GROUND: Final = 3


def poisson_quantile(mean: float, probability: float) -> int:
    """The least k with P(X <= k) >= probability for a Poisson count; means above 500 by their normal approximation.

    >>> poisson_quantile(1.0, 0.999), poisson_quantile(3.0, 0.999), poisson_quantile(0.0, 0.999)
    (5, 10, 0)
    """
    if mean > 500:
        return round(mean + 3.09 * sqrt(mean))
    term = total = exp(-mean)
    count = 0
    while total < probability and count < 1000:
        count += 1
        term *= mean / count
        total += term
    return count


def says_something(words: Words) -> bool:
    """True for a message that tells what it is about, and is no filled-in card.

    That is four characters or three Latin words besides greetings.

    >>> says_something(Words("你好，在吗", "zh", ("你好", "在", "吗"))), says_something(Words("耳机坏了", "zh", ("耳机", "坏", "了")))
    (False, True)
    """
    if words.text.count("[") >= 3:
        return False
    said = [token for token in words.tokens if token not in GREETINGS]
    latin = sum(token.isascii() for token in said)
    return latin >= 3 or sum(len(token) for token in said if not token.isascii()) >= 4


class SimilarComplaintCountParams(Params):
    """`alike` is the cosine from which two complaints are similar, `link` the `cohesion` of a row of five from `customers` customers.

    With these, 1 to 4 of 100 random pairs of Chinese messages of one trade are taken for similar, and about one of 1,000 random rows of
    five; of English ones 5 of 100, and 5 of 1,000. Lower finds more and errs more. `first` is how far into a conversation its complaint
    is looked for, in customer messages.
    """

    window_s: float = Field(default=DAY_S, gt=0)
    alike: float = Field(default=0.20, gt=0, le=1)
    link: float = Field(default=0.30, gt=0, le=1)
    customers: int = Field(default=3, ge=1)
    first: int = Field(default=4, ge=1)


class Complaint(State):
    """One conversation's complaint: its first message that says something. `leads` when it belongs to the largest group."""

    time: float
    conversation: str
    customer: str
    text: str
    event_id: str = ""
    leads: bool = False


class SimilarComplaintCountState(State):
    """What lives, what is similar among it, and how many a day are usual.

    `live` in order of time; of those that lead: `five` whether they hold a row of five, `cohesion` how it hangs together, `drivers` what
    they have in common; `perday` a River mean of complaints per day; `today` the count of the `day` that runs, numbered from `born`.
    """

    live: list[Complaint] = msgspec.field(default_factory=list)
    five: bool = False
    cohesion: float = 0.0
    drivers: str = ""
    perday: MeanState = BEFORE_BIRTH
    born: float = -1.0
    day: int = 0
    today: int = 0
    issue: str = ""


class SimilarComplaintCount(ScopeDetector[SimilarComplaintCountState]):
    """Customers within 24 h whose complaints are similar, by tenant, issue category and product.

    Each new complaint is compared with all that live; the value is the number of customers whose complaint is similar to it, or to
    an earlier one where those were more, as far as they still live: a different complaint in between does not end an incident.

    Similarity is the cosine of character 1-2-gram TF-IDF (`detectors/similarity.py`, River). When the last five complaints hang
    together (`cohesion`, most of all how the least connected one does) and come from three customers, the value is at least 5. A
    conversation is one complaint, its first message that says something; a customer who complains again in another conversation
    counts once. `n` is the number of customers.

    The guard (rule 2) opens at once where the scope has at most one complaint a day, else at max(5, Poisson 99.9 % quantile).
    The mean per day is River's, learnt from whole days since the scope was first heard of, an incident in part only once four
    days are known: a scope younger than a day counts as quiet. A product that is not known leaves the scope tenant and category.

    Evaluated at once and every 5 min. Late complaints are put where their time says. Memory: 100 texts of 80 characters (a larger cluster
    reads 100).

    >>> from detectors.base import Scope
    >>> detector = SimilarComplaintCount()
    >>> state = detector.new()
    >>> scope = Scope("acme", (("issue_category", "quality"), ("product_id", "sku-1")))
    >>> for at, text in enumerate(("耳机蓝牙断连", "蓝牙老是断开", "发票还没开给我", "蓝牙又断连了")):
    ...     said = Observation("x", scope, at, customer_id=f"u{at}", conversation_id=f"c{at}", event_id=f"e{at}", excerpt=text)
    ...     detector.learn_one(state, said)
    >>> reading = detector.score_one(state, 10.0)
    >>> reading.value, reading.n, reading.guard
    (3, 3, True)
    """

    indicator = "similar_complaint_count"
    State = SimilarComplaintCountState
    Params = SimilarComplaintCountParams
    at_once = True
    step_s = 300.0
    kept = 100
    characters = 80

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """The first messages of a complaining customer that say something; of one conversation the scope takes the first that comes."""
        words, context = turn.customer_words, turn.context
        if words is None or not context.is_complaint or context.category is None or context.customer_turns > self.params.first:
            return ()
        if turn.event.type != "message.created" or not says_something(words):
            return ()
        observation = Observation(
            name_of(type(self)),
            turn.scope(issue_category=context.category, product_id=context.product_id),
            turn.event.time,
            customer_id=context.customer_id,
            conversation_id=context.conversation_id,
            event_id=turn.event.id,
            excerpt=words.text[: self.characters],
        )
        return (observation,)

    def learn_one(self, state: SimilarComplaintCountState, observation: Observation) -> None:
        """Take a complaint in and compare the newest one with all that live."""
        conversation, time = observation.conversation_id or "", observation.time
        if not observation.excerpt or any(known.conversation == conversation for known in state.live):
            return
        customer = observation.customer_id or conversation
        state.issue = observation.scope.get("issue_category") or state.issue
        self._count_day(state, time, again=any(known.customer == customer for known in state.live))
        complaint = Complaint(time, conversation, customer, observation.excerpt, observation.event_id or "")
        insort(state.live, complaint, key=lambda known: known.time)
        oldest = state.live[-1].time - self.params.window_s
        state.live = [known for known in state.live if known.time > oldest][-self.kept :]
        self._compare(state)

    def score_one(self, state: SimilarComplaintCountState, now: float) -> Reading | None:
        """The customers; variables `issue`, `n`, `customers`, `w`, `window_h`, `drivers`."""
        if not state.live:
            return None
        first = now - self.params.window_s
        similar = [known for known in state.live if known.leads and known.time > first]
        value, customers = _size(similar, five=state.five), len({known.customer for known in similar})
        hours = round(self.params.window_s / 3600)
        variables: dict[str, str | float] = {"n": value, "customers": customers, "w": hours, "window_h": hours}
        variables |= {name: text for name, text in (("issue", state.issue), ("drivers", state.drivers)) if text}
        usual = state.perday[1]
        return Reading(
            now,
            value,
            n=customers,
            start=first,
            end=now,
            baseline=usual,
            guard=usual <= 1 or value >= max(FIVE, poisson_quantile(usual, ORDINARY)),
            evidence=tuple(Evidence(known.event_id, known.text, known.time, known.conversation) for known in similar[-EVIDENCE:]),
            variables=variables,
            sample={"customers": customers, "live": len(state.live), "cohesion": round(state.cohesion, 3)},
        )

    def idle(self, state: SimilarComplaintCountState, now: float) -> bool:
        """All complaints are older than the window."""
        return self.quiet_until(state, now) < now

    def quiet_until(self, state: SimilarComplaintCountState, now: float) -> float:
        """The end of the newest one's window: until then the count only falls."""
        return state.live[-1].time + float(self.params.window_s) if state.live else -inf

    def expired(self, state: SimilarComplaintCountState, now: float) -> bool:
        """Idle, and so rarely heard of that its baseline lets five light a fire: forgetting it changes nothing."""
        if not self.idle(state, now):
            return False
        days, usual = state.perday
        silent = (now - state.born) // DAY_S - state.day
        return (days * usual + state.today) / (days + max(silent, 1.0)) <= 0.5

    def _compare(self, state: SimilarComplaintCountState) -> None:
        """Compare the newest complaint with all that live; what is similar to it leads, unless what led until now is larger."""
        newest, texts = len(state.live) - 1, [known.text for known in state.live]
        near = near_last(texts, self.params.alike)
        row = range(newest - FIVE + 1, newest + 1) if newest >= FIVE - 1 else ()
        found = vectors_at(texts, dict.fromkeys((*near, *row, newest)))
        group = {newest, *(at for at in near if cosine(found[at], found[newest]) >= self.params.alike)}
        together = cohesion([found[at] for at in row]) if row else 0.0
        five = together >= self.params.link and len({state.live[at].customer for at in row}) >= self.params.customers
        if five:
            group.update(row)
        places = sorted(group)
        if _size([state.live[at] for at in places], five=five) < _size([known for known in state.live if known.leads], five=state.five):
            return
        for at, known in enumerate(state.live):
            known.leads = at in group
        state.five, state.cohesion = five, together
        several = len(places) >= self.params.customers
        state.drivers = _common_ground(state.live[newest].text, [found[at] for at in places]) if several else ""

    @staticmethod
    def _count_day(state: SimilarComplaintCountState, time: float, *, again: bool) -> None:
        """Count a complaint of its day; days that are over are learnt first, silent ones too."""
        if state.born < 0:
            state.born = time
        day = max(state.day, int((time - state.born) // DAY_S))
        for _ in range(min(day - state.day, DAYS_REMEMBERED)):
            count = float(state.today)
            if state.perday[0] >= FIRST_DAYS:
                count = min(count, max(FIVE, poisson_quantile(state.perday[1], ORDINARY)))
            state.perday = mean_after(state.perday, count, memory=DAYS_REMEMBERED)
            state.today = 0
        state.day = day
        state.today += not again


def _size(group: Sequence[Complaint], *, five: bool) -> int:
    """The customers of a group; at least 5 for a row of five as long as five of it live."""
    return max(len({known.customer for known in group}), FIVE if five and len(group) >= FIVE else 0)


def _common_ground(newest: str, found: Sequence[Vector]) -> str:
    """The heaviest phrases of the newest text all of whose grams of two characters, or words, more than half of the texts share."""
    counts: Counter[str] = Counter()
    for vector in found:
        counts.update(vector.keys())
    phrases: dict[str, float] = {}
    phrase, weight = "", 0.0
    for gram in (*(gram for gram in grams(newest) if len(gram) > 1), ""):
        shared = bool(gram) and 2 * counts[gram] > len(found)
        follows = shared and not gram.isascii() and phrase[-1:] == gram[0]
        if follows:
            phrase, weight = phrase + gram[1:], weight + found[-1][gram]
            continue
        if phrase:
            phrases[phrase] = max(weight, phrases.get(phrase, 0.0))
        phrase, weight = (gram, found[-1][gram]) if shared else ("", 0.0)
    return "、".join(sorted(phrases, key=lambda each: (-phrases[each], each))[:COMMON_GROUND])
