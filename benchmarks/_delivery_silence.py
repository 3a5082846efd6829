"""A silence, then SIGKILL: what it covers pages nobody until it is over, and is paged then."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from alerts.command import Command
from alerts.silence import Silence
from benchmarks._delivery_progress import steps
from benchmarks._delivery_site import LIMIT_S, Site, open_site
from streams.topics import ALERTS, CHANGES, FEEDBACK, changelog_of, internal
from streams.wiring import Layout

__all__ = ["STEPS", "measure"]

STEPS: Final = ("silence_written", "silence_kept", "event_written", "alert_written")
LAYOUT: Final = Layout(events=1, scopes=1, alerts=1)
POLICY: Final = """
profile: core
enable: [queue_length]
stages: [silences, route]
routes: [{{receivers: [ops], match: {{indicator: queue_length}}}}]
receivers: [{{name: ops, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_BENCH_SECRET}}]
outbox: {{first_s: 0.2, cap_s: 1.0}}
"""
_HOUR_S: Final = 3600.0
_LEFT_S: Final = 0.5


async def measure(kills: int, bootstrap: str | None = None) -> dict[str, Any]:
    """For each step, so many silences with a kill there.

    `within` are the silenced alerts that were paged before the silence was over, `after` how many different pages each had in the end;
    `control` those of an alert beside it that nothing silences. Silences end by command and by time in turns.
    """
    async with open_site(POLICY, layout=LAYOUT, bootstrap=bootstrap) as site:
        found = {}
        await site.start()
        for step in STEPS:
            names = [f"{step.replace('_', '-')}-{number:04d}" for number in range(kills)]
            within = 0
            for number, name in enumerate(steps(names, f"silence: {step}")):
                within += await _silenced(site, step, name, by_command=number % 2 == 0)
            found[step] = {"kills": kills, "within": within, "after": _pages(site, names), "control": _pages(site, map(_control, names))}
        return found


def _pages(site: Site, names: Sequence[str] | Any) -> dict[int, int]:
    """Different pages -> alerts that had so many."""
    return dict(sorted(Counter(len(site.pager.ids[name]) for name in names).items()))


def _control(name: str) -> str:
    return f"{name}-loud"


async def _silenced(site: Site, step: str, name: str, *, by_command: bool) -> bool:
    """One silence and one kill. Whether the silenced alert was paged before the silence was over."""
    began = time.time()
    async with asyncio.timeout(LIMIT_S):
        await _silence(site, name, began, began + _HOUR_S)
        await _reached(site, step, name)
    await site.kill()
    await site.start()
    async with asyncio.timeout(LIMIT_S):
        if step in ("silence_written", "silence_kept"):
            # A command is carried out when the alert stage has it: what burns before that is paged before that.
            await site.written(internal(CHANGES, site.app_id), name)
            await site.fire(name)
        await site.written(ALERTS, _key(name))
        await site.fire(_control(name))
        await site.pager.answered(_control(name))
        early = site.pager.rings[name] > 0
        if by_command:
            await _expire(site, name)
        else:
            await _silence(site, name, began, time.time() + _LEFT_S)
        await site.pager.answered(name)
    return early


def _key(name: str) -> str:
    """What only the alert of this very queue has in its event."""
    return f'|queue={name}"'


async def _reached(site: Site, step: str, name: str) -> None:
    if step == "silence_written":
        await site.written(FEEDBACK, name)
        return
    await site.written(changelog_of("alerts", site.app_id), name)
    if step in ("event_written", "alert_written"):
        await site.fire(name)
    if step == "alert_written":
        await site.written(ALERTS, _key(name))


async def _silence(site: Site, name: str, starts: float, until: float) -> None:
    silence = Silence(id=name, tenant="acme", match={"queue_id": name}, starts=starts, until=until, by="bench")
    await site.tell(Command(id=f"{name}-{until}", tenant="acme", kind="silence_add", by="bench", at=time.time(), silence=silence))


async def _expire(site: Site, name: str) -> None:
    silence = Silence(id=name, tenant="acme", starts=0.0, until=0.0)
    await site.tell(Command(id=f"{name}-over", tenant="acme", kind="silence_expire", by="bench", at=time.time(), silence=silence))
