from __future__ import annotations

import asyncio
import json

from streams.gateway.beats import Beats
from streams.gateway.checker import Checked
from streams.gateway.meters import Meters
from tests.unit.gateway.fake_bus import FakeBus

NOW = 1_794_360_000.0


def observed(*times: float, wall: float = NOW) -> tuple[FakeBus, Beats]:
    bus = FakeBus()
    beats = Beats(bus, Meters(), lambda: wall)
    for number, time in enumerate(times):
        beats.observe(Checked(b"", b"", str(number), "", time, f"c-{number}"))
    return bus, beats


def test_a_live_event_is_told_to_every_partition_once() -> None:
    async def run() -> None:
        bus, beats = observed(NOW - 1)
        assert await beats.beat()
        assert not await beats.beat()
        assert [record.partition for record in bus.written] == [0, 1]
        event = json.loads(bus.written[0].value)
        assert (event["source"], event["time"]) == ("/fenghuo/gateway", "2026-11-11T01:19:59+00:00")

    asyncio.run(run())


def test_the_times_of_history_need_three_conversations_to_agree() -> None:
    async def run() -> None:
        assert not await observed(1e9, 1e9 + 5)[1].beat()
        bus, beats = observed(1e9, 1e9 + 5, 1e9 + 9)
        assert await beats.beat()
        assert {json.loads(record.value)["time"] for record in bus.written} == {"2001-09-09T01:46:49+00:00"}

    asyncio.run(run())


def test_a_heartbeat_that_is_not_acknowledged_is_told_again() -> None:
    async def run() -> None:
        bus, beats = observed(NOW)
        bus.down = True
        await beats.beat()
        bus.down = False
        assert await beats.beat()
        assert len(bus.written) == 2

    asyncio.run(run())


def test_it_beats_until_it_is_stopped() -> None:
    async def run() -> None:
        bus, beats = observed(NOW)
        stopping = asyncio.Event()
        running = asyncio.create_task(beats.run(stopping, 0.001))
        async with asyncio.timeout(5):
            while not bus.written:  # noqa: ASYNC110 - the fake has no event to wait for
                await asyncio.sleep(0)
            stopping.set()
            await running
        assert len(bus.written) == 2

    asyncio.run(run())
