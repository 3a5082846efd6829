"""How long a newcomer waits, from `git clone` to the first alert on screen: `python -m benchmarks.newcomer [--json]`.

It does what the README says in an empty folder, and looks at the terminal and at the console as a person would. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, build_opener

__all__ = ["Walk", "main"]

ROOT: Final = Path(__file__).parent.parent
LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/login\?ticket=[\w-]+")
ALERT: Final = re.compile(r"● [红橙黄]")
PATIENCE_S: Final = 900.0
METHOD: Final = (
    "Seconds by the clock, one after the other: clone the repository, make install, then make demo until the link to the console is shown, "
    "until the console has its first alert, and until the terminal has one, which is of the busy day and comes after eight days are learnt."
)


class Walk:
    """The steps of one run and how long each took (s); what runs ends with `close`."""

    def __init__(self, folder: Path, *, cold: bool) -> None:
        self.folder = folder / "fenghuo"
        self.log = folder / "demo.log"
        self.took: dict[str, float] = {}
        fresh = {"PIP_NO_CACHE_DIR": "1", "FENGHUO_CACHE_DIR": str(folder / "cache")} if cold else {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FENGHUO_", "PYTHONPATH", "VIRTUAL_ENV"))}
        self._environment = {**kept, **fresh, "PYTHONUNBUFFERED": "1"}
        self._demo: subprocess.Popen[bytes] | None = None
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))

    def step(self, name: str, work: Callable[[], object]) -> None:
        """Do it and note how long it took."""
        began = time.monotonic()
        work()
        self.took[name] = round(time.monotonic() - began, 1)
        print(f"{name:<10} {self.took[name]:7.1f} s", file=sys.stderr)

    def clone(self, *, working_tree: bool) -> None:
        """`git clone`, or a copy of what is here and not yet committed."""
        if not working_tree:
            self._run("git", "clone", "--quiet", str(ROOT), str(self.folder), cwd=ROOT)
            return
        command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        for name in filter(None, listed.stdout.split("\0")):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.folder / name)

    def install(self) -> None:
        """`make install`."""
        self._run("make", "install", cwd=self.folder)

    def link(self) -> None:
        """`make demo`, until it shows the link to its console."""
        with self.log.open("wb") as said:
            self._demo = subprocess.Popen(
                ["make", "demo"],  # noqa: S607 - whichever make the newcomer has
                cwd=self.folder,
                env=self._environment,
                stdout=said,
                stderr=said,
                process_group=0,
            )
        self._until(lambda: LINK.search(self._said()) is not None)

    def page(self) -> None:
        """Until the console shows an alert."""
        found = LINK.search(self._said())
        assert found is not None  # noqa: S101 - `link` has waited for it
        with self._browser.open(found[0]):
            self._until(lambda: self._shows(found[0].partition("login")[0] + "alerts"))

    def terminal(self) -> None:
        """Until the terminal shows one."""
        self._until(lambda: ALERT.search(self._said()) is not None)

    def close(self) -> None:
        """Ctrl-C."""
        if self._demo is not None and self._demo.poll() is None:
            os.killpg(self._demo.pid, signal.SIGINT)
            self._demo.wait(60)

    def _shows(self, address: str) -> bool:
        try:
            with self._browser.open(address) as page:
                return b'data-id="' in page.read()
        except URLError:
            # Whoever waits looks whether the demo still runs.
            return False

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _run(self, *command: str, cwd: Path) -> None:
        done = subprocess.run(command, cwd=cwd, env=self._environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline, pause = time.monotonic() + PATIENCE_S, threading.Event()
        while not condition():
            if (self._demo is not None and self._demo.poll() is not None) or time.monotonic() > deadline:
                sys.exit(f"make demo came to no alert:\n{self._said()[-2000:]}")
            pause.wait(0.1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk the path once and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options.add_argument("--cold", action="store_true", help="without the caches of pip and of Kafka's files: everything is downloaded")
    options.add_argument("--working-tree", action="store_true", help="copy what is here instead of cloning what is committed")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fenghuo-newcomer-") as folder:
        path = Walk(Path(folder), cold=given.cold)
        try:
            path.step("clone", lambda: path.clone(working_tree=given.working_tree))
            for name in ("install", "link", "page", "terminal"):
                path.step(name, getattr(path, name))
        finally:
            path.close()
    total = round(sum(path.took.values()), 1)
    to_page = round(total - path.took["terminal"], 1)
    found = {"method": METHOD, "cold": given.cold, "cpus": os.cpu_count(), "seconds": path.took, "to_page": to_page, "to_terminal": total}
    print(json.dumps(found) if given.json else f"to the first alert on the console {to_page} s, in the terminal {total} s")


if __name__ == "__main__":
    main()
