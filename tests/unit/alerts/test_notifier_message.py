from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from alerts.notifiers import notifier_class
from alerts.notifiers.shared.http_notifier import HttpNotifier
from alerts.notifiers.shared.message import TextParams, message_of
from alerts.page import Page
from tests.receivers import service

DATA: dict[str, Any] = {
    "value": 0.1826,
    "unit": "ratio",
    "threshold": 0.15,
    "direction": "high",
    "title": {"zh": "投诉率18.3%", "en": "Complaint rate 18.3%"},
    "suggested_actions": [{"text": {"zh": "请增援。", "en": "Send help."}}],
}


def page(state: str = "raised", tier: str = "red", **changes: Any) -> Page:
    return Page("ops", "3f9c", 1, "acme", tier, state, 1_760_000_000.0, msgspec.json.encode({"data": {**DATA, **changes}}))


def params(**changes: Any) -> TextParams:
    return TextParams.model_validate({"name": "ops", "type": "any", **changes})


def body(kind: str, *pages: Page, **params: Any) -> list[Any]:
    """The JSON bodies these pages become."""

    async def build() -> list[Any]:
        cls, its = notifier_class(kind), service(kind)
        async with aiohttp.ClientSession() as session:
            found = cls(
                cls.Params.model_validate({"name": "ops", "type": kind, **its.params(1), **params}), session, _secrets(its.secrets(1))
            )
            assert isinstance(found, HttpNotifier)
            return [json.loads(found.request(each, 1_760_000_060.0).body) for each in pages]

    return asyncio.run(build())


def _secrets(texts: Sequence[str]) -> list[SecretStr]:
    return [SecretStr(text) for text in texts]


@pytest.mark.parametrize(
    ("language", "heading", "value"),
    [
        ("zh", "🔴 红色预警 · 触发 · 投诉率18.3%", ("数值", "0.1826 (≥ 0.15) ratio")),
        ("en", "🔴 Red alert · raised · Complaint rate 18.3%", ("Value", "0.1826 (≥ 0.15) ratio")),
        (
            "both",
            "🔴 红色预警 / Red alert · 触发 / raised · 投诉率18.3% / Complaint rate 18.3%",
            ("数值 / Value", "0.1826 (≥ 0.15) ratio"),
        ),
    ],
)
def test_a_message_speaks_the_receivers_language(language: str, heading: str, value: tuple[str, str]) -> None:
    message = message_of(page(), params(language=language))
    assert message.heading == heading
    assert (message.facts[0].label, message.facts[0].text) == value


@pytest.mark.parametrize(("tier", "mark"), [("blue", "🔵"), ("yellow", "🟡"), ("orange", "🟠"), ("red", "🔴"), ("violet", "⚪")])
def test_the_tier_has_its_colour(tier: str, mark: str) -> None:
    assert message_of(page(tier=tier), params()).mark == mark


@pytest.mark.parametrize("state", ["resolved", "expired", "false_positive"])
def test_an_alert_that_ended_is_marked_and_advises_nothing(state: str) -> None:
    message = message_of(page(state), params())
    assert (message.mark, message.ended, message.advice) == ("✅", True, None)


def test_the_sign_of_the_threshold_follows_the_direction() -> None:
    texts = [message_of(page(direction=each), params()).facts[0].text for each in ("high", "low", "event")]
    assert texts == ["0.1826 (≥ 0.15) ratio", "0.1826 (≤ 0.15) ratio", "0.1826 ratio"]


def test_the_link_leads_to_the_alert_in_the_console() -> None:
    strange = msgspec.structs.replace(page(), alert_id="a/../b?c)")
    assert message_of(strange, params(console_url="https://console.example/")).link == "https://console.example/alerts/a%2F..%2Fb%3Fc%29"
    assert message_of(strange, params()).link == ""


def test_a_console_that_is_no_url_is_refused() -> None:
    with pytest.raises(ValidationError, match="https://"):
        params(console_url="javascript:alert(1)")


@pytest.mark.parametrize(
    ("state", "action", "keys"),
    [
        ("raised", "trigger", {"client", "payload"}),
        ("updated", "trigger", {"client", "payload"}),
        ("acknowledged", "acknowledge", set()),
        ("in_progress", "acknowledge", set()),
        ("resolved", "resolve", set()),
        ("expired", "resolve", set()),
        ("false_positive", "resolve", set()),
    ],
)
def test_pagerduty_is_told_what_to_do_by_the_state(state: str, action: str, keys: set[str]) -> None:
    (event,) = body("pagerduty", page(state))
    assert (event["event_action"], event["dedup_key"]) == (action, "3f9c")
    assert set(event) == {"routing_key", "event_action", "dedup_key", *keys}


@pytest.mark.parametrize(("tier", "severity"), [("blue", "info"), ("yellow", "warning"), ("orange", "error"), ("red", "critical")])
def test_pagerdutys_severity_follows_the_tier(tier: str, severity: str) -> None:
    (event,) = body("pagerduty", page(tier=tier))
    assert event["payload"]["severity"] == severity


def test_alertmanager_is_told_the_end_of_an_alert() -> None:
    times = {"event_time": "2025-10-09T16:53:20.000+08:00", "detected_at": "2025-10-09T16:53:21.000+08:00"}
    ((burning,), (ended,)) = body("alertmanager", page(**times), page("resolved", **times), firing_for_s=600)
    assert burning["labels"] == ended["labels"]
    assert (burning["startsAt"], burning["endsAt"]) == ("2025-10-09T08:53:20.000Z", "2025-10-09T09:04:20.000Z")
    assert ended["endsAt"] == "2025-10-09T08:53:21.000Z"


def test_alertmanager_ends_the_alert_of_the_tier_before() -> None:
    ((before, now),) = body("alertmanager", page(tier="red", previous_tier="orange", detected_at="2025-10-09T16:53:21+08:00"))
    assert [each["labels"]["tier"] for each in (before, now)] == ["orange", "red"]
    assert before["endsAt"] == "2025-10-09T08:53:21.000Z"
    ((same,),) = body("alertmanager", page(tier="red", previous_tier="red"))
    assert same["labels"]["severity"] == "critical"


def test_alertmanagers_alert_never_starts_after_its_end() -> None:
    late = {"event_time": "2030-01-01T00:00:00Z", "detected_at": "2025-10-09T16:53:21+08:00"}
    ((ended,),) = body("alertmanager", page("resolved", **late))
    assert ended["startsAt"] <= ended["endsAt"]


def test_a_scope_cannot_rename_an_alert_of_alertmanager() -> None:
    ((alert,),) = body(
        "alertmanager", page(indicator="queue_length", scope={"alertname": "other", "tenant_id": "x", "bad-name": "y", "类": "z"})
    )
    assert (alert["labels"]["alertname"], alert["labels"]["tenant_id"]) == ("queue_length", "acme")
    assert set(alert["labels"]) == {"alertname", "alert_id", "tenant_id", "tier", "severity"}


def test_wecom_mentions_people_in_texts_only() -> None:
    (found,) = body("wecom", page(), format="text", mentioned=["@all"])
    assert found["text"]["mentioned_list"] == ["@all"]
    with pytest.raises(ValidationError, match="format: text"):
        body("wecom", page(), mentioned=["@all"])


def test_dingtalk_calls_people_by_their_number() -> None:
    (found,) = body("dingtalk", page(), at_mobiles=["13800000000"])
    assert found["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}
    assert found["markdown"]["text"].endswith("@13800000000")


@settings(max_examples=30)
@given(st.text(max_size=12_000), st.integers(0, 3), st.sampled_from(["zh", "en", "both"]))
def test_a_message_fits_its_service_whatever_it_says(text: str, many: int, language: str) -> None:
    each = text.encode(errors="replace").decode() * (1 + many)
    long = page(
        title={"zh": each, "en": each},
        evidence=[{"excerpt_masked": each}] * 10,
        scope={"queue_id": each},
        suggested_actions=[{"text": {"zh": each, "en": each}}],
    )
    options = {"language": language, "console_url": f"https://console.example/{'c' * 300}"}
    (wecom,) = body("wecom", long, **options)
    assert len(wecom["markdown"]["content"].encode()) <= 4096
    (plain,) = body("wecom", long, format="text", **options)
    assert len(plain["text"]["content"].encode()) <= 2048
    for kind, limit in (("dingtalk", 20_000), ("feishu", 20_000), ("slack", 16_000), ("teams", 28_000), ("pagerduty", 512_000)):
        (found,) = body(kind, long, **options)
        assert len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()) <= limit
