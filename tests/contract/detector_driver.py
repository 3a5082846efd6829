"""Drives detectors over lists: conversations that make turns, and scopes that learn what the turns tell them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from detectors import build, discover
from detectors.base import Context, ConversationDetector, Observation, Reading, Scope, ScopeDetector, State, Turn
from detectors.context import advance
from detectors.event import Agent, Call, Campaign, Conversation, Customer, Event, Issue, Message, Metric, Place, Queue, Ticket, Transfer
from detectors.naming import name_of
from detectors.text.words import Words

__all__ = ["DAY", "HOUR", "Run", "Talk", "busy_stream", "readings_of", "restored", "said", "tells", "values"]

HOUR = 3600.0
DAY = 86_400.0


def said(*tokens: str, negations: int = 0, **hits: tuple[str, ...]) -> Words:
    """Words as the analyser would give them for these tokens."""
    return Words("".join(tokens), "zh", tokens, negations=negations, hits=hits)


class Talk:
    """One conversation: each call is one event, and gives the turn its detectors see."""

    def __init__(
        self, conversation: str = "c-1", *, channel: str = "chat", queue: str | None = "q-1", customer: str = "u-1", **issue: Any
    ) -> None:
        self.context = Context()
        self.conversation = Conversation(conversation, channel=channel, queue_id=queue)
        self.customer = Customer(customer)
        self.issue = Issue(**issue) if issue else None
        self.count = 0

    def __call__(self, kind: str, at: float, *, sentiment: float | None = None, words: Words | None = None, **parts: Any) -> Turn:
        """One event of this type at this time; `parts` are the event's (agent, message, transfer …)."""
        self.count += 1
        event = Event(kind, at, f"{self.conversation.id}-{self.count}", "/test", "acme", self.conversation.id)
        event.conversation, event.customer, event.issue = self.conversation, self.customer, self.issue
        for name, part in parts.items():
            setattr(event, name, part)
        context = self.context
        before = (context.sentiment, context.agent_id, context.closed is not None, context.department_id, context.department_since)
        advance(context, event, sentiment)
        return Turn(event, msgspec.structs.replace(context), words, at, *before)

    def customer_says(
        self,
        at: float,
        *tokens: str,
        negations: int = 0,
        sentiment: float | None = None,
        voice: float | None = None,
        **hits: tuple[str, ...],
    ) -> Turn:
        words = said(*tokens, negations=negations, **hits)
        words.sentiment, words.negatives = sentiment, len(hits.get("anger", ()))
        message = Message(role="customer", direction="in", text=words.text, acoustic_emotion=voice, visual_emotion=voice)
        return self("message.created", at, sentiment=sentiment, words=words, message=message)

    def agent_says(self, at: float, *tokens: str, agent: str = "a-1", role: str = "agent", **message: Any) -> Turn:
        words = said(*tokens, **message.pop("hits", {}))
        spoken = Message(role=role, direction="out", text=words.text, **message)
        return self("message.created", at, words=words, message=spoken, agent=Agent(agent, role.replace("agent", "human")))

    def moved(self, at: float, origin: str, target: str, mode: str = "cold") -> Turn:
        return self("conversation.transferred", at, transfer=Transfer(Place(department_id=origin), Place(department_id=target), mode))


class Run:
    """The scopes of one detector, fed by turns or observations; every observation is encoded and decoded on the way, as by Kafka."""

    def __init__(self, detector: ScopeDetector[Any]) -> None:
        self.detector = detector
        self.states: dict[Scope, Any] = {}
        self.broadcasts: list[Observation] = []
        self.tellers = [build(name, {}) for name, kind in discover().items() if tells(kind)]
        self.conversations: dict[tuple[str, str], Any] = {}

    def observed(self, turn: Turn) -> Iterator[Observation]:
        """What a turn tells this detector: by itself, and through the conversation's detectors."""
        if self.detector.types is None or turn.event.type in self.detector.types:
            yield from self.detector.observe(turn)
        for each in self.tellers:
            assert isinstance(each, ConversationDetector)
            if each.types is None or turn.event.type in each.types:
                state = self.conversations.setdefault((name_of(type(each)), turn.context.conversation_id), each.new())
                each.learn_one(state, turn)
                yield from (told for told in each.tell(state, turn) if told.detector == name_of(type(self.detector)))

    def turns(self, turns: Iterable[Turn]) -> Run:
        for turn in turns:
            for observation in self.observed(turn):
                self.learn(msgspec.msgpack.decode(msgspec.msgpack.encode(observation), type=Observation))
        return self

    def learn(self, observation: Observation) -> None:
        if observation.broadcast:
            self.broadcasts.append(observation)
            for state in self.states.values():
                self.detector.learn_all(state, observation)
            return
        if observation.scope not in self.states:
            self.states[observation.scope] = state = self.detector.new()
            for broadcast in self.broadcasts:
                self.detector.learn_all(state, broadcast)
        self.detector.learn_one(self.states[observation.scope], observation)

    def at(self, now: float, **keys: str) -> Reading:
        """The reading of one scope, which must have one."""
        reading = self.detector.score_one(self.states[Scope("acme", tuple(keys.items()))], now)
        assert reading is not None
        return reading


def tells(kind: type[Any]) -> bool:
    """Whether a kind of detector tells wider scopes something."""
    return issubclass(kind, ConversationDetector) and kind.tell is not ConversationDetector.tell


def readings_of(detector: Any, state: Any, now: float) -> list[Reading]:
    """The reading of a state, and those of its parts."""
    parts = detector.score_parts(state, now) if isinstance(detector, ScopeDetector) else ()
    return [reading for reading in (detector.score_one(state, now), *parts) if reading is not None]


def values(detector: ConversationDetector[Any], turns: Iterable[Turn]) -> list[float]:
    """The values of a conversation's evaluations."""
    state, found = detector.new(), []
    for turn in turns:
        if detector.learn_one(state, turn):
            reading = detector.score_one(state, turn.event.time)
            assert reading is not None
            found.append(reading.value)
    return found


def restored(state: State) -> Any:
    """The state as it comes back from the changelog."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))


PHRASES = (
    "耳机蓝牙断连",
    "蓝牙老是断开连不上",
    "快递三天没有到",
    "退款怎么还没到账",
    "发票抬头写错了",
    "你好",
    "the bluetooth keeps dropping",
)


def busy_stream(seed: int = 0, *, conversations: int = 12, steps: int = 400, start: float = 1_790_000_000.0) -> Iterator[Turn]:
    """Turns of every kind from several conversations, in order of time."""
    dice = random.Random(seed)
    talks = [
        Talk(
            f"c-{n}",
            channel=dice.choice(("chat", "voice")),
            customer=f"u-{n % 9}",
            category="quality",
            is_complaint=True,
            product_id="sku-1",
        )
        for n in range(conversations)
    ]
    time = start
    yield Talk("camp")("campaign.scheduled", time, campaign=Campaign("camp-1", time + HOUR, time + 3 * HOUR, 3.0, {"queue_id": "q-1"}))
    for talk in talks:
        yield talk("conversation.opened", time)
        yield talk("conversation.queued", time + 0.5)
    for _ in range(steps):
        time += dice.uniform(0.5, 120)
        yield _anything(dice, dice.choice(talks), time)
        yield _report(dice, dice.choice(talks), time + 0.1)
    yield from _particular(time + 1.0)


def _particular(time: float) -> Iterator[Turn]:
    """What happens seldom: a VIP waits, somebody hesitates before buying, a target runs, an agent repeats a phone number."""
    vip = Talk("c-vip", customer="u-vip")
    vip.customer.tier = "vip"
    yield vip.customer_says(time, "在", "吗")
    presale = Talk("c-presale", customer="u-presale")
    presale.conversation.stage = "presale"
    for step in range(3):
        yield presale.customer_says(time + step, "再", "想想", hesitation=("再想想", "犹豫"))
    target = Talk("c-sla", customer="u-sla")
    yield target("conversation.opened", time, data={"sla": {"kind": "rt", "target_s": 600.0}})
    yield target.customer_says(time + 1.0, "在", "吗")
    message = Message(role="agent", direction="out", text="[PHONE:***********]", masked=("PHONE",))
    yield Talk("c-phone")("message.created", time + 2.0, agent=Agent("a-1"), message=message, words=said("号码"))


def _anything(dice: random.Random, talk: Talk, time: float) -> Turn:
    kind = dice.randrange(12)
    if kind < 5:
        text = dice.choice(PHRASES)
        hits: dict[str, tuple[str, ...]] = {"data_leak": ("信息泄露",)} if dice.random() < 0.1 else {}
        hits |= {"anger": ("气死我", "骗子"), "escalation": ("投诉", "12315")} if dice.random() < 0.2 else {}
        mood, voice = dice.choice((-0.9, -0.6, 0.2)), dice.choice((None, 0.3, 0.9))
        return talk.customer_says(time, *text, negations=dice.randrange(3), sentiment=mood, voice=voice, **hits)
    if kind < 8:
        hits = {"false_promise": ("全网最低",)} if dice.random() < 0.2 else {}
        hits |= {"attitude.evasion": ("不归我们管",)} if dice.random() < 0.3 else {}
        return talk.agent_says(time, "请", "稍等", agent=dice.choice(("a-1", "a-2")), hits=hits)
    if kind == 8:
        return talk.moved(time, *dice.sample(("d-1", "d-2", "d-3"), 2))
    if kind == 9:
        return talk("queue.snapshot", time, queue=Queue("q-1", waiting=dice.randrange(400), oldest_wait_s=5, agents_available=2))
    if kind == 10:
        return talk("call.ended", time, call=Call(talk_ms=1000))
    kinds = ("conversation.opened", "conversation.assigned", "conversation.resolved", "conversation.abandoned")
    return talk(dice.choice(kinds), time, agent=Agent("a-1"))


def _report(dice: random.Random, talk: Talk, time: float) -> Turn:  # noqa: PLR0911 - one for each kind of report
    """What systems around the conversations report."""
    bot, agent = Agent("b-1", "bot", "t-1"), Agent(dice.choice(("a-1", "a-2")), "human", "t-1")
    match dice.randrange(8):
        case 0:
            return talk("csat.rated", time, data={"rating": dice.randrange(1, 6), "scale_max": 5, "nps": dice.randrange(11)})
        case 1:
            return talk("qa.scored", time, agent=agent, data={"critical": dice.random() < 0.2, "errors": ["price"][: dice.randrange(2)]})
        case 2:
            call = Call(talk_ms=60_000, connected=True, disconnected_by=dice.choice(("customer", "agent")))
            return talk("call.ended", time, agent=agent, call=call, data={"resolved": dice.random() < 0.5})
        case 3:
            return talk("refund.metric", time, metric=Metric("refunds", "sku-1", 3600.0, 12, None, 100.0))
        case 4:
            return talk("social.mention", time, data={"mention": {"topic": "sku-1", "sentiment_score": dice.choice((-0.8, 0.5))}})
        case 5:
            return talk(dice.choice(("ticket.created", "ticket.escalated")), time, ticket=Ticket("t-1", "complaint", escalated_to="legal"))
        case 6:
            heard = Message(role="bot", direction="out", text="?", lang="zh", nlu_fallback=dice.random() < 0.3)
            return talk("message.created", time, agent=bot, message=heard)
        case _:
            pushed = Talk(f"p-{time}", customer=talk.customer.id)
            return pushed("message.created", time, agent=bot, message=Message(role="bot", direction="out", text="sale"))
