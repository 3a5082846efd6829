from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from config.settings import GatewaySettings
from streams.gateway.adapters.zendesk import sign
from streams.gateway.problem import KINDS
from tests.unit.gateway.examples import NOW, examples
from tests.unit.gateway.fake_bus import OTHER, TOKEN, Client, event, gateway, policy_of, posted, told

Body = Callable[[Client], Awaitable[None]]

TWO_TENANTS = """
tokens:
- {name: crm, tenant: acme, secret_env: [CRM], adapters: [calls]}
- {name: other, tenant: rival, secret_env: [OTHER], events: false}
adapters:
- {name: calls, type: live_call_analytics, tenant: acme}
- {name: theirs, type: live_call_analytics, tenant: rival}
"""
LINES = b"\n".join(json.dumps(event(number)).encode() for number in range(3))


def run(body: Body, **limits: Any) -> None:
    async def inside() -> None:
        async with gateway(**limits) as client:
            await body(client)

    asyncio.run(inside())


# -- one event


def test_an_event_is_accepted_once_kafka_has_it_under_its_conversations_key() -> None:
    status, found, bus = posted("/v1/events", event())
    assert (status, found) == (202, {"status": "accepted", "id": "m-1"})
    assert [record.key for record in bus.written] == [b"acme/c-1"]
    assert bus.events() == [event()]


def test_nothing_is_answered_before_kafka_has_acknowledged() -> None:
    async def body(client: Client) -> None:
        client.bus.gate.clear()
        asking = asyncio.create_task(client.post("/v1/events", event()))
        while not client.bus.waiting:  # noqa: ASYNC110 - the fake has no event to wait for
            await asyncio.sleep(0)
        assert not asking.done()
        client.bus.gate.set()
        assert (await asking).status == 202

    run(body)


def test_an_event_in_binary_mode_is_written_in_structured_mode() -> None:
    attributes = {f"ce-{name}": str(event()[name]) for name in ("specversion", "id", "source", "type", "time")}
    status, _, bus = posted("/v1/events", event()["data"], **attributes)
    assert status == 202
    assert bus.events()[0] == event()


def test_attributes_cannot_be_smuggled_in_by_the_data_of_binary_mode() -> None:
    attributes = {f"ce-{name}": str(event()[name]) for name in ("specversion", "id", "source", "type", "time")}
    status, found, bus = posted("/v1/events", b'{"conversation":{"id":"c"}},"source":"/tenants/rival/x"', **attributes)
    assert (status, found["reason"], found["path"]) == (400, "not_json", "data")
    assert not bus.written


def test_an_event_that_names_no_tenant_belongs_to_the_tokens() -> None:
    status, _, bus = posted("/v1/events", event(source="crm"))
    assert status == 202
    assert bus.events()[0]["data"]["tenant_id"] == "acme"
    assert bus.written[0].key == b"acme/c-1"


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"source": "/tenants/rival/crm"}, "tenant_mismatch", "source"),
        ({"source": "crm", "data": {**event()["data"], "tenant_id": "rival"}}, "tenant_mismatch", "source"),
        ({"time": "yesterday"}, "bad_time", "time"),
        ({"time": "2199-01-01T00:00:00Z"}, "future_time", "time"),
        ({"type": "fenghuo.weather.v1"}, "unknown_type", "type"),
        ({"type": "fenghuo.stream.heartbeat.v1", "data": {"watermark": "2026-10-01T08:00:00Z"}}, "unknown_type", "type"),
        ({"type": "fenghuo.feedback.given.v1", "data": {"alert_id": "a", "command": "resolve"}}, "unknown_type", "type"),
        ({"data": {"message": {"text": 7}}}, "invalid_data", "data.message.text"),
    ],
)
def test_what_is_no_event_of_the_tenant_is_refused_with_its_place_and_kept_as_a_dead_letter(
    changes: dict[str, Any], reason: str, path: str
) -> None:
    status, found, bus = posted("/v1/events", event(**changes))
    assert (status, found["reason"], found["path"]) == (400, reason, path)
    assert not bus.events()
    letter = bus.letters()[0]
    assert {"fenghuo_reason": reason.encode(), "fenghuo_tenant": b"acme", "fenghuo_topic": b"gateway"}.items() <= dict(
        letter.headers
    ).items()
    assert json.loads(letter.value)["id"] == "m-1"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_json"),
        (b"[]", "not_an_object"),
        (b'"\xff"', "not_utf8"),
        (b'{"a":' * 90 + b"1" + b"}" * 90, "too_deep"),
    ],
)
def test_what_is_no_json_object_is_a_clear_400_and_no_dead_letter(body: bytes, reason: str) -> None:
    status, found, bus = posted("/v1/events", body)
    assert (status, found["reason"]) == (400, reason)
    assert not bus.written


# -- batches


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"[" + LINES.replace(b"\n", b",") + b"]", {}),
        (b"[" + LINES.replace(b"\n", b",") + b"]", {"Content_Type": "application/cloudevents-batch+json"}),
        (LINES, {"Content_Type": "application/x-ndjson"}),
        (b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n"), {"Content_Type": "application/x-ndjson"}),
        (gzip.compress(LINES), {"Content_Encoding": "gzip"}),
        (gzip.compress(LINES[:500]) + gzip.compress(LINES[500:]), {}),
    ],
)
def test_a_batch_comes_as_an_array_or_as_lines_plain_or_packed(body: bytes, headers: dict[str, str]) -> None:
    status, found, bus = posted("/v1/events:batch", body, **headers)
    assert (status, found["accepted"]) == (202, 3)
    assert [item["status"] for item in found["items"]] == ["accepted"] * 3
    assert [each["id"] for each in bus.events()] == ["m-0", "m-1", "m-2"]


def test_a_batch_goes_to_the_address_of_one_event_too() -> None:
    assert posted("/v1/events", LINES, Content_Type="application/x-ndjson")[1]["accepted"] == 3


def test_each_event_of_a_batch_has_its_own_fate() -> None:
    events = [event(1), event(2, time="never"), event(1), event(1, time="2026-10-01T09:00:00Z"), event(5)]
    status, found, bus = posted("/v1/events:batch", events)
    assert status == 202
    assert [(item["status"], item.get("reason")) for item in found["items"]] == [
        ("accepted", None),
        ("rejected", "bad_time"),
        ("duplicate", None),
        ("rejected", "id_reused"),
        ("accepted", None),
    ]
    assert {name: found[name] for name in ("accepted", "duplicate", "rejected", "failed")} == {
        "accepted": 2,
        "duplicate": 1,
        "rejected": 2,
        "failed": 0,
    }
    assert [each["id"] for each in bus.events()] == ["m-1", "m-5"]


def test_a_batch_without_any_event_of_use_is_a_400_that_lists_them() -> None:
    status, found, _ = posted("/v1/events:batch", [event(time="never"), 7])
    assert (status, found["rejected"]) == (400, 2)
    assert [item["reason"] for item in found["items"]] == ["bad_time", "not_an_object"]


@pytest.mark.parametrize("body", [b"", b"[]", b"  \n \n", b"[1,", b"[" * 100_000, b"\x1f\x8bnot gzip", gzip.compress(LINES)[:-9]])
def test_a_batch_that_cannot_be_cut_is_a_clear_400(body: bytes) -> None:
    status, found, bus = posted("/v1/events:batch", body)
    assert status == 400
    assert found["reason"] in {"empty", "not_json", "too_deep", "not_gzip"}
    assert not bus.written


# -- limits


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b" " * 5000 + b"]",
        gzip.compress(b"[" + b" " * 5_000_000 + b"]"),
        gzip.compress(LINES) * 10,
        b"\n".join([b"{}"] * 20),
        b"[" + b",".join([b"{}"] * 20) + b"]",
    ],
)
def test_what_is_larger_than_the_limits_is_a_413(body: bytes) -> None:
    async def check(client: Client) -> None:
        status, found = await told(await client.post("/v1/events:batch", body))
        assert (status, found["type"]) == (413, "urn:fenghuo:problem:too_large")
        assert client.server.admission.used == 0

    run(check, max_body_bytes=4096, max_inflight_bytes=100_000, max_events=10)


def test_an_event_larger_than_its_limit_is_a_reject_of_its_own() -> None:
    async def body(client: Client) -> None:
        large = event(2, data={**event()["data"], "message": {"text": "x" * 2000}})
        status, found = await told(await client.post("/v1/events:batch", [event(1), large]))
        assert status == 202
        assert found["items"][1]["reason"] == "too_large"

    run(body, max_event_bytes=1024)


def test_more_than_may_be_on_its_way_must_wait_outside() -> None:
    async def body(client: Client) -> None:
        client.bus.gate.clear()
        first = asyncio.create_task(client.post("/v1/events", event(1)))
        while not client.bus.waiting:  # noqa: ASYNC110 - the fake has no event to wait for
            await asyncio.sleep(0)
        refused = await client.post("/v1/events:batch", [event(number) for number in range(2, 6)])
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        client.bus.gate.set()
        assert (await first).status == 202
        assert client.server.admission.used == 0
        assert (await client.post("/v1/events:batch", [event(2), event(3)])).status == 202

    run(body, max_body_bytes=1024, max_inflight_bytes=1100)


def test_what_a_body_unpacks_to_takes_room_too() -> None:
    packed = gzip.compress(b"[" + b" " * 3000 + json.dumps(event()).encode() + b"]")

    async def body(client: Client) -> None:
        assert (await client.post("/v1/events:batch", packed, Content_Encoding="gzip")).status == 429
        assert client.server.admission.used == 0

    run(body, max_body_bytes=3400, max_inflight_bytes=3400)


# -- Kafka down


def test_what_kafka_has_not_acknowledged_is_a_503_and_may_be_sent_again() -> None:
    async def body(client: Client) -> None:
        client.bus.down = True
        refused = await client.post("/v1/events", event(), Idempotency_Key="k")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
        client.bus.down = False
        again = await client.post("/v1/events", event(), Idempotency_Key="k")
        assert await told(again) == (202, {"status": "accepted", "id": "m-1"})

    run(body)


def test_a_batch_of_which_kafka_took_a_part_says_which() -> None:
    async def body(client: Client) -> None:
        client.bus.lost = {1}
        events = [event(1), event(2), event(2), event(3)]
        status, found = await told(await client.post("/v1/events:batch", events))
        assert (status, found["accepted"], found["failed"]) == (503, 2, 2)
        assert [item["status"] for item in found["items"]] == ["accepted", "failed", "failed", "accepted"]
        client.bus.lost = set()
        status, found = await told(await client.post("/v1/events:batch", events))
        assert (status, found["accepted"], found["duplicate"]) == (202, 1, 3)

    run(body)


def test_while_kafka_rests_requests_are_refused_at_once() -> None:
    async def body(client: Client) -> None:
        client.bus.resting = 1.0
        assert (await client.post("/v1/events", event())).status == 503
        assert not client.bus.written

    run(body)


# -- the same again


def test_the_same_event_again_is_a_duplicate_and_not_written_twice() -> None:
    async def body(client: Client) -> None:
        answers = [await told(await client.post("/v1/events", event())) for _ in range(2)]
        assert [found["status"] for _, found in answers] == ["accepted", "duplicate"]
        assert len(client.bus.events()) == 1

    run(body)


def test_another_event_under_the_same_source_and_id_is_a_422() -> None:
    async def body(client: Client) -> None:
        await client.post("/v1/events", event())
        status, found = await told(await client.post("/v1/events", event(time="2026-10-01T09:00:00Z")))
        assert (status, found["reason"], found["path"]) == (422, "id_reused", "id")

    run(body)


def test_what_is_remembered_is_bounded() -> None:
    async def body(client: Client) -> None:
        for number in (1, 2, 3, 1):
            assert (await told(await client.post("/v1/events", event(number))))[1]["status"] == "accepted"

    run(body, remembered=2)


def test_the_same_key_and_body_get_the_stored_answer() -> None:
    async def body(client: Client) -> None:
        first = await client.post("/v1/events:batch", LINES, Idempotency_Key="import-7")
        again = await client.post("/v1/events:batch", LINES, Idempotency_Key="import-7")
        assert (again.status, await again.read()) == (202, await first.read())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(client.bus.events()) == 3

    run(body)


def test_the_same_key_with_another_body_is_a_422() -> None:
    async def body(client: Client) -> None:
        await client.post("/v1/events", event(1), Idempotency_Key="k")
        status, found = await told(await client.post("/v1/events", event(2), Idempotency_Key="k"))
        assert (status, found["path"]) == (422, "Idempotency-Key")
        assert (await client.post("/v1/events:batch", [event(2)], Idempotency_Key="k")).status == 202

    run(body)


def test_a_key_whose_request_is_on_its_way_is_a_409() -> None:
    async def body(client: Client) -> None:
        client.bus.gate.clear()
        first = asyncio.create_task(client.post("/v1/events", event(), Idempotency_Key="k"))
        while not client.bus.waiting:  # noqa: ASYNC110 - the fake has no event to wait for
            await asyncio.sleep(0)
        assert (await client.post("/v1/events", event(), Idempotency_Key="k")).status == 409
        client.bus.gate.set()
        assert (await first).status == 202

    run(body)


# -- who


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic !!!", "Digest x", f"Basic {TOKEN}", "Bearer \udcff"])
def test_without_a_valid_token_nothing_is_read(header: str | None) -> None:
    async def body(client: Client) -> None:
        headers = {} if header is None else {"Authorization": header.encode("utf-8", "surrogateescape").decode("latin-1")}
        answer = await client.post("/v1/events", event(), token=None, **headers)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="fenghuo"')
        assert not client.bus.written

    run(body)


def test_the_password_of_basic_is_a_token() -> None:
    import base64  # noqa: PLC0415 - only here

    header = "Basic " + base64.b64encode(f"chatwoot:{TOKEN}".encode()).decode()
    assert posted("/v1/events", event(), token=None, Authorization=header)[0] == 202


def test_a_token_does_only_what_its_stanza_says(tmp_path: Path) -> None:
    async def body(client: Client) -> None:
        call = examples("live_call_analytics")["start"]
        assert (await client.post("/v1/adapters/calls", call)).status == 202
        assert (await client.post("/v1/adapters/theirs", call)).status == 403
        assert (await client.post("/v1/adapters/calls", call, token=OTHER)).status == 403
        assert (await client.post("/v1/events", event(), token=OTHER)).status == 403
        assert (await client.post("/v1/adapters/none", call)).status == 404
        assert (await client.post("/v1/adapters/none", call, token=None)).status == 401

    run(body, policy=policy_of(GatewaySettings(), tmp_path, TWO_TENANTS))


# -- vendors


def test_a_vendors_payload_becomes_events_and_its_retry_duplicates(tmp_path: Path) -> None:
    async def body(client: Client) -> None:
        call = examples("live_call_analytics")["start"]
        first = await told(await client.post("/v1/adapters/calls", call))
        again = await told(await client.post("/v1/adapters/calls", {**call, "UpdatedAt": "2026-11-11T00:00:05Z"}))
        assert (first[1]["accepted"], again[1]["duplicate"]) == (2, 2)
        assert {each["type"] for each in client.bus.events()} == {"fenghuo.conversation.opened.v1", "fenghuo.call.started.v1"}

    run(body, policy=policy_of(GatewaySettings(), tmp_path, TWO_TENANTS))


def test_a_signed_vendor_needs_its_signature_and_no_token(tmp_path: Path) -> None:
    text = "adapters: [{name: tickets, type: zendesk, tenant: acme, secret_env: [ZEN, OLD]}]"
    payload = json.dumps(examples("zendesk")["numbers_for_ids"]).encode()
    stamp = "2026-11-11T01:19:00Z"

    async def body(client: Client) -> None:
        client.server.desk.wall = lambda: NOW
        for secret in (b"zendesk-secret", b"zendesk-secret-of-last-year"):
            signed = {"X-Zendesk-Webhook-Signature": sign(secret, stamp, payload), "X-Zendesk-Webhook-Signature-Timestamp": stamp}
            assert (await client.post("/v1/adapters/tickets", payload, token=None, **signed)).status == 202
            status, found = await told(await client.post("/v1/adapters/tickets", payload + b" ", token=None, **signed))
            assert (status, found["type"]) == (401, "urn:fenghuo:problem:bad_signature")
        assert (await client.post("/v1/adapters/tickets", payload)).status == 401
        assert len(client.bus.events()) == 2

    run(body, policy=policy_of(GatewaySettings(), tmp_path, text))


def test_many_payloads_of_a_vendor_come_in_one_post(tmp_path: Path) -> None:
    segment = examples("live_call_analytics")["segment"]
    many = [{**segment, "SegmentId": f"s-{number}", "Transcript": "x" * 500} for number in range(200)]

    async def body(client: Client) -> None:
        status, found = await told(await client.post("/v1/adapters/calls", many))
        assert (status, found["accepted"]) == (202, 200)
        as_lines = b"\n".join(json.dumps(each).encode() for each in many)
        assert (await told(await client.post("/v1/adapters/calls", as_lines)))[1]["duplicate"] == 200

    run(body, policy=policy_of(GatewaySettings(), tmp_path, TWO_TENANTS))


def test_a_kind_we_do_not_know_is_ignored_and_counted(tmp_path: Path) -> None:
    async def body(client: Client) -> None:
        status, found = await told(await client.post("/v1/adapters/calls", {"EventType": "ADD_SUMMARY", "CallId": "c"}))
        assert (status, found["status"], found["ignored"]) == (202, "ignored", 1)
        assert client.server.meters.value("ignored_total", adapter="calls", kind="other") == 1.0
        assert not client.bus.written

    run(body, policy=policy_of(GatewaySettings(), tmp_path, TWO_TENANTS))


@pytest.mark.parametrize("body", [b"7", b"{}x", b'{"EventType": "START"}', b"[" * 100_000])
def test_a_vendors_nonsense_is_a_400(tmp_path: Path, body: bytes) -> None:
    async def check(client: Client) -> None:
        assert (await client.post("/v1/adapters/calls", body)).status == 400
        assert not client.bus.written

    run(check, policy=policy_of(GatewaySettings(), tmp_path, TWO_TENANTS))


# -- errors and health


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/events", 405), ("POST", "/healthz", 405), ("GET", "/", 404)])
def test_other_methods_and_addresses_are_problems_too(method: str, path: str, status: int) -> None:
    async def body(client: Client) -> None:
        answer = await client.http.request(method, path)
        assert (answer.status, answer.content_type) == (status, "application/problem+json")

    run(body)


@pytest.mark.parametrize("headers", [{"Content_Type": "text/csv"}, {"Content_Encoding": "br"}])
def test_a_form_that_is_not_read_here_is_a_415(headers: dict[str, str]) -> None:
    assert posted("/v1/events", event(), **headers)[0] == 415


@pytest.mark.parametrize("kind", KINDS)
def test_every_problem_says_the_next_step_in_both_languages(kind: str) -> None:
    status, title, title_zh, step, step_zh = KINDS[kind]
    assert 400 <= status < 600
    assert title
    assert step.endswith(".")
    assert title_zh
    assert step_zh.endswith("。")


def test_neither_logs_nor_errors_quote_what_came(caplog: pytest.LogCaptureFixture) -> None:
    secret, phone = "wrong-token-0123456789", "13800000001"

    async def body(client: Client) -> None:
        shown = ""
        spoilt = event(time=phone, data={phone: phone, "message": {"text": phone}})
        for answer in (
            await client.post("/v1/events", spoilt),
            await client.post("/v1/events", f'{{"a": "{phone}'.encode()),
            await client.post("/v1/events:batch", [spoilt, {phone: 1}]),
            await client.post("/v1/events", event(), token=secret),
            await client.post(f"/v1/adapters/{phone}", event()),
            await client.post("/v1/events", event(), Idempotency_Key=phone * 40),
        ):
            assert answer.status >= 400
            shown += await answer.text() + str(answer.headers)
        shown += (await (await client.http.get("/metrics")).text()) + caplog.text
        assert phone not in shown
        assert secret not in shown
        assert TOKEN not in shown

    with caplog.at_level(logging.DEBUG, "streams"):
        run(body)


def test_health_readiness_and_metrics() -> None:
    async def body(client: Client) -> None:
        await client.post("/v1/events", event())
        assert (await client.http.get("/healthz")).status == 200
        assert await told(await client.http.get("/readyz")) == (200, {"ready": True, "stopping": False})
        client.bus.down = True
        assert (await client.http.get("/readyz")).status == 503
        shown = await (await client.http.get("/metrics")).text()
        assert 'fenghuo_gateway_events_total{result="accepted",tenant="acme"} 1.0' in shown
        assert 'fenghuo_gateway_requests_total{route="/v1/events",status="202"} 1.0' in shown

    run(body)


def test_a_fault_of_ours_is_counted_as_one() -> None:
    async def body(client: Client) -> None:
        client.bus.fault = LookupError("a mistake in the code")
        assert (await client.post("/v1/events", event())).status == 500
        shown = await (await client.http.get("/metrics")).text()
        assert 'fenghuo_gateway_requests_total{route="/v1/events",status="500"} 1.0' in shown

    run(body)


def test_a_gateway_that_stops_takes_nothing_new() -> None:
    async def body(client: Client) -> None:
        client.server.stopping = True
        assert (await client.post("/v1/events", event())).status == 503
        assert (await client.http.get("/readyz")).status == 503
        assert (await client.http.get("/healthz")).status == 200

    run(body)


@pytest.mark.parametrize(
    "sent",
    [b"Content-Length: 5000\r\n\r\n[", b"Transfer-Encoding: chunked\r\n\r\n5\r\n[    \r\n", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
)
def test_a_client_that_breaks_off_leaves_nothing_behind(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def body(client: Client) -> None:
        reader, writer = await asyncio.open_connection(client.http.server.host, client.http.server.port)
        head = f"POST /v1/events:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n"
        writer.write(head.encode() + sent)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        assert client.server.admission.used == 0
        assert (await client.post("/v1/events", event())).status == 202

    with caplog.at_level(logging.INFO):
        run(body)
    assert "Traceback" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_request_that_is_no_http_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def body(client: Client) -> None:
        reader, writer = await asyncio.open_connection(client.http.server.host, client.http.server.port)
        writer.write(f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {TOKEN}\r\n\r\n".encode())
        await writer.drain()
        assert b" 400 " in (await reader.read()).splitlines()[0]
        writer.close()
        await writer.wait_closed()

    with caplog.at_level(logging.INFO):
        run(body)
    assert "gateway.bad_http" in caplog.text
    assert TOKEN not in caplog.text


def test_a_fault_of_ours_is_logged_with_its_place_and_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object) -> list[bool]:
        raise RuntimeError("13800000001")

    async def body(client: Client) -> None:
        client.bus.write = broken  # type: ignore[assignment,method-assign]
        answer = await client.post("/v1/events", event())
        assert (answer.status, "13800000001" in await answer.text()) == (500, False)

    run(body)
    assert "gateway.failed error=RuntimeError at=test_server.py:" in caplog.text
    assert "13800000001" not in caplog.text
