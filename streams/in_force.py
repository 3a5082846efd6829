"""What is in force, told on `fenghuo.rules.v1`: which thresholds and which model workers use, since when, started by whom."""

from __future__ import annotations

import asyncio
import getpass
import importlib.metadata
import json
import logging
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from config.loader import Policy
from config.model_store import ModelVersion
from streams.kafka import consumer, producer
from streams.topics import RULES

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

__all__ = ["MODEL", "POLICY", "InForce", "policy_data"]

log = logging.getLogger(__name__)

POLICY: Final = "fenghuo.policy.loaded.v1"
MODEL: Final = "fenghuo.model.used.v1"
LOOK_S: Final = 5.0
READ_S: Final = 10.0
_TIERS: Final = ("blue", "yellow", "orange", "red")


def policy_data(policy: Policy) -> dict[str, Any]:
    """What a policy says of when fires are lit, by indicator: tiers and least samples from blue to red, how long it must burn.

    `version` changes with any value of the policy's files, so two versions may have the same rules. Overrides of tenants are counted only:
    who may read the topic need not know of them.
    """
    rules = {}
    for name, rule in sorted(policy.rules.items()):
        tiers = rule.literal if policy.literal and rule.literal is not None else rule.tiers
        rules[name] = {
            "tiers": dict(zip(_TIERS, tiers.numbers(), strict=True)),
            "min_sample": dict(zip(_TIERS, rule.min_sample.numbers(), strict=True)),
            "for_s": rule.for_s,
            "overrides": len(rule.overrides),
        }
    return {"version": policy.version, "rules": rules}


class InForce:
    """Runs beside a worker: says at the start which policy it has loaded, and whenever it takes up another model.

    What was said last of the same application is not said again, so a restart says nothing new; two workers that start at once may both
    say it. Kept for good: the topic is compacted and every telling has its own key.
    """

    def __init__(
        self,
        policy: Policy,
        model: Callable[[], ModelVersion | None],
        app_id: str,
        client: Mapping[str, Any],
        *,
        wall: Callable[[], float] = time.time,
        make_consumer: Callable[..., AIOKafkaConsumer] = consumer,
        make_producer: Callable[..., AIOKafkaProducer] = producer,
    ) -> None:
        self._policy, self._model, self._app_id, self._wall = policy, model, app_id, wall
        self._client, self._make_consumer = dict(client), make_consumer
        self._producer = make_producer(self._client, client_id=f"{app_id}-in-force")
        self._told: dict[str, str] = {}
        self._read = False
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def run(self) -> None:
        """Say what has changed until `stop`. Where Kafka does not answer it is tried again: no alert waits for this."""
        while not self._stopping.is_set():
            try:
                await self.step()
            except (KafkaError, TimeoutError) as error:
                log.warning("in_force.untold error=%s", type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stopping.wait()

    async def step(self) -> None:
        """Say what was not said yet. Raises KafkaError or TimeoutError where Kafka does not answer."""
        if not self._read:
            await self._read_told()
            self._read = True
        await self._tell(POLICY, self._policy.version, policy_data(self._policy))
        version = self._model()
        if version is not None:
            until = _instant(version.trained_until)
            data = {"number": version.number, "digest": version.digest, "trained_until": until, "events": version.events}
            await self._tell(MODEL, f"{version.number}/{version.digest}", {**data, "served": list(version.served)})

    async def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        await self._producer.stop()

    async def _read_told(self) -> None:
        target = TopicPartition(RULES, 0)
        reader = self._make_consumer(self._client)
        try:
            async with asyncio.timeout(READ_S):
                await reader.start()
                reader.assign([target])
                end = (await reader.end_offsets([target]))[target]
                reader.seek(target, (await reader.beginning_offsets([target]))[target])
                while await reader.position(target) < end:
                    for records in (await reader.getmany(timeout_ms=200)).values():
                        for record in records:
                            self._remember(record.value)
        finally:
            await reader.stop()

    def _remember(self, value: bytes | None) -> None:
        try:
            event = json.loads(value or b"")
            kind, data = event["type"], event["data"]
            if data["app_id"] == self._app_id:
                self._told[kind] = str(data["version"]) if kind == POLICY else f"{data['number']}/{data['digest']}"
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    async def _tell(self, kind: str, name: str, data: Mapping[str, Any]) -> None:
        if self._told.get(kind) == name:
            return
        at = self._wall()
        event = {
            "specversion": "1.0",
            "id": f"{self._app_id}|{name}|{at:.3f}",
            "source": "/fenghuo/worker",
            "type": kind,
            "subject": self._app_id,
            "time": _instant(at),
            "datacontenttype": "application/json",
            "data": {"app_id": self._app_id, "by": _who(), "fenghuo": importlib.metadata.version("fenghuo"), **data},
        }
        await self._producer.send_and_wait(RULES, json.dumps(event).encode(), f"{kind}|{event['id']}".encode(), 0)
        self._told[kind] = name


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _who() -> str:
    """Who started the worker, and where."""
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (OSError, KeyError):
        return platform.node()
