"""Whole conversations played on one day: how a chat, a call and a ticket go, with their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from streams.simulate.case import Case, Scribe
from streams.simulate.manners import MANNERS
from streams.simulate.roster import Roster
from streams.simulate.script import Line, dialogue, lines, slots, speech
from streams.simulate.speech import Topic
from streams.simulate.world import HOUR, MINUTE, Agent, Product, products

__all__ = ["ORDINARY", "Floor", "Played", "Wish"]

SECOND = 1000
RATINGS = {"calm": (1, 2, 6, 30, 61), "polite": (0, 1, 3, 22, 74), "annoyed": (10, 18, 32, 28, 12), "angry": (62, 22, 10, 4, 2)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants of a case; None lets chance decide.

    `script` is said instead of a made-up dialogue, `pace` stretches its times, `transfers` False keeps it on its queue.
    """

    customer: str | None = None
    product: Product | None = None
    channel: str | None = None
    mood: str | None = None
    complaint: bool | None = None
    language: str | None = None
    agent: Agent | None = None
    script: Sequence[Line] | None = None
    pace: float = 1.0
    transfers: bool = True


ORDINARY = Wish()


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: the case, when the customer first spoke, was first answered, and when it ended (epoch ms)."""

    case: Case
    told: int
    ended: int

    def involved(self) -> list[str]:
        """The conversation and its agents."""
        return [self.case.id, *self.case.agents]


class Floor:
    """One day of the centre. `avoid` are ids of products chance never chooses."""

    def __init__(self, scribe: Scribe, roster: Roster, avoid: Sequence[str] = ()) -> None:
        self.scribe = scribe
        self.roster = roster
        self._avoid = frozenset(avoid)
        self._recent: list[str] = []

    def play(self, at: int, topic: Topic, rng: Random, wish: Wish = ORDINARY) -> Played:
        """One customer comes at `at` (epoch ms) about a topic, from opening to rating."""
        wish = self._decide(at, topic, rng, wish)
        case = self._case(topic, rng, wish)
        filling = slots(rng, wish.language or "zh-CN", wish.product)
        mood, language = wish.mood or "calm", wish.language or "zh-CN"
        script = wish.script or dialogue(topic, mood, language, rng, filling, welcomed=wish.channel == "voice")
        if wish.channel == "ticket":
            return self._ticket(case, at, script, topic=topic, rng=rng, wish=wish)
        return self._talk(case, at, script, topic=topic, rng=rng, wish=wish)

    def abandon(self, at: int, topic: Topic, rng: Random, patience_s: float, wish: Wish = ORDINARY) -> Played:
        """A customer comes, waits in line for about that long and leaves."""
        case = self._case(topic, rng, self._decide(at, topic, rng, replace(wish, channel="voice")))
        wait = int(patience_s * SECOND * rng.uniform(0.6, 1.0))
        case.opened(at, "phone")
        case.queued(at + 200, rng.randint(1, 9))
        case.abandoned(at + wait, wait)
        return Played(case, at, at + wait)

    def case(self, at: int, topic: Topic, rng: Random, wish: Wish = ORDINARY) -> Case:
        """A case to be told event by event, when none of the usual courses fits."""
        return self._case(topic, rng, self._decide(at, topic, rng, wish))

    def _decide(self, at: int, topic: Topic, rng: Random, wish: Wish) -> Wish:
        """The wish with everything open decided."""
        complaint = wish.complaint if wish.complaint is not None else rng.random() < topic.complaint
        product = wish.product if wish.product is not None else self._product(topic, rng)
        return replace(
            wish,
            complaint=complaint,
            product=product,
            customer=wish.customer or self._customer(rng),
            mood=wish.mood or _mood(rng, complaint=complaint),
            language=wish.language or ("en" if topic.en is not None and rng.random() < 0.05 else "zh-CN"),
            channel=wish.channel or self._channel(at, rng),
        )

    def _product(self, topic: Topic, rng: Random) -> Product | None:
        if rng.random() >= topic.product:
            return None
        chosen = rng.choice(products())
        while chosen.id in self._avoid:
            chosen = rng.choice(products())
        return chosen

    def _customer(self, rng: Random) -> str:
        """A pseudonym; one in twenty-five was here shortly before."""
        if self._recent and rng.random() < 0.04:
            return rng.choice(self._recent)
        name = f"u-{rng.randint(100000, 699999)}"
        self._recent = [*self._recent[-49:], name]
        return name

    def _channel(self, at: int, rng: Random) -> str:
        day = 8 <= (at - self.roster.midnight) % (24 * HOUR) / HOUR < 21
        return rng.choices(("chat", "voice", "ticket"), (67, 28, 5) if day else (85, 15, 0))[0]

    def _case(self, topic: Topic, rng: Random, wish: Wish) -> Case:
        customer = {"id": wish.customer, "tier": rng.choices(("normal", "vip", "svip"), (90, 8, 2))[0], "is_new": rng.random() < 0.2}
        issue = {
            "category": topic.category,
            "is_complaint": bool(wish.complaint),
            **({"product_id": wish.product.id} if wish.product else {}),
        }
        return Case(
            self.scribe,
            channel=wish.channel or "chat",
            queue=topic.queue,
            stage=topic.stage,
            language=wish.language or "zh-CN",
            customer=customer,
            issue=issue,
        )

    def _talk(self, case: Case, at: int, script: Sequence[Line], *, topic: Topic, rng: Random, wish: Wish) -> Played:
        """A chat or a call: in, queued, connected, said, closed, rated."""
        voice = case.channel == "voice"
        wait = int(min(45 if voice else 120, rng.lognormvariate(1.8, 0.6 if voice else 0.75)) * SECOND) + 400
        case.opened(at, "phone" if voice else rng.choice(("web", "app", "mini_program")))
        case.queued(at + 150, rng.randint(0, 4))
        told = at + rng.randint(2, 9) * SECOND
        early = not voice and told < at + wait
        if early:
            case.said(told, *script[0])
        agent = wish.agent or self.roster.pick(case.queue, at + wait, rng)
        case.assigned(at + wait, agent)
        case.connected(at + wait + 100, wait)
        clock = self._pick_up(case, at + wait + 200, rng, wish) if voice else max(at + wait + 200, told)
        if not early:
            told = clock + _gap(script[0], rng, voice=voice) if voice else clock
            case.said(told, *script[0])
            clock = told
        for number, line in enumerate(script[1:]):
            clock += int(_gap(line, rng, voice=voice) * wish.pace)
            case.said(clock, *line)
            if number == 2 and wish.transfers:
                clock = self._refer(case, clock, topic, rng, wish)
        self.roster.occupy(agent, at, clock)
        return Played(case, told, self._close(case, clock, rng, wish.mood or "calm"))

    def _pick_up(self, case: Case, at: int, rng: Random, wish: Wish) -> int:
        """The agent answers the telephone."""
        case.call_started(at)
        filling = slots(rng, wish.language or "zh-CN", wish.product)
        case.said(at + 1500, *lines("agent", MANNERS[wish.language or "zh-CN"].welcomes, 1, rng, filling)[0])
        return at + 3 * SECOND

    def _refer(self, case: Case, clock: int, topic: Topic, rng: Random, wish: Wish) -> int:
        """Some are handed to the topic's other queue, a few of them on to a third."""
        language = wish.language or "zh-CN"
        targets = [queue for queue in (topic.refer, "q-account") if queue and queue != case.queue]
        count = min(len(targets), rng.choices((0, 1, 2), (92, 7, 1))[0])
        for queue in targets[: count if topic.refer else 0]:
            clock += rng.randint(6, 20) * SECOND
            case.said(clock, *lines("agent", MANNERS[language].handovers, 1, rng, {})[0])
            case.transferred(clock + 2 * SECOND, queue, "other_department")
            clock += rng.randint(8, 40) * SECOND
            agent = self.roster.pick(queue, clock, rng)
            case.assigned(clock, agent)
            clock += rng.randint(3, 12) * SECOND
            case.said(clock, *lines("agent", MANNERS[language].welcomes, 1, rng, slots(rng, language, wish.product))[0])
            self.roster.occupy(agent, clock, clock + 3 * MINUTE)
        return clock

    def _close(self, case: Case, clock: int, rng: Random, mood: str) -> int:
        resolved = rng.random() < (0.45 if mood == "angry" else 0.93)
        clock += rng.randint(3, 15) * SECOND
        if case.channel == "voice":
            case.call_ended(clock, rng.choices(("agent", "customer"), (60, 40))[0], resolved=resolved)
        case.resolved(clock + 2 * SECOND, resolved=resolved)
        if rng.random() < 0.45:
            case.rated(clock + rng.randint(40, 900) * SECOND, 1 + rng.choices(range(5), RATINGS[mood])[0])
        return clock + 2 * SECOND

    def _ticket(self, case: Case, at: int, script: Sequence[Line], *, topic: Topic, rng: Random, wish: Wish) -> Played:
        """A ticket: written, taken, answered within the hour, sometimes sent on, solved within a day."""
        said = speech(topic, wish.language or "zh-CN")
        filling = slots(rng, wish.language or "zh-CN", wish.product)
        case.ticket_created(at, "high" if wish.mood == "angry" else "normal")
        opening = next(text for role, text in script if role == "customer")
        case.said(
            at + SECOND,
            "customer",
            opening + (" " if wish.language == "en" else "，") + lines("customer", said.details, 1, rng, filling)[0][1],
        )
        clock = at + rng.randint(2, 12) * MINUTE
        case.assigned(clock, wish.agent or self.roster.pick(case.queue, clock, rng))
        case.ticket_moved(clock + SECOND, "new", "open", public=False)
        clock += rng.randint(4, 35) * MINUTE
        case.said(clock, *lines("agent", said.answers, 1, rng, filling)[0])
        if topic.refer and rng.random() < 0.3:
            clock += rng.randint(3, 30) * MINUTE
            case.transferred(clock, topic.refer, "other_department")
            clock += rng.randint(2, 10) * MINUTE
            case.assigned(clock, self.roster.pick(topic.refer, clock, rng))
        if wish.mood == "angry" or (wish.mood == "annoyed" and rng.random() < 0.12):
            case.ticket_escalated(clock + MINUTE, "supervisor")
        clock += int(rng.lognormvariate(4.6, 0.7) * MINUTE)
        case.ticket_moved(clock, "open", "resolved", public=True)
        if rng.random() < 0.4:
            case.rated(clock + rng.randint(5, 90) * MINUTE, 1 + rng.choices(range(5), RATINGS[wish.mood or "calm"])[0])
        return Played(case, at + SECOND, clock)


def _mood(rng: Random, *, complaint: bool) -> str:
    return rng.choices(("calm", "polite", "annoyed", "angry"), (50, 9, 39, 2) if complaint else (72, 26, 2, 0))[0]


def _gap(line: Line, rng: Random, *, voice: bool) -> int:
    """Milliseconds before a line: thinking and typing, or speaking."""
    role, text = line
    if voice:
        return int((rng.uniform(1.0, 4.0) + 0.18 * len(text)) * SECOND)
    return int((rng.uniform(3.0, 14.0) if role == "agent" else rng.uniform(4.0, 24.0)) * SECOND) + 250 * len(text)
