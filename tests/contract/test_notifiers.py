"""What every notifier must do, asked of each one there is against a receiver on this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from alerts.notifiers import kinds, notifier_class
from alerts.notifiers.base import Notifier
from alerts.notifiers.webhook import Webhook, decode_secret, sign
from alerts.page import Delivered, Delivery, Failed, Page, Retry

OLD = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
NEW = SecretStr("whsec_" + base64.b64encode(bytes(range(32))).decode())
PAGE = Page("ops", "3f9c", 3, "acme", "red", "raised", 1_760_000_000.0, '{"id":"3f9c:3","类":"红"}'.encode())
NOW = 1_760_000_060.7

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """A server that remembers what it was sent and answers as told, the last answer for ever."""

    def __init__(self, *answers: int | Answer, headers: dict[str, str] | None = None) -> None:
        self.answers = list(answers)
        self.headers = headers or {}
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=answer, headers=self.headers) if isinstance(answer, int) else await answer(request)


def delivery(
    receiver: Receiver, *pages: Page, kind: str = "webhook", now: float = NOW, secrets: Sequence[SecretStr] = (NEW, OLD), **params: Any
) -> list[Delivery]:
    """What came of sending these pages to the receiver."""

    async def send() -> list[Delivery]:
        app = web.Application()
        app.router.add_post("/{tail:.*}", receiver.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        receiver.url = f"http://127.0.0.1:{port}/hooks/fenghuo?team=a%2Fb"
        async with aiohttp.ClientSession() as session:
            notifier = built(kind, session, secrets, **{"url": receiver.url, **params})
            found = [await notifier.send(page, now) for page in pages or (PAGE,)]
        await runner.cleanup()
        return found

    return asyncio.run(send())


def built(kind: str, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (NEW,), **params: Any) -> Notifier:
    cls = notifier_class(kind)
    return cls(cls.Params.model_validate({"name": "ops", "type": kind, **params}), session, secrets)


async def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# -- every notifier


@pytest.mark.parametrize("kind", kinds())
def test_a_notifier_is_found_by_the_name_of_its_module(kind: str) -> None:
    cls = notifier_class(kind)
    assert issubclass(cls, Notifier)
    assert cls.__module__ == f"alerts.notifiers.{kind}"
    assert cls.__doc__


@pytest.mark.parametrize("name", ["base", "pigeon", "../webhook", "os", "Webhook", ""])
def test_nothing_else_is_a_notifier(name: str) -> None:
    with pytest.raises(LookupError, match="there is no notifier"):
        notifier_class(name)


@pytest.mark.parametrize("kind", kinds())
def test_a_misspelt_parameter_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        notifier_class(kind).Params.model_validate({"name": "ops", "type": kind, "url": "https://example.com", "retires": 3})


@pytest.mark.parametrize("kind", kinds())
def test_a_page_that_is_taken_is_delivered(kind: str) -> None:
    assert delivery(Receiver(200), kind=kind) == [Delivered()]


@pytest.mark.parametrize("kind", kinds())
def test_a_receiver_that_is_down_is_tried_again(kind: str) -> None:
    async def send() -> Delivery:
        async with aiohttp.ClientSession() as session:
            return await built(kind, session, url=f"http://127.0.0.1:{await _closed_port()}/").send(PAGE, NOW)

    assert asyncio.run(send()) == Retry("connection")


@pytest.mark.parametrize("kind", kinds())
def test_a_receiver_that_never_answers_is_tried_again(kind: str) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    assert delivery(Receiver(never), kind=kind, timeout_s=0.2) == [Retry("timeout")]


@pytest.mark.parametrize("kind", kinds())
def test_a_connection_that_breaks_is_tried_again(kind: str) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    assert delivery(Receiver(broken), kind=kind) == [Retry("connection")]


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
def test_what_may_be_mended_is_tried_again(kind: str, status: int) -> None:
    assert delivery(Receiver(status), kind=kind) == [Retry(f"http_{status}")]


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_page_is_not_sent_again(kind: str, status: int) -> None:
    assert delivery(Receiver(status), kind=kind) == [Failed(f"http_{status}")]


@pytest.mark.parametrize("kind", kinds())
def test_secrets_stand_in_no_log_and_no_text(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        delivery(Receiver(503), kind=kind)
    assert "undelivered" in caplog.text
    assert NEW.get_secret_value()[6:] not in caplog.text
    assert "team=" not in caplog.text


# -- webhook


def test_the_signature_is_the_specifications() -> None:
    assert (
        sign([decode_secret(OLD)], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_receiver_can_verify_a_page_with_either_secret() -> None:
    receiver = Receiver(204)
    assert delivery(receiver) == [Delivered()]
    ((headers, body),) = receiver.requests
    assert (headers["webhook-id"], headers["webhook-timestamp"], body) == ("3f9c:3", "1760000060", PAGE.body)
    assert headers["Content-Type"] == "application/cloudevents+json"
    signed = f"3f9c:3.1760000060.{body.decode()}".encode()
    keys = [base64.b64decode(secret.get_secret_value().removeprefix("whsec_")) for secret in (NEW, OLD)]
    expected = [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys]
    assert headers["webhook-signature"].split(" ") == expected


def test_a_page_sent_again_has_the_same_id_and_body() -> None:
    receiver = Receiver(503, 200)
    assert delivery(receiver, PAGE, PAGE) == [Retry("http_503"), Delivered()]
    (first, body), (second, again) = receiver.requests
    assert (first["webhook-id"], body) == (second["webhook-id"], again)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(
    ("header", "after"), [("120", 120.0), ("Thu, 09 Oct 2025 08:55:00 GMT", 39.3), ("soon", None), ("-5", None), ("9" * 30, 86_400.0)]
)
def test_a_receiver_that_asks_to_wait_is_waited_for(status: int, header: str, after: float | None) -> None:
    (found,) = delivery(Receiver(status, headers={"Retry-After": header}))
    assert isinstance(found, Retry)
    assert found.after_s == (pytest.approx(after) if after is not None else None)


def test_a_receiver_that_is_gone_is_disabled() -> None:
    assert delivery(Receiver(410)) == [Failed("http_410", disables=True)]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    receiver = Receiver(status, headers={"Location": "/elsewhere"})
    assert delivery(receiver) == [Failed(f"http_{status}")]
    assert len(receiver.requests) == 1


def test_a_page_that_is_too_large_is_not_sent() -> None:
    receiver = Receiver(200)
    large = Page("ops", "a", 1, "acme", "red", "raised", 0.0, b"x" * 2048)
    assert delivery(receiver, large, max_body_bytes=2047) == [Failed("body_too_large")]
    assert receiver.requests == []


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionError:
            return response

    assert delivery(Receiver(endless)) == [Delivered()]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1"]
)
def test_a_name_does_not_lead_into_a_private_network(address: str) -> None:
    assert _sent_to(["93.184.216.34", address]) == Failed("private_address")


def test_a_name_that_is_not_known_is_tried_again() -> None:
    assert _sent_to([]) == Retry("connection")


def test_an_allowed_private_address_is_connected_to_under_its_name() -> None:
    async def elsewhere(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async def send() -> tuple[Delivery, Receiver]:
        receiver = Receiver(200)
        app = web.Application()
        app.router.add_post("/hook", receiver.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        params = {"name": "ops", "type": "webhook", "url": f"http://hooks.internal:{port}/hook", "allow_http": True, "allow_private": True}
        async with aiohttp.ClientSession() as session:
            webhook = Webhook(Webhook.Params.model_validate(params), session, [NEW], resolver=elsewhere)
            found = await webhook.send(PAGE, NOW)
        await runner.cleanup()
        assert receiver.requests[0][0]["Host"] == f"hooks.internal:{port}"
        return found, receiver

    assert asyncio.run(send())[0] == Delivered()


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def send() -> Delivery:
        receiver = Receiver(200)
        app = web.Application()
        app.router.add_post("/", receiver.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]

        async def both(_: str, __: int) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]

        params = {"name": "ops", "type": "webhook", "url": f"http://localhost:{port}/"}
        async with aiohttp.ClientSession() as session:
            found = await Webhook(Webhook.Params.model_validate(params), session, [NEW], resolver=both).send(PAGE, NOW)
        await runner.cleanup()
        return found

    assert asyncio.run(send()) == Delivered()


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


def _sent_to(addresses: list[str]) -> Delivery:
    async def resolver(_: str, __: int) -> list[str]:
        return addresses

    async def send() -> Delivery:
        params = Webhook.Params.model_validate({"name": "ops", "type": "webhook", "url": "https://hooks.example.com/"})
        async with aiohttp.ClientSession() as session:
            return await Webhook(params, session, [NEW], resolver=resolver).send(PAGE, NOW)

    return asyncio.run(send())
