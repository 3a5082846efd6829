"""SIGKILL of a worker at each step between an event and its page, on a real Kafka: how many pages an alert has in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from benchmarks._delivery_pager import Pager
from benchmarks._delivery_progress import steps
from benchmarks._delivery_site import LIMIT_S, Site, open_site
from streams.topics import ALERTS, OUTBOX
from streams.wiring import Layout

__all__ = ["STEPS", "measure", "told"]

STEPS: Final = ("event_written", "alert_written", "page_written", "request_open", "request_answered")
LAYOUT: Final = Layout(events=1, scopes=1, alerts=1)
POLICY: Final = """
profile: core
enable: [queue_length]
stages: [route]
routes: [{{receivers: [ops], match: {{indicator: queue_length}}}}]
receivers: [{{name: ops, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_BENCH_SECRET}}]
outbox: {{first_s: 0.2, cap_s: 1.0}}
"""


async def measure(kills: int, bootstrap: str | None = None) -> dict[str, Any]:
    """For each step, so many kills there: pages an alert had, at a receiver that rings at each request and at one that knows ids."""
    async with open_site(POLICY, layout=LAYOUT, bootstrap=bootstrap) as site:
        found = {}
        await site.start()
        for step in STEPS:
            names = [f"{step.replace('_', '-')}-{number:04d}" for number in range(kills)]
            for name in steps(names, f"kills: {step}"):
                await _killed(site, step, name)
            found[step] = told(site.pager, names)
        return found


def told(pager: Pager, names: list[str]) -> dict[str, Any]:
    """How many alerts had how many pages: `plain` counts requests, `idempotent` different pages; `never` had none.

    >>> pager = Pager(lambda body: [])
    >>> pager.rings.update(["a", "a", "b"]); pager.ids["a"].add("1"); pager.ids["b"].add("2")
    >>> told(pager, ["a", "b"])
    {'kills': 2, 'plain': {1: 1, 2: 1}, 'idempotent': {1: 2}, 'never': 0}
    """
    plain = Counter(pager.rings[name] for name in names)
    idempotent = Counter(len(pager.ids[name]) for name in names)
    return {"kills": len(names), "plain": dict(sorted(plain.items())), "idempotent": dict(sorted(idempotent.items())), "never": plain[0]}


async def _killed(site: Site, step: str, name: str) -> None:
    """Fire, kill at the step, start again, and wait until the page has arrived."""
    if step == "request_open":
        site.pager.hold(name)
    async with asyncio.timeout(LIMIT_S):
        await site.fire(name)
        await _reached(site, step, name)
    await site.kill()
    site.pager.let_go()
    await site.start()
    async with asyncio.timeout(LIMIT_S):
        await site.pager.answered(name)
        # A page of the killed worker's that comes again is sent before one that is written now.
        last = f"{name}-after"
        await site.fire(last)
        await site.pager.answered(last)
        await site.settled()


async def _reached(site: Site, step: str, name: str) -> None:
    if step == "alert_written":
        await site.written(ALERTS, name)
    elif step == "page_written":
        await site.written(OUTBOX, name)
    elif step == "request_open":
        await site.pager.opened(name)
    elif step == "request_answered":
        await site.pager.answered(name)
