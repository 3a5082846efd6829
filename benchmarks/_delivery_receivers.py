"""What becomes of pages when receivers fail: real notifiers, a server on loopback, and a clock that is moved instead of waited for."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from alerts.notifiers import notifier_class
from alerts.notifiers.base import Notifier
from alerts.outbox import Attempt, Backoff, Outbox, Outcome
from alerts.page import Page

__all__ = ["measure"]

START: Final = 1_794_326_400.0
DOWN_S: Final = 600.0
SECRET: Final = SecretStr("whsec_" + base64.b64encode(bytes(32)).decode())

Answer = Callable[[float, str], web.Response]


class Bench:
    """An outbox with its receivers; `answers` says what the server answers a receiver at a time, by the path of its address."""

    def __init__(self, answers: dict[str, Answer], backoff: Backoff | None = None) -> None:
        self.now = START
        self.outbox = Outbox(backoff)
        self.got: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.dead: list[str] = []
        self._answers = answers

    async def run(self, pages: Iterable[Page]) -> None:
        """Deliver the pages, which come in order of their `created`."""
        app = web.Application()
        app.router.add_post("/{name}", self._serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        try:
            async with aiohttp.ClientSession() as session:
                await self._deliver(pages, {name: _notifier(name, port, session) for name in self._answers})
        finally:
            await runner.cleanup()

    async def _deliver(self, pages: Iterable[Page], notifiers: dict[str, Notifier]) -> None:
        coming = sorted(pages, key=lambda page: page.created)[::-1]
        while coming or len(self.outbox):
            due = self.outbox.due_at()
            if coming and (due is None or coming[-1].created <= due):
                self.now = max(self.now, coming[-1].created)
                self.outbox.add(coming.pop())
                continue
            self.now = max(self.now, due or self.now)
            for attempt in self.outbox.take(self.now):
                await self._try(attempt, notifiers[attempt.page.receiver])

    async def _try(self, attempt: Attempt, notifier: Notifier) -> None:
        delivery = await notifier.send(attempt.page, self.now)
        if self.outbox.settle(attempt, delivery, self.now) is Outcome.DEAD:
            self.dead.append(attempt.page.event_id)

    async def _serve(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.json()
        event_id = request.headers.get("webhook-id", "")
        self.asked[name].append(self.now)
        answer = self._answers[name](self.now, json.dumps(body))
        if answer.status == 200 and b'"errcode": 0' in (answer.body or b'"errcode": 0'):  # type: ignore[operator]
            self.got[name].append((self.now, event_id, str(body.get("data", {}).get("state", ""))))
        return answer


def _notifier(name: str, port: int, session: aiohttp.ClientSession) -> Notifier:
    kind = "dingtalk" if name.startswith("robot") else "webhook"
    stanza: dict[str, Any] = {"name": name, "type": kind, "allow_http": True, "allow_private": True}
    address = f"http://127.0.0.1:{port}/{name}"
    made = notifier_class(kind)
    if kind == "webhook":
        return made(made.Params.model_validate({**stanza, "url": address}), session, [SECRET])
    return made(made.Params.model_validate(stanza), session, [SecretStr(f"{address}?access_token=x")])


def _pages(receivers: Iterable[str], number: int, over_s: float) -> list[Page]:
    """Alerts that are lit and over again within so many seconds."""
    pages = []
    for index in range(number):
        for revision, state in ((1, "raised"), (2, "resolved")):
            created = START + over_s * (index + 0.8 * (revision - 1)) / number
            data = {"alert_id": f"a{index}", "revision": revision, "state": state, "tier": "red", "indicator": "queue_length"}
            data |= {"title": {"zh": "排队", "en": "Queue"}, "scope": {"tenant_id": "acme"}}
            body = json.dumps({"id": f"a{index}:{revision}", "data": data}).encode()
            pages += [Page(each, f"a{index}", revision, "acme", "red", state, created, body) for each in receivers]
    return pages


def _ok(now: float, body: str) -> web.Response:
    del now, body
    return web.json_response({"errcode": 0})


async def measure(alerts: int = 200) -> dict[str, Any]:
    """Each trouble by itself; so many alerts while a receiver is down."""
    return {
        "down_10_minutes": await _down(alerts),
        "http_429_retry_after_120": await _slow(),
        "http_200_with_error_code": await _code(),
        "one_dead_beside_another": await _dead(),
    }


async def _down(alerts: int) -> dict[str, Any]:
    """503 for ten minutes, in which every alert is lit and is over."""
    bench = Bench({"hook": lambda now, body: web.Response(status=503) if now < START + DOWN_S else _ok(now, body)})
    pages = _pages(["hook"], alerts, DOWN_S)
    await bench.run(pages)
    got = [event_id for _, event_id, _ in bench.got["hook"]]
    order = all(got.index(f"a{index}:1") < got.index(f"a{index}:2") for index in range(alerts))
    return {
        "pages": len(pages),
        "lost": len({page.event_id for page in pages} - set(got)),
        "ends_delivered": sum(state == "resolved" for _, _, state in bench.got["hook"]),
        "doubles": len(got) - len(set(got)),
        "raise_before_end": order,
        "requests": len(bench.asked["hook"]),
        "last_after_recovery_s": round(max(at for at, _, _ in bench.got["hook"]) - START - DOWN_S, 1),
    }


async def _slow() -> dict[str, Any]:
    """429 with Retry-After: 120 to the first request of all."""
    refused: list[float] = []

    def answer(now: float, body: str) -> web.Response:
        if not refused:
            refused.append(now)
            return web.Response(status=429, headers={"Retry-After": "120"})
        return _ok(now, body)

    bench = Bench({"hook": answer})
    pages = _pages(["hook"], 20, 60.0)
    await bench.run(pages)
    first, second = bench.asked["hook"][:2]
    return {
        "pages": len(pages),
        "delivered": len(bench.got["hook"]),
        "dead": len(bench.dead),
        "asked_again_after_s": round(second - first, 1),
    }


async def _code() -> dict[str, Any]:
    """A robot that answers 200 with `errcode` 130101 (too fast) three times."""
    refused: list[float] = []

    def answer(now: float, body: str) -> web.Response:
        refused.append(now)
        return web.json_response({"errcode": 130101, "errmsg": "send too fast"}) if len(refused) <= 3 else _ok(now, body)

    bench = Bench({"robot": answer})
    pages = _pages(["robot"], 10, 60.0)
    await bench.run(pages)
    return {"pages": len(pages), "delivered": len(bench.got["robot"]), "refused": 3, "requests": len(refused), "dead": len(bench.dead)}


async def _dead() -> dict[str, Any]:
    """One receiver never answers 200; the other one's pages wait for nothing."""
    bench = Bench({"dead": lambda _now, _body: web.Response(status=503), "hook": _ok}, Backoff(max_age_s=3600.0))
    pages = _pages(["dead", "hook"], 20, 60.0)
    await bench.run(pages)
    created = {page.event_id: page.created for page in pages}
    delays = [at - created[event_id] for at, event_id, _ in bench.got["hook"]]
    return {"delivered_to_the_other": len(delays), "longest_delay_s": round(max(delays), 3), "dead_letters": len(bench.dead)}
