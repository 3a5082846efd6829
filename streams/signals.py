"""What happens when somebody asks a process to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

__all__ = ["on_stop"]


def on_stop(act: Callable[[signal.Signals], object]) -> None:
    """Have SIGINT and SIGTERM call `act` in the running loop.

    Limits: an event loop of Windows has no such handlers, and one outside the main thread may not set them; there whoever runs the loop
    stops it.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, act, number)
