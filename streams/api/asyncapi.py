"""The AsyncAPI document: the topics others may read and write, and what lies on them."""

from __future__ import annotations

import importlib.metadata
from typing import Any, Final

import msgspec
import yaml

from alerts.audit import Entry
from alerts.command import MAX_TEXT
from alerts.delivery_record import DeliveryRecord
from alerts.tier import Tier
from streams.api.models import Alert
from streams.shown import KINDS
from streams.topics import (
    ACTIONS,
    ALERT_STATE,
    ALERTS,
    AUDIT,
    DEAD_LETTERS,
    DELIVERIES,
    DELIVERY_DEAD_LETTERS,
    EVENTS,
    FEEDBACK,
    KPIS,
    declare,
    tier_topic,
)
from streams.wiring import Layout

__all__ = ["asyncapi", "asyncapi_document"]

_REF: Final = "#/components/schemas/{name}"
_NAMES: Final = {"type": "string", "maxLength": 512}
_TIME: Final = {"type": "string", "format": "date-time"}

_COUNT: Final = {"type": "integer", "minimum": 0}
_QUEUE: Final[dict[str, dict[str, Any]]] = {
    "waiting": _COUNT,
    "oldest_wait_s": {"type": "number", "minimum": 0},
    "agents_available": _COUNT,
    "agents_busy": _COUNT,
    "service_level": {"type": "number", "minimum": 0, "maximum": 1},
}
_AGENT: Final[dict[str, dict[str, Any]]] = {
    "team_id": {"type": "string"},
    "type": {"type": "string"},
    "state": {"enum": ["available", "busy", "break", "offline"]},
}

_CHANNELS: Final[dict[str, tuple[str, str, str]]] = {
    EVENTS: ("receive", "Event", "The input: CloudEvents 1.0, structured or binary. Raw personal data. 输入事件"),
    FEEDBACK: ("receive", "Command", "Commands: acknowledge, resolve, verdicts, silences; key: the tenant. 处置与反馈"),
    ALERTS: ("send", "AlertEvent", "Every revision of every alert. 告警的每次变化"),
    ALERT_STATE: ("send", "AlertEvent", "The last revision of each alert, compacted; deleted 7 days after its end. 告警最新状态"),
    **{
        tier_topic(tier.label): ("send", "AlertEvent", f"Changes to and from {tier.label}. 进入或离开{tier.zh}色的变化")
        for tier in Tier
        if tier
    },
    KPIS: (
        "send",
        "Kpi",
        "What indicators read, queues and agents now, what is expected of the next 24 h. 指标读数、队列与坐席现状、未来 24 小时的预测",
    ),
    ACTIONS: ("send", "Any", "Suggested actions. 建议动作"),
    DELIVERIES: ("send", "Delivery", "What came of each attempt to deliver a page. 通知投递结果"),
    AUDIT: ("send", "AuditEvent", "What happened to each alert, a hash chain for each. 审计链"),
    DEAD_LETTERS: ("send", "Any", "Input that is no event, with its bytes and the reason. Raw personal data. 无法解析的输入"),
    DELIVERY_DEAD_LETTERS: ("send", "Any", "Pages that could not be delivered. 无法送达的通知"),
}
"""Topic -> what Fenghuo does with it, its message, and what it holds."""


def asyncapi() -> str:
    """The document as YAML."""
    return yaml.safe_dump(asyncapi_document(), allow_unicode=True, sort_keys=False, width=140)


def asyncapi_document() -> dict[str, Any]:
    """The document, AsyncAPI 3.0. The same version of Fenghuo gives the same."""
    declared = {topic.name: topic for topic in declare(Layout())}
    names = {topic: topic.removeprefix("fenghuo.").removesuffix(".v1").replace(".", "_") for topic in _CHANNELS}
    channels, operations = {}, {}
    for topic, (action, message, text) in _CHANNELS.items():
        name = names[topic]
        kept = {"cleanup.policy": [declared[topic].config["cleanup.policy"]]}
        if "retention.ms" in declared[topic].config:
            kept["retention.ms"] = int(declared[topic].config["retention.ms"])  # type: ignore[assignment]
        channels[name] = {
            "address": topic,
            "description": text,
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
            "bindings": {"kafka": {"topic": topic, "topicConfiguration": kept}},
        }
        operations[f"{action}_{name}"] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "summary": text}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "烽火 Fenghuo",
            "version": importlib.metadata.version("fenghuo"),
            "description": "The topics that are not internal. Consumers drop doubles by the CloudEvent's source and id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _messages() -> dict[str, Any]:
    names = dict.fromkeys(message for _, message, _ in _CHANNELS.values())
    return {name: {"name": name, "payload": {"$ref": _REF.format(name=name)}} for name in names}


def _schemas() -> dict[str, Any]:
    alert = Alert.model_json_schema(ref_template="#/components/schemas/{model}")
    _, records = msgspec.json.schema_components([DeliveryRecord, Entry], ref_template=_REF)
    chained = {"seq": {"type": "integer", "minimum": 1}, "previous": _hash(), "hash": _hash()}
    audit = {**records["Entry"], "properties": {**records["Entry"]["properties"], **chained}}
    audit["required"] = [*records["Entry"]["required"], *chained]
    return {
        "Any": {"type": ["object", "string"]},
        "Event": _envelope({"type": "object"}, "^fenghuo\\.[a-z_]+\\.[a-z_]+\\.v1$"),
        "Alert": alert,
        "AlertEvent": _envelope({"$ref": _REF.format(name="Alert")}, "^fenghuo\\.alert\\.[a-z_]+\\.v1$"),
        "Command": _envelope(_command(), "^fenghuo\\.(feedback\\.given|silence\\.added|silence\\.expired)\\.v1$"),
        "Kpi": {"oneOf": [{"$ref": _REF.format(name=name)} for name in ("Forecast", "Readings", "QueueNow", "AgentNow")]},
        "Forecast": _envelope({"type": "object"}, "^fenghuo\\.kpi\\.forecast\\.v1$"),
        "Readings": _envelope(_readings(), "^fenghuo\\.kpi\\.readings\\.v1$"),
        "QueueNow": _envelope(_now("queue_id", **_QUEUE), "^fenghuo\\.kpi\\.queue\\.v1$"),
        "AgentNow": _envelope(_now("agent_id", **_AGENT), "^fenghuo\\.kpi\\.agent\\.v1$"),
        "Delivery": records["DeliveryRecord"],
        "AuditEvent": _envelope(audit, "^fenghuo\\.audit\\.recorded\\.v1$"),
    }


def _envelope(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """A CloudEvent (structured) with such data."""
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1},
            "source": {"type": "string", "minLength": 1},
            "type": {"type": "string", "pattern": kind},
            "time": _TIME,
            "data": data,
        },
    }


def _readings() -> dict[str, Any]:
    """What the grid has read: a value of null is withdrawn, its tier and sample are then not there."""
    number = {"type": "number"}
    reading = {
        "type": "object",
        "required": ["indicator", "scope", "key", "value"],
        "properties": {
            "indicator": _NAMES,
            "scope": {"enum": ["tenant", *KINDS.values()]},
            "key": _NAMES,
            "value": {"type": ["number", "null"]},
            "n": number,
            "tier": {"enum": [tier.label for tier in Tier]},
        },
    }
    return _now("readings", readings={"type": "array", "maxItems": 1000, "items": reading})


def _now(name: str, **properties: dict[str, Any]) -> dict[str, Any]:
    known = {"tenant_id": _NAMES, name: _NAMES, **properties}
    return {"type": "object", "required": ["tenant_id", name], "properties": known}


def _command() -> dict[str, Any]:
    silence = {"id": _NAMES, "match": {"type": "object", "additionalProperties": _NAMES}, "starts": _TIME, "until": _TIME}
    return {
        "type": "object",
        "properties": {
            "tenant_id": _NAMES,
            "command": {"enum": ["acknowledge", "in_progress", "resolve", "verdict"]},
            "verdict": {"enum": ["true", "false_positive", "late", "missed"]},
            "alert_id": _NAMES,
            "alert_key": _NAMES,
            "reviewer": _NAMES,
            "note": {"type": "string", "maxLength": MAX_TEXT},
            "silence": {"type": "object", "required": ["id"], "properties": silence},
        },
    }


def _hash() -> dict[str, Any]:
    return {"type": "string", "pattern": "^[0-9a-f]{64}$"}
