from __future__ import annotations

import asyncio
import email
import ssl
import subprocess
from email.policy import default
from pathlib import Path
from shutil import which
from typing import Any

import aiohttp
import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from alerts.notifiers.email import Email
from alerts.page import Delivered, Delivery, Failed, Page, Retry
from tests.receivers import PASSWORD, SmtpReceiver, service

NOW = 1_760_000_060.0
PAGE = Page(
    "ops", "3f9c", 3, "acme", "red", "raised", 1_760_000_000.0, b'{"data":{"title":{"zh":"\xe6\x8e\x92\xe9\x98\x9f","en":"Queue"}}}'
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and certificate of localhost, signed by itself, in one file."""
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate and is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*made, *names], check=True, capture_output=True, timeout=60)
    whole = folder / "whole.pem"
    whole.write_text(key.read_text() + cert.read_text())
    return whole


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def sent(receiver: SmtpReceiver, *pages: Page, secrets: tuple[str, ...] = (PASSWORD,), **params: Any) -> list[Delivery]:
    async def send() -> list[Delivery]:
        port = await receiver.open()
        found = {"name": "ops", "type": "email", **service("email").params(port), **params}
        try:
            async with aiohttp.ClientSession() as session:
                notifier = Email(Email.Params.model_validate(found), session, [SecretStr(each) for each in secrets])
                return [await notifier.send(page, NOW) for page in pages or (PAGE,)]
        finally:
            await receiver.close()

    return asyncio.run(send())


def parsed(receiver: SmtpReceiver, index: int = 0) -> Any:
    return email.message_from_bytes(receiver.mails[index].data, policy=default)


def test_the_mail_is_readable_as_text_and_as_html() -> None:
    receiver = SmtpReceiver()
    assert sent(receiver) == [Delivered()]
    mail = parsed(receiver)
    assert mail["Subject"] == "🔴 红色预警 / Red alert · 触发 / raised · 排队 / Queue"
    assert mail["From"] == "烽火 Fenghuo <fenghuo@shop.example>"
    assert "编号 / Alert: 3f9c" in mail.get_body(("plain",)).get_content()
    assert "<td>3f9c</td>" in mail.get_body(("html",)).get_content()


def test_a_page_sent_again_is_the_same_mail_and_later_ones_join_its_thread() -> None:
    receiver = SmtpReceiver()
    first = msgspec.structs.replace(PAGE, revision=1)
    assert sent(receiver, first, first, PAGE) == [Delivered()] * 3
    assert receiver.mails[0].data == receiver.mails[1].data
    assert parsed(receiver)["Message-ID"] == "<3f9c.1@shop.example>"
    assert (parsed(receiver, 2)["Message-ID"], parsed(receiver, 2)["References"]) == ("<3f9c.3@shop.example>", "<3f9c.1@shop.example>")


def test_no_header_and_no_markup_comes_out_of_a_text() -> None:
    receiver = SmtpReceiver()
    title = "x\r\nBcc: all@shop.example\r\n\r\n<script>alert(1)</script>"
    body = msgspec.json.encode({"data": {"title": {"zh": title, "en": title}}})
    assert sent(receiver, msgspec.structs.replace(PAGE, alert_id="a\r\nBcc: b", body=body), language="en") == [Delivered()]
    mail = parsed(receiver)
    assert mail["Bcc"] is None
    assert receiver.mails[0].recipients == ["duty@shop.example"]
    assert "<script>" not in mail.get_body(("html",)).get_content()


def test_starttls_encrypts_before_the_password_is_told(certificate: Path) -> None:
    receiver = SmtpReceiver(tls=server_side(certificate))
    assert sent(receiver, security="starttls", ca_file=str(certificate)) == [Delivered()]
    assert (receiver.mails[0].encrypted, receiver.mails[0].login) == (True, f"\0duty\0{PASSWORD}")


def test_tls_from_the_start(certificate: Path) -> None:
    receiver = SmtpReceiver(tls=server_side(certificate), implicit=True)
    assert sent(receiver, security="tls", ca_file=str(certificate)) == [Delivered()]


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
def test_a_certificate_nobody_vouches_for_is_not_trusted(certificate: Path, security: str, implicit: bool) -> None:
    receiver = SmtpReceiver(tls=server_side(certificate), implicit=implicit)
    assert sent(receiver, security=security) == [Retry("certificate")]
    assert receiver.mails == []


def test_a_server_that_lost_its_encryption_is_told_no_password() -> None:
    receiver = SmtpReceiver()
    assert sent(receiver, security="starttls") == [Retry("not_supported")]
    assert receiver.mails == []


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"AUTH": "535 bad password"}, Retry("smtp_535")),
        ({"MAIL": "451 later"}, Retry("smtp_451")),
        ({"MAIL": "550 not you"}, Failed("smtp_550")),
        ({"RCPT": "450 greylisted"}, Retry("smtp_450")),
        ({"RCPT": "550 nobody"}, Failed("smtp_550")),
        ({"DATA": "452 full"}, Retry("smtp_452")),
        ({"END": "552 too large"}, Failed("smtp_552")),
        ({"END": "421 going down"}, Retry("smtp_421")),
        ({"QUIT": "500 what"}, Delivered()),
    ],
)
def test_what_the_server_says_is_read(replies: dict[str, str], expected: Delivery) -> None:
    assert sent(SmtpReceiver(replies)) == [expected]


@pytest.mark.parametrize(("reply", "expected"), [("550 nobody", Delivered()), ("450 greylisted", Retry("smtp_450"))])
def test_one_of_two_recipients_is_refused(reply: str, expected: Delivery) -> None:
    receiver = SmtpReceiver({"b@shop.example": reply})
    assert sent(receiver, to=["a@shop.example", "b@shop.example"]) == [expected]
    assert receiver.mails[0].recipients == ["a@shop.example"]


def test_a_private_mail_server_must_be_allowed() -> None:
    async def resolver(_: str, __: int) -> list[str]:
        return ["10.0.0.1"]

    async def send() -> Delivery:
        params = Email.Params.model_validate(
            {"name": "ops", "type": "email", "host": "mail.example", "from": "a@x.example", "to": ["b@x.example"]}
        )
        async with aiohttp.ClientSession() as session:
            return await Email(params, session, resolver=resolver).send(PAGE, NOW)

    assert asyncio.run(send()) == Failed("private_address")


@pytest.mark.parametrize("address", ["nobody", "a@b\r\nBcc: c@d", "a b@c.example", "<a@b.example>", "a@b,c@d", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Email.Params.model_validate({"name": "ops", "type": "email", "host": "mail.example", "from": "a@x.example", "to": [address]})


def test_a_mail_over_the_network_is_encrypted_unless_allowed() -> None:
    with pytest.raises(ValueError, match="starttls or tls"):
        sent(SmtpReceiver(), host="mail.example")


@pytest.mark.parametrize(("secrets", "username"), [((), "duty"), ((PASSWORD,), None)])
def test_username_and_password_belong_together(secrets: tuple[str, ...], username: str | None) -> None:
    with pytest.raises(ValueError, match="belong together"):
        sent(SmtpReceiver(), secrets=secrets, username=username)
