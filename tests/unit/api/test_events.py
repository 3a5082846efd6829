from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse

from streams.api.hub import Hub, Live
from tests.unit.api.site import Site, played


async def following(site: Site, query: str = "", who: str = "viewer", **headers: str) -> ClientResponse:
    response = await site.send("GET", f"/events{query}", who, headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    await message(response)
    return response


async def message(response: ClientResponse) -> dict[str, str]:
    """The fields of the next message; of a comment its text under ''."""
    async with asyncio.timeout(5):
        fields: dict[str, str] = {}
        while (line := await response.content.readline()) not in (b"\n", b""):
            name, _, value = line.decode().rstrip("\n").partition(":")
            fields[name] = value.removeprefix(" ")
        return fields


def data(fields: dict[str, str]) -> Any:
    return json.loads(fields["data"])["data"]


def test_alerts_arrive_as_they_come_with_their_ids() -> None:
    async def scene(site: Site) -> None:
        reader = await following(site)
        site.publish("a1", 1)
        site.publish("a1", 2)
        found = [await message(reader), await message(reader)]
        assert [(each["event"], each["id"], data(each)["revision"]) for each in found] == [("alert", "a1:1", 1), ("alert", "a1:2", 2)]

    played(scene)


def test_each_reader_gets_what_it_wants_and_may_see() -> None:
    async def scene(site: Site) -> None:
        red, own = await following(site, "?tier=red&indicator=queue_length"), await following(site, who="local")
        site.publish("x1", tenant="other", tier="red")
        site.publish("b1", 1)
        site.publish("c1", 1, tier="yellow", previous_tier="red")
        site.publish("d1", 1, tier="red", indicator="fcr")
        site.publish("e1", 1, tier="red")
        assert [(await message(red))["id"] for _ in range(3)] == ["x1:1", "c1:1", "e1:1"]
        assert [(await message(own))["id"] for _ in range(4)] == ["b1:1", "c1:1", "d1:1", "e1:1"]
        assert (await site.ask("GET", "/events?tenant=other", "local")).status == 403

    played(scene)


def test_a_reader_that_comes_back_gets_what_it_missed_or_is_told_that_it_cannot() -> None:
    async def scene(site: Site) -> None:
        for revision in (1, 2, 3):
            site.publish("a1", revision)
        back = await following(site, Last_Event_ID="a1:1")
        assert [(await message(back))["id"] for _ in range(2)] == ["a1:2", "a1:3"]
        lost = await following(site, Last_Event_ID="gone:9")
        assert (await message(lost))["event"] == "missed"

    played(scene)


def test_silence_is_filled_so_that_a_dead_connection_is_noticed() -> None:
    async def scene(site: Site) -> None:
        reader = await following(site)
        assert (await message(reader))[""] == "still here"

    played(scene, beat_s=0.05)


def test_all_readers_end_when_the_server_stops() -> None:
    async def scene(site: Site) -> None:
        reader = await following(site)
        assert site.client.app is not None
        await site.client.app.shutdown()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
            while len(site.hub):  # noqa: ASYNC110 - the server's side ends by itself
                await asyncio.sleep(0)

    played(scene)


def test_readers_are_bounded() -> None:
    async def scene(site: Site) -> None:
        readers = [site.hub.follow(lambda _: True) for _ in range(200)]
        for reader in readers:
            reader.__enter__()
        answer = await site.ask("GET", "/events", "viewer")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        for reader in readers:
            reader.__exit__(None, None, None)

    played(scene)


def test_a_reader_that_falls_behind_is_told_so_and_delays_nobody() -> None:
    async def scene() -> None:
        hub = Hub()
        with hub.follow(lambda _: True) as slow:
            for number in range(2500):
                hub.publish(Live(f"a:{number}", {}, b"{}"))
            hub.close()
            seen = [live.id async for live in slow.read(1.0) if live is not None]
        assert seen[0] == ""
        assert seen[-1] == "a:2499"
        assert len(seen) <= 1001

    asyncio.run(scene())
