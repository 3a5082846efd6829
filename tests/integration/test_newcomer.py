"""A newcomer's path: every command of the README is run as it stands there, in a copy of the tree, on the embedded Kafka."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.integration.driver import Site
from tests.integration.harness import ROOT, until

pytestmark = pytest.mark.integration

BLOCK = re.compile(r"<!-- newcomer: (run|look|not run: [^>]+) -->\n```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(sh|bash|console)$", re.MULTILINE)
LINK = re.compile(r"http://127\.0\.0\.1:\d+/login\?ticket=[\w-]+")


def blocks(name: str, kind: str) -> list[str]:
    """The commands of a README that are marked as such."""
    return [commands for marked, commands in BLOCK.findall((ROOT / name).read_text("utf-8")) if marked.partition(":")[0] == kind]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The tree as after `git clone` and `make install`: the environment is the one that runs this test, and newer than the lock."""
    for path in ROOT.iterdir():
        if path.name not in {".venv", ".git"}:
            (tmp_path / path.name).symlink_to(path)
    environment = tmp_path / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.prefix) / "bin")
    (environment / ".installed").touch()
    return tmp_path


@pytest.fixture
def newcomer(clone: Path) -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    set_here = ("FENGHUO_", "MAKE", "MFLAGS", "ARGS")  # `make test ARGS=…` hands its own down
    kept = {name: value for name, value in os.environ.items() if not name.startswith(set_here) or name == "FENGHUO_CACHE_DIR"}
    # No Python to install with: whatever make thinks of its age, the environment of this test is never changed.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHON": "false", "TMPDIR": str(clone), "PYTHONUNBUFFERED": "1"}


def started(command: str, folder: Path, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A shell that runs the command, in a group of its own as a terminal gives: Ctrl-C goes to all of it."""
    with log.open("wb") as said:
        arguments = ["bash", "-euo", "pipefail", "-c", command]
        return subprocess.Popen(arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, process_group=0)


def ran(command: str, folder: Path, environment: dict[str, str]) -> str:
    log = folder / "said.log"
    process = started(command, folder, environment, log)
    try:
        code = process.wait(120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert code == 0, log.read_text("utf-8")
    return log.read_text("utf-8")


@pytest.fixture
def demo(clone: Path, newcomer: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    (command,) = blocks("README.md", "look")
    log = clone / "demo.log"
    process = started(command, clone, newcomer, log)
    yield process, log
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_every_block_of_commands_says_whether_it_is_run_and_both_readmes_have_the_same() -> None:
    found = {}
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text("utf-8")
        assert len(BLOCK.findall(text)) == len(FENCE.findall(text))
        found[name] = [(mark, [line.partition("#")[0].strip() for line in block.splitlines()]) for mark, block in BLOCK.findall(text)]
    assert found["README.md"] == found["README.zh-CN.md"]


def test_the_commands_of_the_readme_run_as_they_stand(site: Site, clone: Path, newcomer: dict[str, str]) -> None:
    on_a_file, on_kafka = blocks("README.md", "run")
    ran(on_a_file, clone, newcomer)
    assert len((clone / "alerts.jsonl").read_text("utf-8").splitlines()) > 10
    said = ran(on_kafka, clone, {**newcomer, "FENGHUO_KAFKA__BOOTSTRAP": site.bootstrap})
    assert "raised" in said, said


def test_make_demo_shows_the_way_to_its_console_and_leaves_nothing_behind(demo: tuple[subprocess.Popen[bytes], Path], clone: Path) -> None:
    """Its first alert takes until eight days are learnt: `python -m benchmarks.newcomer` waits for it."""
    process, log = demo

    async def found() -> str:
        assert process.poll() is None, log.read_text("utf-8")
        link = LINK.search(log.read_text("utf-8"))
        return "" if link is None else link[0]

    link = asyncio.run(until(found, 90))
    with build_opener(HTTPCookieProcessor(CookieJar())).open(link) as page:
        assert page.url == f"{link.partition('login')[0]}alerts"
        assert 'action="/logout"' in page.read().decode()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(40) != 0
    assert list(clone.glob("fenghuo-demo-*")) == []
