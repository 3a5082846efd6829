from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from alerts.alert import Alert
from alerts.book import AlertBook
from alerts.event import rfc3339, to_cloudevent, to_data
from alerts.render import Actions, Renderer
from detectors.base import Evidence, Scope
from tests.unit.alerts.samples import SHANGHAI, alert, change, rule

CHECK = {"title": {"zh": "巡检", "en": "Check"}, "from": "blue", "target": "operations", "text": {"zh": "请核对。", "en": "Check."}}
ACTIONS = Actions.model_validate(
    {
        "deadlines_s": {"blue": 14400, "yellow": 1800, "orange": 600, "red": 300},
        "otherwise": "queue_relief",
        "templates": {"queue_relief": CHECK},
    }
)


def data(found: Alert, **options: Any) -> dict[str, Any]:
    return to_data(found, rule(), Renderer(ACTIONS, SHANGHAI), SHANGHAI, version="0123456789ab", **options)


def test_the_data_of_an_alert_is_as_the_schema_says() -> None:
    found = alert(start=1_759_999_990.0, end=1_760_000_000.0, baseline=80.1234567, sd=9.2, n=320, sample={"oldest": 12.0})
    assert data(found) == {
        "alert_id": found.id,
        "revision": 1,
        "alert_key": "queue_length|queue=q-logi",
        "state": "raised",
        "indicator": "queue_length",
        "dimension": "structure",
        "tier": "red",
        "previous_tier": None,
        "value": 320,
        "unit": "count",
        "threshold": 300.0,
        "direction": "high",
        "window": {"start": "2025-10-09T16:53:10.000+08:00", "end": "2025-10-09T16:53:20.000+08:00"},
        "sample": {"n": 320, "baseline": 80.123457, "sd": 9.2, "oldest": 12},
        "scope": {"tenant_id": "acme", "queue_id": "q-logi"},
        "title": {"zh": "q-logi 排队320人", "en": "q-logi: 320 waiting"},
        "evidence": [{"event_id": "e-1", "conversation_id": "c-1", "excerpt_masked": "我要‹b›投诉‹/b›"}],
        "suggested_actions": [
            {
                "template_id": "queue_relief",
                "title": {"zh": "巡检", "en": "Check"},
                "target": "operations",
                "deadline_s": 300,
                "text": {"zh": "请核对。", "en": "Check."},
                "variables": {},
            }
        ],
        "rule": {"id": "queue_length", "version": "0123456789ab"},
        "event_time": "2025-10-09T16:53:20.000+08:00",
        "detected_at": "2025-10-09T16:53:20.500+08:00",
        "latency_ms": 500,
    }


def test_the_cloud_event_names_alert_revision_tenant_and_state() -> None:
    found = alert()
    event = to_cloudevent(data(found))
    assert event.pop("data")["alert_id"] == found.id
    assert event == {
        "specversion": "1.0",
        "id": f"{found.id}:1",
        "source": "/tenants/acme/fenghuo",
        "type": "fenghuo.alert.raised.v1",
        "subject": "queue_length|queue=q-logi",
        "time": "2025-10-09T16:53:20.500+08:00",
        "datacontenttype": "application/json",
    }


def test_a_tenant_is_encoded_in_the_source() -> None:
    assert to_cloudevent(data(alert(scope=Scope("京东/1 %"))))["source"] == "/tenants/%E4%BA%AC%E4%B8%9C%2F1%20%25/fenghuo"


def test_a_resolved_alert_keeps_the_tier_that_burned_last() -> None:
    book = AlertBook()
    book.apply(change(4), now=100.0)
    book.apply(change(2, 4), now=110.0)
    ended = book.apply(change(0, 2, value=0.0), now=120.0)
    assert ended is not None
    found = data(ended)
    assert (found["state"], found["tier"], found["previous_tier"], found["value"]) == ("resolved", "yellow", "yellow", 0)
    assert to_cloudevent(found)["type"] == "fenghuo.alert.resolved.v1"


def test_a_reading_without_a_window_is_an_instant() -> None:
    assert data(alert())["window"] == {"start": "2025-10-09T16:53:20.000+08:00", "end": "2025-10-09T16:53:20.000+08:00"}


def test_latency_is_never_negative() -> None:
    assert data(alert(time=1_760_000_100.0))["latency_ms"] == 0


@pytest.mark.parametrize(("mode", "expected"), [("ids", [{"event_id": "e-1", "conversation_id": "c-1"}]), ("none", [])])
def test_evidence_can_be_left_out(mode: str, expected: list[dict[str, str]]) -> None:
    assert data(alert(), evidence=mode)["evidence"] == expected


def test_evidence_is_bounded() -> None:
    many = tuple(Evidence(f"e-{index}", "长" * 500) for index in range(50))
    found = data(alert(evidence=many))["evidence"]
    assert len(found) == 10
    assert all(len(each["excerpt_masked"]) == 120 for each in found)


def test_milliseconds_are_rounded_not_cut() -> None:
    assert rfc3339(0.9996, SHANGHAI) == "1970-01-01T08:00:01.000+08:00"


def test_msgspec_and_json_write_the_same_event() -> None:
    event = to_cloudevent(data(alert()))
    assert json.loads(msgspec.json.encode(event)) == event
