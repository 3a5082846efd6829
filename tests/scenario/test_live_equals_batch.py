"""A thousand conversations, message by message and all at once: the same hits, with every indicator there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from detectors.event import Event
from streams.wiring import Layout
from tests.scenario.harness import Play, parsed, wiring

pytestmark = pytest.mark.xdist_group("a thousand conversations")
SEED, CONVERSATIONS = 23, 1000
START = datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8)))
LAST_S = 2 * 3600.0

Hit = tuple[str, str, str]
"""alert id, tier, state: the id tells indicator, scope and the moment it began."""

CUSTOMER = {
    "calm": ("你好，请问发票怎么开", "好的，谢谢", "快递什么时候到", "明白了，麻烦您了", "可以改一下收货地址吗"),
    "worried": ("我很着急，等着用", "怎么还没有人处理", "已经三天没有到了，不能再等了", "没有收到，也没有消息", "不是没收到，是没有发货吧"),
    "angry": (
        "气死我了，你们是骗子",
        "太过分了，垃圾服务，我要投诉",
        "不给解决我就打12315",
        "叫你们主管来，我要曝光",
        "说了三遍了，退款，退款",
    ),
    "leaked": ("我的个人信息被泄露了", "接到诈骗电话，知道我的订单"),
}
AGENT = (
    "您好，请讲",
    "非常抱歉，我马上为您查询",
    "请稍等",
    "这个不归我们管",
    "保证全网最低价",
    "已经为您登记，请耐心等待",
    "还有什么可以帮您",
)
KINDS = ("conversation.opened", "message.created", "conversation.transferred", "csat.rated", "conversation.resolved")


class Conversation:
    """Writes one conversation's events; what happens in it is drawn."""

    def __init__(self, number: int, random: Random) -> None:
        self.id, self.random = f"c-{number:04d}", random
        self.time = random.uniform(0, LAST_S - 1200)
        self.mood = random.choices(list(CUSTOMER), (12, 4, 2, 0.2))[0]
        complaint = self.mood != "calm"
        self.issue = {"category": random.choice(("refund", "quality", "delivery")), "product_id": f"sku-{random.randint(1, 4)}"}
        self.data: dict[str, Any] = {
            "tenant_id": "acme",
            "conversation": {"id": self.id, "channel": "chat", "queue_id": f"q-{random.randint(1, 3)}", "department_id": "d-1"},
            "customer": {"id": f"u-{random.randint(1, 500)}", "tier": random.choice(("normal", "normal", "vip"))},
            "issue": {**self.issue, "is_complaint": complaint},
        }
        self.agent = {"agent": {"id": f"a-{random.randint(1, 12)}", "type": "human", "team_id": "t-1"}}
        self.events: list[Event] = []

    def write(self, kind: str, pause: float, **data: Any) -> None:
        """One event, after a pause."""
        self.time += self.random.expovariate(1 / pause)
        head = {"specversion": "1.0", "id": f"{self.id}/{len(self.events)}", "source": "/tenants/acme/made", "subject": self.id}
        stamp = (START + timedelta(seconds=self.time)).isoformat(timespec="milliseconds")
        line = {**head, "type": f"fenghuo.{kind}.v1", "time": stamp, "data": {**self.data, **data}}
        self.events.append(parsed(line, START.timestamp() + 86_400))

    def say(self, role: str, text: str, pause: float) -> None:
        """One message."""
        message = {"id": f"m{len(self.events)}", "text": text, "direction": "in" if role == "customer" else "out"}
        self.write("message.created", pause, sender={"role": role, "id": role}, message=message, **(self.agent if role == "agent" else {}))

    def happen(self) -> list[Event]:
        """The whole of it. Some are never answered, some never end."""
        random = self.random
        self.write("conversation.opened", 1)
        patience = random.choice((5, 5, 20, 120))
        for turn in range(random.randint(1, 3)):
            self.say("customer", random.choice(CUSTOMER[self.mood]), 10)
            if turn and random.random() < 0.15:
                places = {"from": {"department_id": "d-1"}, "to": {"department_id": f"d-{random.randint(2, 3)}"}, "mode": "cold"}
                self.write("conversation.transferred", 20, **places)
            if random.random() < 0.95:
                self.say("agent", random.choices(AGENT, (6, 6, 3, 1, 0.5, 3, 3))[0], patience)
        if random.random() < 0.98:
            self.write("conversation.resolved", 20, resolved=self.mood == "calm" or random.random() < 0.5, **self.agent)
        if random.random() < 0.5:
            self.write("csat.rated", 30, rating=random.randint(1, 5), scale_max=5, **self.agent)
        return self.events


@cache
def conversations() -> tuple[tuple[Event, ...], ...]:
    """The conversations, each in its own order."""
    random = Random(SEED)
    return tuple(tuple(Conversation(number, random).happen()) for number in range(CONVERSATIONS))


def copies(events: Iterable[Event]) -> Iterator[Event]:
    """Fresh objects: stages number and mark theirs."""
    return (replace(event) for event in events)


def stream() -> list[Event]:
    """All events in their order, and a heartbeat at the end."""
    events = [event for each in conversations() for event in each]
    return [*copies(sorted(events, key=lambda event: (event.time, event.source, event.id))), end()]


def end() -> Event:
    """Time goes on for a while after the last event."""
    time = START.timestamp() + LAST_S + 1800
    return Event("stream.heartbeat", time, "end", "/fenghuo/test", "", "")


def play() -> Play:
    """One partition: live, the wall clock jumps from event to event, and one of several that is silent for 200 ms is not waited for."""
    return Play(Layout(1, 1, 1))


def hits(alerts: Iterable[dict[str, Any]]) -> set[Hit]:
    return {(alert["alert_id"], alert["tier"], alert["state"]) for alert in alerts}


@cache
def in_one_batch() -> tuple[dict[str, Any], ...]:
    """The alerts when everything comes in one batch."""
    return tuple(whole().alerts)


@cache
def whole() -> Play:
    """Everything has come in one batch."""
    made = play()
    made.feed(*stream())
    made.finish()
    return made


def test_the_conversations_are_a_thousand_and_light_fires_of_many_kinds() -> None:
    assert len(conversations()) == CONVERSATIONS
    assert {kind for each in conversations() for kind in (event.type for event in each)} == set(KINDS)
    alerts = in_one_batch()
    assert len({alert["indicator"] for alert in alerts}) >= 20
    assert {alert["tier"] for alert in alerts} == {"blue", "yellow", "orange", "red"}
    assert {len(alert["scope"]) for alert in alerts} >= {1, 2, 3}


def test_message_by_message_gives_the_same_hits_as_one_batch() -> None:
    single = play()
    for event in stream():
        single.feed(event)
    single.finish()
    assert hits(single.alerts) == hits(in_one_batch())


def test_message_by_message_live_gives_the_same_hits_as_one_batch() -> None:
    live = play()
    for event in stream():
        live.feed(event, wall=event.time, caught_up=True)
    assert all(stage._meta.live for stage in live.pipeline.conversations)
    assert hits(live.alerts) == hits(in_one_batch())


def test_each_conversation_alone_in_one_batch_gives_its_own_hits() -> None:
    own = {each.indicator for _, each in wiring().conversation_detectors}
    alone: set[Hit] = set()
    for each in conversations()[::20]:
        one = play()
        one.feed(*copies(each), end())
        one.finish()
        alone |= hits(alert for alert in one.alerts if alert["indicator"] in own)
    names = {each[0].subject for each in conversations()[::20]}
    assert alone == hits(alert for alert in in_one_batch() if alert["indicator"] in own and alert["scope"].get("conversation_id") in names)


def test_a_conversation_costs_two_kilobytes_at_most_with_all_indicators() -> None:
    sizes = sorted(size for stage in whole().pipeline.conversations for size in stage._conversations.records.encoded_size().values())
    assert len(sizes) >= CONVERSATIONS
    assert sizes[len(sizes) // 2] < 1_600
    assert sizes[-1] < 2_000
