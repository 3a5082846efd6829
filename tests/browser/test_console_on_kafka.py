"""The whole way: an event on a real Kafka, a real worker, the console's own command, two browsers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from alerts.command import Command, decode_command
from streams.api.tokens import new_token
from streams.broker import Broker
from streams.topics import FEEDBACK
from tests.integration.driver import LAYOUT, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.integration, pytest.mark.browser]

T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run it on a thread of its own: Playwright has this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Site]:
    given, broker = os.environ.get("FENGHUO_TEST_BOOTSTRAP"), None
    if not given:
        broker = Broker(data=tmp_path / "kafka")
        broker.start()
    made = Site(given or (broker.bootstrap if broker is not None else ""), tmp_path, LAYOUT)
    try:
        do(made.reset())
        yield made
    finally:
        made.close()
        if broker is not None:
            broker.stop()


def moved(conversation: str) -> bytes:
    """An event that lights an alert at once: a conversation is handed over."""
    now = datetime.now(UTC).isoformat()
    transfer = {"from": {"agent_id": "a-1"}, "to": {"agent_id": "a-2"}, "reason": "skill"}
    data = {"tenant_id": "acme", "conversation": {"id": conversation, "channel": "chat", "queue_id": "q-refund"}, "transfer": transfer}
    kind = "fenghuo.conversation.transferred.v1"
    event = {"specversion": "1.0", "id": f"{conversation}-{now}", "source": "/tenants/acme/crm", "type": kind, "time": now, "data": data}
    return json.dumps(event).encode()


def told(what: str, **more: object) -> bytes:
    """What the floor's systems say of now."""
    now = datetime.now(UTC).isoformat()
    event = {"specversion": "1.0", "id": f"{what}-{now}", "source": "/tenants/acme/acd", "type": f"fenghuo.{what}.v1", "time": now}
    return json.dumps({**event, "data": {"tenant_id": "acme", **more}}).encode()


async def commands(site: Site) -> list[Command]:
    found = [decode_command(record.value, record_time=record.timestamp / 1000) for record in await site.read(FEEDBACK)]
    return [each for each in found if isinstance(each, Command)]


def shown_after(site: Site, page: Page, number: int) -> float:
    """Seconds from an event's time, before the producer connects, to the row of its alert, the page's `number`-th."""
    page.evaluate(
        """(number) => { window.seen = new Promise((done) => new MutationObserver(() => {
        if (document.querySelectorAll(".row").length === number) done(Date.now()); })
        .observe(document.getElementById("rows"), { childList: true })); }""",
        number,
    )
    began = time.time()
    do(site.send(moved(f"c-{number}")))
    shown: float = page.evaluate("window.seen")
    return shown / 1000 - began


def test_an_event_is_on_the_page_within_a_second_and_its_acknowledgement_in_another_browser(
    cluster: Site, browser: Browser, tmp_path: Path
) -> None:
    text, entry = new_token("li", "viewer")
    cluster.settings |= {
        "FENGHUO_DATA_DIR": str(tmp_path / "data"),
        "FENGHUO_API__TOKENS": json.dumps([entry.model_dump(mode="json", exclude_none=True)]),
    }
    worker, console = cluster.worker(), cluster.start("console", "--port", "0")
    do(console.wait_for_log("login?ticket=", 90))
    do(worker.wait_for_log("worker.started", 90))
    do(cluster.wait_until_told_idle())
    link = re.search(r"(http://\S+)/login\?ticket=\S+", console.log.read_text(encoding="utf-8"))
    assert link is not None
    first, second = browser.new_context().new_page(), browser.new_context(locale="en-GB").new_page()
    first.goto(link[0])
    second.goto(f"{link[1]}/login")
    second.fill("[name=token]", text)
    second.click("main button")
    for page in (first, second):
        page.wait_for_selector("#link[data-state=connected]")
    # The first event warms the worker up.
    do(cluster.send(moved("c-1")))
    first.wait_for_selector(".row")
    # The best of three: what else runs on the machine is not ours.
    took = min(shown_after(cluster, first, number) for number in (2, 3, 4))
    assert took <= 1.0, f"{took:.3f} s"
    (tmp_path / "figures.txt").write_text(f"event to page {took:.3f} s\n", encoding="utf-8")
    first.click(".row [data-do=acknowledge] >> nth=0")
    second.wait_for_selector(".row .state.acknowledged")
    (given,) = do(commands(cluster))
    assert given.kind == "acknowledge"
    assert second.locator(".row button").count() == 0
    do(cluster.send(told("queue.snapshot", queue={"queue_id": "q-refund", "waiting": 7, "agents_available": 1, "agents_busy": 4})))
    do(cluster.send(told("agent.state_changed", agent={"id": "a-1", "type": "human"}, state="break")))
    second.goto(f"{link[1]}/now")
    second.wait_for_selector("tr:has(#q-acme-q-refund) >> text='1 / 4'")
    second.wait_for_selector("tr:has(#a-acme-a-1) .state.break")
    second.goto(f"{link[1]}/history")
    second.wait_for_selector("text='The first record, 65 indicators.'")
    for page in (first, second):
        page.context.close()
    assert [console.stop(), worker.stop()] == [0, 0]
    assert text not in console.log.read_text(encoding="utf-8")
