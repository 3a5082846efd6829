"""Small stages with the real protocol, a parser, and a worker made of them: `python fakes.py --bootstrap …` runs one."""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable

import aiohttp
import msgspec
from aiokafka import ConsumerRecord

from alerts.page import Delivered, Delivery, Failed, Page, Retry
from config.settings import KafkaSettings
from detectors.event import Event
from streams.batches import decode_events
from streams.errors import FenghuoError, Halt
from streams.intake import Rejected
from streams.stage import Effects, Send, Stage
from streams.topics import ALERTS, CHANGES, DEAD_LETTERS, OBSERVATIONS, OUTBOX
from streams.wiring import Layout
from streams.worker import Worker, WorkerOptions, WorkerParts

LAYOUT = Layout(events=4, scopes=2, alerts=1)


class Counting:
    """A stage that counts ids by key and hands them on; the fence is a number per sender."""

    def __init__(self, partition: int, target: str | None, fan: int = 1, *, page: bool = False) -> None:
        self.partition = partition
        self.target = target
        self.fan = fan
        self.page = page
        self.counts: Counter[str] = Counter()
        self.fences: dict[str, int] = {}
        self.sequence = 0
        self._dirty: set[str] = set()

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in records:
            if key == b"meta":
                self.fences, self.sequence = msgspec.msgpack.decode(value, type=tuple[dict[str, int], int])
            else:
                self.counts[key.decode()] = int(value)

    def process(self, value: bytes) -> Effects:
        sender, first, upto, ids = self.read(value)
        effects = Effects()
        if upto <= first:
            return effects
        fence = self.fences.get(sender)
        if fence is not None and first > fence:
            raise Halt(f"{sender}: {fence} was expected and {first} came")
        skip = 0 if fence is None else max(0, fence - first)
        self.fences[sender] = max(upto, fence or 0)
        fresh = ids[skip:]
        for name in fresh:
            self.counts[name.split("/")[0]] += 1
            self._dirty.add(name.split("/")[0])
        self._dirty.add("meta")
        if fresh:
            self.hand_on(fresh, effects)
        return effects

    def read(self, value: bytes) -> tuple[str, int, int, list[str]]:
        return msgspec.msgpack.decode(value, type=tuple[str, int, int, list[str]])

    def hand_on(self, ids: list[str], effects: Effects) -> None:
        if self.target is None:
            effects.counts["alerts_total", "fake", "red", "raised"] += len(ids)
            for name in ids:
                alert = {"id": name, "data": {"alert_id": name.split("/")[0]}}
                effects.sends.append(Send(ALERTS, json.dumps(alert).encode(), key=name.encode()))
                if self.page:
                    page = Page("hook", name, 1, "acme", "red", "raised", 0.0, json.dumps(alert).encode())
                    effects.sends.append(Send(OUTBOX, msgspec.json.encode(page), key=name.encode()))
            return
        sender = f"{self.target}{self.partition}"
        value = msgspec.msgpack.encode((sender, self.sequence, self.sequence + len(ids), ids))
        effects.sends.append(Send(self.target, value, partition=self.partition % self.fan))
        self.sequence += len(ids)

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        dirty, self._dirty = sorted(self._dirty), set()
        meta = msgspec.msgpack.encode((self.fences, self.sequence))
        return [(key.encode(), meta if key == "meta" else str(self.counts[key]).encode()) for key in dirty]


class Reading(Counting):
    """The first stage: reads EventBatches; every offset counts, so rejects are named too."""

    def read(self, value: bytes) -> tuple[str, int, int, list[str]]:
        batch = decode_events(value)
        if batch.gap:
            self.fences.pop("source", None)
        named = {event.offset: f"{event.subject}/{event.id}" for event in batch.events}
        return "source", batch.first, batch.next, [named.get(offset, "reject/r") for offset in range(batch.first, batch.next)]


def build(name: str, partition: int, *, page: bool = False) -> Stage:
    if name == "conversations":
        return Reading(partition, OBSERVATIONS, LAYOUT.scopes)
    return Counting(partition, CHANGES, LAYOUT.alerts) if name == "scopes" else Counting(partition, None, page=page)


def parse(record: ConsumerRecord) -> Event | Rejected:
    try:
        line = json.loads(record.value)
        return Event("message.created", line["time"], line["id"], "fake", "acme", line["subject"], record.offset)
    except (ValueError, KeyError, TypeError):
        return Rejected("bad", Send(DEAD_LETTERS, record.value, headers=(("reason", b"bad"),)))


class Hook:
    """A receiver that posts to a port on loopback: 200 is delivered, 400 is refused, all else is tried again."""

    def __init__(self, port: int, refresh_s: float | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.refresh_s = refresh_s

    async def send(self, page: Page, now: float) -> Delivery:
        try:
            async with aiohttp.ClientSession() as session, session.post(self.url, data=page.body) as response:
                answers: dict[int, Delivery] = {200: Delivered(), 400: Failed("refused")}
                return answers.get(response.status, Retry("status"))
        except aiohttp.ClientError:
            return Retry("connection")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--app-id", default="fenghuo")
    parser.add_argument("--until-idle", type=float)
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--instance-id")
    parser.add_argument("--hook", type=int, help="a port on loopback that pages are posted to")
    parser.add_argument("--refresh", type=float, help="how often it wants burning alerts again (s)")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    logging.getLogger("faust").setLevel(logging.WARNING)
    logging.getLogger("mode").setLevel(logging.WARNING)
    options = WorkerOptions(
        KafkaSettings(bootstrap=given.bootstrap),
        LAYOUT,
        given.app_id,
        until_idle=given.until_idle,
        metrics_port=given.metrics_port,
        instance_id=given.instance_id,
    )
    receivers = {"hook": Hook(given.hook, given.refresh)} if given.hook else {}
    parts = WorkerParts(functools.partial(build, page=bool(given.hook)), parse, receivers)
    await Worker(options, parts).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except FenghuoError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
