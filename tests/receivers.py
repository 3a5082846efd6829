"""Receivers on this machine that speak the protocols of the services Fenghuo notifies: what they are sent, they keep."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

WEBHOOK_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ROUTING_KEY = "R0ut1ngK3y" * 3 + "xy"
TOKEN = "t0k3n-in-the-url"
PASSWORD = "p4ssw0rd-of-mail"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver(Protocol):
    """A server of one service: opened, it has a port; what it took is counted."""

    async def open(self) -> int: ...

    async def close(self) -> None: ...

    @property
    def taken(self) -> int: ...


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What a receiver was sent: the path with its query as it stood on the line, headers, body."""

    target: str
    headers: Mapping[str, str]
    body: bytes


class HttpReceiver:
    """Answers as told, the last answer for ever."""

    def __init__(self, *answers: Reply | Handler) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    @property
    def taken(self) -> int:
        return len(self.requests)

    async def open(self, port: int = 0) -> int:
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        opened: int = self._runner.addresses[0][1]
        return opened

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(Request(request.raw_path, dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Reply):
            return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))
        return await answer(request)


async def never(_: web.Request) -> web.StreamResponse:
    """An answer that does not come."""
    await asyncio.Event().wait()
    return web.Response()


async def broken(request: web.Request) -> web.StreamResponse:
    """A connection that breaks off."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass
class Mail:
    """What a mail server was handed."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    data: bytes = b""
    login: str = ""
    encrypted: bool = False


class SmtpReceiver:
    """A mail server (RFC 5321): EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, QUIT. `replies` are what it says to a verb or an address.

    `tls` offers STARTTLS, or with `implicit` begins with TLS; `silent` never greets; `hangs_up` breaks off when mail comes.
    """

    def __init__(
        self,
        replies: Mapping[str, str] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        silent: bool = False,
        hangs_up: bool = False,
    ) -> None:
        self.replies = dict(replies or {})
        self.mails: list[Mail] = []
        self._tls, self._implicit, self._silent, self._hangs_up = tls, implicit, silent, hangs_up
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def taken(self) -> int:
        return len(self.mails)

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls if self._implicit else None)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            if self._silent:
                await asyncio.Event().wait()
            await self._session(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            return
        finally:
            writer.close()
            self._talks.discard(task)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mail = Mail(encrypted=self._implicit)
        self._say(writer, "220 mail.example ESMTP")
        while line := await reader.readline():
            text = line.decode().rstrip()
            verb = text.split(" ", 1)[0].upper()
            if verb == "MAIL" and self._hangs_up:
                writer.transport.abort()
                return
            if verb == "DATA" and verb not in self.replies:
                await self._data(reader, writer, mail)
                mail = Mail(encrypted=mail.encrypted, login=mail.login)
                continue
            self._say(writer, self._reply(verb, text, mail))
            if verb == "STARTTLS":
                await writer.drain()
                await writer.start_tls(self._tls or ssl.create_default_context())
                mail.encrypted = True
            if verb == "QUIT":
                return

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail: Mail) -> None:
        self._say(writer, "354 go on")
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail.data = b"".join(lines)
        self._say(writer, self.replies.get("END", "250 taken"))
        if self.replies.get("END", "250").startswith("250"):
            self.mails.append(mail)

    def _reply(self, verb: str, text: str, mail: Mail) -> str:
        address = text[text.find("<") + 1 : text.find(">")]
        if verb in self.replies or address in self.replies:
            return self.replies.get(verb) or self.replies[address]
        if verb == "EHLO":
            starttls = "250-STARTTLS\r\n" if self._tls is not None and not self._implicit and not mail.encrypted else ""
            return f"250-mail.example\r\n{starttls}250 AUTH PLAIN"
        if verb == "AUTH":
            mail.login = base64.b64decode(text.rsplit(" ", 1)[1]).decode()
            return "235 welcome"
        if verb == "MAIL":
            mail.sender = address
        if verb == "RCPT":
            mail.recipients.append(address)
        return {"STARTTLS": "220 go on", "QUIT": "221 bye"}.get(verb, "250 ok")

    def _say(self, writer: asyncio.StreamWriter, reply: str) -> None:
        writer.write(f"{reply}\r\n".encode())


@dataclass(frozen=True)
class Service:
    """How a kind of notifier is pointed at a receiver here, and what its service answers when it took a page."""

    taken: Reply = field(default_factory=lambda: Reply(200))
    secrets: Callable[[int], Sequence[str]] = lambda _: ()
    params: Callable[[int], Mapping[str, Any]] = lambda port: {"url": f"http://127.0.0.1:{port}/hooks/fenghuo?team=a%2Fb"}


def _robot(path: str, taken: Reply) -> Service:
    return Service(taken, lambda port: [f"http://127.0.0.1:{port}{path}{TOKEN}"], lambda _: {})


SERVICES: Mapping[str, Service] = {
    "alertmanager": Service(params=lambda port: {"url": f"http://127.0.0.1:{port}"}, secrets=lambda _: [TOKEN]),
    "apprise": Service(secrets=lambda port: [f"json://127.0.0.1:{port}/{TOKEN}?rto=0.5"], params=lambda _: {}),
    "dingtalk": _robot("/robot/send?access_token=", Reply(200, b'{"errcode":0,"errmsg":"ok"}')),
    "email": Service(
        secrets=lambda _: [PASSWORD],
        params=lambda port: {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "username": "duty",
            "from": "fenghuo@shop.example",
            "to": ["duty@shop.example"],
        },
    ),
    "feishu": _robot("/open-apis/bot/v2/hook/", Reply(200, b'{"code":0,"msg":"success","data":{}}')),
    "pagerduty": Service(
        Reply(202, b'{"status":"success","message":"Event processed","dedup_key":"3f9c"}'),
        lambda _: [ROUTING_KEY],
        lambda port: {"url": f"http://127.0.0.1:{port}/v2/enqueue"},
    ),
    "slack": _robot("/services/T0/B0/", Reply(200, b"ok")),
    "teams": _robot("/workflows/1/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers&sig=", Reply(202)),
    "webhook": Service(secrets=lambda _: [WEBHOOK_SECRET]),
    "wecom": _robot("/cgi-bin/webhook/send?key=", Reply(200, b'{"errcode":0,"errmsg":"ok"}')),
}
"""A kind that is not here is one with a `url`, without secrets, whose service says no more than HTTP 200."""


def service(kind: str) -> Service:
    """How to speak to a kind."""
    return SERVICES.get(kind, Service())


def receiver_of(kind: str) -> Receiver:
    """One that takes everything."""
    return SmtpReceiver() if kind == "email" else HttpReceiver(service(kind).taken)


def silent_receiver(kind: str) -> Receiver:
    """One that never answers."""
    return SmtpReceiver(silent=True) if kind == "email" else HttpReceiver(never)


def breaking_receiver(kind: str) -> Receiver:
    """One that breaks the connection off."""
    return SmtpReceiver(hangs_up=True) if kind == "email" else HttpReceiver(broken)
