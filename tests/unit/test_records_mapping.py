"""What the fields of the wire become in an Event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors import event as ev
from streams.heartbeat import heartbeat
from streams.records import Parser, Reject
from streams.wire import instant

EXAMPLES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "contract" / "event_examples.json").read_text("utf-8"))
NOW = instant("2026-11-11T00:03:12Z")


@dataclass(frozen=True)
class Unmasked:
    text: str
    types: tuple[str, ...] = ()


def parse(kind: str, data: dict[str, Any] | None = None, **attributes: Any) -> ev.Event:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tenants/acme/crm",
        "type": f"fenghuo.{kind}.v1",
        "time": "2026-11-11T00:03:12Z",
        "subject": "s-1",
        "data": EXAMPLES[kind]["data"] if data is None else data,
        **attributes,
    }
    parsed = Parser(Unmasked).parse(json.dumps(event).encode(), record_time=NOW)
    assert isinstance(parsed, ev.Event), parsed
    return parsed


def test_a_message_keeps_what_detectors_read() -> None:
    event = parse("message.created")
    assert event.message == ev.Message(
        id="118",
        text="我已经说了三遍了,是破损!",
        role="customer",
        direction="in",
        content_type="text",
        lang="zh-CN",
        dialect="yue",
        sentiment=-0.8,
        emotion="anger",
        emotion_score=0.9,
        acoustic_emotion=0.7,
        visual_emotion=0.4,
        nlu_confidence=0.3,
        nlu_fallback=True,
        begin_ms=100,
        end_ms=900,
        attachments=("image:damage", "file"),
    )
    assert event.issue == ev.Issue("logistics", "logistics.damage", True, 0.6, 0.83, "sku-1", "o-1", ("damage",))
    assert event.customer == ev.Customer("u-77")
    assert event.data == {
        "acoustic": {"emotion_score": 0.7, "pitch_var": 12.5, "loudness_var": 3.0, "speech_rate": 5.1},
        "nlu_intent": "damage",
        "entity_count": 1,
    }


def test_what_is_there_is_not_overruled_by_the_sender() -> None:
    event = parse("message.created", {"agent": {"id": "a-1"}, "sender": {"role": "agent", "id": "a-2"}, "message": {"direction": "in"}})
    assert event.agent == ev.Agent("a-1")
    assert event.message is not None
    assert (event.message.role, event.message.direction) == ("agent", "in")


def test_a_missing_role_or_direction_follows_from_the_other() -> None:
    def of(sender: Any, message: dict[str, Any]) -> tuple[str | None, str | None]:
        found = parse("message.created", {"sender": sender, "message": message}).message
        assert found is not None
        return found.role, found.direction

    assert of(None, {"direction": "in"}) == ("customer", "in")
    assert of(None, {"direction": "out"}) == (None, "out")
    assert of({"role": "bot"}, {}) == ("bot", "out")
    assert of({"role": "customer"}, {}) == ("customer", "in")
    assert of({"role": "system"}, {}) == ("system", None)
    assert of(None, {}) == (None, None)


def test_a_bot_that_speaks_is_the_agent() -> None:
    assert parse("message.created", {"sender": {"role": "bot", "id": "b-1"}, "message": {}}).agent == ev.Agent("b-1", "bot")


def test_null_and_empty_mean_unknown() -> None:
    event = parse(
        "message.created",
        {
            "conversation": {"id": "c-1", "channel": "", "queue_id": None},
            "customer": {"id": "u-1", "tier": "", "tags": None},
            "message": {"id": "", "text": "", "lang": None, "private": None},
        },
    )
    assert event.conversation == ev.Conversation("c-1")
    assert event.customer == ev.Customer("u-1")
    assert event.message == ev.Message()


def test_a_new_channel_of_a_vendor_is_accepted() -> None:
    event = parse("conversation.opened", {"conversation": {"id": "c-1", "channel": "hologram", "stage": "pre"}})
    assert event.conversation == ev.Conversation("c-1", "hologram", "pre")


def test_the_conversation_and_the_customer_keep_every_field() -> None:
    fields = ("channel", "stage", "queue_id", "department_id", "region", "language", "campaign_id", "parent_id")
    event = parse(
        "conversation.opened", {**EXAMPLES["conversation.opened"]["data"], "conversation": {"id": "c-1", **{n: n for n in fields}}}
    )
    assert event.conversation == ev.Conversation("c-1", *fields)
    assert event.customer == ev.Customer("u-77", "vip", ("price_sensitive",), "A", 12800.0, False)
    assert event.data == {
        "entry": "web",
        "position_in_queue": 3,
        "sla": {"policy_id": "gold", "kind": "frt", "target_s": 60.0, "business_hours": False},
        "accessibility": ["deaf"],
    }


def test_a_transfer_has_two_ends_and_tells_a_bots_hand_over() -> None:
    event = parse("conversation.transferred")
    assert event.transfer == ev.Transfer(ev.Place("q-1", None, "bot-1"), ev.Place(None, "d-2", "a-2"), "cold")
    assert event.data == {"reason": "要人工", "from_agent_type": "bot"}
    assert event.conversation == ev.Conversation("s-1")


def test_a_ticket_without_a_conversation_is_one_of_its_own() -> None:
    event = parse("ticket.status_changed", subject=None)
    assert event.subject == "t-6883"
    assert event.conversation == ev.Conversation("t-6883")
    assert event.ticket == ev.Ticket("t-6883", None, None, "open", "on_hold", True)
    assert parse("ticket.escalated", {"to": "media"}).ticket == ev.Ticket(escalated_to="media")


def test_a_ticket_may_come_with_a_transfer() -> None:
    assert parse("conversation.transferred", {"ticket": {"id": "t-1", "type": "complaint"}}).ticket == ev.Ticket("t-1", "complaint")


def test_calls_queues_metrics_and_campaigns_become_their_parts() -> None:
    assert parse("call.ended").call == ev.Call(385519, 308415, 38551, 1, 2, 20000, "agent", True)
    assert parse("call.ended").data == {"resolved": True}
    assert parse("queue.snapshot").queue == ev.Queue("q-refund", 31, 240.5, 0, 12, 0.61)
    assert parse("refund.metric").metric == ev.Metric("refunds", "sku-1", 3600.0, 37.0, -120.5, 400.0)
    start = instant("2026-11-10T16:00:00Z")
    scope = {"product_id": "sku-1", "queue_id": "q-presale"}
    assert parse("campaign.scheduled").campaign == ev.Campaign("dbl11", start, start + 86400, 3.0, scope)


def test_what_few_indicators_read_is_in_data() -> None:
    assert parse("csat.rated").data == {"rating": 2.0, "scale_max": 5.0, "comment": "太慢了"}
    assert parse("qa.scored").data == {"dimensions": {"compliance": 80.0, "语速": 92.5}, "errors": ["no_greeting"], "critical": False}
    assert parse("agent.state_changed").data == {"state": "busy", "since": instant("2026-11-11T00:00:00Z")}
    assert parse("conversation.abandoned").data == {"wait_ms": 42000, "reason": "客户挂断"}
    assert parse("order.delayed").data == {"order": {"id": "o-1", "delay_s": 86400.0, "promised_at": instant("2026-11-10T16:00:00Z")}}
    assert parse("social.mention").data == {
        "mention": {"topic": "品牌质疑", "sentiment_score": -0.7, "reach": 120000, "url_hash": "ab12", "platform": "weibo"}
    }
    feedback = parse("feedback.given", subject=None)
    assert feedback.subject == "3f9c"
    assert feedback.data is not None
    assert feedback.data["verdict"] == "false_positive"
    assert parse("conversation.queued", {"wait_ms": 0}).data == {"wait_ms": 0}


def test_fields_that_contradict_each_other_are_rejects() -> None:
    for kind, data in {
        "csat.rated": {"rating": 6, "scale_max": 5},
        "feedback.given": {"alert_id": "x", "command": "verdict"},
        "campaign.scheduled": {"campaign": {**EXAMPLES["campaign.scheduled"]["data"]["campaign"], "end": "2026-11-10T00:00:00Z"}},
    }.items():
        event = {"specversion": "1.0", "id": "e", "source": "/tenants/a/b", "type": f"fenghuo.{kind}.v1", "time": "2026-11-11T00:00:00Z"}
        parsed = Parser(Unmasked).parse(json.dumps({**event, "subject": "s", "data": data}).encode(), record_time=NOW)
        assert isinstance(parsed, Reject)
        assert parsed.reason == "invalid_data"


# -- heartbeats


def test_a_heartbeat_is_an_event_without_a_tenant() -> None:
    watermark = NOW - 0.123457
    event = Parser(Unmasked).parse(heartbeat(watermark, 3), record_time=NOW, offset=9)
    expected = ev.Event("stream.heartbeat", watermark, f"hb-3-{round(watermark * 1e6)}", "/fenghuo/ingest", "", "", 9)
    assert event == expected


def test_the_same_watermark_gives_the_same_heartbeat_and_another_partition_another() -> None:
    assert heartbeat(NOW, 0) == heartbeat(NOW, 0)
    assert heartbeat(NOW, 0) != heartbeat(NOW, 1)


def test_a_heartbeat_from_the_future_is_a_reject() -> None:
    reject = Parser(Unmasked).parse(heartbeat(NOW + 301, 0), record_time=NOW)
    assert isinstance(reject, Reject)
    assert reject.reason == "future_time"
