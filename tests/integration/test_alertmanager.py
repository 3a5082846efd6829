"""The real Alertmanager, where it is installed: it takes our alerts, shows them, passes them on, and ends them when we say so."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, Popen
from time import monotonic, sleep, time
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import aiohttp
import msgspec
import pytest

from alerts.notifiers.alertmanager import Alertmanager
from alerts.page import Delivered, Page
from tests.integration.harness import until
from tests.receivers import HttpReceiver, Reply

pytestmark = pytest.mark.integration

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = """
route: {{receiver: fenghuo, group_by: ["..."], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: fenghuo, webhook_configs: [{{url: "http://127.0.0.1:{port}/"}}]}}]
"""
DEADLINE_S = 30.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Site:
    """An Alertmanager on a port of its own; it passes what it is told on to `receiver_port`."""

    def __init__(self, folder: Path) -> None:
        self.receiver_port = free_port()
        self.url = f"http://127.0.0.1:{free_port()}"
        file = folder / "alertmanager.yaml"
        file.write_text(CONFIG.format(port=self.receiver_port), encoding="utf-8")
        assert PROGRAM is not None
        listen = self.url.removeprefix("http://")
        options = [f"--config.file={file}", f"--storage.path={folder}", f"--web.listen-address={listen}", "--cluster.listen-address="]
        self._process = Popen([PROGRAM, *options], stdout=DEVNULL, stderr=DEVNULL)

    def alerts(self) -> list[dict[str, Any]]:
        with urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310 - the address is ours
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def wait(self) -> None:
        deadline = monotonic() + DEADLINE_S
        while True:
            try:
                self.alerts()
            except (URLError, ConnectionError):
                assert self._process.poll() is None, "Alertmanager ended"
                assert monotonic() < deadline, "Alertmanager does not answer"
                sleep(0.05)
            else:
                return

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    if PROGRAM is None:
        pytest.skip("Alertmanager is not installed (Debian: prometheus-alertmanager)")
    found = Site(tmp_path)
    try:
        found.wait()
        yield found
    finally:
        found.close()


def page(revision: int, state: str, tier: str, previous: str | None, at: float) -> Page:
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    data = {
        "indicator": "queue_length",
        "dimension": "structure",
        "previous_tier": previous,
        "value": 320,
        "unit": "count",
        "threshold": 300.0,
        "direction": "high",
        "scope": {"tenant_id": "acme", "queue_id": "q-物流"},
        "title": {"zh": "q-物流 排队320人", "en": "q-物流: 320 waiting"},
        "event_time": stamp,
        "detected_at": stamp,
    }
    return Page("am", "3f9c", revision, "acme", tier, state, at, msgspec.json.encode({"data": data}))


async def _until(condition: Callable[[], bool]) -> None:
    async def met() -> bool:
        return condition()

    await until(met, DEADLINE_S)


def test_an_alert_burns_rises_and_ends_in_alertmanager(site: Site) -> None:
    asyncio.run(_lifecycle(site))


async def _lifecycle(site: Site) -> None:
    receiver = HttpReceiver(Reply(200))
    await receiver.open(site.receiver_port)
    start = time() - 10

    def told() -> set[tuple[str, str]]:
        alerts = [alert for request in receiver.requests for alert in json.loads(request.body)["alerts"]]
        return {(alert["labels"]["tier"], alert["status"]) for alert in alerts}

    async with aiohttp.ClientSession() as session:
        params = {"name": "am", "type": "alertmanager", "url": site.url, "console_url": "https://console.example"}
        notifier = Alertmanager(Alertmanager.Params.model_validate(params), session)
        assert await notifier.send(page(1, "raised", "yellow", None, start), time()) == Delivered()
        (shown,) = await asyncio.to_thread(site.alerts)
        assert (shown["labels"]["queue_id"], shown["labels"]["severity"]) == ("q-物流", "warning")
        assert shown["annotations"]["summary"].endswith("q-物流 排队320人 / q-物流: 320 waiting")
        assert shown["generatorURL"] == "https://console.example/alerts/3f9c"
        await _until(lambda: ("yellow", "firing") in told())

        assert await notifier.send(page(2, "updated", "red", "yellow", start + 2), time()) == Delivered()
        (shown,) = await asyncio.to_thread(site.alerts)
        assert (shown["labels"]["tier"], shown["labels"]["severity"]) == ("red", "critical")
        await _until(lambda: {("yellow", "resolved"), ("red", "firing")} <= told())

        assert await notifier.send(page(3, "resolved", "red", "red", start + 4), time()) == Delivered()
        assert await asyncio.to_thread(site.alerts) == []
        await _until(lambda: ("red", "resolved") in told())
    await receiver.close()
