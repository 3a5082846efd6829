"""E-mail, by SMTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import html
import re
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Annotated, Any, Final, Literal

import aiohttp
import aiosmtplib
from pydantic import ConfigDict, Field, SecretStr

from alerts.notifiers.base import Delivered, Delivery, Failed, Notifier, Page, Retry
from alerts.notifiers.shared.message import Message, TextParams, message_of
from alerts.notifiers.shared.outgoing import OutgoingParams, PrivateAddressError, Resolver, checked_addresses, is_this_machine, resolve
from alerts.notifiers.shared.text import cut

__all__ = ["Email"]

Mailbox = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=254)]

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_COLOURS: Final = {"blue": "#1e88e5", "yellow": "#f9a825", "orange": "#ef6c00", "red": "#c62828"}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]")
MAX_SUBJECT: Final = 180


class Email(Notifier):
    """Sends a mail in text and HTML, over STARTTLS or TLS with the server's certificate checked; the secret is the password of `username`.

    The Message-ID follows from the alert's id and revision, and every mail of an alert refers to its first: programs thread them, and
    servers that know ids drop a double. Refused for good (5xx) is failed, refused for now (4xx) is tried again. When the server takes
    the mail for some of the recipients and refuses others for good, it is delivered; for now, all get it again with the same id.
    A server behind a private address needs `allow_private`; one without encryption must be on this machine, or `allow_http` set.
    """

    class Params(OutgoingParams, TextParams):
        """A receiver of type email. `ca_file`: certificates (PEM) to trust beside the system's, for a mail server of one's own."""

        model_config = ConfigDict(populate_by_name=True)

        host: str = Field(pattern=r"^[A-Za-z0-9.:-]+$")
        port: int | None = Field(default=None, ge=1, le=65_535)
        security: Literal["starttls", "tls", "none"] = "starttls"
        username: str | None = None
        sender: Mailbox = Field(alias="from")
        to: list[Mailbox] = Field(min_length=1, max_length=50)
        ca_file: str | None = None

    def __init__(
        self, params: Any, session: aiohttp.ClientSession, secrets: Sequence[SecretStr] = (), *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(params, session, secrets)
        if (params.username is None) != (not secrets) or len(secrets) > 1:
            raise ValueError(f"receiver {params.name}: username and one secret, its password, belong together")
        if params.security == "none" and not params.allow_http and not is_this_machine(params.host):
            raise ValueError(
                f"receiver {params.name}: {params.host} is another machine; use security: starttls or tls, or set allow_http: true"
            )
        self._password = secrets[0] if secrets else None
        self._resolve = resolver
        self._tls = self._trusted() if params.security != "none" else None

    async def deliver(self, page: Page, now: float) -> Delivery:
        """Hand the mail to the server once."""
        try:
            async with asyncio.timeout(self.params.timeout_s):
                return await self._hand_over(_mail(message_of(page, self.params), self.params))
        except PrivateAddressError:
            return Failed("private_address")
        except (aiosmtplib.SMTPException, OSError) as error:
            return _judge(error)

    async def _hand_over(self, mail: EmailMessage) -> Delivery:
        client = await self._connected()
        try:
            refused, _ = await client.sendmail(self.params.sender, self.params.to, mail.as_bytes())
            # The mail is taken: a farewell that goes wrong must not send it again.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()
        later = [response.code for response in refused.values() if response.code < 500]
        return Retry(f"smtp_{min(later)}") if later else Delivered()

    async def _connected(self) -> aiosmtplib.SMTP:
        params = self.params
        sock = await self._socket(params.port or _PORTS[params.security])
        client = aiosmtplib.SMTP(
            hostname=params.host,
            sock=sock,
            timeout=params.timeout_s,
            use_tls=params.security == "tls",
            start_tls=params.security == "starttls",
            tls_context=self._tls,
            username=params.username,
            password=self._password.get_secret_value() if self._password is not None else None,
            local_hostname=params.sender.partition("@")[2],
        )
        try:
            await client.connect()
        except BaseException:
            sock.close()
            raise
        return client

    async def _socket(self, port: int) -> socket.socket:
        """A connection to the first of the checked addresses that answers."""
        addresses = await checked_addresses(self.params.host, port, self.params, self._resolve)
        for address in addresses[:-1]:
            try:
                return await self._connect(address, port)
            except OSError:
                continue
        return await self._connect(addresses[-1], port)

    async def _connect(self, address: str, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(self.params.connect_timeout_s):
                await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except BaseException:
            sock.close()
            raise
        return sock

    def _trusted(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.params.ca_file is not None:
            try:
                context.load_verify_locations(self.params.ca_file)
            except OSError as error:
                raise ValueError(f"receiver {self.name}: ca_file cannot be used: {error.strerror or error}; give a PEM file") from None
        return context


def _judge(error: Exception) -> Delivery:
    """What an error of the mail server or of the network means."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _by_code(min(each.code for each in error.recipients))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_code(error.code)
    if isinstance(error, TimeoutError):
        return Retry("timeout")
    if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return Retry("certificate")
    # What the library itself will not do, such as go on without STARTTLS, has no class of its own.
    return Retry("not_supported" if type(error) is aiosmtplib.SMTPException else "connection")


def _by_code(code: int) -> Delivery:
    """What an SMTP reply means (RFC 5321, 4.2.1). A refused login may be mended while the page waits: it is tried again.

    >>> _by_code(451), _by_code(550), _by_code(535)
    (Retry(reason='smtp_451', after_s=None), Failed(reason='smtp_550', disables=False), Retry(reason='smtp_535', after_s=None))
    """
    return Failed(f"smtp_{code}") if code >= 500 and code not in {530, 534, 535, 538} else Retry(f"smtp_{code}")


def _mail(message: Message, params: Any) -> EmailMessage:
    """The mail: the same bytes for the same page."""
    page, domain = message.page, params.sender.partition("@")[2]
    local = _UNSAFE.sub("-", page.alert_id)[:64] or "alert"
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address("烽火 Fenghuo", addr_spec=params.sender)
    mail["To"] = [Address(addr_spec=each) for each in params.to]
    mail["Subject"] = cut(message.heading, MAX_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(int(page.created), UTC))
    mail["Message-ID"] = f"<{local}.{page.revision}@{domain}>"
    if page.revision > 1:
        mail["In-Reply-To"] = mail["References"] = f"<{local}.1@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if page.tier in {"orange", "red"} and not message.ended:
        mail["Importance"] = "high"
    mail.set_content(_text(message), cte="base64")
    mail.add_alternative(_html(message), subtype="html", cte="base64")
    mail.set_boundary(f"=_{hashlib.sha256(page.event_id.encode('utf-8', 'replace')).hexdigest()[:32]}")
    return mail


def _text(message: Message) -> str:
    lines = [message.heading, "", *(f"{each.label}: {each.text}" for each in message.lines())]
    if message.link:
        lines += ["", f"{message.link_text}: {message.link}"]
    return "\n".join([*lines, ""])


def _html(message: Message) -> str:
    colour = "#2e7d32" if message.ended else _COLOURS.get(message.page.tier, "#616161")
    rows = "".join(
        f'<tr><th align="left" valign="top">{html.escape(each.label)}</th><td>{html.escape(each.text)}</td></tr>\n'
        for each in message.lines()
    )
    link = f'<p><a href="{html.escape(message.link)}">{html.escape(message.link_text)}</a></p>\n' if message.link else ""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n'
        f'<h3 style="color:{colour}">{html.escape(message.heading)}</h3>\n'
        f'<table cellpadding="4">\n{rows}</table>\n{link}</body></html>\n'
    )
