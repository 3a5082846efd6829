"""Escalations while workers come, leave and are killed: no step is taken twice, none is left out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from benchmarks._delivery_pager import Pager
from benchmarks._delivery_progress import steps
from benchmarks._delivery_site import LIMIT_S, Site, ended_queues, open_site
from streams.wiring import Layout

__all__ = ["STEPS", "measure", "taken"]

STEPS: Final = 8
EVERY_S: Final = 1.5
QUEUES: Final = 12
LAYOUT: Final = Layout(events=4, scopes=4, alerts=4)
POLICY: Final = (
    """
profile: core
enable: [queue_length]
stages: [route, escalate]
routes: [{{receivers: [ops], match: {{indicator: queue_length}}}}]
receivers: [{{name: ops, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_BENCH_SECRET}}]
outbox: {{first_s: 0.2, cap_s: 1.0}}
escalations: [{{steps: ["""
    + ", ".join(f"{{{{after_s: {number * EVERY_S}, notify: [ops]}}}}" for number in range(1, STEPS + 1))
    + """]}}]
"""
)
_ENDS: Final = ("killed", "left")


async def measure(rounds: int, bootstrap: str | None = None, *, queues: int = QUEUES) -> dict[str, Any]:
    """In each round queues of as many tenants burn, a second worker joins, and the first one leaves: killed and by SIGTERM in turns.

    `moved` are the alert partitions that another worker took over while alerts escalated in them.
    """
    async with open_site(POLICY, layout=LAYOUT, names=ended_queues, bootstrap=bootstrap) as site:
        await site.start("w0", named=False)
        await _settled(site)
        names: dict[str, list[str]] = {end: [] for end in _ENDS}
        moved: Counter[str] = Counter()
        for number in steps(range(rounds), "escalation"):
            end = _ENDS[number % len(_ENDS)]
            fresh = [f"round-{number:03d}-{queue:02d}" for queue in range(queues)]
            moved[end] += await _round(site, number, end, fresh)
            names[end] += fresh
        return {end: {**taken(site.pager, names[end]), "moved": moved[end]} for end in _ENDS if names[end]}


def taken(pager: Pager, names: Sequence[str]) -> dict[str, Any]:
    """How often each step of each alert was paged; step 0 is the first page.

    `idempotent`: pages of different ids -> steps that had so many; `plain`: requests. `missing` had none, `disordered` are alerts
    whose steps came in another order, `strange` pages of no step that there is.

    >>> pager = Pager(lambda body: [])
    >>> for step in ("a:1", "a:1:e2", "a:1:e1", "a:1:e1"): pager.note("q", step)
    >>> found = taken(pager, ["q"])
    >>> found["idempotent"], found["plain"], found["missing"], found["disordered"], found["strange"]
    ({0: 6, 1: 3}, {0: 6, 1: 2, 2: 1}, 6, 1, 0)
    """
    wanted = ["", *(f"e{number}" for number in range(1, STEPS + 1))]
    idempotent: Counter[int] = Counter()
    plain: Counter[int] = Counter()
    disordered = strange = 0
    for name in names:
        rings = pager.rings_of[name]
        found = [_step(each) for each in rings]
        idempotent.update(found.count(step) for step in wanted)
        plain.update(sum(rings[each] for each in rings if _step(each) == step) for step in wanted)
        disordered += found != sorted(found)
        strange += sum(step not in wanted for step in found)
    return {
        "alerts": len(names),
        "steps": len(names) * len(wanted),
        "idempotent": dict(sorted(idempotent.items())),
        "plain": dict(sorted(plain.items())),
        "missing": plain[0],
        "disordered": disordered,
        "strange": strange,
    }


def _step(event_id: str) -> str:
    """The step of a page's id, empty for the first page.

    >>> _step("3f9c:1:e2"), _step("3f9c:1")
    ('e2', '')
    """
    return event_id.partition(":")[2].partition(":")[2]


async def _settled(site: Site) -> None:
    """Wait until the first worker takes what comes."""
    async with asyncio.timeout(LIMIT_S):
        await site.fire("settled", tenant="settled")
        await site.pager.answered("settled")
        await site.resolve("settled", tenant="settled")
        await site.pager.answered("settled-end")


async def _round(site: Site, number: int, end: str, names: Sequence[str]) -> int:
    """Light the alerts, change the workers in mid-escalation, and put them out when the last step is taken. How many partitions moved."""
    old, new = f"w{number}", f"w{number + 1}"
    tenants = {name: f"tenant-{index}" for index, name in enumerate(names)}
    async with asyncio.timeout(2 * LIMIT_S):
        await asyncio.gather(*(site.fire(name, tenant=tenants[name]) for name in names))
        await asyncio.gather(*(site.pager.answered(name) for name in names))
        began = time.monotonic()
        await site.start(new, named=False)
        await _restored(site, new, 1)
        joined = site.restored(new)
        await asyncio.sleep(max(0.0, began + 2.5 * EVERY_S - time.monotonic()))
        await (site.kill if end == "killed" else site.stop)(old)
        await asyncio.gather(*(site.pager.rung(name, STEPS + 1) for name in names))
        await _restored(site, new, joined + 1)
        await asyncio.gather(*(site.resolve(name, tenant=tenants[name]) for name in names))
        await asyncio.gather(*(site.pager.answered(f"{name}-end") for name in names))
    return site.restored(new)


async def _restored(site: Site, name: str, count: int) -> None:
    """Wait until a worker has taken over so many partitions."""
    while True:
        if site.restored(name) >= count:
            return
        await asyncio.sleep(0.1)
