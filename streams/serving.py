"""An application on its port, until a signal comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, Self

from aiohttp import web

from streams.api.guard import LOOPBACK
from streams.errors import FenghuoError
from streams.signals import on_stop

__all__ = ["Served", "until_stopped"]

log = logging.getLogger(__name__)


class Served:
    """The application, served at `host` and `port` while the context is open. `what` names it in the log.

    Raises FenghuoError when the port is taken.
    """

    def __init__(self, app: web.Application, host: str, port: int, *, what: str) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        self._host, self._port, self._what = host, port, what

    @property
    def port(self) -> int:
        """The port it listens at, also where 0 was asked for."""
        return int(self._runner.addresses[0][1])

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise FenghuoError(
                f"the {self._what} cannot listen at {self._host}:{self._port} ({error.strerror}): give another --port"
            ) from error
        if self._host not in LOOPBACK:
            log.warning("%s.no_tls host=%s advice=put a proxy with TLS before it", self._what, self._host)
        log.info("%s.served host=%s port=%d", self._what, self._host, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def until_stopped(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run until a signal comes, or one of the works ends: its fault is everybody's."""
    stopping = asyncio.Event()
    on_stop(lambda _: stopping.set())
    tasks = [asyncio.create_task(work) for work in works]
    waiting = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
    finally:
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
