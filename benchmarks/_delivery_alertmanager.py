"""The same kills of Debian's Alertmanager, where it is installed, and how it takes a storm and a receiver that is down."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks._delivery_kills import told
from benchmarks._delivery_pager import Pager
from benchmarks._delivery_progress import steps

__all__ = ["PROGRAM", "STEPS", "measure"]

PROGRAM: Final = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
STEPS: Final = ("accepted_in_group_wait", "request_open", "request_answered")
LIMIT_S: Final = 30.0
CONFIG: Final = """
route: {{receiver: ops, group_by: [queue], group_wait: 500ms, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: ops, webhook_configs: [{{url: "http://127.0.0.1:{port}/hook", send_resolved: true}}]}}]
"""


class Alertmanager:
    """One node that can be killed; it keeps its data folder."""

    def __init__(self, folder: Path, pager: Pager) -> None:
        self.pager = pager
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._listen = f"127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._session = aiohttp.ClientSession(f"http://{self._listen}")

    async def start(self) -> None:
        """Start it and wait until it answers."""
        config = self._folder / "alertmanager.yml"
        config.write_text(CONFIG.format(port=self.pager.port), encoding="utf-8")
        options = [f"--config.file={config}", f"--storage.path={self._folder}", f"--web.listen-address={self._listen}"]
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            str(PROGRAM), *options, "--cluster.listen-address=", stdout=quiet, stderr=quiet
        )
        async with asyncio.timeout(LIMIT_S):
            while True:
                if await self._ready():
                    return
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        """Kill it and disconnect."""
        await self.kill()
        await self._session.close()

    async def fire(self, name: str) -> None:
        """An alert that burns; returns when it was accepted."""
        alert = [{"labels": {"alertname": "queue_length", "queue": name, "severity": "red"}}]
        async with self._session.post("/api/v2/alerts", json=alert) as answer:
            answer.raise_for_status()

    async def silence(self, name: str) -> None:
        """Silence an alert for an hour; returns when that was accepted."""
        now = datetime.now(UTC)
        silence = {
            "matchers": [{"name": "queue", "value": name, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "bench",
            "comment": "bench",
        }
        async with self._session.post("/api/v2/silences", json=silence) as answer:
            answer.raise_for_status()

    async def _ready(self) -> bool:
        try:
            async with self._session.get("/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


async def measure(kills: int) -> dict[str, Any]:
    """For each step, so many kills there. A client sends a burning alert again after the restart, but for `accepted_in_group_wait`.

    `silence_accepted`: killed right after a silence was accepted; `within` are the alerts it covered that were paged all the same.
    """
    async with _site() as site:
        found = {}
        await site.start()
        for step in STEPS:
            names = [f"{step.replace('_', '-')}-{number:04d}" for number in range(kills)]
            for name in steps(names, f"alertmanager: {step}"):
                await _killed(site, step, name)
            found[step] = told(site.pager, names)
        silenced = [f"silenced-{number:04d}" for number in range(kills)]
        within = 0
        for name in steps(silenced, "alertmanager: silence_accepted"):
            within += await _silenced(site, name)
        return {**found, "silence_accepted": {"kills": kills, "within": within}}


async def _silenced(site: Alertmanager, name: str) -> bool:
    await site.silence(name)
    await site.kill()
    await site.start()
    async with asyncio.timeout(LIMIT_S):
        await site.fire(name)
        await site.fire(f"{name}-loud")
        await site.pager.answered(f"{name}-loud")
    return site.pager.rings[name] > 0


async def _killed(site: Alertmanager, step: str, name: str) -> None:
    again = step != "accepted_in_group_wait"
    if step == "request_open":
        site.pager.hold(name)
    async with asyncio.timeout(LIMIT_S):
        await site.fire(name)
        if again:
            await (site.pager.opened if step == "request_open" else site.pager.answered)(name)
    await site.kill()
    site.pager.let_go()
    await site.start()
    async with asyncio.timeout(LIMIT_S):
        if again:
            await site.fire(name)
        last = f"{name}-after"
        await site.fire(last)
        await site.pager.answered(last)


def _queues(body: Any) -> list[str]:
    """The queues of a notification's alerts that burn."""
    return [alert["labels"]["queue"] for alert in body["alerts"] if alert["status"] == "firing"]


@asynccontextmanager
async def _site() -> AsyncIterator[Alertmanager]:
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as folder:
        pager = Pager(_queues)
        await pager.start()
        site = Alertmanager(Path(folder), pager)
        try:
            yield site
        finally:
            await site.close()
            await pager.stop()
