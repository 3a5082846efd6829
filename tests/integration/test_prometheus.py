"""A real Prometheus that reads a real worker and a console: every query of the dashboards has an answer, every rule can be computed."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from tests.contract.test_dashboards import FILES, queries
from tests.integration.driver import Receiver, Recording, Site
from tests.integration.harness import ROOT, WorkerProcess, until

pytestmark = pytest.mark.integration

PROGRAM = shutil.which("prometheus")
KEY = b"0123456789abcdef0123456789abcdef"
POLICY = """
routes: [{{receivers: duty, min_tier: orange}}]
receivers: [{{name: duty, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_TEST_SECRET}}]
"""
TROUBLE = ('result="failed"', "fenghuo_drops_total", "fenghuo_loop_errors_total")
"""A worker that is well has no series of these."""
SLOW = ("fenghuo_forecast_error_ratio", "fenghuo_forecast_covered_ratio")
"""A forecast is judged when its day has come: the recording is too short."""


class Prometheus:
    """A Prometheus on a port of its own that reads each target twice a second, with the rules we deliver."""

    def __init__(self, folder: Path, targets: Mapping[str, int]) -> None:
        assert PROGRAM is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{listen}"
        jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()]
        times = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"}
        rules = [str(ROOT / "deploy/prometheus/rules/fenghuo.yml")]
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump({"global": times, "rule_files": rules, "scrape_configs": jobs}), encoding="utf-8")
        options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={listen}"]
        self._process = Popen([PROGRAM, *options, "--enable-feature=exemplar-storage"], stdout=DEVNULL, stderr=DEVNULL)

    async def ask(self, path: str, **parameters: str) -> Any:
        """What an endpoint of the API answers; None while it does not answer."""
        return await asyncio.to_thread(self._ask, f"{self.url}/api/v1/{path}?{urlencode(parameters)}")

    async def samples(self, query: str) -> list[Any]:
        answer = await self.ask("query", query=query)
        return list(answer["result"]) if answer is not None else []

    def _ask(self, url: str) -> Any:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - the address is ours
                return json.load(answer)["data"]
        except (URLError, ConnectionError):
            assert self._process.poll() is None, "Prometheus ended"
            return None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def opened() -> Iterator[list[Prometheus]]:
    running: list[Prometheus] = []
    yield running
    for each in running:
        each.close()


class Asked:
    """The queries of all dashboards, and which of them Prometheus has not answered yet; somebody looks at the console meanwhile."""

    def __init__(self, prometheus: Prometheus, console: int) -> None:
        self._prometheus = prometheus
        self._page = f"http://127.0.0.1:{console}/login"
        self.left = {query.replace("[1m]", "[10s]") for path in FILES for query in queries(path)}

    async def again(self) -> bool:
        """Ask what is left; True when nothing is."""
        await asyncio.to_thread(self._look)
        self.left = {query for query in self.left if not await self._prometheus.samples(query)}
        return not self.left - self.quiet()

    def _look(self) -> None:
        with urlopen(self._page, timeout=30) as answer:  # noqa: S310 - the address is ours
            assert answer.status == 200

    def quiet(self) -> set[str]:
        """Those that need not be answered."""
        return {query for query in self.left if any(part in query for part in (*TROUBLE, *SLOW))}


async def port_of(process: WorkerProcess, said: str) -> int:
    """The port that a process names when it serves."""
    await process.wait_for_log(said, 90)
    line = next(line for line in process.log.read_text("utf-8").splitlines() if said in line)
    return int(line.rsplit("port=", 1)[1])


@pytest.mark.skipif(PROGRAM is None, reason="prometheus is not installed (Debian: apt-get install prometheus)")
def test_every_panel_shows_what_a_worker_and_a_console_have_done(
    site: Site, recording: Recording, tmp_path: Path, opened: list[Prometheus]
) -> None:
    async def scenario() -> None:
        receiver = Receiver(KEY)
        await receiver.open()
        (tmp_path / "policy.yaml").write_text(POLICY.format(port=receiver.port), encoding="utf-8")
        site.settings["FENGHUO_DATA_DIR"] = str(tmp_path)
        site.settings["FENGHUO_TEST_SECRET"] = f"whsec_{base64.b64encode(KEY).decode()}"
        worker = site.worker("--config", str(tmp_path / "policy.yaml"))
        console = site.start("console", "--port", "0")
        targets = {"fenghuo": await port_of(worker, "metrics.served"), "fenghuo-console": await port_of(console, "console.served")}
        prometheus = Prometheus(tmp_path, targets)
        opened.append(prometheus)
        await until(lambda: prometheus.samples("sum(up) == 2"))
        await site.command("ingest", str(recording.path))
        asked = Asked(prometheus, targets["fenghuo-console"])
        with suppress(TimeoutError):
            await until(asked.again, 90.0)
        assert asked.left - asked.quiet() == set()
        await until(lambda: prometheus.samples("fenghuo:lag_records:sum"))
        exemplars = await prometheus.ask("query_exemplars", query="fenghuo_end_to_end_seconds_bucket", start="0", end="9999999999")
        assert all("alert" in each["labels"] for series in exemplars for each in series["exemplars"])
        assert exemplars
        await receiver.close()

    asyncio.run(scenario())
