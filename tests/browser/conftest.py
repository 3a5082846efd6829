"""The real console in a real browser: aiohttp on a thread of its own, Debian's Chromium, and a worker that does what it is told."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.unit.console.desk import MADE, Desk, desk
from tests.unit.store.records import instant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

T = TypeVar("T")


class Site:
    """The console at `base`; `do` runs something in its event loop."""

    def __init__(self, store: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._context = desk(f"sqlite:///{store}", wall=time.time)
        self.desk: Desk = self.do(self._context.__aenter__())
        self.base = str(self.desk.client.make_url("")).rstrip("/")

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def light(self, *datas: dict[str, Any], live: bool = True) -> None:
        self.do(self.desk.worker.light(*datas, live=live))

    def tell(self, kind: str, at: float | None = None, **data: Any) -> None:
        """An event of the KPI topic."""
        moment = instant(time.time() if at is None else at)
        self.do(self._tell({"type": kind, "time": moment, "data": {"tenant_id": "acme", **data}}))

    async def _tell(self, event: dict[str, Any]) -> None:
        self.desk.parts.floor.take(event)

    def ticket(self, who: str) -> str:
        return f"{self.base}/login?ticket={self.desk.parts.tickets.issue(MADE[who][1], time.time())}"

    def close(self) -> None:
        self.do(self._context.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "alerts.db")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: uv pip install --group dev")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    with sync.sync_playwright() as driver:
        # Containers run as root and without a /dev/shm of size.
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield running
        running.close()


Visit = Callable[..., "Page"]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens a browser of somebody's own, logged in; what goes wrong on its pages fails the test."""
    contexts, wrong = [], []

    def opened(who: str = "operator", path: str = "/alerts", *, language: str = "en-GB", **options: Any) -> Page:
        context = browser.new_context(locale=language, timezone_id="Asia/Shanghai", **options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(site.ticket(who))
        if path != "/alerts":
            page.goto(site.base + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
