from __future__ import annotations

import asyncio
import json

from streams.api.hub import Hub
from streams.api.tail import Tail
from streams.topics import ALERTS
from tests.unit.cluster_fakes import Logs
from tests.unit.store.records import alert, alert_event


def test_alerts_that_come_are_passed_on_and_what_is_none_is_left_out() -> None:
    async def scene() -> None:
        logs, hub = Logs(partitions=2), Hub()
        logs.write(ALERTS, alert("old").value)
        tail = Tail(hub, {}, 2, make_consumer=logs.consumer)
        await tail.start()
        with hub.follow(lambda _: True) as reader:
            for bad in (None, b"", b"{", b"[]", b"\xff", b'{"id": 5, "data": {}}', b'{"id": "a\\nb", "data": {"scope": {}}}'):
                logs.write(ALERTS, bad)
            logs.write(ALERTS, json.dumps(alert_event("a1"), indent=2).encode())
            logs.write(ALERTS, alert("b1").value, partition=1)
            running = asyncio.create_task(tail.run())
            seen = []
            async with asyncio.timeout(5):
                async for live in reader.read(5.0):
                    assert live is not None
                    assert b"\n" not in live.body
                    seen.append(live.id)
                    if len(seen) == 2:
                        break
            await tail.stop()
            await running
        assert sorted(seen) == ["a1:1", "b1:1"]

    asyncio.run(scene())
