"""Waiting for something to become true, and looking whether a process is there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["alive", "until"]

T = TypeVar("T")
DEADLINE_S = 30.0


def until(ask: Callable[[], T]) -> T:
    """Ask again and again, with a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not (answer := ask()):
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.02)
    return answer


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z" if Path("/proc").exists() else True
