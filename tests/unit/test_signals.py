"""A signal asks a process to stop, whoever runs its loop."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from streams.signals import on_stop


async def stopped_by(number: signal.Signals) -> list[signal.Signals]:
    seen: list[signal.Signals] = []
    came = asyncio.Event()

    def act(each: signal.Signals) -> None:
        seen.append(each)
        came.set()

    on_stop(act)
    os.kill(os.getpid(), number)
    async with asyncio.timeout(10):
        await came.wait()
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_told_which_signal_came(number: signal.Signals) -> None:
    assert asyncio.run(stopped_by(number)) == [number]


def test_a_loop_outside_the_main_thread_goes_without() -> None:
    async def asked() -> bool:
        on_stop(lambda _: None)
        return True

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(asyncio.run, asked()).result(10)
