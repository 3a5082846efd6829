"""What every notifier must do, asked of each one there is against a receiver on this machine that speaks its service's protocol."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
import msgspec
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

import alerts.notifiers
from alerts.notifiers import kinds, notifier_class
from alerts.notifiers.base import Notifier
from alerts.notifiers.shared.http_notifier import HttpNotifier
from alerts.notifiers.shared.robot import Robot
from alerts.notifiers.webhook import Webhook, decode_secret, sign
from alerts.page import Delivered, Delivery, Failed, Page, Retry
from config.loader import build_notifier, load_policy
from tests.receivers import (
    PASSWORD,
    ROUTING_KEY,
    TOKEN,
    WEBHOOK_SECRET,
    HttpReceiver,
    Receiver,
    Reply,
    Request,
    SmtpReceiver,
    breaking_receiver,
    receiver_of,
    service,
    silent_receiver,
)

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it

PIGEON = """
from alerts.notifiers.base import Failed, Notifier, NotifierParams


class Pigeon(Notifier):
    class Params(NotifierParams):
        ring: str

    async def deliver(self, page, now):
        return Failed(f"lost near {self.params.ring}")
"""
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNING = "SECfenghuo"
NOW = 1_760_000_060.7
BODIES = Path(__file__).parent / "notifier_bodies"
DATA = {
    "alert_id": "3f9c",
    "revision": 3,
    "state": "updated",
    "indicator": "queue_length",
    "dimension": "structure",
    "tier": "yellow",
    "previous_tier": "blue",
    "value": 320,
    "unit": "count",
    "threshold": 300.0,
    "direction": "high",
    "scope": {"tenant_id": "acme", "queue_id": "q_logi"},
    "title": {"zh": "q_logi 排队320人", "en": "q_logi: 320 waiting"},
    "evidence": [{"event_id": "e-1", "excerpt_masked": "<b>我</b>要*投诉* & [这里](http://evil.example) @all"}, {"event_id": "e-2"}],
    "suggested_actions": [
        {"template_id": "queue_relief", "title": {"zh": "增援", "en": "Help"}, "text": {"zh": "请增援。", "en": "Send help."}},
        {"template_id": "check", "title": {"zh": "巡检", "en": "Check"}, "text": {"zh": "请核对。", "en": "Check."}},
    ],
    "event_time": "2025-10-09T16:53:20.000+08:00",
    "detected_at": "2025-10-09T16:53:20.500+08:00",
}
EVENT = msgspec.json.encode({"id": "3f9c:3", "type": "fenghuo.alert.updated.v1", "data": DATA})
PAGE = Page("ops", "3f9c", 3, "acme", "yellow", "updated", 1_760_000_000.0, EVENT)

HTTP = [kind for kind in kinds() if issubclass(notifier_class(kind), HttpNotifier)]
ROBOTS = [kind for kind in kinds() if issubclass(notifier_class(kind), Robot)]


@pytest.fixture(params=kinds())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def built(
    kind: str, session: aiohttp.ClientSession, port: int, *more: str, secrets: Sequence[str] | None = None, **params: Any
) -> Notifier:
    """A notifier pointed at a port of this machine; `more` are secrets beside the usual ones."""
    cls, its = notifier_class(kind), service(kind)
    found = [SecretStr(each) for each in (*(its.secrets(port) if secrets is None else secrets), *more)]
    return cls(cls.Params.model_validate({"name": "ops", "type": kind, **its.params(port), **params}), session, found)


def delivery(
    receiver: Receiver, *pages: Page, kind: str = "webhook", at: Sequence[float] = (), more: Sequence[str] = (), **params: Any
) -> list[Delivery]:
    """What came of sending these pages to the receiver, each at its time."""

    async def send() -> list[Delivery]:
        port = await receiver.open()
        async with aiohttp.ClientSession() as session:
            notifier = built(kind, session, port, *more, **params)
            times = at or [NOW] * len(pages or (PAGE,))
            found = [_rounded(await notifier.send(page, now)) for page, now in zip(pages or (PAGE,), times, strict=True)]
        await receiver.close()
        return found

    return asyncio.run(send())


def _rounded(delivery: Delivery) -> Delivery:
    return Retry(delivery.reason, round(delivery.after_s, 1)) if isinstance(delivery, Retry) and delivery.after_s else delivery


def answered(kind: str, *replies: Reply, pages: int = 1, at: Sequence[float] = (), **params: Any) -> list[Delivery]:
    """What came of pages to a receiver that answers so."""
    return delivery(HttpReceiver(*replies), *[PAGE] * pages, kind=kind, at=at, **params)


def posted(kind: str, page: Page = PAGE, more: Sequence[str] = (), **params: Any) -> Request:
    """The request a page becomes."""
    receiver = HttpReceiver(service(kind).taken)
    assert delivery(receiver, page, kind=kind, more=more, **params) == [Delivered()]
    return receiver.requests[0]


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# -- every notifier


def test_a_notifier_is_found_by_the_name_of_its_module(kind: str) -> None:
    cls = notifier_class(kind)
    assert issubclass(cls, Notifier)
    assert cls.__module__ == f"alerts.notifiers.{kind}"
    assert cls.__doc__
    assert cls.Params.__doc__


@pytest.mark.parametrize("name", ["base", "shared", "pigeon", "../webhook", "os", "Webhook", ""])
def test_nothing_else_is_a_notifier(name: str) -> None:
    with pytest.raises(LookupError, match="there is no notifier"):
        notifier_class(name)


def test_a_new_notifier_needs_only_its_file_and_a_stanza(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pigeon.py").write_text(PIGEON, encoding="utf-8")
    (tmp_path / "policy.yaml").write_text("receivers: [{name: loft, type: pigeon, ring: A-7}]", encoding="utf-8")
    monkeypatch.setattr(alerts.notifiers, "__path__", [*alerts.notifiers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "alerts.notifiers.pigeon", raising=False)

    async def send() -> Delivery:
        async with aiohttp.ClientSession() as session:
            return await build_notifier(load_policy(tmp_path / "policy.yaml").receivers[0], session, {}).send(PAGE, NOW)

    assert asyncio.run(send()) == Failed("lost near A-7")
    sys.modules.pop("alerts.notifiers.pigeon")


def test_a_misspelt_parameter_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        notifier_class(kind).Params.model_validate({"name": "ops", "type": kind, **service(kind).params(1), "retires": 3})


def test_a_page_that_is_taken_is_delivered(kind: str) -> None:
    receiver = receiver_of(kind)
    assert delivery(receiver, kind=kind) == [Delivered()]
    assert receiver.taken == 1


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", '{"id":"3f9c:3","类":"红"}'.encode(), b'{"data":{"value":"much"}}', b"[" * 9999])
def test_a_page_whose_event_cannot_be_read_arrives_all_the_same(kind: str, body: bytes) -> None:
    assert delivery(receiver_of(kind), msgspec.structs.replace(PAGE, body=body), kind=kind) == [Delivered()]


def test_a_receiver_that_is_down_is_tried_again(kind: str) -> None:
    async def send() -> Delivery:
        async with aiohttp.ClientSession() as session:
            return await built(kind, session, _closed_port()).send(PAGE, NOW)

    assert asyncio.run(send()) == Retry("apprise" if kind == "apprise" else "connection")


def test_a_receiver_that_never_answers_is_tried_again(kind: str) -> None:
    assert delivery(silent_receiver(kind), kind=kind, timeout_s=0.2) == [Retry("timeout")]


def test_a_connection_that_breaks_is_tried_again(kind: str) -> None:
    assert delivery(breaking_receiver(kind), kind=kind) == [Retry("apprise" if kind == "apprise" else "connection")]


def test_a_rate_is_kept_before_the_service_has_to_say_so(kind: str) -> None:
    receiver = receiver_of(kind)
    found = delivery(receiver, PAGE, PAGE, PAGE, PAGE, kind=kind, rate={"per_minute": 2}, at=[NOW, NOW + 5, NOW + 6, NOW + 61])
    assert found == [Delivered(), Delivered(), Retry("rate_limited", 55.0), Delivered()]
    assert receiver.taken == 3


def test_secrets_stand_in_no_log_and_no_text(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async def send(port: int) -> str:
        async with aiohttp.ClientSession() as session:
            notifier = built(kind, session, port)
            await notifier.send(PAGE, NOW)
            return f"{notifier!r}{notifier.params!r}{notifier.secrets!r}"

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(send(_closed_port()))
    assert f"{kind}.undelivered receiver=ops page=3f9c:3" in caplog.text
    assert "team=" not in caplog.text
    for secret in (TOKEN, PASSWORD, ROUTING_KEY, WEBHOOK_SECRET):
        assert secret not in caplog.text + shown


@pytest.mark.parametrize("secrets", [["hunter2-of-ops"] * 3, ["ftp://hunter2-of-ops/", "x"], ["https://[hunter2-of-ops/", "x", "y"]])
def test_secrets_that_cannot_be_used_are_refused_without_showing_them(kind: str, secrets: list[str]) -> None:
    async def build() -> None:
        async with aiohttp.ClientSession() as session:
            built(kind, session, 1, secrets=secrets)

    with pytest.raises(ValueError, match=r"ops|secret") as caught:
        asyncio.run(build())
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


# -- every notifier that posts


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 500, 502, 503, 504])
def test_what_may_be_mended_is_tried_again(kind: str, status: int) -> None:
    assert answered(kind, Reply(status)) == [Retry(f"http_{status}")]


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_page_is_not_sent_again(kind: str, status: int) -> None:
    assert answered(kind, Reply(status)) == [Failed(f"http_{status}")]


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(("header", "after"), [("120", 120.0), ("Thu, 09 Oct 2025 08:55:00 GMT", 39.3), ("9" * 30, 86_400.0)])
def test_a_receiver_that_asks_to_wait_is_left_alone_until_then(kind: str, status: int, header: str, after: float) -> None:
    busy = Reply(status, headers={"Retry-After": header})
    receiver = HttpReceiver(busy, service(kind).taken)
    found = delivery(receiver, PAGE, PAGE, PAGE, kind=kind, at=[NOW, NOW + 30, NOW + after + 1])
    assert found == [Retry(f"http_{status}", after), Retry("rate_limited", round(after - 30, 1)), Delivered()]
    assert receiver.taken == 2


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("header", ["soon", "-5"])
def test_a_wait_that_cannot_be_read_is_the_back_offs(kind: str, header: str) -> None:
    assert answered(kind, Reply(503, headers={"Retry-After": header})) == [Retry("http_503")]


@pytest.mark.parametrize("kind", HTTP)
def test_a_receiver_that_is_gone_is_disabled(kind: str) -> None:
    assert answered(kind, Reply(410)) == [Failed("http_410", disables=True)]


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(kind: str, status: int) -> None:
    receiver = HttpReceiver(Reply(status, headers={"Location": "/elsewhere"}))
    assert delivery(receiver, kind=kind) == [Failed(f"http_{status}")]
    assert receiver.taken == 1


@pytest.mark.parametrize("kind", [kind for kind in HTTP if service(kind).taken.body])
@pytest.mark.parametrize("body", [b"", b"<html>Please log in</html>", b'{"hello": 1}', b"[0]", b"{" * 9999])
def test_an_answer_of_another_kind_is_not_taken_for_success(kind: str, body: bytes) -> None:
    assert answered(kind, Reply(200, body)) == [Retry("unexpected_answer")]


@pytest.mark.parametrize("kind", HTTP)
def test_the_body_is_as_the_service_documents_it_byte_for_byte(kind: str) -> None:
    linked = "console_url" in notifier_class(kind).Params.model_fields
    params: dict[str, Any] = {"console_url": "https://console.shop.example/"} if linked else {}
    expected = (BODIES / f"{kind}.json").read_bytes().removesuffix(b"\n") if kind != "webhook" else EVENT
    assert posted(kind, **params).body == expected


@pytest.mark.parametrize("kind", HTTP)
def test_the_same_page_at_the_same_time_is_the_same_request(kind: str) -> None:
    assert posted(kind).body == posted(kind).body


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1"]
)
def test_a_name_does_not_lead_into_a_private_network(kind: str, address: str) -> None:
    assert _sent_to(kind, ["93.184.216.34", address]) == Failed("private_address")


@pytest.mark.parametrize("kind", HTTP)
def test_a_name_that_is_not_known_is_tried_again(kind: str) -> None:
    assert _sent_to(kind, []) == Retry("connection")


@pytest.mark.parametrize("kind", HTTP)
def test_an_unencrypted_connection_to_another_machine_must_be_allowed(kind: str) -> None:
    with pytest.raises(ValueError, match="is not https") as caught:
        _sent_to(kind, [], scheme="http")
    assert TOKEN not in str(caught.value)


def _sent_to(kind: str, addresses: list[str], scheme: str = "https") -> Delivery:
    """What comes of a page to a host of these addresses."""

    async def resolver(_: str, __: int) -> list[str]:
        return addresses

    async def send() -> Delivery:
        cls, its = notifier_class(kind), service(kind)
        secrets = [SecretStr(each.replace("http://127.0.0.1:443", f"{scheme}://hooks.example.com")) for each in its.secrets(443)]
        params = {"name": "ops", "type": kind}
        if "url" in cls.Params.model_fields:
            params["url"] = f"{scheme}://hooks.example.com/"
        async with aiohttp.ClientSession() as session:
            build: Any = cls
            found: Delivery = await build(cls.Params.model_validate(params), session, secrets, resolver=resolver).send(PAGE, NOW)
            return found

    return asyncio.run(send())


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionError:
            return response

    assert delivery(HttpReceiver(endless)) == [Delivered()]


def test_an_allowed_private_address_is_connected_to_under_its_name() -> None:
    async def elsewhere(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async def send() -> tuple[Delivery, str]:
        receiver = HttpReceiver(Reply(200))
        port = await receiver.open()
        params = {"name": "ops", "type": "webhook", "url": f"http://hooks.internal:{port}/hook", "allow_http": True, "allow_private": True}
        async with aiohttp.ClientSession() as session:
            webhook = Webhook(Webhook.Params.model_validate(params), session, [SecretStr(OLD)], resolver=elsewhere)
            found = await webhook.send(PAGE, NOW)
        await receiver.close()
        assert receiver.requests[0].headers["Host"] == f"hooks.internal:{port}"
        return found, receiver.requests[0].target

    assert asyncio.run(send()) == (Delivered(), "/hook")


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def both(_: str, __: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async def send() -> Delivery:
        receiver = HttpReceiver(Reply(200))
        port = await receiver.open()
        params = {"name": "ops", "type": "webhook", "url": f"http://localhost:{port}/"}
        async with aiohttp.ClientSession() as session:
            found = await Webhook(Webhook.Params.model_validate(params), session, [SecretStr(OLD)], resolver=both).send(PAGE, NOW)
        await receiver.close()
        return found

    assert asyncio.run(send()) == Delivered()


# -- webhook


def test_the_signature_is_the_specifications() -> None:
    assert (
        sign([decode_secret(SecretStr(OLD))], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_receiver_can_verify_a_page_with_either_secret() -> None:
    sent = posted("webhook", more=[OLD])
    assert (sent.target, sent.headers["webhook-id"], sent.headers["webhook-timestamp"]) == (
        "/hooks/fenghuo?team=a%2Fb",
        "3f9c:3",
        "1760000060",
    )
    assert sent.headers["Content-Type"] == "application/cloudevents+json"
    signed = b"3f9c:3.1760000060." + sent.body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in (WEBHOOK_SECRET, OLD)]
    expected = [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys]
    assert sent.headers["webhook-signature"].split(" ") == expected


def test_a_page_sent_again_has_the_same_id_and_body() -> None:
    receiver = HttpReceiver(Reply(503), Reply(200))
    assert delivery(receiver, PAGE, PAGE) == [Retry("http_503"), Delivered()]
    first, second = receiver.requests
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_a_page_that_is_too_large_is_not_sent() -> None:
    receiver = HttpReceiver(Reply(200))
    assert delivery(receiver, msgspec.structs.replace(PAGE, body=b"x" * 2048), max_body_bytes=2047) == [Failed("body_too_large")]
    assert receiver.taken == 0


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        "whsec_",
        "whsec_####",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
    ],
)
def test_a_secret_of_another_form_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        decode_secret(SecretStr(secret))
    assert len(secret) < 8 or secret[6:] not in str(caught.value)


# -- robots


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_is_posted_to_at_the_url_in_its_secret_unchanged(kind: str) -> None:
    (secret,) = service(kind).secrets(1)
    assert posted(kind).target == secret.removeprefix("http://127.0.0.1:1")


def test_dingtalk_is_signed_in_the_query_encoded_once() -> None:
    target = posted("dingtalk", more=[SIGNING]).target
    assert target == (f"/robot/send?access_token={TOKEN}&timestamp=1760000060700&sign=d3Bu8Zej76ZoELpvmbj3O3%2BKLoVNnkc0zm1dvHPRRTw%3D")
    query = parse_qs(urlsplit(target).query)
    message = f"{query['timestamp'][0]}\n{SIGNING}".encode()
    assert unquote(query["sign"][0]) == base64.b64encode(hmac.digest(SIGNING.encode(), message, "sha256")).decode()


def test_feishu_is_signed_in_the_body_the_secret_in_the_key() -> None:
    body = msgspec.json.decode(posted("feishu", more=[SIGNING]).body)
    assert (body["timestamp"], body["sign"]) == ("1760000060", "yBsWgRbSVK/NuCoXIRmHjYFn+zthHTzOsM+qmyPl3J4=")
    key = f"{body['timestamp']}\n{SIGNING}".encode()
    assert body["sign"] == base64.b64encode(hmac.digest(key, b"", "sha256")).decode()


@pytest.mark.parametrize(
    ("kind", "status", "body", "expected"),
    [
        ("dingtalk", 200, b'{"errcode":130101,"errmsg":"send too fast"}', Retry("code_130101", 600.0)),
        ("dingtalk", 200, b'{"errcode":410100}', Retry("code_410100", 600.0)),
        ("dingtalk", 200, b'{"errcode":-1,"errmsg":"busy"}', Retry("code_-1")),
        ("dingtalk", 200, b'{"errcode":310000,"errmsg":"sign not match"}', Failed("code_310000")),
        ("dingtalk", 200, b'{"errcode":300001,"errmsg":"token is not exist"}', Failed("code_300001", disables=True)),
        ("dingtalk", 200, b'{"errcode":"0"}', Retry("unexpected_answer")),
        ("dingtalk", 200, b'{"errcode":false}', Retry("unexpected_answer")),
        ("dingtalk", 502, b'{"errcode":0}', Retry("http_502")),
        ("feishu", 200, b'{"code":19021,"msg":"sign match fail"}', Failed("code_19021")),
        ("feishu", 400, b'{"code":99991400,"msg":"frequency limit"}', Retry("code_99991400", 60.0)),
        ("feishu", 200, b'{"code":11232,"msg":"frequency limited"}', Retry("code_11232", 60.0)),
        ("feishu", 200, b'{"code":19001,"msg":"token invalid"}', Failed("code_19001", disables=True)),
        ("feishu", 200, b'{"code":77777}', Retry("code_77777")),
        ("wecom", 200, b'{"errcode":45009,"errmsg":"api freq out of limit"}', Retry("code_45009", 60.0)),
        ("wecom", 200, b'{"errcode":40058,"errmsg":"exceed max length 4096"}', Failed("code_40058")),
        ("wecom", 200, b'{"errcode":93000,"errmsg":"invalid webhook url"}', Failed("code_93000", disables=True)),
        ("slack", 404, b"no_service", Failed("no_service", disables=True)),
        ("slack", 403, b"invalid_token", Failed("invalid_token", disables=True)),
        ("slack", 400, b"invalid_payload", Failed("invalid_payload")),
        ("slack", 404, b"channel_not_found", Retry("http_404")),
        ("teams", 200, b"Webhook message delivery failed with error: returned HTTP error 429", Retry("http_429")),
        ("teams", 200, b"1", Delivered()),
        ("pagerduty", 429, b'{"status":"throttled"}', Retry("http_429", 60.0)),
        ("pagerduty", 400, b'{"status":"invalid event"}', Failed("http_400")),
        ("pagerduty", 200, b'{"status":"invalid event"}', Retry("unexpected_answer")),
    ],
)
def test_what_a_service_says_in_the_body_is_read(kind: str, status: int, body: bytes, expected: Delivery) -> None:
    assert answered(kind, Reply(status, body)) == [expected]


def test_a_robot_that_was_asked_too_often_rests_for_all_its_pages() -> None:
    receiver = HttpReceiver(Reply(200, b'{"errcode":130101}'), service("dingtalk").taken)
    other = msgspec.structs.replace(PAGE, alert_id="77aa")
    found = delivery(receiver, PAGE, other, other, kind="dingtalk", at=[NOW, NOW + 1, NOW + 601])
    assert found == [Retry("code_130101", 600.0), Retry("rate_limited", 599.0), Delivered()]


@pytest.mark.parametrize("kind", ["dingtalk", "wecom"])
def test_the_limit_of_twenty_a_minute_is_kept_by_itself(kind: str) -> None:
    found = answered(kind, service(kind).taken, pages=22, at=[NOW + each for each in range(22)])
    assert found.count(Delivered()) == 20
    assert found[20] == Retry("rate_limited", 41.0)


# -- mail


def test_a_mail_server_hears_who_sends_to_whom_and_the_password() -> None:
    receiver = SmtpReceiver()
    assert delivery(receiver, kind="email", console_url="https://console.shop.example") == [Delivered()]
    (mail,) = receiver.mails
    assert (mail.sender, mail.recipients, mail.login) == ("fenghuo@shop.example", ["duty@shop.example"], f"\0duty\0{PASSWORD}")
    assert mail.data == (BODIES / "email.eml").read_bytes()
