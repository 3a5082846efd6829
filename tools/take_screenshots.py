"""Take the pictures of the README: a real `fenghuo demo`, what it printed as SVG, and its console in Debian's Chromium in both languages.

Needs Chromium with Chinese fonts (Debian: `apt-get install chromium fonts-noto-cjk`) and two to four minutes.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from html import unescape
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

__all__ = ["terminal"]

ROOT: Final = Path(__file__).parent.parent
PICTURES: Final = ROOT / "docs/pictures"
COLUMNS: Final = 148
LINK: Final = re.compile(r"(http://127\.0\.0\.1:\d+/)login\?ticket=[\w-]+")
OVER: Final = "the day is over"
PATIENCE_S: Final = 600.0
HEAD: Final = 4
TAIL: Final = 34
LARGEST: Final = 200_000
# Rich's picture without the font it would fetch from elsewhere.
FORMAT: Final = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
SEEN: Final = {
    "FORCE_COLOR": "1",
    "COLORTERM": "truecolor",
    "TTY_INTERACTIVE": "0",
    "COLUMNS": str(COLUMNS),
    "PYTHONUTF8": "1",
    "LOGNAME": "li",
}
"""What makes the demo write as to a terminal, for a user of no machine."""

LENGTH: Final = re.compile(r'textLength="[\d.]+"([^>]*)>([^<]*)<')
CELL: Final = 12.2
"""The width of a cell in Rich's pictures."""

LANGUAGES: Final = {"zh": "zh-CN", "en": "en-GB"}


def main() -> None:
    """Run the demo, take the pictures, and stop it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--speed", default="20", help="as of fenghuo demo")
    speed = options.parse_args().speed
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium: apt-get install chromium fonts-noto-cjk")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fenghuo-pictures-") as folder:
        said = Path(folder) / "demo.txt"
        with said.open("wb") as file:
            command = [sys.executable, "-m", "streams", "demo", "--stay", "--speed", speed]
            demo = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env={**os.environ, **SEEN})  # noqa: S603 - our own
        try:
            text = _over(said, demo)
            _photograph(browser, LINK.findall(_plain(text))[-1], _plain(text))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
    _write("demo.svg", terminal(text).encode())


def _over(said: Path, demo: subprocess.Popen[bytes]) -> str:
    """What the demo has said when its day is over."""
    deadline, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while True:
        text = said.read_text(encoding="utf-8", errors="replace")
        # Its last link comes after that line.
        if OVER in text and LINK.search(_plain(text.partition(OVER)[2])):
            return text
        if demo.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the demo did not come to its end:\n{text[-2000:]}")
        pause.wait(0.5)


def _plain(text: str) -> str:
    return Text.from_ansi(text).plain


def _photograph(browser: str, base: str, text: str) -> None:
    """The list of alerts in both languages: one way in, then the same session."""
    link = next(match[0] for match in reversed(list(LINK.finditer(text))))
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-dev-shm-usage"])
        context = running.new_context(viewport={"width": 1280, "height": 760}, timezone_id="Asia/Shanghai", color_scheme="light")
        page = context.new_page()
        page.goto(link)
        for name, language in LANGUAGES.items():
            page.goto(f"{base}preferences?language={name}&back=/alerts")
            page.wait_for_selector("#link[data-state=connected]")
            page.wait_for_selector(".row")
            print(f"{language}: {page.title()}")
            _write(f"console-{name}.png", page.screenshot())
        running.close()


def terminal(text: str) -> str:
    """What a terminal showed, as SVG: its first lines and its last, with a mark where lines are left out. The ticket of a link is cut.

    >>> "ticket=…" in terminal("http://127.0.0.1:9/login?ticket=abc") and "abc" not in terminal("http://127.0.0.1:9/login?ticket=abc")
    True
    """
    shown = Text.from_ansi(re.sub(r"ticket=[\w-]+", "ticket=…", text))
    lines = [line for line in shown.split("\n", allow_blank=True) if line.plain.strip()]
    left_out = len(lines) - HEAD - TAIL
    if left_out > 0:
        lines[HEAD:-TAIL] = [Text(f"⋮ {left_out} lines", style="dim")]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, overflow="ellipsis", no_wrap=True)
    picture = console.export_svg(title="fenghuo demo", unique_id="fenghuo", code_format=FORMAT)
    # Rich counts characters where Chinese ones take two cells.
    return LENGTH.sub(lambda found: f'textLength="{CELL * cell_len(unescape(found[2])):g}"{found[1]}>{found[2]}<', picture)


def _write(name: str, data: bytes) -> None:
    """Write a picture; one that is too large for a repository is an error."""
    if len(data) > LARGEST:
        sys.exit(f"{name} would be {len(data):,} bytes, more than {LARGEST:,}")
    (PICTURES / name).write_bytes(data)
    print(f"wrote docs/pictures/{name}, {len(data):,} bytes")


if __name__ == "__main__":
    main()
