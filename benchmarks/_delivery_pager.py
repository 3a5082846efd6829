"""A receiver that counts: what a phone that rings at each request gets, and what one that knows the page's id gets."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

__all__ = ["Pager"]

HOLD_S: Final = 30.0


class Pager:
    """A webhook on loopback. `names` says which alerts that have begun a body tells of.

    The next request about a name that is held is not answered until `let_go`, or until whoever sent it is gone.
    """

    def __init__(self, names: Callable[[Any], list[str]]) -> None:
        self.port = 0
        self.rings: Counter[str] = Counter()
        self.ids: defaultdict[str, set[str]] = defaultdict(set)
        self.rings_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Requests by name and page id, in the order in which the ids came first."""
        self._names = names
        self._held: set[str] = set()
        self._open: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._more: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._answered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._go = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    def hold(self, name: str) -> None:
        """Do not answer the next request about a name."""
        self._held.add(name)
        self._go.clear()

    def let_go(self) -> None:
        """Answer what is held."""
        self._go.set()

    async def opened(self, name: str) -> None:
        """Wait for a request about a name."""
        await self._open[name].wait()

    async def answered(self, name: str) -> None:
        """Wait until a request about a name was answered."""
        await self._answered[name].wait()

    async def rung(self, name: str, count: int) -> None:
        """Wait until so many different pages about a name have come."""
        while len(self.rings_of[name]) < count:
            self._more[name].clear()
            await self._more[name].wait()

    def note(self, name: str, page: str) -> None:
        """Count a request about a name."""
        self.rings[name] += 1
        self.ids[name].add(page)
        self.rings_of[name][page] += 1
        self._more[name].set()
        self._open[name].set()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        names = self._names(json.loads(body))
        for name in names:
            self.note(name, request.headers.get("webhook-id") or f"unnamed {self.rings[name]}")
        if held := self._held.intersection(names):
            self._held -= held
            async with asyncio.timeout(HOLD_S):
                await self._go.wait()
            return web.Response(status=503)
        response = web.Response(status=200)
        await response.prepare(request)
        await response.write_eof()
        for name in names:
            self._answered[name].set()
        return response
