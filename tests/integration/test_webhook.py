"""The signed webhook: every change of an alert reaches its receiver, through an outage of the receiver and kills of the worker."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from streams.topics import DELIVERY_DEAD_LETTERS, OUTBOX
from tests.integration.driver import Receiver, Recording, Site
from tests.integration.harness import until

pytestmark = pytest.mark.integration

POLICY = """
routes: [{{receivers: duty, min_tier: blue}}]
receivers: [{{name: duty, type: webhook, url: "http://127.0.0.1:{port}/hook", secret_env: FENGHUO_TEST_SECRET}}]
outbox: {{first_s: 0.3, cap_s: 1.0}}
"""


@pytest.fixture
def receiver(site: Site) -> Receiver:
    key = os.urandom(32)
    site.settings["FENGHUO_TEST_SECRET"] = f"whsec_{base64.b64encode(key).decode()}"
    return Receiver(key)


def _policy(folder: Path, receiver: Receiver) -> str:
    file = folder / "policy.yaml"
    file.write_text(POLICY.format(port=receiver.port), encoding="utf-8")
    return str(file)


async def _until_asked(receiver: Receiver, times: int) -> None:
    target = receiver.asked + times

    async def asked() -> bool:
        return receiver.asked >= target

    await until(asked)


async def _until_taken(receiver: Receiver, pages: int) -> None:
    async def taken() -> bool:
        return len(receiver.ids()) >= pages

    await until(taken)


def test_every_page_arrives_after_an_outage_and_kills_of_the_worker(
    site: Site, recording: Recording, receiver: Receiver, tmp_path: Path
) -> None:
    expected = set(recording.said.bodies)

    async def scenario() -> None:
        await receiver.open()
        worker = ("--config", _policy(tmp_path, receiver), "--instance-id", "one")
        await site.command("ingest", str(recording.path))
        receiver.status = 503
        first = site.worker(*worker)
        await _until_asked(receiver, 20)
        first.kill()
        await receiver.close()
        second = site.worker(*worker)
        await second.wait_for_log("reason=connection")
        assert receiver.posts == []
        receiver.status = 200
        await receiver.open()
        await _until_taken(receiver, len(expected) // 3)
        second.kill()
        await site.work(*worker)
        await receiver.close()

    asyncio.run(scenario())
    _assert_delivered(receiver, recording)
    # A kill before the state is written puts pages into the outbox again; one before the commit sends them again: once by each worker.
    assert len(receiver.posts) <= 2 * len(asyncio.run(site.read(OUTBOX)))
    assert asyncio.run(site.read(DELIVERY_DEAD_LETTERS)) == []


def _assert_delivered(receiver: Receiver, recording: Recording) -> None:
    """All signed, all there, a repetition byte for byte the same, each alert's in its order, its end among them."""
    assert receiver.forged == 0
    assert receiver.ids() == set(recording.said.bodies)
    bodies = defaultdict(set)
    order: dict[str, list[int]] = defaultdict(list)
    for post in receiver.posts:
        bodies[post.event_id].add(post.body)
        assert post.event_id == f"{post.alert_id}:{post.revision}"
        if len(bodies[post.event_id]) == 1 and post.revision not in order[post.alert_id]:
            order[post.alert_id].append(post.revision)
    assert all(len(found) == 1 for found in bodies.values())
    assert all(revisions == sorted(revisions) for revisions in order.values())
    ends = {json.loads(body)["data"]["alert_id"] for body in recording.said.bodies.values() if b'"resolved"' in body}
    assert ends
    assert {post.alert_id for post in receiver.posts if post.state == "resolved"} == ends


def test_without_trouble_every_page_is_sent_once(site: Site, recording: Recording, receiver: Receiver, tmp_path: Path) -> None:
    async def scenario() -> None:
        await receiver.open()
        await site.command("ingest", str(recording.path))
        await site.work("--config", _policy(tmp_path, receiver))
        await receiver.close()

    asyncio.run(scenario())
    assert Counter(post.event_id for post in receiver.posts) == Counter(recording.said.bodies.keys())
    _assert_delivered(receiver, recording)
